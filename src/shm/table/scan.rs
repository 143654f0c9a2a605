//! Looking over the tags: the two sets of a hash, or all of them.

use super::super::atomic::{AtomicU64, Ordering, fence, wait_a_moment};
use super::tag::State;
use super::{Entry, FOREVER_S, Found, Record, Refused, SPINS, Table, Tag, WAYS};

/// How many of those that end first one look finds: as many newcomers at once end one each.
const FIRSTS: usize = 8;

/// What the two sets of a hash hold.
pub(super) struct Survey {
    /// The key's own record, live or ended.
    pub existing: Option<Entry>,
    /// The best place for a newcomer that costs no live record.
    spare: Option<Entry>,
    /// The live record that ends first.
    first_to_end: Option<Entry>,
}

impl<const WORDS: usize> Table<WORDS> {
    pub(super) fn cell(&self, index: usize) -> &'static AtomicU64 {
        &self.sets[index / WAYS].tags[index % WAYS]
    }

    pub(super) fn tag(&self, index: usize) -> Tag {
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
    ) -> Option<Found> {
        let mut found = Found::Nothing;
        for index in self.matching_ways(hash) {
            let tag = self.tag(index);
            if !tag.matches(hash) {
                continue; // It became another's.
            }
            match tag.state() {
                State::Live if same(&self.records[index]) => {
                    let entry = Entry { index, tag };
                    return self.is_still(index, tag).then_some(Found::Live(entry));
                }
                State::Claimed if !tag.lease_is_over(now_s) => found = Found::Busy,
                _ => {}
            }
        }
        Some(found)
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
            existing: None,
            spare: None,
            first_to_end: None,
        };
        let mut taken = [0_usize; 2];
        let mut spares: [Option<Entry>; 2] = [None; 2];
        for (position, index) in self.ways(hash).enumerate() {
            let (set, tag) = (position / WAYS, self.tag(index));
            let entry = Entry { index, tag };
            match tag.state() {
                State::Claimed if tag.lease_is_over(now_s) => keep_better(&mut spares[set], entry),
                State::Claimed if tag.matches(hash) => return None,
                State::Claimed => taken[set] += 1,
                State::Free => keep_better(&mut spares[set], entry),
                State::Past => {
                    keep_better(&mut spares[set], entry);
                    if tag.matches(hash) && same(&self.records[index]) {
                        survey.existing = Some(entry);
                    }
                }
                State::Live => {
                    taken[set] += 1;
                    if ends_before(entry, survey.first_to_end) {
                        survey.first_to_end = Some(entry);
                    }
                    if tag.matches(hash) && same(&self.records[index]) {
                        survey.existing = Some(entry);
                        return self.is_still(index, tag).then_some(survey);
                    }
                }
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

    /// A place for a newcomer: its own from before or a spare one while the table has not reached
    /// its limit, else the place of the live record that ends first.
    pub(super) fn make_room(
        &self,
        survey: &Survey,
        now_s: u32,
        worth_s: u32,
    ) -> Result<Entry, Refused> {
        let ended = survey
            .existing
            .filter(|entry| entry.tag.state() == State::Past);
        if let Some(spare) = ended.or(survey.spare) {
            // Relaxed: a hint. Two newcomers at once may overshoot by one each.
            if self.totals.live.load(Ordering::Relaxed) < self.limit {
                return Ok(spare);
            }
            return self.end_the_first(now_s, worth_s).map(|()| spare);
        }
        match survey.first_to_end {
            Some(entry) if entry.keep_until_s() <= worth_s => Ok(entry),
            _ => self.refuse(),
        }
    }

    /// Of the whole table, ends the live record that would end first anyway. Reads every tag, once.
    fn end_the_first(&self, now_s: u32, worth_s: u32) -> Result<(), Refused> {
        let mut firsts: [Option<Entry>; FIRSTS] = [None; FIRSTS];
        let mut live = 0;
        let never = u64::from(FOREVER_S) + 1;
        let mut latest = never;
        for index in 0..self.sets.len() * WAYS {
            let tag = self.tag(index);
            // No branch on the state: which places are live is random, and a processor that guesses
            // wrong every other time takes twice as long.
            let is_live = u64::from(tag.state() == State::Live);
            live += is_live;
            let end = u64::from(tag.time_s()) + (1 - is_live) * never;
            if end < latest {
                keep_firsts(&mut firsts, Entry { index, tag });
                latest = firsts[FIRSTS - 1].map_or(never, |entry| entry.keep_until_s().into());
            }
        }
        // More than one has to go when newcomers that came at once have overshot the limit; none
        // when a process that died between a tag and its count left the count too high.
        let mut surplus = (live + 1).saturating_sub(self.limit);
        for entry in firsts.into_iter().flatten() {
            if surplus == 0 {
                break;
            }
            if entry.keep_until_s() > worth_s {
                return self.refuse();
            }
            // Else another newcomer has ended this one: the next one is ours.
            if self.end(entry, now_s) {
                self.totals.evicted.fetch_add(1, Ordering::Relaxed);
                surplus -= 1;
            }
        }
        Ok(())
    }

    fn refuse<T>(&self) -> Result<T, Refused> {
        self.totals.refused.fetch_add(1, Ordering::Relaxed);
        Err(Refused::Full)
    }

    /// After a claim: is another process claiming, or has it published, a record for the same key
    /// elsewhere? Of two that see each other, the one in the earlier place waits for the other to
    /// give up, a few spins long.
    pub(super) fn has_twin(
        &self,
        hash: u64,
        mine: usize,
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
                    State::Claimed if !tag.lease_is_over(now_s) => {
                        if index < mine || spins == SPINS {
                            return true;
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
    pub fn due(&self, now_s: u32) -> impl Iterator<Item = Entry> + '_ {
        let next_end_s = &self.totals.next_end_s;
        let is_due = next_end_s.load(Ordering::Relaxed) <= u64::from(now_s);
        if is_due {
            // What is published after we have passed its place lowers it again, see `Claim::publish`.
            next_end_s.store(u64::MAX, Ordering::Relaxed);
        }
        is_due
            .then(|| self.live())
            .into_iter()
            .flatten()
            .filter(move |entry| {
                next_end_s.fetch_min(entry.keep_until_s().into(), Ordering::Relaxed);
                entry.keep_until_s() <= now_s
            })
    }

    /// All live records, in the order of their places.
    pub fn live(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..self.sets.len() * WAYS)
            .map(|index| Entry {
                index,
                tag: self.tag(index),
            })
            .filter(|entry| entry.tag.state() == State::Live)
    }
}

fn ends_before(entry: Entry, other: Option<Entry>) -> bool {
    other.is_none_or(|other| entry.keep_until_s() < other.keep_until_s())
}

/// Puts an entry that ends before the last of these in its place among them.
fn keep_firsts(firsts: &mut [Option<Entry>; FIRSTS], entry: Entry) {
    let place = firsts
        .iter()
        .position(|&first| ends_before(entry, first))
        .unwrap_or(FIRSTS - 1);
    firsts[place..].rotate_right(1);
    firsts[place] = Some(entry);
}

/// Free before abandoned or ended; of those, the oldest.
fn keep_better(spare: &mut Option<Entry>, entry: Entry) {
    let rank = |entry: Entry| match entry.tag.state() {
        State::Free => (0, 0),
        _ => (1, entry.keep_until_s()),
    };
    if spare.is_none_or(|spare| rank(entry) < rank(spare)) {
        *spare = Some(entry);
    }
}
