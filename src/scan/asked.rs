//! Users and numbers that were asked for a password, and left alone.
//!
//! A phone answers a challenge within a moment. What nobody has answered eight seconds later is left
//! over, and told when the next challenge goes to the same source. A source has two records, for the
//! even and the odd periods of eight seconds: what is left in one is told when its turn comes again.

use std::io;

use crate::clock::Clock;
use crate::hash::Hash;
use crate::shm::atomic::{AtomicU64, Ordering};
use crate::shm::region::Region;
use crate::shm::table::{Lookup, Record, RecordRef, Table, TableSize};
use crate::source::Source;

use super::Kind;

/// Words of a record: two cache lines.
const WORDS: usize = 16;

const SOURCE_HIGH: usize = 0;
const SOURCE_LOW: usize = 1;
/// Words of marks, of users and then of numbers; two marks each, with the period that they are of.
const MARKS: usize = 2;
const MARK_WORDS: usize = (WORDS - MARKS) / 2;

/// Marks of one kind that a record has room for: what is beyond is another time's to find.
pub const ROOM: usize = MARK_WORDS * 2;

const MARK_BITS: u32 = 24;
const MARK: u64 = (1 << MARK_BITS) - 1;
const PERIOD_SHIFT: u32 = 48;
const PERIODS: u64 = 1 << 16;

/// Seconds of a period.
const PERIOD_S: u32 = 8;

/// Seconds that a record is kept, so that what is left in it is told.
const KEPT_S: u32 = 600;

/// How often a word is changed again after losing a race.
const ATTEMPTS: usize = 64;

/// What was left alone: up to [`ROOM`] marks of names, which count like the names in a
/// [scan](super::ScanTable::fail).
#[derive(Clone, Copy, Debug)]
pub struct Left {
    marks: [u64; ROOM],
    used: usize,
}

impl Left {
    const NONE: Self = Self {
        marks: [0; ROOM],
        used: 0,
    };

    fn push(&mut self, mark: u64) {
        if let Some(room) = self.marks.get_mut(self.used) {
            *room = mark;
            self.used += 1;
        }
    }

    /// The marks.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.marks.iter().take(self.used).copied()
    }
}

/// Who was asked for a password. A copy means the same table.
#[derive(Clone)]
#[allow(missing_debug_implementations)]
pub struct Asked {
    table: Table<WORDS>,
    hash: Hash,
}

impl Asked {
    /// Bytes that a table for `sources` takes from the region.
    #[must_use]
    pub const fn room(sources: usize) -> usize {
        Table::<WORDS>::room(2 * sources)
    }

    /// Carves a table for `sources` off the region.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region, sources: usize, hash: Hash) -> io::Result<Self> {
        Ok(Self {
            table: Table::new(region, 2 * sources)?,
            hash,
        })
    }

    /// A challenge goes out to whoever has sent this name, given by its hash. Returns what was left alone
    /// before.
    pub fn ask(&self, source: Source, kind: Kind, name: u64, clock: &impl Clock) -> Left {
        let (mut left, period) = (Left::NONE, period(clock));
        let Some(entry) = self.find_or_create(source, period, clock) else {
            return left;
        };
        let cells = self.marks(entry, kind);
        let mut is_in = false;
        for cell in cells {
            change(cell, |word| {
                let (marks, old) = at(word, period);
                is_in |= halves(marks).contains(&mark(name));
                let new = match halves(marks).iter().position(|&half| half == 0) {
                    Some(half) if !is_in => marks | mark(name) << (half as u32 * MARK_BITS),
                    _ => marks,
                };
                (new != marks || old != 0).then_some((with_period(new, period), old, new != marks))
            })
            .into_iter()
            .for_each(|(old, is_added)| {
                is_in |= is_added;
                let told = halves(old).into_iter().filter(|&half| half != 0);
                told.for_each(|half| left.push(half));
            });
        }
        left
    }

    /// Somebody has answered.
    pub fn answered(&self, source: Source, kind: Kind, name: u64, clock: &impl Clock) {
        let period = period(clock);
        for parity in [period, period ^ 1] {
            let Some(entry) = self.find(source, parity, clock) else {
                continue;
            };
            for cell in self.marks(entry, kind) {
                change(cell, |word| {
                    let marks = word & !(u64::MAX << PERIOD_SHIFT);
                    let half = halves(marks).iter().position(|&half| half == mark(name))?;
                    Some((word & !(MARK << (half as u32 * MARK_BITS)), 0, false))
                });
            }
        }
    }

    /// How large it is, and what it has counted.
    #[must_use]
    pub const fn size(&self) -> TableSize {
        self.table.size()
    }

    /// Records in use. Reads every tag.
    #[must_use]
    pub fn used(&self, clock: &impl Clock) -> u64 {
        self.table.used(clock.now_s())
    }

    fn marks(&self, entry: RecordRef, kind: Kind) -> &'static [AtomicU64] {
        let from = match kind {
            Kind::User => MARKS,
            Kind::Destination => MARKS + MARK_WORDS,
        };
        &self.table.record(entry).words[from..from + MARK_WORDS]
    }

    fn key(&self, source: Source, period: u64) -> u64 {
        self.hash.pair(period & 1, source)
    }

    fn find(&self, source: Source, period: u64, clock: &impl Clock) -> Option<RecordRef> {
        let is_its_own = is(source, period);
        let key = self.key(source, period);
        self.table.find(key, clock.now_s(), is_its_own).live()
    }

    fn find_or_create(&self, source: Source, period: u64, clock: &impl Clock) -> Option<RecordRef> {
        let (now_s, key) = (clock.now_s(), self.key(source, period));
        let until_s = now_s + KEPT_S;
        match self.table.find(key, now_s, is(source, period)) {
            Lookup::Live(entry) => {
                let _set_by_another = self.table.keep_until(entry, until_s);
                return self.find(source, period, clock);
            }
            Lookup::Busy => return None,
            Lookup::Nothing => {}
        }
        // Who floods with the addresses of others pushes out what was asked longest ago.
        let claim = self
            .table
            .claim_new(key, now_s, until_s, is(source, period));
        let mut claim = claim.ok()?;
        let [high, low] = source.halves();
        let record = claim.record();
        record.set(SOURCE_HIGH, high);
        record.set(SOURCE_LOW, low ^ (period & 1));
        for word in MARKS..WORDS {
            record.set(word, with_period(0, period));
        }
        claim.publish(until_s).ok()
    }
}

/// Changes a word; what `change` says beside the new one, if it is changed: what was left alone, and
/// whether the name was added.
fn change(
    cell: &AtomicU64,
    mut change: impl FnMut(u64) -> Option<(u64, u64, bool)>,
) -> Option<(u64, bool)> {
    for _ in 0..ATTEMPTS {
        let old = cell.load(Ordering::Relaxed);
        let (new, left, is_added) = change(old)?;
        // Relaxed: a word is complete in itself.
        if cell
            .compare_exchange(old, new, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
        {
            return Some((left, is_added));
        }
    }
    None
}

fn period(clock: &impl Clock) -> u64 {
    u64::from(clock.now_s() / PERIOD_S) % PERIODS
}

/// The marks that a word holds of this period, and those that were left in it before.
const fn at(word: u64, period: u64) -> (u64, u64) {
    let marks = word & !(u64::MAX << PERIOD_SHIFT);
    if word >> PERIOD_SHIFT == period {
        (marks, 0)
    } else {
        (0, marks)
    }
}

const fn with_period(marks: u64, period: u64) -> u64 {
    period << PERIOD_SHIFT | marks
}

const fn halves(marks: u64) -> [u64; 2] {
    [marks & MARK, marks >> MARK_BITS & MARK]
}

/// Never 0, which is a place that is free; as a scan has it.
const fn mark(name: u64) -> u64 {
    match name & MARK {
        0 => 1,
        mark => mark,
    }
}

fn is(source: Source, period: u64) -> impl Fn(&Record<WORDS>) -> bool {
    let [high, low] = source.halves();
    move |record| record.get(SOURCE_HIGH) == high && record.get(SOURCE_LOW) == low ^ (period & 1)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::clock::manual::Manual;

    const SOURCE: Source = Source { key: 7 << 64 };

    fn asked() -> (Asked, Manual) {
        let mut region = Region::new(Asked::room(16)).unwrap();
        let asked = Asked::new(&mut region, 16, Hash::keyed([1, 2, 3, 4])).unwrap();
        (asked, Manual::default())
    }

    #[test]
    fn what_nobody_answers_is_told_once() {
        let (asked, clock) = asked();
        let ask = |name| {
            let left = asked.ask(SOURCE, Kind::User, name, &clock);
            let mut left: Vec<u64> = left.iter().collect();
            left.sort_unstable();
            left
        };
        for name in 1..=5 {
            assert_eq!(ask(name), Vec::<u64>::new());
            assert_eq!(ask(name), Vec::<u64>::new(), "once more");
        }
        asked.answered(SOURCE, Kind::User, 2, &clock);
        asked.answered(SOURCE, Kind::Destination, 3, &clock);
        clock.advance(8000);
        assert_eq!(ask(6), Vec::<u64>::new(), "the other record");
        asked.answered(SOURCE, Kind::User, 4, &clock);
        clock.advance(8000);
        assert_eq!(ask(7), [1, 3, 5]);
        assert_eq!(ask(8), Vec::<u64>::new());
        clock.advance(8000);
        assert_eq!(ask(9), [6]);
        // Another source, and another kind.
        let other = Source { key: 8 << 64 };
        assert_eq!(asked.ask(other, Kind::User, 1, &clock).iter().count(), 0);
        let number = asked.ask(SOURCE, Kind::Destination, 1, &clock);
        assert_eq!(number.iter().count(), 0);
    }

    #[test]
    fn a_record_has_room_for_so_many() {
        let (asked, clock) = asked();
        for name in 1..=100 {
            asked.ask(SOURCE, Kind::Destination, name, &clock);
        }
        clock.advance(16_000);
        let left = asked.ask(SOURCE, Kind::Destination, 1000, &clock);
        assert_eq!(
            left.iter().collect::<Vec<u64>>(),
            (1..=14).collect::<Vec<u64>>()
        );
    }
}
