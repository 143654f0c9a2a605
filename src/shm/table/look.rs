//! Looking over the tags: those of the two sets of a hash, and, for dumps and ends, all.

use super::super::atomic::{AtomicU64, Ordering, fence, wait_a_moment};
use super::tag::State;
use super::{Lookup, Record, RecordRef, SPINS, Table, Tag, WAYS};

/// What the two sets of a hash hold.
pub(super) struct Survey {
    /// The key's own live record.
    pub live: Option<RecordRef>,
    /// The key's own record that has ended.
    pub past: Option<RecordRef>,
    /// The best place for a newcomer that costs no live record.
    pub spare: Option<RecordRef>,
    /// The other live record that ends first, or has expired first.
    pub first_to_end: Option<RecordRef>,
}

impl<const WORDS: usize> Table<WORDS> {
    pub(super) fn cell(&self, index: usize) -> &'static AtomicU64 {
        &self.sets[index / WAYS].tags[index % WAYS]
    }

    pub(super) fn tag(&self, index: usize) -> Tag {
        #[cfg(all(test, not(loom)))]
        super::tests::TAGS_READ.with(|read| read.set(read.get() + 1));
        // Acquire: pairs with the Release in `Claim::publish`; the words are read after the tag.
        Tag(self.cell(index).load(Ordering::Acquire))
    }

    /// The sixteen places where a record with this hash may be, in two cache lines.
    pub(super) fn ways(&self, hash: u64) -> impl Iterator<Item = usize> + use<WORDS> {
        let (one, two) = self.sets_of(hash);
        let second = if one == two { 0 } else { WAYS };
        (one * WAYS..one * WAYS + WAYS).chain(two * WAYS..two * WAYS + second)
    }

    /// Of these, the ones whose tag has the bits of this hash: hardly ever more than one.
    fn matching_ways(&self, hash: u64) -> impl Iterator<Item = usize> + use<WORDS> {
        let (one, two) = self.sets_of(hash);
        // All of them, and no way out before the last: which one it is, a processor that guesses
        // guesses wrong.
        let matches = |set: usize| {
            let tags = self.sets[set].tags.iter().enumerate();
            tags.fold(0_u32, |bits, (way, tag)| {
                // Relaxed: a hint; `look` reads it again.
                bits | u32::from(Tag(tag.load(Ordering::Relaxed)).matches(hash)) << way
            })
        };
        let second = if one == two { 0 } else { matches(two) };
        let mut bits = matches(one) | second << WAYS;
        core::iter::from_fn(move || {
            let position = bits.trailing_zeros() as usize;
            bits &= bits.wrapping_sub(1);
            match position {
                _ if position < WAYS => Some(one * WAYS + position),
                _ if position < 2 * WAYS => Some(two * WAYS + position - WAYS),
                _ => None,
            }
        })
    }

    const fn sets_of(&self, hash: u64) -> (usize, usize) {
        (
            self.set(hash),
            self.set(hash.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        )
    }

    /// The high bits of the hash, scaled to the number of sets (Lemire's range reduction,
    /// <https://lemire.me/blog/2016/06/27/a-fast-alternative-to-the-modulo-reduction/>).
    #[allow(clippy::cast_possible_truncation)]
    const fn set(&self, hash: u64) -> usize {
        ((hash as u128 * self.sets.len() as u128) >> 64) as usize
    }

    /// One look at the places of a hash; `None` when a record changed meanwhile.
    pub(super) fn look(
        &self,
        hash: u64,
        now_s: u32,
        same: &impl Fn(&Record<WORDS>) -> bool,
    ) -> Option<Lookup> {
        let mut found = Some(Lookup::Nothing);
        for index in self.matching_ways(hash) {
            let tag = self.tag(index);
            if !tag.matches(hash) {
                found = found.filter(|found| *found == Lookup::Busy);
                continue; // It became another's.
            }
            let entry = match tag.state() {
                State::Live => Some(RecordRef { index, tag }),
                State::Moved => self.follow(index, tag),
                State::Claimed if !tag.lease_is_over(now_s) => {
                    found = Some(Lookup::Busy);
                    None
                }
                // Also who replaces a record: until he has, the old one is the key's.
                _ => None,
            };
            if let Some(entry) = entry
                && same(self.record(entry))
            {
                return self
                    .is_still(entry.index, entry.tag)
                    .then_some(Lookup::Live(entry));
            }
        }
        found
    }

    /// The live record that has replaced the one in this place, at once or after others. Helps
    /// their writers to finish.
    fn follow(&self, mut index: usize, mut moved: Tag) -> Option<RecordRef> {
        // No record is replaced as often as this while one look lasts.
        for _ in 0..2 * WAYS {
            self.settle(index, moved);
            index = moved.moved_to();
            let tag = self.tag(index);
            match tag.state() {
                State::Live => return Some(RecordRef { index, tag }),
                State::Moved => moved = tag,
                _ => break,
            }
        }
        None
    }

    /// Makes the record live that has replaced the one in this place. Done by its writer, and by all
    /// who meet it before: the writer may have died.
    pub(super) fn settle(&self, index: usize, moved: Tag) {
        if moved.is_settled() {
            return;
        }
        let new = moved.moved_to();
        let ready = self.tag(new);
        // Still moved: if not, the new place may be another's by now, and only look the same.
        if moved.waits_for(ready) && self.is_still(index, moved) {
            let keep_until_s = ready.time_s();
            // AcqRel: passes on what `Claim::publish` released with the ready tag.
            let _done_by_another = self.cell(new).compare_exchange(
                ready.0,
                ready.live(keep_until_s).0,
                Ordering::AcqRel,
                Ordering::Relaxed,
            );
            self.lower_next_end(keep_until_s);
        }
        let _done_by_another = self.cell(index).compare_exchange(
            moved.0,
            moved.settled().0,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
    }

    /// True when the tag has not changed since it was read: what was read in between is of one
    /// version.
    pub(super) fn is_still(&self, index: usize, tag: Tag) -> bool {
        // Acquire: pairs with the Release fence in `claim`. Having read a word written after that
        // fence, we see the claim below.
        fence(Ordering::Acquire);
        self.cell(index).load(Ordering::Relaxed) == tag.0
    }

    /// What the places of a hash hold; `None` when another process is writing a record for it.
    pub(super) fn survey(
        &self,
        hash: u64,
        now_s: u32,
        same: &impl Fn(&Record<WORDS>) -> bool,
    ) -> Option<Survey> {
        let mut survey = Survey {
            live: None,
            past: None,
            spare: None,
            first_to_end: None,
        };
        let mut taken = [0_usize; 2];
        let mut spares: [Option<RecordRef>; 2] = [None; 2];
        for (position, index) in self.ways(hash).enumerate() {
            let (set, tag) = (position / WAYS, self.tag(index));
            let entry = RecordRef { index, tag };
            let is_own = || tag.matches(hash) && same(&self.records[index]);
            let is_spare = match tag.state() {
                State::Claimed if tag.matches(hash) && !tag.lease_is_over(now_s) => return None,
                State::Claimed | State::Replacing => {
                    self.lose_if_over(entry, now_s);
                    false
                }
                // Their writers alone may use them: they may have stopped, and go on.
                State::Lost | State::Ready => false,
                State::Free => true,
                State::Moved => {
                    self.settle(index, tag);
                    if tag.matches(hash) && !self.survey_new(tag, hash, now_s, same, &mut survey) {
                        return None;
                    }
                    tag.is_settled()
                }
                State::Past => {
                    if is_own() {
                        survey.past = Some(entry);
                    }
                    true
                }
                State::Live => {
                    if is_own() {
                        survey.live = Some(entry);
                    } else if ends_before(entry, survey.first_to_end) {
                        survey.first_to_end = Some(entry);
                    }
                    false
                }
            };
            if is_spare {
                keep_better(&mut spares[set], entry);
            } else {
                taken[set] += 1;
            }
        }
        // The emptier set of the two: that is what keeps both from filling up.
        let [one, two] = spares;
        survey.spare = if taken[1] < taken[0] {
            two.or(one)
        } else {
            one.or(two)
        };
        Some(survey)
    }

    /// The place of the record that has replaced one: the survey may have passed it before it became
    /// live. False when another process is at it.
    fn survey_new(
        &self,
        moved: Tag,
        hash: u64,
        now_s: u32,
        same: &impl Fn(&Record<WORDS>) -> bool,
        survey: &mut Survey,
    ) -> bool {
        let index = moved.moved_to();
        let tag = self.tag(index);
        let entry = RecordRef { index, tag };
        let is_own = || tag.matches(hash) && same(self.record(entry));
        match tag.state() {
            State::Live if is_own() => survey.live = Some(entry),
            State::Past if is_own() => survey.past = Some(entry),
            State::Claimed => return !tag.matches(hash) || tag.lease_is_over(now_s),
            _ => {}
        }
        true
    }

    /// A claim that was not published in time is lost: its writer can't publish it any more, and
    /// nobody else may write in its place.
    pub(super) fn lose_if_over(&self, entry: RecordRef, now_s: u32) {
        if entry.tag.lease_is_over(now_s) {
            self.lose(entry);
        }
    }

    fn lose(&self, entry: RecordRef) {
        // Relaxed: nothing is published, and the exchange in `Claim::publish` is on the same word.
        let lost = self.cell(entry.index).compare_exchange(
            entry.tag.0,
            entry.tag.lost().0,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if lost.is_ok() && entry.tag.has_share() {
            self.count_out();
        }
    }

    /// After a claim: has another process published a record for the same key elsewhere, or, where
    /// the key was `unknown`, even published and ended one, or is it claiming a place that comes
    /// first? Of two that claim, the one in the earlier place goes on: it takes the claim from the
    /// other, or, where that one has its share of the limit and is about to publish, gives up after
    /// a few spins.
    pub(super) fn has_twin(
        &self,
        hash: u64,
        mine: usize,
        unknown: bool,
        now_s: u32,
        same: &impl Fn(&Record<WORDS>) -> bool,
    ) -> bool {
        for index in self.ways(hash).filter(|&index| index != mine) {
            let mut spins = 0;
            loop {
                let tag = self.tag(index);
                if !tag.matches(hash) {
                    break;
                }
                match tag.state() {
                    State::Live if same(&self.records[index]) => return true,
                    State::Past if unknown && same(&self.records[index]) => return true,
                    State::Moved => {
                        let new = self.follow(index, tag);
                        if new.is_some_and(|new| same(self.record(new))) {
                            return true;
                        }
                        break;
                    }
                    State::Claimed => {
                        let is_over = tag.lease_is_over(now_s);
                        if spins == SPINS || (index < mine && !is_over) {
                            return true;
                        }
                        // One whose lease is over, too: its writer may have been stopped before it
                        // claimed, believe in an earlier time, and publish at any moment.
                        if is_over || !tag.has_share() {
                            self.lose(RecordRef { index, tag });
                        }
                        spins += 1;
                        wait_a_moment();
                    }
                    _ => break,
                }
            }
        }
        false
    }

    /// Gets the cache lines of a hash on their way.
    pub fn prefetch(&self, hash: u64) {
        let (one, two) = self.sets_of(hash);
        super::super::os::prefetch(&self.sets[one]);
        super::super::os::prefetch(&self.sets[two]);
    }

    /// The live records that may end by `now_s`; none of the others is looked at, and no tag
    /// either while nothing is due.
    pub fn due(&self, now_s: u32) -> impl Iterator<Item = RecordRef> + '_ {
        let next_end_s = &self.totals.next_end_s;
        let is_due = next_end_s.load(Ordering::Relaxed) <= u64::from(now_s);
        if is_due {
            // Acquire: pairs with the Release in `lower_next_end`. Who has lowered it before this
            // exchange has published before: we see his record below. Who lowers it afterwards,
            // lowers what we leave here. A plain store could fall behind the loads below, and undo
            // what was lowered for a record that they did not see.
            next_end_s.swap(u64::MAX, Ordering::Acquire);
        }
        is_due
            .then(|| self.live())
            .into_iter()
            .flatten()
            .filter(move |entry| {
                // Relaxed: ours alone; the exchange above is what orders.
                next_end_s.fetch_min(entry.keep_until_s().into(), Ordering::Relaxed);
                entry.keep_until_s() <= now_s
            })
    }

    /// After a record was made live: it ends at this second.
    pub(super) fn lower_next_end(&self, keep_until_s: u32) {
        // Release: pairs with the Acquire in `due`, behind which the tags are read.
        self.totals
            .next_end_s
            .fetch_min(keep_until_s.into(), Ordering::Release);
    }

    /// All live records, in the order of their places; one that is replaced meanwhile may come twice
    /// or not at all.
    pub fn live(&self) -> impl Iterator<Item = RecordRef> + '_ {
        (0..self.sets.len() * WAYS).filter_map(|index| {
            let tag = self.tag(index);
            match tag.state() {
                State::Live => Some(RecordRef { index, tag }),
                // Its writer is about to make the new one live, or has died. We have passed it when
                // its place comes before this one.
                State::Moved if !tag.is_settled() => {
                    self.follow(index, tag).filter(|new| new.index < index)
                }
                _ => None,
            }
        })
    }
}

pub(super) fn ends_before(entry: RecordRef, other: Option<RecordRef>) -> bool {
    other.is_none_or(|other| entry.keep_until_s() < other.keep_until_s())
}

/// Free before what is of no use any more, and that before history; of that, the oldest.
fn keep_better(spare: &mut Option<RecordRef>, entry: RecordRef) {
    let rank = |entry: RecordRef| match entry.tag.state() {
        State::Free => (0, 0),
        State::Past => (2, entry.keep_until_s()),
        _ => (1, 0),
    };
    if spare.is_none_or(|spare| rank(entry) < rank(spare)) {
        *spare = Some(entry);
    }
}
