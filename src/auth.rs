//! The auth counter: wrong passwords, by user and source together, and by user as a whole.
//!
//! Not the policy: it does not know what a SIP message is, and bans nobody. Fork-safe,
//! allocation-free, panic-free. Letters of a user's name count the same in either case.
//!
//! A pair (user, source) that fails too often is blocked; the real user, at another address, is
//! not. A user who fails too often from all sources together is *under attack*: then only sources
//! that have authenticated as this user before are let through.
//!
//! The window begins with the first failure and ends [`Rules::window_ms`] later. What can be lost:
//! what a full table forgets, which is what ends first.

use std::cmp::Ordering::{Equal, Greater, Less};
use std::io;

use crate::clock::Clock;
use crate::fail;
use crate::hash::Hash;
use crate::settings::AuthScope;
use crate::shm::atomic::{Ordering, wait_a_moment};
use crate::shm::region::Region;
use crate::shm::table::{Entry, FOREVER_S, Found, Refused, Table, TableSize};
use crate::source::Source;

mod known;
mod record;
mod tally;

use known::Known;
pub use record::Row;
use record::{Subject, WORDS};
use tally::Tally;

/// How often a count is tried again after losing a race.
const ATTEMPTS: usize = 1024;

/// How many failures are too many, for whom, and for how long.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// What a block covers.
    pub scope: AuthScope,
    /// Failures of one pair (or user, or source: the scope) until it is blocked.
    pub max_failures: u64,
    /// Failures of one user from all sources until it is under attack; 0: never.
    pub user_max_failures: u64,
    /// Milliseconds in which they must fall.
    pub window_ms: u64,
    /// Milliseconds that a block lasts.
    pub block_ms: u64,
    /// Milliseconds that a source stays known to be good for a user.
    pub known_ms: u64,
}

/// What a failure led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failed {
    /// Counted; so many by now.
    Counted(u64),
    /// Counted, and it was the one too many.
    NewlyBlocked(u64),
    /// Blocked already; not counted.
    Blocked,
    /// Counted before: the same request once more.
    Retransmission,
    /// Not counted: the table has no place for it.
    Uncounted,
}

/// What a failure led to, for its subject and for the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// For the pair (or the user, or the source: the scope).
    pub failed: Failed,
    /// The failures of the user from all sources, when this one was the one too many.
    pub under_attack: Option<u64>,
}

/// One attempt: who, from where, in which request.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// The user as the script or the message names it.
    pub user: &'a [u8],
    /// Where the request came from.
    pub source: Source,
    /// Stands for the request and its credentials; 0: unknown.
    pub request: u64,
}

/// See the module's own words.
#[derive(Clone)]
#[allow(missing_debug_implementations)]
pub struct AuthTable {
    table: Table<WORDS>,
    known: Known,
    hash: Hash,
    rules: Rules,
}

impl AuthTable {
    /// Bytes that a table for `users` takes from the region.
    #[must_use]
    pub const fn room(users: usize) -> usize {
        Table::<WORDS>::room(users) + Known::room(users)
    }

    /// Carves a table for `users` off the region: so many pairs and users as a whole that fail,
    /// and so many pairs that are known to be good.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region, users: usize, hash: Hash, rules: Rules) -> io::Result<Self> {
        let known = Known::new(region, users, rules.known_ms)?;
        Ok(Self {
            table: Table::new(region, users)?,
            known,
            hash,
            rules,
        })
    }

    /// May this attempt be evaluated? Not when it is [blocked](Self::is_blocked). When its subject
    /// has failed before, or is a pair that is not known to be good, it takes one of the failures
    /// left, so that guesses sent at once to several workers are not all evaluated;
    /// [`fail`](Self::fail), [`succeed`](Self::succeed) or [`withdraw`](Self::withdraw) gives it
    /// back, or time does.
    pub fn admit(&self, attempt: Attempt<'_>, clock: &impl Clock) -> bool {
        if self.is_blocked(attempt, clock) {
            return false;
        }
        let subject = self.in_scope(attempt);
        let entry = self.find(subject, clock);
        let fails = entry.is_some_and(|entry| self.tally(entry).counts(clock, self.rules));
        let is_known = self.known.holds(self.known_pair(attempt), clock);
        let stands_in_line = match self.rules.scope {
            AuthScope::UserSource => fails || !is_known,
            AuthScope::User => fails,
            AuthScope::Source => fails && !is_known,
        };
        if !stands_in_line {
            return true;
        }
        let Some(entry) = self.find_or_create(subject, attempt.user, clock) else {
            return true;
        };
        let mut admitted = None;
        self.change_entry(entry, |tally| {
            admitted = tally.with_attempt(clock, self.rules);
            admitted
        });
        if admitted.is_some_and(|tally| tally.failures > 0 && tally.under_way == 1) {
            // From here on, not from the last failure, runs the time to come back.
            self.table
                .record(entry)
                .set(record::LAST_MS, clock.coarse_ms());
        }
        if admitted.is_some_and(|tally| tally.failures == 0) {
            let until_ms = clock.coarse_ms() + tally::UNDER_WAY_MS;
            self.table.keep_until(entry, seconds(until_ms) + 1);
        }
        admitted.is_some()
    }

    /// Is this user blocked from this source, or under attack and the source not known?
    #[must_use]
    pub fn is_blocked(&self, attempt: Attempt<'_>, clock: &impl Clock) -> bool {
        let is_blocked = |subject| {
            let entry = self.find(subject, clock);
            entry.is_some_and(|entry| self.tally(entry).is_blocked(clock))
        };
        is_blocked(self.in_scope(attempt))
            || (self.rules.scope != AuthScope::User
                && is_blocked(self.user(attempt))
                && !self.known.holds(self.known_pair(attempt), clock))
    }

    /// Counts a failure.
    pub fn fail(&self, attempt: Attempt<'_>, clock: &impl Clock) -> Outcome {
        let subject = self.in_scope(attempt);
        let pair = self.pair(attempt);
        let alone = |failed| {
            if failed == Failed::Retransmission {
                self.withdraw(attempt, clock);
            }
            Outcome {
                failed,
                under_attack: None,
            }
        };
        if self.rules.scope != AuthScope::UserSource {
            // The pair is where retransmissions are told, and what a success forgives.
            match self.fail_subject(pair, attempt, u64::MAX, clock) {
                Failed::Retransmission => return alone(Failed::Retransmission),
                Failed::Uncounted => return alone(Failed::Uncounted),
                _ => {}
            }
        }
        // Retransmissions were told above; a source as a whole has no name.
        let counted_once = Attempt {
            request: 0,
            ..attempt
        };
        let counted_for = match self.rules.scope {
            AuthScope::UserSource => attempt,
            AuthScope::User => counted_once,
            AuthScope::Source => Attempt {
                user: b"",
                ..counted_once
            },
        };
        let failed = self.fail_subject(subject, counted_for, self.rules.max_failures, clock);
        let counted = matches!(failed, Failed::Counted(_) | Failed::NewlyBlocked(_));
        let limit = self.rules.user_max_failures;
        if !counted || limit == 0 || self.rules.scope == AuthScope::User {
            return alone(failed);
        }
        match self.fail_subject(self.user(attempt), counted_once, limit, clock) {
            Failed::NewlyBlocked(failures) => Outcome {
                failed,
                under_attack: Some(failures),
            },
            _ => alone(failed),
        }
    }

    /// Takes note that this pair has authenticated: its failures are forgotten, here and where they
    /// counted for the user or the source, and the source is known to be good for the user.
    pub fn succeed(&self, attempt: Attempt<'_>, clock: &impl Clock) {
        let pair = self.pair(attempt);
        self.known.note(self.known_pair(attempt), clock);
        let Some(entry) = self.find(pair, clock) else {
            return;
        };
        let mut forgiven = 0;
        self.change_entry(entry, |tally| {
            forgiven = if tally.counts(clock, self.rules) {
                tally.failures
            } else {
                0
            };
            Some(tally.forgiven(tally.failures))
        });
        self.table.record(entry).set(record::BLOCKED_UNTIL_MS, 0);
        let (user, in_scope) = (self.user(attempt), self.in_scope(attempt));
        self.change(user, clock, |tally| Some(tally.forgiven(forgiven)));
        if ![pair.hash, user.hash].contains(&in_scope.hash) {
            self.change(in_scope, clock, |tally| Some(tally.forgiven(forgiven)));
        }
    }

    /// An attempt that was neither success nor failure gives back what it took.
    pub fn withdraw(&self, attempt: Attempt<'_>, clock: &impl Clock) {
        self.change(self.in_scope(attempt), clock, |tally| {
            Some(tally.withdrawn())
        });
    }

    /// Forgets the failures of a user: from one source, or from all and as a whole. Known sources
    /// stay known. Returns how many records had any.
    pub fn clear(&self, user: &[u8], source: Option<Source>) -> usize {
        let (whole, in_pairs) = (self.hash.user(user), self.hash.user(without_domain(user)));
        let mut cleared = 0;
        for entry in self.table.live() {
            let Some(row) = self.read(entry) else {
                continue;
            };
            let user = if row.source == Source::NONE {
                whole
            } else {
                in_pairs
            };
            let meant = row.user_hash == user && source.is_none_or(|source| row.source == source);
            if meant && (row.failures > 0 || row.blocked_until_ms > 0) {
                self.change_entry(entry, |tally| Some(tally.forgiven(tally.failures)));
                self.table.record(entry).set(record::BLOCKED_UNTIL_MS, 0);
                cleared += 1;
            }
        }
        cleared
    }

    /// Every pair and every user as a whole that has failed within the window or is blocked.
    pub fn failing(&self, clock: &impl Clock) -> impl Iterator<Item = Row> + '_ {
        let (now_ms, window_ms) = (clock.exact_ms(), self.rules.window_ms);
        self.table
            .live()
            .filter_map(|entry| self.read(entry))
            .filter(move |row| row.is_failing(now_ms, window_ms))
    }

    /// The tables below, their size and their counts: of what fails, and of what is known.
    #[must_use]
    pub const fn sizes(&self) -> [TableSize; 2] {
        [self.table.size(), self.known.table().size()]
    }

    fn fail_subject(
        &self,
        subject: Subject,
        attempt: Attempt<'_>,
        limit: u64,
        clock: &impl Clock,
    ) -> Failed {
        for _ in 0..ATTEMPTS {
            let Some(entry) = self.find_or_create(subject, attempt.user, clock) else {
                return Failed::Uncounted;
            };
            let record = self.table.record(entry);
            let old = self.tally(entry);
            if record::has_seen(record, attempt.request) && old.counts(clock, self.rules) {
                return Failed::Retransmission;
            }
            if old.is_blocked(clock) {
                return Failed::Blocked;
            }
            let new = old.with_failure(clock, self.rules);
            fail::point("auth.fail");
            if !self.exchange(entry, old, new) {
                continue;
            }
            record::remember(record, new.failures, attempt.request);
            let now_ms = clock.coarse_ms();
            record.set(record::LAST_MS, now_ms);
            if new.failures >= limit {
                record.set(record::BLOCKED_UNTIL_MS, now_ms + self.rules.block_ms);
            } else if new.failures == 1 {
                record.set(record::BLOCKED_UNTIL_MS, 0); // An earlier block is over.
            }
            self.keep(entry);
            return match new.failures.cmp(&limit) {
                Less => Failed::Counted(new.failures),
                Equal => Failed::NewlyBlocked(new.failures),
                Greater => Failed::Blocked,
            };
        }
        Failed::Uncounted
    }

    /// Changes the tally of a subject, if it has one and `change` wants to.
    fn change(
        &self,
        subject: Subject,
        clock: &impl Clock,
        change: impl FnMut(Tally) -> Option<Tally>,
    ) {
        if let Some(entry) = self.find(subject, clock) {
            self.change_entry(entry, change);
        }
    }

    fn change_entry(&self, entry: Entry, mut change: impl FnMut(Tally) -> Option<Tally>) {
        for _ in 0..ATTEMPTS {
            let old = self.tally(entry);
            let Some(new) = change(old) else { return };
            if self.exchange(entry, old, new) {
                return;
            }
        }
    }

    /// Whom the failures of this attempt block.
    fn in_scope(&self, attempt: Attempt<'_>) -> Subject {
        match self.rules.scope {
            AuthScope::UserSource => self.pair(attempt),
            AuthScope::User => self.user(attempt),
            AuthScope::Source => self.subject(b"", attempt.source),
        }
    }

    /// The user without a domain, and the source: where a script takes the realm from the message
    /// (`"$fd"`), a guesser would otherwise be another user with every domain that he makes up.
    fn pair(&self, attempt: Attempt<'_>) -> Subject {
        self.subject(without_domain(attempt.user), attempt.source)
    }

    /// The user with its domain, and the source: whom a success makes known.
    fn known_pair(&self, attempt: Attempt<'_>) -> Subject {
        self.subject(attempt.user, attempt.source)
    }

    fn user(&self, attempt: Attempt<'_>) -> Subject {
        self.subject(attempt.user, Source::NONE)
    }

    fn subject(&self, user: &[u8], source: Source) -> Subject {
        let user = self.hash.user(user);
        Subject {
            user,
            source,
            hash: self.hash.pair(user, source),
        }
    }

    fn tally(&self, entry: Entry) -> Tally {
        let record = self.table.record(entry);
        Tally {
            blocked_until_ms: record.get(record::BLOCKED_UNTIL_MS),
            last_ms: record.get(record::LAST_MS),
            ..Tally::unpack(record.get(record::TALLY))
        }
    }

    /// Changes the tally if it is still `old`. It carries the generation of its record: that of a
    /// subject that took the place meanwhile is another word.
    fn exchange(&self, entry: Entry, old: Tally, new: Tally) -> bool {
        // AcqRel: what was written before the last change of the tally is seen after this one.
        self.table.record(entry).words[record::TALLY]
            .compare_exchange(old.pack(), new.pack(), Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    fn find(&self, subject: Subject, clock: &impl Clock) -> Option<Entry> {
        for _ in 0..ATTEMPTS {
            match self
                .table
                .find(subject.hash, clock.now_s(), subject.is_its_record())
            {
                Found::Live(entry) => return Some(entry),
                Found::Busy => wait_a_moment(),
                Found::Nothing => break,
            }
        }
        None
    }

    fn find_or_create(&self, subject: Subject, user: &[u8], clock: &impl Clock) -> Option<Entry> {
        for _ in 0..ATTEMPTS {
            if let Some(entry) = self.find(subject, clock) {
                return Some(entry);
            }
            let keep_until_s = seconds(clock.coarse_ms() + self.rules.window_ms);
            // Worth more than any other: a guess must be counted even in a table full of blocks.
            let worth_s = FOREVER_S;
            match self.table.claim(
                subject.hash,
                clock.now_s(),
                worth_s,
                subject.is_its_record(),
            ) {
                // Made by another process since we looked: let go of it, and find it.
                Ok(claim) if claim.existed() && claim.was_live() => drop(claim),
                Ok(mut claim) => {
                    fail::point("auth.claimed");
                    let generation = Tally::unpack(claim.before().get(record::TALLY)).generation;
                    record::begin(claim.record(), subject, user, generation + 1);
                    return claim.publish(keep_until_s);
                }
                Err(Refused::Busy) => wait_a_moment(),
                Err(Refused::Full) => return None,
            }
        }
        None
    }

    /// Keeps the record while its failures count or its block lasts.
    fn keep(&self, entry: Entry) {
        let record = self.table.record(entry);
        let window_end_ms = record.get(record::LAST_MS) + self.rules.window_ms;
        let until_ms = record.get(record::BLOCKED_UNTIL_MS).max(window_end_ms);
        self.table.keep_until(entry, seconds(until_ms));
    }

    fn read(&self, entry: Entry) -> Option<Row> {
        self.table
            .read(entry)
            .map(|(_, words)| Row::from_words(&words))
    }
}

/// `alice` of `alice@example.com`.
fn without_domain(user: &[u8]) -> &[u8] {
    let at = user.iter().rposition(|&byte| byte == b'@');
    at.map_or(user, |at| &user[..at])
}

/// Rounded up.
#[allow(clippy::cast_possible_truncation)]
const fn seconds(ms: u64) -> u32 {
    let seconds = ms.div_ceil(1000);
    if seconds < FOREVER_S as u64 {
        seconds as u32
    } else {
        FOREVER_S - 1
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
