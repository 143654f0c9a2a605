//! The sources that are known to be good for a user: they have authenticated as that user before.
//!
//! A table of its own, so that no number of guesses, from however many sources, pushes one out.

use std::io;

use crate::clock::Clock;
use crate::shm::region::Region;
use crate::shm::table::{Entry, Found, Record, Table};

use super::record::Subject;
use super::seconds;

/// Words of a record: one cache line.
const WORDS: usize = 8;

const USER_HASH: usize = 0;
const SOURCE_HIGH: usize = 1;
const SOURCE_LOW: usize = 2;
const UNTIL_MS: usize = 3;

/// A success within this part of the time that a source stays known changes nothing.
const FRESH: u64 = 16;

/// See the module's own words.
#[derive(Clone, Copy)]
pub(super) struct Known {
    table: Table<WORDS>,
    known_ms: u64,
}

impl Known {
    pub const fn room(pairs: usize) -> usize {
        Table::<WORDS>::room(pairs)
    }

    pub fn new(region: &mut Region, pairs: usize, known_ms: u64) -> io::Result<Self> {
        Ok(Self {
            table: Table::new(region, pairs)?,
            known_ms,
        })
    }

    pub fn holds(&self, pair: Subject, clock: &impl Clock) -> bool {
        self.find(pair, clock)
            .is_some_and(|entry| self.until_ms(entry) > clock.coarse_ms())
    }

    /// Takes note of a success.
    pub fn note(&self, pair: Subject, clock: &impl Clock) {
        let until_ms = clock.coarse_ms() + self.known_ms;
        let entry = self.find(pair, clock);
        if self.known_ms == 0
            || entry.is_some_and(|entry| self.until_ms(entry) + self.known_ms / FRESH > until_ms)
        {
            return;
        }
        let until_s = seconds(until_ms);
        // A full table forgets the pair that succeeded longest ago. A pair that another process is
        // noting at this moment needs no second note.
        if let Ok(mut claim) =
            self.table
                .claim(pair.hash, clock.now_s(), until_s, is_record_of(pair))
        {
            let [high, low] = pair.source.halves();
            let record = claim.record();
            record.set(USER_HASH, pair.user);
            record.set(SOURCE_HIGH, high);
            record.set(SOURCE_LOW, low);
            record.set(UNTIL_MS, until_ms);
            let _published_unless_the_lease_was_over = claim.publish(until_s);
        }
    }

    pub const fn table(&self) -> &Table<WORDS> {
        &self.table
    }

    fn find(&self, pair: Subject, clock: &impl Clock) -> Option<Entry> {
        match self
            .table
            .find(pair.hash, clock.now_s(), is_record_of(pair))
        {
            Found::Live(entry) => Some(entry),
            Found::Busy | Found::Nothing => None,
        }
    }

    fn until_ms(&self, entry: Entry) -> u64 {
        self.table.record(entry).get(UNTIL_MS)
    }
}

fn is_record_of(pair: Subject) -> impl Fn(&Record<WORDS>) -> bool {
    let [high, low] = pair.source.halves();
    move |record| {
        record.get(USER_HASH) == pair.user
            && record.get(SOURCE_HIGH) == high
            && record.get(SOURCE_LOW) == low
    }
}
