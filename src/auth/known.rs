//! The sources that are known to be good for a user: they have authenticated as that user before.
//!
//! A table of its own, so that no number of guesses, from however many sources, pushes one out.

use std::io;

use crate::clock::Clock;
use crate::proof::period;
use crate::shm::atomic::Ordering;
use crate::shm::region::Region;
use crate::shm::table::{Lookup, Record, RecordRef, Table};

use super::record::Subject;
use super::seconds;

/// Words of a record: one cache line.
const WORDS: usize = 8;

const USER_HASH: usize = 0;
const SOURCE_HIGH: usize = 1;
const SOURCE_LOW: usize = 2;
/// The last [period] in which it succeeded, counted from 1.
const PERIOD: usize = 3;

/// A success within this part of the time that a source stays known changes nothing.
const FRESH: u64 = 16;

/// The pairs of a user and a source that have authenticated.
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
            .is_some_and(|entry| entry.keep_until_s() > clock.now_s())
    }

    /// Takes note of a success. Until when it counts is a part of the tag, and changed by one
    /// exchange: a process that dies in the middle of this leaves the old time or the new one. True if it
    /// is the first one in this period.
    pub fn note(&self, pair: Subject, clock: &impl Clock) -> bool {
        if self.known_ms == 0 {
            return false;
        }
        let period = u64::from(period(clock)) + 1;
        let until_ms = clock.coarse_ms() + self.known_ms;
        let until_s = seconds(until_ms);
        if let Some(entry) = self.find(pair, clock) {
            let known_until_ms = u64::from(entry.keep_until_s()) * 1000;
            if known_until_ms + self.known_ms / FRESH <= until_ms {
                let _set_by_another_success = self.table.keep_until(entry, until_s);
            }
            // Relaxed: a number by itself.
            let before = self.table.record(entry).words[PERIOD].swap(period, Ordering::Relaxed);
            return before != period;
        }
        // A full table forgets one of those that succeeded longest ago. A pair that another process
        // is noting at this moment needs no second note.
        if let Ok(mut claim) =
            self.table
                .claim_new(pair.hash, clock.now_s(), until_s, is_record_of(pair))
        {
            let [high, low] = pair.source.halves();
            let record = claim.record();
            record.set(USER_HASH, pair.user);
            record.set(SOURCE_HIGH, high);
            record.set(SOURCE_LOW, low);
            record.set(PERIOD, period);
            return claim.publish(until_s).is_ok();
        }
        false
    }

    pub const fn table(&self) -> &Table<WORDS> {
        &self.table
    }

    fn find(&self, pair: Subject, clock: &impl Clock) -> Option<RecordRef> {
        match self
            .table
            .find(pair.hash, clock.now_s(), is_record_of(pair))
        {
            Lookup::Live(entry) => Some(entry),
            Lookup::Busy | Lookup::Nothing => None,
        }
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
