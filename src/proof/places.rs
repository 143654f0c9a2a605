//! Places: how many users have proven lately that they are at a source.
//!
//! A table of its own, written by proven successes alone: no flood pushes one out.

use std::io;

use crate::clock::Clock;
use crate::shm::atomic::Ordering;
use crate::shm::region::Region;
use crate::shm::table::{Record, RecordRef, Table, TableSize};
use crate::source::Source;

/// Words of a record: one cache line.
const WORDS: usize = 8;

const SOURCE_HIGH: usize = 0;
const SOURCE_LOW: usize = 1;
/// A [`Count`].
const COUNT: usize = 2;

/// The time in which a user counts once, in seconds. Phones register anew within the hour.
pub const PERIOD_S: u32 = 7200;

/// The users of a source, in one word: of this period (0..16), of the one before (16..32), and which
/// period that is (32..64).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    period: u32,
    users: u16,
    before: u16,
}

#[allow(clippy::cast_possible_truncation)] // By its bits.
impl Count {
    const fn unpack(word: u64) -> Self {
        Self {
            period: (word >> 32) as u32,
            users: word as u16,
            before: (word >> 16) as u16,
        }
    }

    const fn pack(self) -> u64 {
        (self.period as u64) << 32 | (self.before as u64) << 16 | self.users as u64
    }

    /// As it is in this period.
    const fn at(self, period: u32) -> Self {
        match period.wrapping_sub(self.period) {
            0 => self,
            1 => Self {
                period,
                users: 0,
                before: self.users,
            },
            _ => Self {
                period,
                users: 0,
                before: 0,
            },
        }
    }

    const fn with_one_more(self) -> Self {
        Self {
            users: self.users.saturating_add(1),
            ..self
        }
    }

    fn most(self) -> u64 {
        self.users.max(self.before).into()
    }
}

/// How many users are at which source. A copy means the same table.
#[derive(Clone, Copy)]
pub(super) struct Places {
    table: Table<WORDS>,
}

impl Places {
    pub const fn room(places: usize) -> usize {
        Table::<WORDS>::room(places)
    }

    pub fn new(region: &mut Region, places: usize) -> io::Result<Self> {
        Ok(Self {
            table: Table::new(region, places)?,
        })
    }

    /// Users who have proven in this period, or in the one before, that they are there.
    pub fn users(&self, source: Source, hash: u64, clock: &impl Clock) -> u64 {
        self.find(source, hash, clock).map_or(0, |entry| {
            let count = Count::unpack(self.table.record(entry).get(COUNT));
            count.at(period(clock)).most()
        })
    }

    /// One more user is there, who was not in this period.
    pub fn add(&self, source: Source, hash: u64, clock: &impl Clock) {
        let (now_s, period) = (clock.now_s(), period(clock));
        let until_s = (period + 2) * PERIOD_S;
        if let Some(entry) = self.find(source, hash, clock) {
            let cell = &self.table.record(entry).words[COUNT];
            // Relaxed: the word is complete in itself. A place that became another's at this instant
            // gets a user more.
            let _always = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
                Some(Count::unpack(word).at(period).with_one_more().pack())
            });
            let _set_by_another = self.table.keep_until(entry, until_s);
            return;
        }
        // A full table forgets the place that was heard of longest ago; who is adding this one at this
        // moment counts one.
        if let Ok(mut claim) = self.table.claim_new(hash, now_s, until_s, is(source)) {
            let [high, low] = source.halves();
            let record = claim.record();
            record.set(SOURCE_HIGH, high);
            record.set(SOURCE_LOW, low);
            let first = Count {
                period,
                ..Count::default()
            };
            record.set(COUNT, first.with_one_more().pack());
            let _published_unless_the_lease_was_over = claim.publish(until_s);
        }
    }

    pub const fn size(&self) -> TableSize {
        self.table.size()
    }

    pub fn used(&self, clock: &impl Clock) -> u64 {
        self.table.used(clock.now_s())
    }

    fn find(&self, source: Source, hash: u64, clock: &impl Clock) -> Option<RecordRef> {
        self.table.find(hash, clock.now_s(), is(source)).live()
    }
}

/// Which period it is.
pub fn period(clock: &impl Clock) -> u32 {
    clock.now_s() / PERIOD_S
}

fn is(source: Source) -> impl Fn(&Record<WORDS>) -> bool {
    let [high, low] = source.halves();
    move |record| record.get(SOURCE_HIGH) == high && record.get(SOURCE_LOW) == low
}
