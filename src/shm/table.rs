//! The table: records of fixed size, found by a hash, shared by all processes without a lock.
//!
//! Not a map that grows: when it is full, what ends first goes. Not the policy: it does not know
//! what a record means, only until when it is worth keeping. Fork-safe, allocation-free, panic-free;
//! nothing waits on another process for longer than a few spins.
//!
//! A hash names two sets of eight ways. A set is one cache line of tags; a tag holds a part of the
//! hash, the state of its record, and a time. Who wants to write a record claims its tag by
//! compare-and-swap; a claim that is not published within [`LEASE_S`] belonged to a process that
//! died, and is free again.

use super::atomic::{AtomicU64, Ordering, fence, wait_a_moment};
use super::region::{Region, room_for};
use crate::shared_struct;

mod scan;
mod tag;

use tag::State;
pub use tag::{FOREVER_S, Tag};

/// Tags in one set: as many as fill a cache line. (Two under loom, which tries every interleaving.)
pub const WAYS: usize = if cfg!(loom) { 2 } else { 8 };

/// Seconds after which an unpublished claim is taken to be a dead process's. A claim lasts about
/// 100 ns; a process that is stopped for longer in the middle of one can lose its write, no more.
pub const LEASE_S: u32 = 2;

/// How often a claim is tried again after losing a race.
const ATTEMPTS: usize = 8;

/// How long a claim looks on while its twin makes up its mind.
const SPINS: usize = if cfg!(loom) { 2 } else { 200 };

shared_struct! {
    /// One cache line of tags.
    pub struct Set: 64 {
        /// See [`Tag`] for the bits.
        pub tags: [AtomicU64; WAYS],
    }
}

shared_struct! {
    /// What a table counts.
    pub struct Totals: 64 {
        /// Records that are live.
        pub live: AtomicU64,
        /// Live records that had to go for a newcomer.
        pub evicted: AtomicU64,
        /// Newcomers that would have ended before everything else in a full table.
        pub refused: AtomicU64,
        /// No live record ends before this second. Zero at first: unknown.
        pub next_end_s: AtomicU64,
    }
}

/// A record: words whose meaning the owner of the table knows.
#[repr(C, align(64))]
#[allow(missing_debug_implementations)]
pub struct Record<const WORDS: usize> {
    /// The words. Read and written relaxed; the tag orders them.
    pub words: [AtomicU64; WORDS],
}

// SAFETY: repr(C), an array of atomics and nothing else.
unsafe impl<const WORDS: usize> super::shared::Shared for Record<WORDS> {}

impl<const WORDS: usize> Record<WORDS> {
    /// Reads one word.
    #[must_use]
    pub fn get(&self, word: usize) -> u64 {
        // Relaxed: the tag's Acquire comes before, and `is_still` checks it after.
        self.words[word].load(Ordering::Relaxed)
    }

    /// Writes one word.
    pub fn set(&self, word: usize, value: u64) {
        // Relaxed: published by the Release of the tag in `Claim::publish`.
        self.words[word].store(value, Ordering::Relaxed);
    }
}

/// See the module's own words.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Table<const WORDS: usize> {
    sets: &'static [Set],
    records: &'static [Record<WORDS>],
    totals: &'static Totals,
    limit: u64,
}

/// A live record: where it is, and the tag it was seen with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    index: usize,
    tag: Tag,
}

impl Entry {
    /// Until when the record is worth keeping, in seconds since the region was made.
    #[must_use]
    pub const fn keep_until_s(self) -> u32 {
        self.tag.time_s()
    }
}

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A live record.
    Live(Entry),
    /// Another process is writing a record for this hash just now.
    Busy,
    /// None.
    Nothing,
}

/// Why a record could not be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Another process is writing a record for the same hash.
    Busy,
    /// The table is full of records that are worth keeping longer.
    Full,
}

impl<const WORDS: usize> Table<WORDS> {
    /// Sets for `limit` records. Twice the room, so that two full sets for one hash are a rarity
    /// (once in 10⁹ newcomers at the limit), and so that ended records are remembered for a while.
    const fn sets_for(limit: usize) -> usize {
        (limit * 2).div_ceil(WAYS)
    }

    /// Bytes that a table for `limit` records takes from the region.
    #[must_use]
    pub const fn room(limit: usize) -> usize {
        let sets = Self::sets_for(limit);
        room_for::<Set>(sets) + room_for::<Record<WORDS>>(sets * WAYS) + room_for::<Totals>(1)
    }

    /// Carves a table for `limit` live records off the region.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region, limit: usize) -> std::io::Result<Self> {
        let sets = Self::sets_for(limit);
        Ok(Self::over(
            region.array(sets)?,
            region.array(sets * WAYS)?,
            &region.array(1)?[0],
            limit as u64,
        ))
    }

    /// A table over memory that is there already (tests).
    #[must_use]
    pub const fn over(
        sets: &'static [Set],
        records: &'static [Record<WORDS>],
        totals: &'static Totals,
        limit: u64,
    ) -> Self {
        Self {
            sets,
            records,
            totals,
            limit,
        }
    }

    /// The live record with this hash that is `same`.
    pub fn find(&self, hash: u64, now_s: u32, same: impl Fn(&Record<WORDS>) -> bool) -> Found {
        for _ in 0..ATTEMPTS {
            match self.look(hash, now_s, &same) {
                Some(found) => return found,
                // A record changed while we read it.
                None => wait_a_moment(),
            }
        }
        Found::Busy
    }

    /// The record of an entry. It may have become another's since; what must be certain is read
    /// by [`read`](Self::read) or carries a generation of its own.
    #[must_use]
    pub fn record(&self, entry: Entry) -> &'static Record<WORDS> {
        &self.records[entry.index]
    }

    /// Has its place stayed its own until now? Then what was read of the record since it was found
    /// is its own as well.
    #[must_use]
    pub fn is_its_own(&self, entry: Entry) -> bool {
        // Acquire: as in `is_still`.
        fence(Ordering::Acquire);
        let now = Tag(self.cell(entry.index).load(Ordering::Relaxed));
        now.is_same_record(entry.tag)
    }

    /// The words of the record in this place, all of one version; `None` when it has ended.
    #[must_use]
    pub fn read(&self, entry: Entry) -> Option<(Entry, [u64; WORDS])> {
        for _ in 0..SPINS {
            let entry = Entry {
                tag: self.tag(entry.index),
                ..entry
            };
            match entry.tag.state() {
                State::Live => {
                    let words = core::array::from_fn(|word| self.record(entry).get(word));
                    if self.is_still(entry.index, entry.tag) {
                        return Some((entry, words));
                    }
                }
                State::Claimed => wait_a_moment(),
                State::Free | State::Past => break,
            }
        }
        None
    }

    /// Claims the record with this hash that is `same`, live or ended, or else a place for a new
    /// one. In a full table, the live record that ends first goes for it, unless it ends after
    /// `worth_s`.
    ///
    /// # Errors
    ///
    /// [`Refused::Busy`] when another process is at it, [`Refused::Full`] when everything in a full
    /// table is worth keeping longer.
    pub fn claim(
        &self,
        hash: u64,
        now_s: u32,
        worth_s: u32,
        same: impl Fn(&Record<WORDS>) -> bool,
    ) -> Result<Claim<'_, WORDS>, Refused> {
        for _ in 0..ATTEMPTS {
            let Some(survey) = self.survey(hash, now_s, &same) else {
                wait_a_moment();
                continue;
            };
            let Entry { index, tag: old } = match survey.existing {
                Some(entry) if entry.tag.state() == State::Live => entry,
                _ => self.make_room(&survey, now_s, worth_s)?,
            };
            let existed = survey.existing.is_some_and(|entry| entry.index == index);
            let mine = old.claimed(hash, now_s);
            // Acquire: the record was published by another's Release.
            let claimed = self.cell(index).compare_exchange(
                old.0,
                mine.0,
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            if claimed.is_err() {
                continue;
            }
            // SeqCst: of two processes that claim for one key, at least one sees the other's claim
            // in `has_twin`; pairs with the same fence in the other process.
            fence(Ordering::SeqCst);
            let claim = Claim {
                table: self,
                index,
                old,
                mine,
                existed,
                touched: false,
                published: false,
            };
            if self.has_twin(hash, index, now_s, &same) {
                drop(claim); // Puts the old tag back.
                continue;
            }
            // Release: whoever reads a word that is written from here on, and then the tag after
            // an Acquire fence (`is_still`), sees that the record was claimed.
            fence(Ordering::Release);
            return Ok(claim);
        }
        Err(Refused::Busy)
    }

    /// Ends a live record: it stays as history until its place is needed. True for the one caller
    /// that ended it.
    pub fn end(&self, entry: Entry, now_s: u32) -> bool {
        let past = entry.tag.past(now_s);
        // Release: the words of the record stay readable as history.
        let ended = self
            .cell(entry.index)
            .compare_exchange(entry.tag.0, past.0, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok();
        if ended {
            self.totals.live.fetch_sub(1, Ordering::Relaxed); // statistics, and a hint for `claim`
        }
        ended
    }

    /// Lengthens or shortens the time that a live record is worth keeping. Lost when the record
    /// changes at the same moment: its writer sets the time anew.
    pub fn keep_until(&self, entry: Entry, keep_until_s: u32) {
        if entry.keep_until_s() == keep_until_s {
            return; // As most of the time: not once more for the same second.
        }
        let _changed_meanwhile = self.cell(entry.index).compare_exchange(
            entry.tag.0,
            entry.tag.live(keep_until_s).0,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
    }

    /// How large and how full it is.
    #[must_use]
    pub const fn size(&self) -> TableSize {
        TableSize {
            limit: self.limit,
            totals: self.totals,
            bytes: size_of_val(self.sets) + size_of_val(self.records) + size_of::<Totals>(),
        }
    }
}

/// How large and how full a table is, whatever its records.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct TableSize {
    /// Records that may be live at most.
    pub limit: u64,
    /// What was counted.
    pub totals: &'static Totals,
    /// Bytes of shared memory.
    pub bytes: usize,
}

/// The right to write one record. Dropped without [`publish`](Self::publish), it leaves everything
/// as it was, or, when the record was touched already, ends it.
#[allow(missing_debug_implementations)]
pub struct Claim<'a, const WORDS: usize> {
    table: &'a Table<WORDS>,
    index: usize,
    old: Tag,
    mine: Tag,
    existed: bool,
    touched: bool,
    published: bool,
}

impl<const WORDS: usize> Claim<'_, WORDS> {
    /// True when the record is the key's own from before, live or ended.
    #[must_use]
    pub const fn existed(&self) -> bool {
        self.existed
    }

    /// True when the record was live when it was claimed, the key's own or a victim's.
    #[must_use]
    pub fn was_live(&self) -> bool {
        self.old.state() == State::Live
    }

    /// The record, to be read. Of another key, unless it [`existed`](Self::existed).
    #[must_use]
    pub fn before(&self) -> &'static Record<WORDS> {
        &self.table.records[self.index]
    }

    /// The record, to be written.
    pub fn record(&mut self) -> &'static Record<WORDS> {
        self.touched = true;
        self.before()
    }

    /// Makes the record live. Returns its entry, or `None` when the claim had outlived its lease
    /// and another process took the place.
    pub fn publish(mut self, keep_until_s: u32) -> Option<Entry> {
        self.published = true;
        let tag = self.mine.live(keep_until_s);
        // Release: pairs with the Acquire of `Table::tag`, which comes before reading the words.
        let done = self
            .table
            .cell(self.index)
            .compare_exchange(self.mine.0, tag.0, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok();
        // After the tag: a scan that has passed this place already has reset the hint before.
        self.table
            .totals
            .next_end_s
            .fetch_min(keep_until_s.into(), Ordering::Release);
        match (done, self.was_live()) {
            (true, false) => _ = self.table.totals.live.fetch_add(1, Ordering::Relaxed),
            (true, true) if !self.existed => {
                self.table.totals.evicted.fetch_add(1, Ordering::Relaxed);
            }
            _ => {}
        }
        done.then_some(Entry {
            index: self.index,
            tag,
        })
    }
}

impl<const WORDS: usize> Drop for Claim<'_, WORDS> {
    fn drop(&mut self) {
        if self.published {
            return;
        }
        // Untouched, the old tag still tells the truth. When the exchange fails, the lease was over
        // and the place is another's.
        let tag = if self.touched {
            self.mine.past(self.mine.time_s())
        } else {
            self.old
        };
        let given_back = self
            .table
            .cell(self.index)
            .compare_exchange(self.mine.0, tag.0, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok();
        if given_back && self.touched && self.was_live() {
            self.table.totals.live.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
