//! Newcomers: a place for a source that has none, and what happens when two processes see a new source at
//! once: each may take a place, and one of them merges the two.

use crate::shm::atomic::Ordering;
use crate::source::Source;

use super::*;

impl RateTable {
    /// Takes a place for a new source, with this request. `None` when another process was faster.
    pub(super) fn insert(
        &self,
        set: usize,
        source: Source,
        tag: SourceTag,
        now_ms: u64,
    ) -> Option<Rate> {
        let Some((way, word)) = self.place_for(set, now_ms) else {
            self.count(|totals| &totals.uncounted);
            return Some(Rate::Fine);
        };
        let [owner, window] = &self.sets[set].ways[way];
        let before = owner.load(Ordering::Relaxed); // to see it change
        let new = Window::first(now_ms, tag.check());
        if window
            .compare_exchange(word, new.pack(), Ordering::Relaxed, Ordering::Relaxed)
            .is_err()
        {
            // Another process was faster, perhaps for this very source: it signs in a moment.
            for _ in 0..SPINS {
                if owner.load(Ordering::Relaxed) != before {
                    break;
                }
                wait_a_moment();
            }
            return None;
        }
        // From here until the tag is signed the place is nobody's: the old owner's `check` differs.
        // A process that dies here leaves a place that ages like any other.
        crate::shm::fail::point("rate.insert");
        if window.load(Ordering::Relaxed) != new.pack() {
            // We were stopped, and the place became another's: perhaps it is the owner of before who
            // came back, so that the tag does not show it.
            return None;
        }
        if self.find(set, tag).is_some_and(|(other, _)| other != way) {
            // Another process has signed for the source since `charge` found none, and may have
            // counted much: our window, where it comes first, would hide that until it is merged.
            let nobodys = new.given_up().pack();
            let _anothers =
                window.compare_exchange(new.pack(), nobodys, Ordering::Relaxed, Ordering::Relaxed);
            return None;
        }
        if tag.source().is_none() {
            for (half, value) in self.keys[set].keys[way].iter().zip(source.halves()) {
                half.store(value, Ordering::Relaxed);
            }
        }
        // Release: pairs with the Acquire in `find` and `read`. SeqCst: see `merge_duplicates`. Not when another
        // process has signed since: this one was stopped for so long that the place is another's.
        owner
            .compare_exchange(before, tag.0, Ordering::SeqCst, Ordering::Relaxed)
            .ok()?;
        fence_for_loom();
        if word != 0 && !Window::unpack(word).is_over(now_ms, self.limit) {
            self.count(|totals| &totals.evicted);
        }
        let signs = self.sets[set].ways.iter().enumerate();
        let is_alone = signs.fold(true, |is_alone, (other, [owner, _])| {
            let owner = SourceTag(owner.load(Ordering::SeqCst));
            is_alone & (other == way || !owner.is_of_same(tag))
        });
        Some(if is_alone {
            Rate::Fine
        } else {
            self.merge_duplicates(set, tag)
        })
    }

    /// After signing: moves the requests that other processes have counted for this source in
    /// places of their own, having seen it new as well, to the first of these places.
    ///
    /// Tags are signed, and read after that, SeqCst: of two processes that sign for one source, at
    /// least one sees the other's tag.
    #[cold]
    fn merge_duplicates(&self, set: usize, tag: SourceTag) -> Rate {
        let mut rate = Rate::Fine;
        let Some((first, _)) = self.find(set, tag) else {
            return rate;
        };
        for way in first + 1..WAYS {
            if self.is_of(set, way, tag)
                && let Some(moved) = self.give_up(set, way, tag)
                && self.add(set, tag, moved)
                && !moved.is_hot(self.limit)
            {
                rate = Rate::NewlyHot;
            }
        }
        rate
    }

    /// Makes the window nobody's, and tells what it held. `None` when it is nobody's already.
    fn give_up(&self, set: usize, way: usize, tag: SourceTag) -> Option<Window> {
        let cell = &self.sets[set].ways[way][1];
        let nobodys = |word| {
            let window = Window::unpack(word);
            (window.check == tag.check()).then(|| window.given_up().pack())
        };
        // Release: who finds it nobody's looks again, and finds the first one's tag. Acquire: as
        // in `charge`, the word carries everything else.
        let given_up = cell.fetch_update(Ordering::AcqRel, Ordering::Acquire, nobodys);
        given_up.ok().map(Window::unpack)
    }

    /// Adds the requests of another window to the source's first one. True when the sum is over the
    /// limit and the first one alone was not.
    fn add(&self, set: usize, tag: SourceTag, other: Window) -> bool {
        for _ in 0..ATTEMPTS {
            let Some((way, _)) = self.find(set, tag) else {
                continue; // An earlier one was signed after `find` had passed it.
            };
            let cell = &self.sets[set].ways[way][1];
            let sum = |word| {
                let old = Window::unpack(word);
                (old.check == tag.check()).then(|| old.with(other).pack())
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
        let mut best = None;
        let mut least = u64::MAX;
        for (way, [_, window]) in self.sets[set].ways.iter().enumerate() {
            let word = window.load(Ordering::Relaxed); // validated by the exchange in `insert`
            let worth = if word == 0 {
                0
            } else {
                Window::unpack(word).worth(now_ms, self.limit)
            };
            // No way out before the last: which one it is, a processor that guesses guesses wrong.
            if worth < least {
                (best, least) = (Some((way, word)), worth);
            }
        }
        best
    }
}
