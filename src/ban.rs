//! The ban table: which sources are banned, since when, until when, why, and how often before.
//!
//! Not the policy: it does not decide who is banned. Fork-safe, allocation-free, panic-free. An
//! ended ban stays as history while there is room, so that the next one knows its count.

use std::io;

use crate::clock::Clock;
use crate::shm::atomic::Ordering;
use crate::shm::fail;
use crate::shm::region::Region;
use crate::shm::table::{
    Claim, FOREVER_S, Lookup, NotPublished, Record, RecordRef, Refused, Table, TableSize,
};
use crate::source::Source;

mod reason;

pub use reason::{Against, BanReason, Origin, REASON_BYTES};

/// How often a ban is looked for, or set, again that was replaced or lifted meanwhile.
const ATTEMPTS: usize = 8;

/// Words of a record: two cache lines, of which a check reads the first.
const WORDS: usize = 16;

// Which word is what.
const KEY_HIGH: usize = 0;
const KEY_LOW: usize = 1;
const SINCE_MS: usize = 2;
/// 0: until lifted.
const UNTIL_MS: usize = 3;
const HITS: usize = 4;
/// How often banned, this time included.
const COUNT: usize = 5;
const ORIGIN: usize = 6;
/// The first of [`reason::REASON_WORDS`].
const REASON: usize = 8;

/// One ban.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ban {
    /// Who is banned.
    pub source: Source,
    /// Since when, in milliseconds of [`Clock`].
    pub since_ms: u64,
    /// Until when; 0: until lifted.
    pub until_ms: u64,
    /// Messages that came meanwhile.
    pub hits: u64,
    /// How often this source was banned, this time included, as far as is remembered.
    pub count: u64,
    /// Why.
    pub reason: BanReason,
    /// Who set it.
    pub origin: Origin,
    /// Who is kept out.
    pub against: Against,
}

/// A ban that is to be.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Until when, in milliseconds of [`Clock`]; 0: until lifted.
    pub until_ms: u64,
    /// Why.
    pub reason: BanReason,
    /// Who sets it.
    pub origin: Origin,
    /// Who is kept out.
    pub against: Against,
}

impl Order {
    /// To keep out everybody.
    #[must_use]
    pub const fn against_everybody(until_ms: u64, reason: BanReason, origin: Origin) -> Self {
        Self {
            until_ms,
            reason,
            origin,
            against: Against::Everybody,
        }
    }
}

impl Ban {
    /// Is it over?
    #[must_use]
    pub const fn is_over(&self, now_ms: u64) -> bool {
        self.until_ms != 0 && self.until_ms <= now_ms
    }

    fn from_words(words: [u64; WORDS]) -> Self {
        Self {
            source: Source::from_halves([words[KEY_HIGH], words[KEY_LOW]]),
            since_ms: words[SINCE_MS],
            until_ms: words[UNTIL_MS],
            hits: words[HITS],
            count: words[COUNT],
            reason: BanReason::from_words(&words[REASON..]),
            origin: Origin::from_word(words[ORIGIN]),
            against: Against::from_word(words[ORIGIN]),
        }
    }
}

/// What [`BanTable::ban`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Banned {
    /// A new ban; how often this source was banned, this time included.
    New(u64),
    /// It was banned already and its ban is renewed; how often, as above.
    Renewed(u64),
    /// Another process is banning it just now.
    Busy,
    /// No place: all bans of the full table that could go for it end later than it would.
    Full,
}

/// The bans. A copy means the same table.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct BanTable {
    table: Table<WORDS>,
}

/// The second in which a ban is over in any case.
#[allow(clippy::cast_possible_truncation)]
const fn keep_until_s(until_ms: u64) -> u32 {
    match until_ms {
        0 => FOREVER_S,
        _ => until_ms.div_ceil(1000) as u32,
    }
}

impl BanTable {
    /// Bytes that a table for `bans` takes from the region.
    #[must_use]
    pub const fn room(bans: usize) -> usize {
        Table::<WORDS>::room(bans)
    }

    /// Carves a table for `bans` off the region.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region, bans: usize) -> io::Result<Self> {
        Ok(Self {
            table: Table::new(region, bans)?,
        })
    }

    /// Is this source banned, and who of it is kept out? Counts a hit on its ban, if so.
    pub fn hit(&self, source: Source, hash: u64, clock: &impl Clock) -> Option<Against> {
        self.find(source, hash, clock, |record| {
            // Statistics only: a ban that takes this place at this instant inherits the hit.
            record.words[HITS].fetch_add(1, Ordering::Relaxed);
        })
    }

    /// Is this source banned, and who of it is kept out?
    #[must_use]
    pub fn holds(&self, source: Source, hash: u64, clock: &impl Clock) -> Option<Against> {
        self.find(source, hash, clock, |_| {})
    }

    #[inline]
    fn find(
        &self,
        source: Source,
        hash: u64,
        clock: &impl Clock,
        found: impl FnOnce(&Record<WORDS>),
    ) -> Option<Against> {
        match self.table.find(hash, clock.now_s(), is(source)) {
            Lookup::Live(entry) => {
                let record = self.table.record(entry);
                if is_over(record.get(UNTIL_MS), clock) {
                    return None;
                }
                found(record);
                Some(Against::from_word(record.get(ORIGIN)))
            }
            // Somebody bans it just now. Whom is not known: who has proven is not kept out.
            Lookup::Busy => Some(Against::Strangers),
            Lookup::Nothing => None,
        }
    }

    /// The ban of this source, if it is banned.
    #[must_use]
    pub fn get(&self, source: Source, hash: u64, clock: &impl Clock) -> Option<Ban> {
        for _ in 0..ATTEMPTS {
            let Lookup::Live(entry) = self.table.find(hash, clock.now_s(), is(source)) else {
                break;
            };
            // None: it has ended or was replaced since we found it.
            if let Some((_, ban)) = self.read(entry)
                && ban.source == source
            {
                return (!ban.is_over(clock.exact_ms())).then_some(ban);
            }
        }
        None
    }

    /// Bans a source.
    pub fn ban(&self, source: Source, hash: u64, order: Order, clock: &impl Clock) -> Banned {
        for _ in 0..ATTEMPTS {
            if let Some(count) = self.prolong(source, hash, order, clock) {
                return Banned::Renewed(count);
            }
            let claim = match self.claim(source, hash, order, clock) {
                Ok(claim) => claim,
                Err(Refused::Full) => return Banned::Full,
                Err(_) => return Banned::Busy,
            };
            match Self::write(claim, source, order, clock) {
                Ok(banned) => return banned,
                // Its old ban has ended, or another process has renewed it.
                Err(NotPublished::Changed) => {}
                // We were stopped for so long that what we were about to say is old.
                Err(NotPublished::Late) => break,
            }
        }
        Banned::Busy
    }

    /// Renews a ban in its place, where the same is banned for the same reason until later, as most
    /// renewals are: a single word changes. The count, if so.
    fn prolong(&self, source: Source, hash: u64, order: Order, clock: &impl Clock) -> Option<u64> {
        let until_ms = order.until_ms;
        let found = self.table.find(hash, clock.now_s(), is(source));
        let (entry, ban) = self.read(found.live()?)?;
        let is_the_same = ban.source == source
            && ban.reason == order.reason
            && ban.origin == order.origin
            && ban.against == order.against;
        let is_later = ban.until_ms == until_ms || (ban.until_ms != 0 && ban.until_ms < until_ms);
        if !is_the_same || !is_later || is_over(ban.until_ms, clock) {
            return None;
        }
        // The tag first: nobody is to end a ban that is not over. It changes only if the ban is still
        // the one that was read.
        let is_kept = self.table.keep_until(entry, keep_until_s(until_ms));
        fail::point("ban.kept");
        let until = &self.table.record(entry).words[UNTIL_MS];
        // Relaxed: a number by itself. Another source's ban that takes this place at this instant
        // would have to end in the same millisecond.
        let is_renewed = is_kept
            && until
                .compare_exchange(ban.until_ms, until_ms, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        is_renewed.then_some(ban.count)
    }

    fn claim(
        &self,
        source: Source,
        hash: u64,
        order: Order,
        clock: &impl Clock,
    ) -> Result<Claim<'_, WORDS>, Refused> {
        let now_s = clock.now_s();
        let worth_s = match order.against {
            Against::Everybody => keep_until_s(order.until_ms),
            // Anybody can have it set: no other ban has to go for it.
            Against::Strangers => now_s,
        };
        self.table.claim(hash, now_s, worth_s, is(source))
    }

    fn write(
        mut claim: Claim<'_, WORDS>,
        source: Source,
        order: Order,
        clock: &impl Clock,
    ) -> Result<Banned, NotPublished> {
        fail::point("ban.claimed");
        let now_ms = clock.exact_ms();
        let before = |word| claim.previous().map_or(0, |record| record.get(word));
        let is_renewed = claim.replaces_live() && !is_over(before(UNTIL_MS), clock);
        let [since_ms, hits, count] = if is_renewed {
            [SINCE_MS, HITS, COUNT].map(before)
        } else {
            [now_ms, 0, before(COUNT) + 1]
        };
        let record = claim.record();
        let [high, low] = source.halves();
        record.set(KEY_HIGH, high);
        record.set(KEY_LOW, low);
        record.set(SINCE_MS, since_ms);
        record.set(HITS, hits);
        fail::point("ban.half_written");
        record.set(COUNT, count);
        record.set(UNTIL_MS, order.until_ms);
        for (word, value) in order.reason.to_words().into_iter().enumerate() {
            record.set(REASON + word, value);
        }
        record.set(ORIGIN, order.against.with(order.origin));
        claim.publish(keep_until_s(order.until_ms))?;
        Ok(if is_renewed {
            Banned::Renewed(count)
        } else {
            Banned::New(count)
        })
    }

    /// Lifts a ban. False when there is none.
    pub fn unban(&self, source: Source, hash: u64, clock: &impl Clock) -> bool {
        loop {
            match self.table.find(hash, clock.now_s(), is(source)) {
                Lookup::Live(entry) => {
                    let over = is_over(self.table.record(entry).get(UNTIL_MS), clock);
                    if self.table.end(entry, clock.now_s()) {
                        return !over;
                    }
                    // Its tag has changed since we looked: look again.
                }
                _ => return false,
            }
        }
    }

    /// Lifts all bans; tells of each.
    pub fn unban_all(&self, clock: &impl Clock, mut tell: impl FnMut(Ban)) {
        let now_ms = clock.exact_ms();
        for entry in self.table.live() {
            self.end_if(entry, clock, |ban| !ban.is_over(now_ms), &mut tell);
        }
    }

    /// Ends the bans that are over; tells of each. To be called once a second.
    ///
    /// Reads nothing while no ban is due; else every tag, 8 bytes a place, and the records of the
    /// bans that are due.
    pub fn end_those_over(&self, clock: &impl Clock, mut tell: impl FnMut(Ban)) {
        let (now_ms, now_s) = (clock.exact_ms(), clock.now_s());
        for entry in self.table.due(now_s + 1) {
            self.end_if(entry, clock, |ban| ban.is_over(now_ms), &mut tell);
        }
    }

    /// Ends the ban of this source if it is over, and those that are over of which a new ban of this
    /// source may take the place; tells of each. To be called before [`ban`](Self::ban), which
    /// tells of none.
    pub fn end_if_over(
        &self,
        source: Source,
        hash: u64,
        clock: &impl Clock,
        mut tell: impl FnMut(Ban),
    ) {
        let (now_ms, now_s) = (clock.exact_ms(), clock.now_s());
        let own = match self.table.find(hash, now_s, is(source)) {
            Lookup::Live(entry) => Some(entry),
            Lookup::Busy | Lookup::Nothing => None,
        };
        let mut end = |entry| self.end_if(entry, clock, |ban| ban.is_over(now_ms), &mut tell);
        own.into_iter().for_each(&mut end);
        self.table.expired_near(hash, now_s, end);
    }

    fn end_if(
        &self,
        entry: RecordRef,
        clock: &impl Clock,
        choose: impl Fn(&Ban) -> bool,
        tell: &mut impl FnMut(Ban),
    ) {
        if let Some((entry, ban)) = self.read(entry)
            && choose(&ban)
            && self.table.end(entry, clock.now_s())
        {
            tell(ban);
        }
    }

    /// All bans, in the order of their places.
    pub fn bans(&self, clock: &impl Clock) -> impl Iterator<Item = Ban> + '_ {
        let now_ms = clock.exact_ms();
        self.table
            .live()
            .filter_map(|entry| self.read(entry))
            .map(|(_, ban)| ban)
            .filter(move |ban| !ban.is_over(now_ms))
    }

    /// Gets the cache lines of a hash on their way.
    pub fn prefetch(&self, hash: u64) {
        self.table.prefetch(hash);
    }

    /// Bans that are not over, at most the limit. Reads every tag.
    #[must_use]
    pub fn used(&self, clock: &impl Clock) -> u64 {
        self.table.used(clock.now_s())
    }

    /// How large it is, and what it has counted.
    #[must_use]
    pub const fn size(&self) -> TableSize {
        self.table.size()
    }

    fn read(&self, entry: RecordRef) -> Option<(RecordRef, Ban)> {
        self.table
            .read(entry)
            .map(|(entry, words)| (entry, Ban::from_words(words)))
    }
}

fn is(source: Source) -> impl Fn(&Record<WORDS>) -> bool {
    let [high, low] = source.halves();
    move |record| record.get(KEY_HIGH) == high && record.get(KEY_LOW) == low
}

/// Exact to the millisecond, but the exact clock is read only in the last second.
fn is_over(until_ms: u64, clock: &impl Clock) -> bool {
    if until_ms == 0 || clock.coarse_ms() + 1000 < until_ms {
        return false;
    }
    until_ms <= clock.exact_ms()
}

#[cfg(all(test, not(loom)))]
mod tests;
