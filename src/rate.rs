//! The rate check: is a source over its limit in its current window, or was it in the one before?
//!
//! Not the ban table, and not pike's tree: windows are the source's own, begin with a request, and
//! roll over by the clock when the source is next seen; nothing sweeps. A source that never sends
//! more than the limit within a window's time is never hot. Fork-safe, allocation-free, panic-free,
//! and one cache line a check.
//!
//! What can be lost: what a source had sent when a newcomer took its place (see
//! [`RateTable::place_for`]), and the one request of a process that dies in the middle of it.
//!
//! Processes that see a new source in the same instant may take a place each. They merge these
//! again, and lose nothing, unless one dies in the middle of that. But until they have, each place
//! counts from zero: a new source may get its limit through once for each of these processes.

use std::io;

use crate::clock::Clock;
use crate::shared_struct;
use crate::shm::atomic::{AtomicU64, Ordering, fence_for_loom, wait_a_moment};
use crate::shm::os;
use crate::shm::region::{Region, room_for};
use crate::shm::rows::{self, ROWS};
use crate::source::Source;

mod newcomer;
mod tag;
mod window;

use tag::SourceTag;

pub use window::{Limit, MAX_REQUESTS, Window};

/// Sources in one cache line. (Two under loom, which tries every interleaving.)
pub const WAYS: usize = if cfg!(loom) { 2 } else { 4 };

/// How often a place is looked for again that became another's, or an earlier one, meanwhile: a bound
/// that is not reached.
const ATTEMPTS: usize = if cfg!(loom) { 8 } else { 1024 };

/// How often to look whether the process that took a place has signed it: for two microseconds or so.
const SPINS: usize = if cfg!(loom) { 2 } else { 32 };

shared_struct! {
    /// One cache line: for each way a [`SourceTag`] (who) and a [`Window`] (how much).
    pub struct SourceSet: 64 {
        /// Tags and windows, in pairs.
        pub ways: [[AtomicU64; 2]; WAYS],
    }
}

shared_struct! {
    /// The sources behind the tags of one set that do not tell themselves, for the dumps; no check
    /// reads them.
    pub struct Keys: 64 {
        /// High and low half of each source's key.
        pub keys: [[AtomicU64; 2]; WAYS],
    }
}

shared_struct! {
    /// What the rate check of one process counts.
    pub struct RateTotals: 64 {
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

impl Usage {
    /// Is everything from it blocked, where so many requests are allowed in a window? `None`: as many
    /// as any source.
    #[must_use]
    pub fn is_over(&self, allowance: Option<u64>) -> bool {
        match allowance {
            Some(requests) => self.previous.max(self.current) > requests,
            None => self.hot,
        }
    }

    /// Is it worth telling: blocked, or heard of in this time?
    #[must_use]
    pub const fn is_remembered(&self, remembered_ms: u64) -> bool {
        self.hot || self.idle_ms <= remembered_ms
    }
}

/// What each source has sent lately. A copy means the same table.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct RateTable {
    sets: &'static [SourceSet],
    keys: &'static [Keys],
    totals: &'static [RateTotals],
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
        room_for::<SourceSet>(sets) + room_for::<Keys>(sets) + room_for::<RateTotals>(ROWS)
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
            region.array(ROWS)?,
            limit,
        ))
    }

    /// A table over memory that is there already (tests).
    #[must_use]
    pub const fn over(
        sets: &'static [SourceSet],
        keys: &'static [Keys],
        totals: &'static [RateTotals],
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
        self.charge_to(self.limit, source, hash, clock)
    }

    /// The same, of a source that may send so many requests in a window, 1 to [`MAX_REQUESTS`].
    pub fn charge_within(
        &self,
        source: Source,
        hash: u64,
        requests: u64,
        clock: &impl Clock,
    ) -> Rate {
        let limit = Limit {
            requests,
            ..self.limit
        };
        self.charge_to(limit, source, hash, clock)
    }

    /// How much a source may send of which nothing else is said.
    #[must_use]
    pub const fn limit(&self) -> Limit {
        self.limit
    }

    #[inline]
    fn charge_to(&self, limit: Limit, source: Source, hash: u64, clock: &impl Clock) -> Rate {
        let set = self.set(hash);
        os::prefetch_to_write(&self.sets[set]);
        let tag = SourceTag::of(source, hash);
        let now_ms = clock.coarse_ms();
        self.charge_as_before(limit, set, tag, now_ms)
            .unwrap_or_else(|| self.charge_any(limit, set, source, tag, clock))
    }

    /// What most requests are: one more in a window that is open, and no news. `None` when it was
    /// something else, or another process was faster.
    #[inline]
    fn charge_as_before(
        &self,
        limit: Limit,
        set: usize,
        tag: SourceTag,
        now_ms: u64,
    ) -> Option<Rate> {
        let (way, word) = self.find(set, tag)?;
        let old = Window::unpack(word);
        let new = old.after_request(now_ms, limit);
        let is_hot = new.is_hot(limit);
        if new.start_ms != old.start_ms || old.is_hot(limit) != is_hot {
            return None;
        }
        // Relaxed: as in `charge_any`.
        let window = &self.sets[set].ways[way][1];
        window
            .compare_exchange(word, new.pack(), Ordering::Relaxed, Ordering::Relaxed)
            .ok()?;
        Some(if is_hot { Rate::Hot } else { Rate::Fine })
    }

    #[inline(never)]
    fn charge_any(
        &self,
        limit: Limit,
        set: usize,
        source: Source,
        tag: SourceTag,
        clock: &impl Clock,
    ) -> Rate {
        for _ in 0..ATTEMPTS {
            let now_ms = clock.coarse_ms();
            let Some((way, _)) = self.find(set, tag) else {
                match self.insert(set, source, tag, now_ms) {
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
                new = after_request(old, limit, now_ms, clock);
                (old.check == tag.check()).then(|| new.pack())
            });
            let Ok(word) = charged else {
                continue; // The place became another's after `find` read its tag.
            };
            let old = Window::unpack(word);
            if new.start_ms != old.start_ms {
                self.remember_previous(set, way, tag, old.hits_before(new.start_ms, limit));
            }
            return match (old.is_hot(limit), new.is_hot(limit)) {
                (_, false) => Rate::Fine,
                (false, true) => Rate::NewlyHot,
                (true, true) => Rate::Hot,
            };
        }
        Rate::Fine
    }

    /// Takes one request out of a budget of so many in a window. What it does not grant is not counted:
    /// it is open again with the next window, however much was asked for.
    pub fn grant(&self, source: Source, hash: u64, requests: u64, clock: &impl Clock) -> bool {
        let limit = Limit {
            requests,
            ..self.limit
        };
        let (set, tag) = (self.set(hash), SourceTag::of(source, hash));
        for _ in 0..ATTEMPTS {
            let now_ms = clock.coarse_ms();
            let Some((way, _)) = self.find(set, tag) else {
                match self.insert(set, source, tag, now_ms) {
                    Some(_) => return true,
                    None => continue, // Another process was faster.
                }
            };
            let is_its_own = |word| Window::unpack(word).check == tag.check();
            // Relaxed: as in `charge_any`.
            let cell = &self.sets[set].ways[way][1];
            let granted = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
                let new = Window::unpack(word).after_request(now_ms, limit);
                (is_its_own(word) && !new.is_hot(limit)).then(|| new.pack())
            });
            match granted {
                Ok(_) => return true,
                Err(word) if is_its_own(word) => return false,
                Err(_) => {} // The place became another's after `find` read its tag.
            }
        }
        false
    }

    /// Gives so many requests back to a budget.
    pub fn give_back(&self, source: Source, hash: u64, requests: u64) {
        let (set, tag) = (self.set(hash), SourceTag::of(source, hash));
        if let Some((way, _)) = self.find(set, tag) {
            // Relaxed: as in `charge_any`. The place may have become another's since.
            let _anothers = self.sets[set].ways[way][1].fetch_update(
                Ordering::Relaxed,
                Ordering::Relaxed,
                |word| {
                    let window = Window::unpack(word);
                    let hits = window.hits.saturating_sub(requests);
                    (window.check == tag.check()).then(|| Window { hits, ..window }.pack())
                },
            );
        }
    }

    /// Forgets what a source sent.
    pub fn forget(&self, source: Source, hash: u64) {
        let (set, tag) = (self.set(hash), SourceTag::of(source, hash));
        if let Some((way, _)) = self.find(set, tag) {
            // An empty window of its own: counts from here on start at zero.
            let empty = Window {
                check: tag.check(),
                ..Window::default()
            };
            let is_its_own = |word| Window::unpack(word).check == tag.check();
            // Relaxed: as in `charge_any`. The place may have become another's since.
            let _anothers = self.sets[set].ways[way][1].fetch_update(
                Ordering::Relaxed,
                Ordering::Relaxed,
                |word| is_its_own(word).then(|| empty.pack()),
            );
        }
    }

    /// Sources of which something was heard in the last `remembered_ms`, or that are blocked: at
    /// most `sources`, for which the table was made. Reads every place.
    #[must_use]
    pub fn used(&self, now_ms: u64, remembered_ms: u64) -> u64 {
        let remembered = self
            .usages(now_ms)
            .filter(|usage| usage.is_remembered(remembered_ms));
        (remembered.count() as u64).min(self.capacity() as u64)
    }

    /// What one source sends; `None` when it is not known.
    #[must_use]
    pub fn usage(&self, source: Source, hash: u64, now_ms: u64) -> Option<Usage> {
        let set = self.set(hash);
        let (way, _) = self.find(set, SourceTag::of(source, hash))?;
        self.read(set, way, now_ms)
    }

    /// What all known sources send, in the order of their places.
    pub fn usages(&self, now_ms: u64) -> impl Iterator<Item = Usage> + '_ {
        (0..self.sets.len())
            .flat_map(|set| (0..WAYS).map(move |way| (set, way)))
            .filter_map(move |(set, way)| self.read(set, way, now_ms))
    }

    /// Gets the cache line of a hash on its way.
    pub fn prefetch(&self, hash: u64) {
        os::prefetch_to_write(&self.sets[self.set(hash)]);
    }

    /// Sources that made room for a newcomer while their window was still open.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        self.sum(|totals| &totals.evicted)
    }

    /// Requests of newcomers whose set was full of hot sources: not counted.
    #[must_use]
    pub fn uncounted(&self) -> u64 {
        self.sum(|totals| &totals.uncounted)
    }

    fn sum(&self, of: impl Fn(&RateTotals) -> &AtomicU64) -> u64 {
        let counts = self.totals.iter().map(of);
        counts.map(|count| count.load(Ordering::Relaxed)).sum()
    }

    fn count(&self, of: impl Fn(&RateTotals) -> &AtomicU64) {
        if let Some(totals) = rows::own(self.totals) {
            of(totals).fetch_add(1, Ordering::Relaxed); // statistics only
        }
    }

    /// Sources that fit for certain: half of the places, so that few find their set full.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.sets.len() * WAYS / 2
    }

    /// Bytes of shared memory.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        size_of_val(self.sets) + size_of_val(self.keys) + size_of_val(self.totals)
    }

    /// The high bits of the hash, scaled to the number of sets.
    #[allow(clippy::cast_possible_truncation)]
    const fn set(&self, hash: u64) -> usize {
        ((hash as u128 * self.sets.len() as u128) >> 64) as usize
    }

    /// The first way of the source, and its window. There is a second one for a moment when two
    /// processes saw a new source at once, see `merge_duplicates`.
    fn find(&self, set: usize, tag: SourceTag) -> Option<(usize, u64)> {
        let mut found = None;
        // Backwards, and all of them: which way it is, a processor that guesses guesses wrong.
        for (way, [owner, window]) in self.sets[set].ways.iter().enumerate().rev() {
            // Acquire: pairs with the SeqCst in `insert`; key and window are read after the tag.
            // SeqCst: see `merge_duplicates`.
            let owner = SourceTag(owner.load(Ordering::SeqCst));
            let word = window.load(Ordering::Relaxed);
            // Signed by this source, and not taken by another since, whether signed or not.
            if owner.is_of_same(tag) & (Window::unpack(word).check == tag.check()) {
                found = Some((way, word));
            }
        }
        found
    }

    fn is_of(&self, set: usize, way: usize, tag: SourceTag) -> bool {
        let [owner, window] = &self.sets[set].ways[way];
        // SeqCst: as in `find`.
        SourceTag(owner.load(Ordering::SeqCst)).is_of_same(tag)
            && Window::unpack(window.load(Ordering::Relaxed)).check == tag.check()
    }

    /// Keeps the hits of the window that has just ended beside the tag, for the dumps. Lost when
    /// the place changes hands at this moment.
    fn remember_previous(&self, set: usize, way: usize, tag: SourceTag, previous: u64) {
        let cell = &self.sets[set].ways[way][0];
        let old = cell.load(Ordering::Relaxed);
        if SourceTag(old).is_of_same(tag) {
            let new = tag.with_previous(previous).0;
            // Relaxed: same owner, same key; nothing new is published.
            let _changed_hands =
                cell.compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn read(&self, set: usize, way: usize, now_ms: u64) -> Option<Usage> {
        let [owner, window] = &self.sets[set].ways[way];
        // Acquire: pairs with the Release in `insert`.
        let seen = SourceTag(owner.load(Ordering::Acquire));
        if seen.0 == 0 {
            return None;
        }
        let [high, low] = &self.keys[set].keys[way];
        let halves = [high.load(Ordering::Relaxed), low.load(Ordering::Relaxed)];
        let window = Window::unpack(window.load(Ordering::Relaxed));
        let is_same = SourceTag(owner.load(Ordering::Relaxed)).is_of_same(seen);
        if !is_same || window.check != seen.check() {
            return None; // It changes hands just now, or was given up.
        }
        let (previous, current) = window.hits_at(now_ms, self.limit, seen.previous());
        Some(Usage {
            source: seen.source().unwrap_or(Source::from_halves(halves)),
            previous,
            current,
            hot: window.is_hot_at(now_ms, self.limit),
            idle_ms: now_ms.saturating_sub(window.last_ms(now_ms, self.limit)),
        })
    }
}

fn after_request(old: Window, limit: Limit, now_ms: u64, clock: &impl Clock) -> Window {
    let new = old.after_request(now_ms, limit);
    if old.is_hot(limit) || !new.is_hot(limit) {
        return new;
    }
    // Only now does a clock that is a tick behind matter: was the window over?
    old.after_request(clock.exact_ms(), limit)
}

#[cfg(all(test, not(loom)))]
mod tests;
