//! Scans: how many distinct users and distinct destinations of one source have failed, and what the
//! script has signalled of it.
//!
//! Not the policy: it does not know what a reply or a finding is. Fork-safe, allocation-free,
//! panic-free, lock-free. A source has one record, of fixed size, see [`record`]; its window begins
//! with the first failure or signal and ends [`Rules::window_s`] later, and a limit that it reaches
//! is told once in a window.
//!
//! What can be lost: a success does not take out what the sketch holds ([`distinct`]); two
//! processes that count one thing at the moment when another is taken out may count it twice; what
//! a full table forgets, which is first of all sources that failed once; and what fails while a
//! process has stopped that is making the record of this source, which the table bears for
//! [`LEASE_S`](crate::shm::table::LEASE_S) seconds: a scan is found by what comes after.

use std::cell::Cell;
use std::io;

use crate::clock::Clock;
use crate::hash::Hash;
use crate::shm::atomic::Ordering;
use crate::shm::fail;
use crate::shm::region::Region;
use crate::shm::table::{FOREVER_S, Lookup, RecordRef, Refused, Table, TableSize};
use crate::source::Source;

mod asked;
mod distinct;
mod record;
mod window;

pub use asked::Asked;
pub use record::{SIGNAL_BYTES, Signal, SourceScan};
use record::{ScanRecord, WORDS};
use window::{ScanWindow, Told};

/// How often a record is looked for again that changed hands meanwhile.
const LOOKS: usize = 8;

/// The heaviest signal.
pub const HEAVIEST: u64 = 100;

/// How many are too many, in which time; 0: off.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Distinct users that may fail, this one not any more.
    pub max_users: u64,
    /// Distinct destinations.
    pub max_destinations: u64,
    /// Weights of signals together.
    pub max_signals: u64,
    /// Seconds in which they must come.
    pub window_s: u64,
}

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A user that is registered or authenticated as.
    User,
    /// A number or name that is called.
    Destination,
}

/// What a failure or a signal led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Below the limit.
    Below,
    /// The one that reaches it: distinct users, distinct destinations, weights of signals.
    Newly([u64; 3]),
    /// Reached before, in this window.
    Over,
    /// Not counted: the table has no place for it.
    Uncounted,
}

/// What each source has failed with. A copy means the same table.
#[derive(Clone)]
#[allow(missing_debug_implementations)]
pub struct ScanTable {
    table: Table<WORDS>,
    hash: Hash,
    rules: Rules,
}

/// A record that was found, and the window that was open in it then.
#[derive(Clone, Copy)]
struct OpenRecord {
    entry: RecordRef,
    record: &'static ScanRecord,
    window: ScanWindow,
}

impl ScanTable {
    /// Bytes that a table for `sources` takes from the region.
    #[must_use]
    pub const fn room(sources: usize) -> usize {
        Table::<WORDS>::room(sources)
    }

    /// Carves a table for `sources` off the region.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region, sources: usize, hash: Hash, rules: Rules) -> io::Result<Self> {
        Ok(Self {
            table: Table::new(region, sources)?,
            hash,
            rules,
        })
    }

    /// Counts a user or a destination that failed, by the [hash](crate::hash::User::bare) of its
    /// name: a user is one in all its domains, since who scans makes them up. Not one that is
    /// excused, which is only asked where it matters. `at_least`: so many must have failed, whatever the
    /// limit, which is only asked where that is reached.
    pub fn fail(
        &self,
        source: Source,
        kind: Kind,
        name: u64,
        clock: &impl Clock,
        is_excused: impl FnOnce() -> bool,
        at_least: impl Fn() -> u64,
    ) -> Counted {
        let limit = self.limit(kind);
        if limit == 0 {
            return Counted::Below;
        }
        let clock = &clock.still();
        let found = self.find(source, clock);
        let seen = found.live();
        if let Some(place) = seen
            && !place.window.was_told(Told::Scan)
            && record::distinct(place.record, kind, place.window).has_no_need_of(name)
        {
            // As in most failures: who added it has judged what it led to.
            return Counted::Below;
        }
        if is_excused() {
            return Counted::Below;
        }
        let place = match found {
            Lookup::Live(place) => Some(place),
            Lookup::Busy => None,
            Lookup::Nothing => self.find_or_create(source, clock),
        };
        let Some(place) = place else {
            return Counted::Uncounted;
        };
        fail::point("scan.fail");
        record::distinct(place.record, kind, place.window).add(name);
        self.judge(place, Told::Scan, |[users, destinations, _]| {
            let count = match kind {
                Kind::User => users,
                Kind::Destination => destinations,
            };
            count >= limit && count >= at_least()
        })
    }

    /// Gets what [`fail`](Self::fail) will look at on its way.
    pub fn prefetch(&self, source: Source) {
        self.table.prefetch(self.hash.source(source));
    }

    /// A user or a destination that works: it is no part of a scan.
    pub fn succeed(&self, source: Source, kind: Kind, name: u64, clock: &impl Clock) {
        if self.limit(kind) == 0 {
            return;
        }
        if let Lookup::Live(place) = self.find(source, clock) {
            record::distinct(place.record, kind, place.window).remove(name);
        }
    }

    /// Counts a signal of the script.
    pub fn signal(
        &self,
        source: Source,
        signal: &Signal,
        weight: u64,
        clock: &impl Clock,
    ) -> Counted {
        let limit = self.rules.max_signals;
        if limit == 0 {
            return Counted::Below;
        }
        let Some(place) = self.find_or_create(source, clock) else {
            return Counted::Uncounted;
        };
        let mut sum = 0;
        let (cell, generation) = (
            &place.record.words[record::SIGNALS],
            place.window.generation(),
        );
        distinct::change(cell, generation, |before| {
            // Above every limit, and far below what the word holds.
            sum = (before + weight).min(u32::MAX.into());
            Some(sum)
        });
        record::tell(place.record, signal);
        self.judge(place, Told::Signals, |_| sum >= limit)
    }

    /// Forgets a source.
    pub fn forget(&self, source: Source, clock: &impl Clock) {
        for _ in 0..LOOKS {
            // When its tag has changed since we looked, we look again.
            let place = self.find(source, clock).live();
            if place.is_none_or(|place| self.table.end(place.entry, clock.now_s())) {
                return;
            }
        }
    }

    /// What is counted of a source in its window.
    #[must_use]
    pub fn get(&self, source: Source, clock: &impl Clock) -> Option<SourceScan> {
        let place = self.find(source, clock).live()?;
        self.read(place.entry, clock)
            .filter(|row| row.source == source)
    }

    /// Every source of which anything is counted.
    pub fn rows(&self, clock: &impl Clock) -> impl Iterator<Item = SourceScan> {
        self.table
            .live()
            .filter_map(|entry| self.read(entry, clock))
    }

    /// Sources whose windows are open, at most the limit. Reads every tag, and the window of every
    /// live record.
    #[must_use]
    pub fn used(&self, clock: &impl Clock) -> u64 {
        let (now_s, window_s) = (clock.now_s(), self.rules.window_s);
        let is_open = |entry: &RecordRef| {
            let window = ScanWindow(self.table.record(*entry).get(record::WINDOW));
            !window.is_over(now_s, window_s)
        };
        let open = self.table.live().filter(is_open).count() as u64;
        open.min(self.size().limit)
    }

    /// How large it is, and what it has counted.
    #[must_use]
    pub const fn size(&self) -> TableSize {
        self.table.size()
    }

    const fn limit(&self, kind: Kind) -> u64 {
        match kind {
            Kind::User => self.rules.max_users,
            Kind::Destination => self.rules.max_destinations,
        }
    }

    /// What follows from a count that has just been made.
    fn judge(&self, place: OpenRecord, what: Told, reaches: impl Fn([u64; 3]) -> bool) -> Counted {
        let counts = [
            record::count(place.record, Kind::User, place.window),
            record::count(place.record, Kind::Destination, place.window),
            distinct::payload_or_nothing(
                place.record.get(record::SIGNALS),
                place.window.generation(),
            ),
        ];
        let reached = reaches(counts);
        if counts.iter().sum::<u64>() > 1 {
            self.keep(place);
        }
        let cell = &place.record.words[record::WINDOW];
        // Relaxed: the word itself is all that matters.
        let told = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
            let window = ScanWindow(word);
            let is_same = window.generation() == place.window.generation();
            (reached && is_same && !window.was_told(what)).then_some(window.with_told(what).0)
        });
        match told {
            Ok(_) => Counted::Newly(counts),
            Err(word) if ScanWindow(word).was_told(what) => Counted::Over,
            Err(_) => Counted::Below,
        }
    }

    /// A source that fails again is worth keeping until its window ends; one that failed once goes
    /// before it when the table is full, so that no flood of those hides it.
    #[allow(clippy::cast_possible_truncation)]
    fn keep(&self, place: OpenRecord) {
        let end_s = place.window.start_s() + self.rules.window_s;
        let keep_until_s = end_s.min(u64::from(FOREVER_S) - 1) as u32;
        if place.entry.keep_until_s() != keep_until_s {
            let _set_by_another_to_the_same_end = self.table.keep_until(place.entry, keep_until_s);
        }
    }

    /// The record of a source whose window is open.
    fn find(&self, source: Source, clock: &impl Clock) -> Lookup<OpenRecord> {
        let now_s = clock.now_s();
        match self.look(source, now_s) {
            Lookup::Live(place) if place.window.is_over(now_s, self.rules.window_s) => {
                Lookup::Nothing
            }
            found => found,
        }
    }

    /// `Busy`: the process that is making the record does not come to an end, it may have been
    /// stopped or have died. So nothing was counted of the source before.
    fn look(&self, source: Source, now_s: u32) -> Lookup<OpenRecord> {
        // Read where the table makes sure that the record is still this source's.
        let window = Cell::new(ScanWindow(0));
        let is_its_record = |record: &ScanRecord| {
            window.set(ScanWindow(record.get(record::WINDOW)));
            record::is_of(record, source)
        };
        let hash = self.hash.source(source);
        match self.table.find_written(hash, now_s, is_its_record) {
            Lookup::Live(entry) => Lookup::Live(OpenRecord {
                entry,
                record: self.table.record(entry),
                window: window.get(),
            }),
            Lookup::Busy => Lookup::Busy,
            Lookup::Nothing => Lookup::Nothing,
        }
    }

    /// The record of a source, and its window, which is opened when there is none.
    fn find_or_create(&self, source: Source, clock: &impl Clock) -> Option<OpenRecord> {
        let now_s = clock.now_s();
        for _ in 0..LOOKS {
            match self.look(source, now_s) {
                Lookup::Live(place) if !place.window.is_over(now_s, self.rules.window_s) => {
                    return Some(place);
                }
                Lookup::Live(place) => match Self::open(place, now_s) {
                    Some(place) => return Some(place),
                    None => continue, // Another process opens it.
                },
                Lookup::Busy => return None,
                Lookup::Nothing => {}
            }
            // Worth more than any other: a scanner must be counted even in a full table.
            let worth_s = FOREVER_S;
            let is_its_record = |record: &ScanRecord| record::is_of(record, source);
            match self
                .table
                .claim_new(self.hash.source(source), now_s, worth_s, is_its_record)
            {
                Ok(mut claim) => {
                    fail::point("scan.claimed");
                    let record = claim.record();
                    let window = record::begin(record, source, now_s);
                    let entry = claim.publish(now_s + 1).ok()?;
                    return Some(OpenRecord {
                        entry,
                        record,
                        window,
                    });
                }
                // Another process is making it, or has made it since we looked.
                Err(Refused::Busy | Refused::Exists) => {}
                Err(Refused::Full) => return None,
            }
        }
        None
    }

    /// Opens the window after one that is over; `None` when it is not the one in force any more.
    fn open(place: OpenRecord, now_s: u32) -> Option<OpenRecord> {
        let window = place.window.next(now_s);
        place.record.words[record::WINDOW]
            .compare_exchange(
                place.window.0,
                window.0,
                Ordering::Relaxed,
                Ordering::Relaxed,
            )
            .ok()?;
        record::renew(place.record, window);
        Some(OpenRecord { window, ..place })
    }

    fn read(&self, entry: RecordRef, clock: &impl Clock) -> Option<SourceScan> {
        let (_, words) = self.table.read(entry)?;
        let is_over = ScanWindow(words[record::WINDOW]).is_over(clock.now_s(), self.rules.window_s);
        let row = SourceScan::from_words(&words, self.rules);
        (!is_over && row.counts()).then_some(row)
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
