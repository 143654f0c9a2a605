//! Making room: the count of live records, and what goes for a newcomer when it is at the limit.
//!
//! Each live record has a share of the limit, and so has a claim for a newcomer, once it is certain
//! that no other process claims for the same key. A newcomer to a table that is full takes the share of
//! another record, in this order:
//!
//! 1. one of its own two sets that has expired;
//! 2. one that has expired, of the sets that a cursor comes to next, [`SWEEP_SETS`] at most. The
//!    cursor goes round the whole table and belongs to all processes, so that each sweep goes on
//!    where another has ended; it stops at the first set where something had expired, and ends all
//!    that had there;
//! 3. of the live records of its own two sets and of the sets swept, the one that ends first, unless
//!    that ends later than the newcomer is worth.
//!
//! So a record never goes for a newcomer that ends before it, and what goes is the first to end of
//! some 270 in a table that is full: in the mean, fewer than one in 270 of the others would have
//! ended before it. To find the very first, every tag would have to be read: 8 MB at a million
//! records, while a flood sends newcomers.

use super::super::atomic::Ordering;
use super::look::{Survey, ends_before};
use super::tag::State;
use super::{RecordRef, Refused, Table, WAYS};

/// Sets that one sweep looks at, at the most: 4 kB of tags, in about a microsecond.
pub const SWEEP_SETS: usize = 64;

/// How often room is looked for again after another process has taken what was found.
const ATTEMPTS: usize = 8;

/// What one sweep has found.
struct Swept {
    /// Something had expired, and was ended: its share is the caller's.
    has_share: bool,
    /// The live record that ends first.
    first_to_end: Option<RecordRef>,
}

impl<const WORDS: usize> Table<WORDS> {
    /// A place for a newcomer: its own from before or a spare one, else that of the live record in its
    /// two sets that ends first, with its share of the limit.
    pub(super) fn place_for(&self, survey: &Survey, worth_s: u32) -> Result<RecordRef, Refused> {
        if let Some(spare) = survey.past.or(survey.spare) {
            return Ok(spare);
        }
        // Both sets are full, which is a rarity below the limit.
        let first = survey.first_to_end;
        first
            .filter(|first| first.keep_until_s() <= worth_s)
            .ok_or_else(|| self.refuse())
    }

    /// A share of the limit for a newcomer, from the table or from another record.
    pub(super) fn take_share(
        &self,
        survey: &Survey,
        now_s: u32,
        worth_s: u32,
    ) -> Result<(), Refused> {
        let mut own = survey.first_to_end;
        for _ in 0..ATTEMPTS {
            if self.count_in() {
                return Ok(());
            }
            if let Some(expired) = own.filter(|own| own.tag.has_expired(now_s)) {
                if self.retire(expired, now_s) {
                    return Ok(());
                }
                own = None;
            }
            let swept = self.sweep(now_s);
            if swept.has_share {
                return Ok(());
            }
            let first = match (own, swept.first_to_end) {
                (Some(own), swept) if ends_before(own, swept) => Some(own),
                (own, swept) => swept.or(own),
            };
            let Some(first) = first.filter(|first| first.keep_until_s() <= worth_s) else {
                return Err(self.refuse());
            };
            if self.retire(first, now_s) {
                self.totals.evicted.fetch_add(1, Ordering::Relaxed); // statistics only
                return Ok(());
            }
            // Another newcomer has ended it, or it was changed.
            own = None;
        }
        Err(self.refuse())
    }

    /// Looks at the next sets, until one has records that have expired, and ends these.
    fn sweep(&self, now_s: u32) -> Swept {
        let mut swept = Swept {
            has_share: false,
            first_to_end: None,
        };
        let most = SWEEP_SETS.min(self.sets.len()) as u64;
        // Relaxed: only where to begin. Two processes at once may look at the same sets, and then
        // pass over as many.
        let begin = self.totals.cursor.load(Ordering::Relaxed);
        let mut seen = 0;
        while seen < most && !swept.has_share {
            self.sweep_set(begin + seen, now_s, &mut swept);
            seen += 1;
        }
        self.totals.cursor.fetch_add(seen, Ordering::Relaxed);
        swept
    }

    fn sweep_set(&self, cursor: u64, now_s: u32, swept: &mut Swept) {
        for index in self.ways_of(cursor) {
            let tag = self.tag(index);
            let entry = RecordRef { index, tag };
            match tag.state() {
                State::Live if !tag.has_expired(now_s) => {
                    let is_first = ends_before(entry, swept.first_to_end);
                    swept.first_to_end = if is_first {
                        Some(entry)
                    } else {
                        swept.first_to_end
                    };
                }
                // The first one's share is the caller's.
                State::Live if self.retire(entry, now_s) => {
                    if swept.has_share {
                        self.count_out();
                    }
                    swept.has_share = true;
                }
                State::Claimed | State::Replacing => self.lose_if_over(entry, now_s),
                _ => {}
            }
        }
    }

    /// The live records that have expired, of those that a newcomer with this hash would end: of its
    /// two sets and, when the table is full, of the first set with any that the next sweep comes to.
    /// For an owner who wants to end them himself.
    pub fn expired_near(&self, hash: u64, now_s: u32, mut each: impl FnMut(RecordRef)) {
        // Relaxed: hints, all of them.
        if self.totals.next_end_s.load(Ordering::Relaxed) > u64::from(now_s) {
            return;
        }
        let mut look = |index| {
            let tag = self.tag(index);
            let is_one = tag.state() == State::Live && tag.has_expired(now_s);
            if is_one {
                each(RecordRef { index, tag });
            }
            is_one
        };
        for index in self.ways(hash) {
            look(index);
        }
        let begin = self.totals.cursor.load(Ordering::Relaxed);
        let mut seen = 0;
        while seen < SWEEP_SETS as u64 && self.totals.live.load(Ordering::Relaxed) >= self.limit {
            let found = self.ways_of(begin + seen).filter(|&index| look(index));
            if found.count() > 0 {
                self.totals.cursor.fetch_add(seen, Ordering::Relaxed);
                return;
            }
            seen += 1;
        }
    }

    /// The places of the set where the cursor stands.
    fn ways_of(&self, cursor: u64) -> core::ops::Range<usize> {
        #[allow(clippy::cast_possible_truncation)] // below the number of sets
        let set = (cursor % self.sets.len() as u64) as usize;
        set * WAYS..(set + 1) * WAYS
    }

    /// Ends a live record, and leaves its share to the caller. False when it has changed meanwhile.
    pub(super) fn retire(&self, entry: RecordRef, now_s: u32) -> bool {
        // Release: the words of the record stay readable as history.
        self.cell(entry.index)
            .compare_exchange(
                entry.tag.0,
                entry.tag.past(now_s).0,
                Ordering::AcqRel,
                Ordering::Relaxed,
            )
            .is_ok()
    }

    /// Takes a share of the limit. False when the table is full.
    fn count_in(&self) -> bool {
        // Relaxed: a number, which says nothing of any record.
        self.totals
            .live
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |live| {
                (live < self.limit).then_some(live + 1)
            })
            .is_ok()
    }

    /// Gives a share of the limit back.
    pub(super) fn count_out(&self) {
        self.totals.live.fetch_sub(1, Ordering::Relaxed); // as above
    }

    pub(super) fn refuse(&self) -> Refused {
        self.totals.refused.fetch_add(1, Ordering::Relaxed); // statistics only
        Refused::Full
    }
}
