//! Marks: that something was seen, and when, in one word each. Eight to a cache line; in a full line the
//! oldest makes room.
//!
//! | bits | what |
//! | --- | --- |
//! | 0..24 | when, in the caller's unit (seconds, milliseconds), modulo 2²⁴ |
//! | 24..24+V | a value of V bits |
//! | the rest | the lower bits of its hash; the higher ones say in which line it is |
//!
//! Not a table of records: it does not know whose a mark is, and tells it from another's by 40−V bits
//! of a secret hash. Fork-safe, allocation-free, panic-free; every mark is complete in itself, and
//! changed by one compare-and-swap.

use std::io;

use super::atomic::{AtomicU64, Ordering};
use super::os;
use super::region::{Region, room_for};
use super::rows::{self, ROWS};
use crate::shared_struct;

/// Marks in one cache line.
pub const WAYS: usize = 8;

const TIME_BITS: u32 = 24;
const TIME_MASK: u64 = (1 << TIME_BITS) - 1;

/// A time this little before now is a clock that was read a little earlier, not one that has gone round.
const BEHIND: u32 = 60_000;

/// How often a change is tried again after losing a race.
const ATTEMPTS: usize = 64;

shared_struct! {
    /// One cache line.
    pub struct Line: 64 {
        /// The marks; zero: none.
        pub marks: [AtomicU64; WAYS],
    }
}

shared_struct! {
    /// What one process counts.
    pub struct MarkTotals: 64 {
        /// Marks that made room for another one before their time.
        pub evicted: AtomicU64,
    }
}

/// A mark, as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// How long ago it was set, in the caller's unit.
    pub age: u32,
    /// Its value.
    pub value: u64,
}

/// Marks that live for some time. A copy means the same marks.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Marks<const VALUE_BITS: u32> {
    lines: &'static [Line],
    totals: &'static [MarkTotals],
    life: u32,
}

#[allow(clippy::cast_possible_truncation)] // Within what the bits hold.
impl<const VALUE_BITS: u32> Marks<VALUE_BITS> {
    const HASH_SHIFT: u32 = TIME_BITS + VALUE_BITS;

    const fn lines_for(marks: usize) -> usize {
        marks.div_ceil(WAYS)
    }

    /// Bytes that so many marks take from the region.
    #[must_use]
    pub const fn room(marks: usize) -> usize {
        room_for::<Line>(Self::lines_for(marks)) + room_for::<MarkTotals>(ROWS)
    }

    /// Carves so many marks off the region, which live for `life` units of time, less than 2²³.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region, marks: usize, life: u32) -> io::Result<Self> {
        Ok(Self {
            lines: region.array(Self::lines_for(marks))?,
            totals: region.array(ROWS)?,
            life,
        })
    }

    /// Gets the line of a hash on its way.
    pub fn prefetch(&self, hash: u64) {
        os::prefetch_to_write(self.line(hash));
    }

    /// The marks with this hash: one, but for what two processes set in the same instant.
    pub fn find(&self, hash: u64, now: u32) -> impl Iterator<Item = Mark> + '_ {
        let line = self.line(hash).marks.iter();
        line.filter_map(move |cell| {
            let word = cell.load(Ordering::Relaxed);
            self.read(word, hash, now)
        })
    }

    /// Is there one?
    #[must_use]
    pub fn holds(&self, hash: u64, now: u32) -> bool {
        self.find(hash, now).next().is_some()
    }

    /// Sets a mark, to what `value` makes of the one that is there.
    pub fn set(&self, hash: u64, now: u32, value: impl Fn(Option<Mark>) -> u64) {
        let line = &self.line(hash).marks;
        for _ in 0..ATTEMPTS {
            let words = line.each_ref().map(|cell| cell.load(Ordering::Relaxed));
            let own = words
                .iter()
                .position(|&word| self.read(word, hash, now).is_some());
            let oldest = || (0..WAYS).max_by_key(|&way| self.age(words[way], now));
            let way = own.or_else(oldest).unwrap_or(0);
            let value = value(self.read(words[way], hash, now));
            let new = Self::word(hash, now, value);
            // Relaxed: the word is complete in itself.
            let is_set = line[way]
                .compare_exchange(words[way], new, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
            if is_set {
                if own.is_none() && self.is_alive(words[way], now) {
                    self.count_evicted();
                }
                return;
            }
        }
    }

    /// Takes a mark away.
    pub fn clear(&self, hash: u64, now: u32) {
        for cell in &self.line(hash).marks {
            let word = cell.load(Ordering::Relaxed);
            if self.read(word, hash, now).is_some() {
                // Who changes it at this instant sees it as it was before.
                let _changed = cell.compare_exchange(word, 0, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }

    /// How many there are. Reads all.
    #[must_use]
    pub fn used(&self, now: u32) -> u64 {
        let cells = self.lines.iter().flat_map(|line| &line.marks);
        let alive = cells.filter(|cell| self.is_alive(cell.load(Ordering::Relaxed), now));
        alive.count() as u64
    }

    /// Places.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        (self.lines.len() * WAYS) as u64
    }

    /// Marks that made room for another one before their time.
    #[must_use]
    pub fn evicted(&self) -> u64 {
        let counts = self.totals.iter().map(|totals| &totals.evicted);
        counts.map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// Bytes of shared memory.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        (size_of_val(self.lines) + size_of_val(self.totals)) as u64
    }

    fn count_evicted(&self) {
        if let Some(totals) = rows::own(self.totals) {
            totals.evicted.fetch_add(1, Ordering::Relaxed); // statistics only
        }
    }

    fn line(&self, hash: u64) -> &'static Line {
        let index = (u128::from(hash) * self.lines.len() as u128) >> 64;
        &self.lines[index as usize]
    }

    /// Never zero: a mark whose time, value and hash all are would be none.
    const fn word(hash: u64, now: u32, value: u64) -> u64 {
        let hash = hash << Self::HASH_SHIFT | (1 << (u64::BITS - 1));
        hash | (value & ((1 << VALUE_BITS) - 1)) << TIME_BITS | now as u64 & TIME_MASK
    }

    fn read(&self, word: u64, hash: u64, now: u32) -> Option<Mark> {
        let is_its_own = word >> Self::HASH_SHIFT == Self::word(hash, 0, 0) >> Self::HASH_SHIFT;
        (is_its_own && self.is_alive(word, now)).then(|| Mark {
            age: self.age(word, now),
            value: word >> TIME_BITS & ((1 << VALUE_BITS) - 1),
        })
    }

    fn is_alive(&self, word: u64, now: u32) -> bool {
        word != 0 && self.age(word, now) < self.life
    }

    /// Of no mark, the most there is.
    fn age(&self, word: u64, now: u32) -> u32 {
        if word == 0 {
            return u32::MAX;
        }
        let age = now.wrapping_sub((word & TIME_MASK) as u32) & TIME_MASK as u32;
        if age > TIME_MASK as u32 - BEHIND {
            0
        } else {
            age
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const LIFE: u32 = 300;

    fn marks(count: usize) -> Marks<4> {
        let mut region = Region::new(Marks::<4>::room(count)).unwrap();
        Marks::new(&mut region, count, LIFE).unwrap()
    }

    #[test]
    fn a_mark_lives_for_its_time() {
        let marks = marks(8);
        for start in [1, 77, (1 << 24) - 5, u32::MAX - 5] {
            marks.set(42, start, |_| 9);
            let found = |after: u32| marks.find(42, start.wrapping_add(after)).next();
            assert_eq!(found(0), Some(Mark { age: 0, value: 9 }), "{start}");
            assert_eq!(found(299).map(|mark| mark.age), Some(299), "{start}");
            assert_eq!(found(300), None, "{start}");
            marks.set(42, start.wrapping_add(200), |mark| mark.unwrap().value + 1);
            assert_eq!(found(499).map(|mark| mark.value), Some(10), "{start}");
            assert!(!marks.holds(43, start));
            // Read by a process whose clock is a moment behind.
            assert_eq!(found(199).map(|mark| mark.age), Some(0), "{start}");
            marks.clear(42, start.wrapping_add(200));
            assert_eq!(found(200), None, "{start}");
        }
    }

    #[test]
    fn in_a_full_line_the_oldest_makes_room() {
        let marks = marks(8);
        for hash in 0..8 {
            marks.set(hash, hash as u32 + 1, |_| 0);
        }
        assert_eq!((marks.used(8), marks.evicted()), (8, 0));
        marks.set(0, 9, |_| 0); // renewed: now 1 is the oldest
        marks.set(100, 10, |_| 0);
        let held: Vec<u64> = (0..8).filter(|&hash| marks.holds(hash, 10)).collect();
        assert_eq!(held, [0, 2, 3, 4, 5, 6, 7]);
        assert!(marks.holds(100, 10));
        assert_eq!(
            (marks.used(10), marks.evicted(), marks.capacity()),
            (8, 1, 8)
        );
        // Those whose time is over count as none.
        assert_eq!(marks.used(10 + LIFE), 0);
        marks.set(101, 10 + LIFE, |_| 0);
        assert_eq!(marks.evicted(), 1);
    }

    #[test]
    fn a_hash_of_zero_is_a_mark_too() {
        let marks = marks(64);
        marks.set(0, 0, |mark| mark.map_or(3, |_| 4));
        assert_eq!(marks.find(0, 0).next(), Some(Mark { age: 0, value: 3 }));
        marks.set(0, 0, |mark| mark.map_or(3, |_| 4));
        assert_eq!(marks.find(0, 0).next(), Some(Mark { age: 0, value: 4 }));
    }

    proptest::proptest! {
        /// What was set last of few hashes is found, whatever else was set, while no line is full.
        #[test]
        fn marks_are_told_apart(hashes in proptest::collection::hash_set(0_u64.., 1..8)) {
            let marks = marks(8);
            for &hash in &hashes {
                marks.set(hash, 5, |_| hash & 15);
            }
            for &hash in &hashes {
                let found: Vec<Mark> = marks.find(hash, 5).collect();
                proptest::prop_assert!(found.iter().all(|mark| mark.value == hash & 15) && found.len() == 1);
            }
        }
    }
}
