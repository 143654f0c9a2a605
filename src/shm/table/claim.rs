//! Claims: the right to write one record.

use super::super::atomic::{Ordering, fence, wait_a_moment};
use super::look::Survey;
use super::tag::State;
use super::{ATTEMPTS, Record, RecordRef, Refused, Table, Tag};
use crate::shm::fail;

/// The right to write one record. Dropped without [`publish`](Self::publish), it leaves everything
/// as it was, but for a record that had to go for it and was written over.
#[allow(missing_debug_implementations)]
pub struct Claim<'a, const WORDS: usize> {
    table: &'a Table<WORDS>,
    index: usize,
    /// The tag of the place before.
    old: Tag,
    mine: Tag,
    /// The key's own live record, in another place.
    replaces: Option<RecordRef>,
    /// Did this place hold the key's own record, which has ended?
    is_own: bool,
    touched: bool,
    published: bool,
}

/// Why a record was not published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotPublished {
    /// The claim had outlived its lease.
    Late,
    /// The live record that it was to replace has ended or was replaced meanwhile.
    Changed,
}

impl<const WORDS: usize> Table<WORDS> {
    /// Claims a place for the record with this hash that is `same`: to replace it if it is live,
    /// which needs no room; else its own place from before, or a new one. In a full table another
    /// record goes for it, see [`room`](super::room), but none that ends after `worth_s`.
    ///
    /// # Errors
    ///
    /// [`Refused::Busy`] when another process is at it, [`Refused::Full`] when all that could go is
    /// worth keeping longer.
    pub fn claim(
        &self,
        hash: u64,
        now_s: u32,
        worth_s: u32,
        same: impl Fn(&Record<WORDS>) -> bool,
    ) -> Result<Claim<'_, WORDS>, Refused> {
        self.try_to_claim(hash, now_s, &same, |survey| match survey.live {
            Some(live) => self.claim_replacement(survey, live, hash, now_s),
            None => self.claim_place(survey, hash, now_s, worth_s, &same),
        })
    }

    /// The same, but replaces no live record.
    ///
    /// # Errors
    ///
    /// As above, and [`Refused::Exists`].
    pub fn claim_new(
        &self,
        hash: u64,
        now_s: u32,
        worth_s: u32,
        same: impl Fn(&Record<WORDS>) -> bool,
    ) -> Result<Claim<'_, WORDS>, Refused> {
        self.try_to_claim(hash, now_s, &same, |survey| match survey.live {
            Some(_) => Err(Refused::Exists),
            None => self.claim_place(survey, hash, now_s, worth_s, &same),
        })
    }

    /// `claim` answers `None` after losing a race.
    fn try_to_claim<'a>(
        &'a self,
        hash: u64,
        now_s: u32,
        same: &impl Fn(&Record<WORDS>) -> bool,
        claim: impl Fn(&Survey) -> Result<Option<Claim<'a, WORDS>>, Refused>,
    ) -> Result<Claim<'a, WORDS>, Refused> {
        for _ in 0..ATTEMPTS {
            let Some(survey) = self.survey(hash, now_s, same) else {
                wait_a_moment();
                continue;
            };
            let Some(claim) = claim(&survey)? else {
                continue;
            };
            // Release: whoever reads a word that is written from here on, and then the tag after
            // an Acquire fence (`is_still`), sees that the record was claimed.
            fence(Ordering::Release);
            return Ok(claim);
        }
        Err(Refused::Busy)
    }

    fn claim_place(
        &self,
        survey: &Survey,
        hash: u64,
        now_s: u32,
        worth_s: u32,
        same: &impl Fn(&Record<WORDS>) -> bool,
    ) -> Result<Option<Claim<'_, WORDS>>, Refused> {
        let place = self.place_for(survey, worth_s)?;
        let mine = place.tag.claimed(hash, now_s);
        // The share of a live record goes with its place.
        let mine = match place.tag.state() {
            State::Live => mine.with_share(),
            _ => mine,
        };
        let Some(mut claim) = self.take(place, mine, None) else {
            return Ok(None);
        };
        claim.is_own = survey.past == Some(place);
        // SeqCst: of two processes that claim for one key, at least one sees the other's claim in
        // `has_twin`; pairs with the same fence in the other process.
        fence(Ordering::SeqCst);
        if self.has_twin(hash, claim.index, !claim.is_own, now_s, same) {
            return Ok(None); // Dropped, the claim puts the old tag back.
        }
        // Not before: nobody is to go for a claim that comes to nothing.
        if !claim.mine.has_share() {
            self.take_share(survey, now_s, worth_s)?;
            let mine = claim.mine.with_share();
            if !claim.exchange(mine) {
                self.count_out();
                claim.published = true; // Lost already, and given back.
                return Ok(None);
            }
            claim.mine = mine;
        }
        Ok(Some(claim))
    }

    fn claim_replacement(
        &self,
        survey: &Survey,
        live: RecordRef,
        hash: u64,
        now_s: u32,
    ) -> Result<Option<Claim<'_, WORDS>>, Refused> {
        if let Some(place) = survey.spare {
            return Ok(self.take(place, place.tag.replacing(hash, now_s), Some(live)));
        }
        // Both sets are full.
        let expired = survey.first_to_end;
        match expired.filter(|expired| expired.tag.has_expired(now_s)) {
            Some(expired) => {
                self.end(expired, now_s);
                Ok(None)
            }
            None => Err(self.refuse()),
        }
    }

    fn take(
        &self,
        place: RecordRef,
        mine: Tag,
        replaces: Option<RecordRef>,
    ) -> Option<Claim<'_, WORDS>> {
        let RecordRef { index, tag: old } = place;
        // Acquire: the record was published by another's Release.
        self.cell(index)
            .compare_exchange(old.0, mine.0, Ordering::AcqRel, Ordering::Relaxed)
            .ok()?;
        Some(Claim {
            table: self,
            index,
            old,
            mine,
            replaces,
            is_own: false,
            touched: false,
            published: false,
        })
    }
}

impl<const WORDS: usize> Claim<'_, WORDS> {
    /// True when the key has a live record, which this one replaces.
    #[must_use]
    pub const fn replaces_live(&self) -> bool {
        self.replaces.is_some()
    }

    /// The key's own record from before, live or ended; to be read before this one is written.
    #[must_use]
    pub fn previous(&self) -> Option<&'static Record<WORDS>> {
        match self.replaces {
            Some(live) => Some(self.table.record(live)),
            None => self.is_own.then(|| &self.table.records[self.index]),
        }
    }

    /// The record, to be written. Until then it holds what was in its place before.
    pub fn record(&mut self) -> &'static Record<WORDS> {
        self.touched = true;
        &self.table.records[self.index]
    }

    /// Makes the record live, in place of the one that it replaces.
    ///
    /// # Errors
    ///
    /// [`NotPublished`]; nothing has changed then.
    pub fn publish(mut self, keep_until_s: u32) -> Result<RecordRef, NotPublished> {
        self.published = true;
        let new = match self.replaces {
            None => self.mine.live(keep_until_s),
            Some(_) => self.mine.ready(keep_until_s),
        };
        // Release: pairs with the Acquire of `Table::tag`, which comes before reading the words.
        if !self.exchange(new) {
            return Err(NotPublished::Late);
        }
        match self.replaces {
            None => {
                // After the tag, see `Table::due`.
                self.table.lower_next_end(keep_until_s);
                let is_live = self.old.state() == State::Live;
                if is_live && !self.old.has_expired(self.mine.claimed_at_s()) {
                    let evicted = &self.table.totals.evicted;
                    evicted.fetch_add(1, Ordering::Relaxed); // statistics only
                }
                Ok(RecordRef {
                    index: self.index,
                    tag: new,
                })
            }
            Some(live) => self.replace(live, new),
        }
    }

    /// Puts the record, which is ready, in force.
    fn replace(&self, live: RecordRef, ready: Tag) -> Result<RecordRef, NotPublished> {
        fail::point("table.ready");
        let moved = live.tag.moved(self.index, ready);
        // The one moment at which the new record replaces the old one. Release: who finds the tag
        // moved (`Table::tag`, Acquire) finds the new record ready.
        let replaced = self.table.cell(live.index).compare_exchange(
            live.tag.0,
            moved.0,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        if replaced.is_err() {
            // Relaxed: nobody has seen the record.
            let _taken_when_it_expired = self.table.cell(self.index).compare_exchange(
                ready.0,
                ready.free().0,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            return Err(NotPublished::Changed);
        }
        fail::point("table.moved");
        self.table.settle(live.index, moved);
        Ok(RecordRef {
            index: self.index,
            tag: ready.live(ready.time_s()),
        })
    }

    /// Changes the tag of the place from the claim to this. False when the claim was lost: then the
    /// place is given back, which nobody else may use.
    fn exchange(&self, tag: Tag) -> bool {
        let cell = self.table.cell(self.index);
        let change = |old: Tag, new: Tag| {
            cell.compare_exchange(old.0, new.0, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
        };
        let is_changed = change(self.mine, tag);
        if !is_changed {
            let lost = self.mine.lost();
            change(lost, lost.free());
        }
        is_changed
    }
}

impl<const WORDS: usize> Drop for Claim<'_, WORDS> {
    fn drop(&mut self) {
        if self.published {
            return;
        }
        // Untouched, the old tag still tells the truth.
        let tag = if self.touched {
            self.mine.free()
        } else {
            self.old
        };
        let gives_share_back = self.mine.has_share() && tag.state() != State::Live;
        if self.exchange(tag) && gives_share_back {
            self.table.count_out();
        }
    }
}
