//! The rate check: is a source over its limit in its current window, or was it in the one before?
//!
//! Not the ban table, and not pike's tree: windows are the source's own, begin with a request, and
//! roll over by the clock when the source is next seen; nothing sweeps. A source that never sends
//! more than the limit within a window's time is never hot. Fork-safe, allocation-free, panic-free,
//! and one cache line a check.
//!
//! What can be lost: what a source had sent when a newcomer took its place (see
//! [`RateTable::place_for`]), and the one request of a process that dies in the middle of it. Two
//! processes that see a new source in the same instant may take a place each; they unite these
//! again, and lose nothing.

use std::io;

use crate::clock::Clock;
use crate::shared_struct;
use crate::shm::atomic::{AtomicU64, Ordering, fence, wait_a_moment};
use crate::shm::region::{Region, room_for};
use crate::source::Source;

mod window;

pub use window::{Limit, MAX_REQUESTS, Window};

/// Sources in one cache line. (Two under loom, which tries every interleaving.)
pub const WAYS: usize = if cfg!(loom) { 2 } else { 4 };

/// How often a place is looked for again that became another's, or an earlier one, meanwhile: a bound
/// that is not reached.
const ATTEMPTS: usize = if cfg!(loom) { 8 } else { 1024 };

/// How long to wait for the process that took a place to sign it.
const SPINS: usize = if cfg!(loom) { 2 } else { 200 };

/// Bits of a tag that belong to the hash; the low 16 are the hits of the window before.
const TAG_SHIFT: u32 = 16;

shared_struct! {
    /// One cache line: for each way a tag (who) and a window (how much).
    ///
    /// The tag is the low 48 bits of the hash, shifted up, and the hits of the window before.
    pub struct Set: 64 {
        /// Tags and windows, in pairs.
        pub ways: [[AtomicU64; 2]; WAYS],
    }
}

shared_struct! {
    /// The addresses behind the tags of one set, for the dumps; no check reads them.
    pub struct Keys: 64 {
        /// High and low half of each source's key.
        pub keys: [[AtomicU64; 2]; WAYS],
    }
}

shared_struct! {
    /// What the rate check counts.
    pub struct Totals: 64 {
        /// Sources that made room for a newcomer while their window was still open.
        pub evicted: AtomicU64,
        /// Requests of newcomers whose set was full of hot sources: not counted.
        pub uncounted: AtomicU64,
    }
}

/// What the rate check says of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Under the limit.
    Fine,
    /// This request went over the limit.
    NewlyHot,
    /// Over the limit already.
    Hot,
}

/// How much a source sends: for the dumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Which source.
    pub source: Source,
    /// Requests in the window before.
    pub previous: u64,
    /// Requests in the current window.
    pub current: u64,
    /// Is everything from it blocked just now?
    pub hot: bool,
    /// Milliseconds since its last request, exact to 1/16 of a window.
    pub idle_ms: u64,
}

/// See the module's own words.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct RateTable {
    sets: &'static [Set],
    keys: &'static [Keys],
    totals: &'static Totals,
    limit: Limit,
}

impl RateTable {
    /// Sets for `sources`. Twice the room: at the limit, one source in thirty finds its set full.
    const fn sets_for(sources: usize) -> usize {
        (sources * 2).div_ceil(WAYS)
    }

    /// Bytes that a table for so many sources takes from the region.
    #[must_use]
    pub const fn room(sources: usize) -> usize {
        let sets = Self::sets_for(sources);
        room_for::<Set>(sets) + room_for::<Keys>(sets) + room_for::<Totals>(1)
    }

    /// Carves a table for so many sources off the region.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region, sources: usize, limit: Limit) -> io::Result<Self> {
        let sets = Self::sets_for(sources);
        Ok(Self::over(
            region.array(sets)?,
            region.array(sets)?,
            &region.array(1)?[0],
            limit,
        ))
    }

    /// A table over memory that is there already (tests).
    #[must_use]
    pub const fn over(
        sets: &'static [Set],
        keys: &'static [Keys],
        totals: &'static Totals,
        limit: Limit,
    ) -> Self {
        Self {
            sets,
            keys,
            totals,
            limit,
        }
    }

    /// Counts one request of a source whose key has this hash.
    pub fn charge(&self, source: Source, hash: u64, clock: &impl Clock) -> Rate {
        let set = self.set(hash);
        for _ in 0..ATTEMPTS {
            let now_ms = clock.coarse_ms();
            let Some(way) = self.find(set, hash) else {
                match self.insert(set, source, hash, now_ms) {
                    Some(rate) => return rate,
                    None => continue, // Another process was faster.
                }
            };
            let cell = &self.sets[set].ways[way][1];
            let mut new = Window::default();
            // Relaxed: the word carries everything, `check` included, so that a place which became
            // another's is not charged. Who loses a race tries again at once, while the cache line
            // is there: a faster process could keep it from counting for long otherwise.
            let charged = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
                let old = Window::unpack(word);
                new = self.after_request(old, now_ms, clock);
                (old.check == check_of(hash)).then(|| new.pack())
            });
            let Ok(word) = charged else {
                continue; // The place became another's after `find` read its tag.
            };
            let old = Window::unpack(word);
            if new.start_ms != old.start_ms {
                self.remember_previous(set, way, hash, old.hits_before(new.start_ms, self.limit));
            }
            return match (old.is_hot(self.limit), new.is_hot(self.limit)) {
                (_, false) => Rate::Fine,
                (false, true) => Rate::NewlyHot,
                (true, true) => Rate::Hot,
            };
        }
        Rate::Fine
    }

    fn after_request(&self, old: Window, now_ms: u64, clock: &impl Clock) -> Window {
        let new = old.after_request(now_ms, self.limit);
        if old.is_hot(self.limit) || !new.is_hot(self.limit) {
            return new;
        }
        // Only now does a clock that is a tick behind matter: was the window over?
        old.after_request(clock.exact_ms(), self.limit)
    }

    /// Forgets what a source sent.
    pub fn forget(&self, hash: u64) {
        let set = self.set(hash);
        if let Some(way) = self.find(set, hash) {
            // An empty window of its own: counts from here on start at zero.
            let empty = Window {
                check: check_of(hash),
                ..Window::default()
            };
            self.sets[set].ways[way][1].store(empty.pack(), Ordering::Relaxed);
        }
    }

    /// What one source sends; `None` when it is not known.
    #[must_use]
    pub fn usage(&self, hash: u64, now_ms: u64) -> Option<Usage> {
        let set = self.set(hash);
        self.read(set, self.find(set, hash)?, now_ms)
    }

    /// What all known sources send, in the order of their places.
    pub fn usages(&self, now_ms: u64) -> impl Iterator<Item = Usage> + '_ {
        (0..self.sets.len())
            .flat_map(|set| (0..WAYS).map(move |way| (set, way)))
            .filter_map(move |(set, way)| self.read(set, way, now_ms))
    }

    /// Gets the cache line of a hash on its way.
    pub fn prefetch(&self, hash: u64) {
        crate::shm::os::prefetch(&self.sets[self.set(hash)]);
    }

    /// What was counted.
    #[must_use]
    pub const fn totals(&self) -> &'static Totals {
        self.totals
    }

    /// Sources that fit.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.sets.len() * WAYS
    }

    /// Bytes of shared memory.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        size_of_val(self.sets) + size_of_val(self.keys) + size_of::<Totals>()
    }

    /// The high bits of the hash, scaled to the number of sets.
    #[allow(clippy::cast_possible_truncation)]
    const fn set(&self, hash: u64) -> usize {
        ((hash as u128 * self.sets.len() as u128) >> 64) as usize
    }

    /// The first way of the source. There is a second one for a moment when two processes saw a new
    /// source at once, see `unite`.
    fn find(&self, set: usize, hash: u64) -> Option<usize> {
        (0..WAYS).find(|&way| self.is_of(set, way, hash))
    }

    /// Signed by this source, and not taken by another since, whether signed or not.
    fn is_of(&self, set: usize, way: usize, hash: u64) -> bool {
        let [tag, window] = &self.sets[set].ways[way];
        // Acquire: pairs with the Release in `insert`; key and window are read after the tag.
        tag.load(Ordering::Acquire) >> TAG_SHIFT == tag_of(hash) >> TAG_SHIFT
            && Window::unpack(window.load(Ordering::Relaxed)).check == check_of(hash)
    }

    /// Takes a place for a new source, with this request. `None` when another process was faster.
    fn insert(&self, set: usize, source: Source, hash: u64, now_ms: u64) -> Option<Rate> {
        let Some((way, word)) = self.place_for(set, now_ms) else {
            self.totals.uncounted.fetch_add(1, Ordering::Relaxed); // statistics only
            return Some(Rate::Fine);
        };
        let [tag, window] = &self.sets[set].ways[way];
        let old_tag = tag.load(Ordering::Relaxed); // only to see it change
        let new = Window::first(now_ms, check_of(hash));
        if window
            .compare_exchange(word, new.pack(), Ordering::Relaxed, Ordering::Relaxed)
            .is_err()
        {
            // Another process was faster, perhaps for this very source: it signs in a moment.
            for _ in 0..SPINS {
                if tag.load(Ordering::Relaxed) != old_tag {
                    break;
                }
                wait_a_moment();
            }
            return None;
        }
        // From here until the tag is signed the place is nobody's: the old owner's `check` differs.
        // A process that dies here leaves a place that ages like any other.
        crate::fail::point("rate.insert");
        for (half, value) in self.keys[set].keys[way].iter().zip(source.halves()) {
            half.store(value, Ordering::Relaxed);
        }
        // Release: pairs with the Acquire in `is_of` and `read`.
        tag.store(tag_of(hash), Ordering::Release);
        if word != 0 && !Window::unpack(word).is_over(now_ms, self.limit) {
            self.totals.evicted.fetch_add(1, Ordering::Relaxed); // statistics only
        }
        Some(self.unite(set, hash))
    }

    /// After signing: moves the requests that other processes have counted for this source in
    /// places of their own, having seen it new as well, to the first of these places.
    fn unite(&self, set: usize, hash: u64) -> Rate {
        // SeqCst: of two processes that sign for one source, at least one sees the other's tag.
        fence(Ordering::SeqCst);
        let mut rate = Rate::Fine;
        let Some(first) = self.find(set, hash) else {
            return rate;
        };
        for way in first + 1..WAYS {
            if self.is_of(set, way, hash)
                && let Some(moved) = self.give_up(set, way, hash)
                && self.add(set, hash, moved)
                && !moved.is_hot(self.limit)
            {
                rate = Rate::NewlyHot;
            }
        }
        rate
    }

    /// Makes the window nobody's, and tells what it held. `None` when it is nobody's already.
    fn give_up(&self, set: usize, way: usize, hash: u64) -> Option<Window> {
        let cell = &self.sets[set].ways[way][1];
        let nobodys = |word| {
            let window = Window::unpack(word);
            let given_up = Window {
                hits: 0,
                was_hot: false,
                check: !window.check,
                ..window
            };
            (window.check == check_of(hash)).then(|| given_up.pack())
        };
        // Release: who finds it nobody's looks again, and finds the first one's tag. Acquire: as
        // in `charge`, the word carries everything else.
        let given_up = cell.fetch_update(Ordering::AcqRel, Ordering::Acquire, nobodys);
        given_up.ok().map(Window::unpack)
    }

    /// Adds the requests of another window to the source's first one. True when the sum is over the
    /// limit and the first one alone was not.
    fn add(&self, set: usize, hash: u64, other: Window) -> bool {
        for _ in 0..ATTEMPTS {
            let Some(way) = self.find(set, hash) else {
                continue; // An earlier one was signed after `find` had passed it.
            };
            let cell = &self.sets[set].ways[way][1];
            let sum = |word| {
                let old = Window::unpack(word);
                (old.check == check_of(hash)).then(|| old.with(other).pack())
            };
            // Relaxed: as in `charge`. None: given up, another process has signed an earlier one.
            if let Ok(word) = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum) {
                let old = Window::unpack(word);
                return !old.is_hot(self.limit) && old.with(other).is_hot(self.limit);
            }
        }
        false
    }

    /// The way that is least worth keeping: a free one, else one whose window is over (the oldest),
    /// else the one with the fewest requests (of those, the oldest). Never a hot one.
    fn place_for(&self, set: usize, now_ms: u64) -> Option<(usize, u64)> {
        let mut best: Option<(usize, u64, (u64, u64))> = None;
        for (way, [_, window]) in self.sets[set].ways.iter().enumerate() {
            let word = window.load(Ordering::Relaxed); // validated by the exchange in `insert`
            let window = Window::unpack(word);
            let worth = match word {
                0 => return Some((way, word)),
                _ if window.is_over(now_ms, self.limit) => (0, window.start_ms),
                _ if window.is_hot(self.limit) => continue,
                _ => (window.hits, window.start_ms),
            };
            if best.is_none_or(|(_, _, least)| worth < least) {
                best = Some((way, word, worth));
            }
        }
        best.map(|(way, word, _)| (way, word))
    }

    /// Keeps the hits of the window that has just ended beside the tag, for the dumps. Lost when
    /// the place changes hands at this moment.
    fn remember_previous(&self, set: usize, way: usize, hash: u64, previous: u64) {
        let cell = &self.sets[set].ways[way][0];
        let old = cell.load(Ordering::Relaxed);
        if old >> TAG_SHIFT == tag_of(hash) >> TAG_SHIFT {
            let new = tag_of(hash) | previous;
            // Relaxed: same owner, same key; nothing new is published.
            let _changed_hands =
                cell.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn read(&self, set: usize, way: usize, now_ms: u64) -> Option<Usage> {
        let [tag, window] = &self.sets[set].ways[way];
        // Acquire: pairs with the Release in `insert`.
        let seen = tag.load(Ordering::Acquire);
        if seen == 0 {
            return None;
        }
        let [high, low] = &self.keys[set].keys[way];
        let halves = [high.load(Ordering::Relaxed), low.load(Ordering::Relaxed)];
        let window = Window::unpack(window.load(Ordering::Relaxed));
        let is_same = tag.load(Ordering::Relaxed) >> TAG_SHIFT == seen >> TAG_SHIFT;
        if !is_same || window.check != check_of(seen >> TAG_SHIFT) {
            return None; // It changes hands just now, or was given up.
        }
        let (previous, current) = window.hits_at(now_ms, self.limit, seen & 0xffff);
        Some(Usage {
            source: Source::from_halves(halves),
            previous,
            current,
            hot: window.is_hot_at(now_ms, self.limit),
            idle_ms: now_ms.saturating_sub(window.last_ms(now_ms, self.limit)),
        })
    }
}

/// The low 48 bits of the hash, never zero, shifted up.
const fn tag_of(hash: u64) -> u64 {
    let tag = hash << TAG_SHIFT;
    if tag == 0 { 1 << TAG_SHIFT } else { tag }
}

/// Eight bits of the hash that no other source in the set is likely to share.
#[allow(clippy::cast_possible_truncation)]
const fn check_of(hash: u64) -> u8 {
    (tag_of(hash) >> TAG_SHIFT) as u8
}

#[cfg(all(test, not(loom)))]
mod tests;
