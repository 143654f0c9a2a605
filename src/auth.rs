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
//!
//! While a record is being made by a process that was stopped in the middle, which the table bears
//! for [`LEASE_S`](crate::shm::table::LEASE_S) seconds, nothing counts for its subject: then no
//! attempt of this subject is [admitted](AuthTable::admit), since none would be counted.

use std::cmp::Ordering::{Equal, Greater, Less};
use std::io;

use crate::clock::Clock;
use crate::hash::Hash;
use crate::settings::AuthScope;
use crate::shm::fail;
use crate::shm::region::Region;
use crate::shm::table::{FOREVER_S, Lookup, RecordRef, Table, TableSize};
use crate::source::Source;

mod attempt;
mod find;
mod known;
mod record;
mod tally;

pub use attempt::{Admission, Attempt, Failed, Outcome};
use find::{Seen, Who};
use known::Known;
pub use record::AuthFailures;
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

/// The failures of users and sources, and who is known. A copy means the same tables.
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

    /// May this attempt be evaluated? Not when it is [blocked](Self::is_blocked), nor, of what is
    /// unproven, when the same is blocked for what is not. When its subject
    /// has failed before, or is a pair that is not known to be good, it takes one of the failures
    /// left, so that guesses sent at once to several workers are not all evaluated;
    /// [`fail`](Self::fail), [`succeed`](Self::succeed) or [`withdraw`](Self::withdraw) gives it
    /// back, or time does.
    pub fn admit(&self, attempt: Attempt<'_>, clock: &impl Clock) -> Admission {
        let clock = &clock.still();
        let proven = Attempt {
            is_proven: true,
            ..attempt
        };
        if !attempt.is_proven && self.is_blocked(proven, clock) {
            return Admission::Blocked;
        }
        let (refused, full) = match attempt.is_proven {
            true => (Admission::Blocked, Admission::TooMany),
            false => (Admission::Unproven, Admission::Unproven),
        };
        let who = self.who(attempt);
        let [subject, user] = self.find_both(who, clock);
        let is_known = || attempt.is_proven && self.known.holds(who.known, clock);
        let holds_up = |found| matches!(found, Lookup::Busy) || Self::blocks(found, clock);
        if holds_up(subject) || (holds_up(user) && !is_known()) {
            return refused;
        }
        let subject = subject.live();
        let fails = subject.is_some_and(|(_, tally)| tally.counts(clock, self.rules));
        let stands_in_line = match self.rules.scope {
            AuthScope::UserSource => fails || !is_known(),
            AuthScope::User => fails,
            AuthScope::Source => fails && !is_known(),
        };
        if !stands_in_line {
            return Admission::Admitted;
        }
        let mut admitted = None;
        let look = || self.find_or_create(who.subject, attempt.user, clock);
        let taken = self.change(subject, look, |tally| {
            admitted = tally.with_attempt(clock, self.rules);
            admitted
        });
        let (entry, tally) = match taken {
            Lookup::Live(seen) => seen,
            Lookup::Busy => return refused,
            Lookup::Nothing => return Admission::Admitted, // No place for it.
        };
        if admitted.is_some_and(|tally| tally.failures > 0 && tally.under_way == 1) {
            // From here on, not from the last failure, runs the time to come back.
            self.set_time_ms(entry, tally, record::LAST_MS, clock.coarse_ms());
        }
        if admitted.is_some_and(|tally| tally.failures == 0) {
            let until_ms = clock.coarse_ms() + tally::UNDER_WAY_MS;
            let _set_by_another_who_counts_more =
                self.table.keep_until(entry, seconds(until_ms) + 1);
        }
        match admitted {
            Some(_) => Admission::Admitted,
            None => full,
        }
    }

    /// Is this user blocked from this source, or under attack and the source not known?
    #[must_use]
    pub fn is_blocked(&self, attempt: Attempt<'_>, clock: &impl Clock) -> bool {
        let clock = &clock.still();
        let who = self.who(attempt);
        let [subject, user] = self.find_both(who, clock);
        let is_known = || attempt.is_proven && self.known.holds(who.known, clock);
        Self::blocks(subject, clock) || (Self::blocks(user, clock) && !is_known())
    }

    fn blocks(found: Lookup<Seen>, clock: &impl Clock) -> bool {
        let seen = found.live();
        seen.is_some_and(|(_, tally)| tally.is_blocked(clock))
    }

    /// Has this user authenticated from this source before?
    #[must_use]
    pub fn is_known(&self, attempt: Attempt<'_>, clock: &impl Clock) -> bool {
        self.known.holds(self.known_pair(attempt), clock)
    }

    /// Counts a failure. What is unproven counts apart, but not where the same is blocked already for
    /// what is not.
    pub fn fail(&self, attempt: Attempt<'_>, clock: &impl Clock) -> Outcome {
        let clock = &clock.still();
        let proven = Attempt {
            is_proven: true,
            ..attempt
        };
        if !attempt.is_proven && self.is_blocked(proven, clock) {
            return Outcome {
                failed: Failed::Blocked,
                under_attack: None,
            };
        }
        let who = self.who(attempt);
        // Both before either is changed, so that their cache lines come at the same time.
        let [subject, user] = self.find_both(who, clock);
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
            // The pair is where retransmissions are told, and what a success forgives. Where that
            // can't be, it is a failure of the subject all the same.
            let pair = self.fail_subject(who.pair, None, attempt, u64::MAX, clock);
            if pair == Failed::Retransmission {
                return alone(pair);
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
        let limit = self.rules.max_failures;
        let failed = self.fail_subject(who.subject, Some(subject), counted_for, limit, clock);
        let counted = matches!(failed, Failed::Counted(_) | Failed::NewlyBlocked(_));
        let limit = self.rules.user_max_failures;
        if !counted || limit == 0 || self.rules.scope == AuthScope::User {
            return alone(failed);
        }
        match self.fail_subject(who.user, Some(user), counted_once, limit, clock) {
            Failed::NewlyBlocked(failures) => Outcome {
                failed,
                under_attack: Some(failures),
            },
            _ => alone(failed),
        }
    }

    /// Takes note that this pair has authenticated: its failures are forgotten, here and where they
    /// counted for the user or the source. If it is at home there, the source is known to be good for the
    /// user. True if it was not in this [period](crate::proof::period), or nobody remembers.
    pub fn succeed(&self, attempt: Attempt<'_>, is_at_home: bool, clock: &impl Clock) -> bool {
        let clock = &clock.still();
        let who = self.who(attempt);
        let is_new = is_at_home && self.known.note(who.known, clock);
        self.forgive(who, clock);
        is_new
    }

    fn forgive(&self, who: Who, clock: &impl Clock) {
        let mut forgiven = 0;
        let look = |subject| move || self.find(subject, clock);
        let changed = self.change(None, look(who.pair), |tally| {
            forgiven = if tally.counts(clock, self.rules) {
                tally.failures
            } else {
                0
            };
            Some(tally.forgiven(tally.failures))
        });
        let Lookup::Live((entry, tally)) = changed else {
            return;
        };
        self.set_time_ms(entry, tally, record::BLOCKED_UNTIL_MS, 0);
        self.change(None, look(who.user), |tally| Some(tally.forgiven(forgiven)));
        if ![who.pair.hash, who.user.hash].contains(&who.subject.hash) {
            self.change(None, look(who.subject), |tally| {
                Some(tally.forgiven(forgiven))
            });
        }
    }

    /// An attempt that was neither success nor failure gives back what it took.
    pub fn withdraw(&self, attempt: Attempt<'_>, clock: &impl Clock) {
        let clock = &clock.still();
        let subject = self.who(attempt).subject;
        self.change(
            None,
            || self.find(subject, clock),
            |tally| Some(tally.withdrawn()),
        );
    }

    /// Forgets the failures of a user: from one source, or from all and as a whole. Known sources
    /// stay known. Returns how many records had any.
    pub fn clear(&self, user: &[u8], source: Option<Source>) -> usize {
        let name = self.hash.user(user);
        let mut cleared = 0;
        for entry in self.table.live() {
            let Some(row) = self.read(entry) else {
                continue;
            };
            let user = if row.source == Source::NONE {
                name.whole
            } else {
                name.bare
            };
            let user = if row.is_proven { user } else { !user };
            let meant = row.user_hash == user && source.is_none_or(|source| row.source == source);
            if meant && (row.failures > 0 || row.blocked_until_ms > 0) {
                let forgiven = |tally: Tally| Some(tally.forgiven(tally.failures));
                let see = || self.see(entry).map_or(Lookup::Nothing, Lookup::Live);
                let Lookup::Live((entry, tally)) = self.change(None, see, forgiven) else {
                    continue; // It became another's.
                };
                self.set_time_ms(entry, tally, record::BLOCKED_UNTIL_MS, 0);
                cleared += 1;
            }
        }
        cleared
    }

    /// Every pair and every user as a whole that has failed within the window or is blocked.
    pub fn failing(&self, clock: &impl Clock) -> impl Iterator<Item = AuthFailures> + '_ {
        let (now_ms, window_ms) = (clock.exact_ms(), self.rules.window_ms);
        self.table
            .live()
            .filter_map(|entry| self.read(entry))
            .filter(move |row| row.is_failing(now_ms, window_ms))
    }

    /// Records of what fails, and of what is known, that are worth keeping now. Reads every tag.
    #[must_use]
    pub fn used(&self, clock: &impl Clock) -> [u64; 2] {
        let now_s = clock.now_s();
        [self.table.used(now_s), self.known.table().used(now_s)]
    }

    /// The tables below, their size and their counts: of what fails, and of what is known.
    #[must_use]
    pub const fn sizes(&self) -> [TableSize; 2] {
        [self.table.size(), self.known.table().size()]
    }

    /// `found`: what was found of the subject a moment ago.
    fn fail_subject(
        &self,
        subject: Subject,
        mut found: Option<Lookup<Seen>>,
        attempt: Attempt<'_>,
        limit: u64,
        clock: &impl Clock,
    ) -> Failed {
        for _ in 0..ATTEMPTS {
            let found = match found.take() {
                None | Some(Lookup::Nothing) => self.find_or_create(subject, attempt.user, clock),
                Some(found) => found,
            };
            let Lookup::Live((entry, old)) = found else {
                return Failed::Uncounted;
            };
            let record = self.table.record(entry);
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
            fail::point("auth.counted");
            record::remember(record, new.failures, attempt.request);
            let now_ms = clock.coarse_ms();
            self.set_time_ms(entry, new, record::LAST_MS, now_ms);
            if new.failures >= limit {
                let until_ms = now_ms + self.rules.block_ms;
                self.set_time_ms(entry, new, record::BLOCKED_UNTIL_MS, until_ms);
            } else if new.failures == 1 {
                // An earlier block is over.
                self.set_time_ms(entry, new, record::BLOCKED_UNTIL_MS, 0);
            }
            self.keep(entry, new.generation);
            return match new.failures.cmp(&limit) {
                Less => Failed::Counted(new.failures),
                Equal => Failed::NewlyBlocked(new.failures),
                Greater => Failed::Blocked,
            };
        }
        Failed::Uncounted
    }

    /// Changes a tally, if there is one and `change` wants to; `look` finds it, where what was `seen`
    /// a moment ago does not serve. Returns the entry and its tally, changed or not.
    fn change(
        &self,
        mut seen: Option<Seen>,
        look: impl Fn() -> Lookup<Seen>,
        mut change: impl FnMut(Tally) -> Option<Tally>,
    ) -> Lookup<Seen> {
        for _ in 0..ATTEMPTS {
            let found = seen.take().map_or_else(&look, Lookup::Live);
            let Lookup::Live((entry, old)) = found else {
                return found;
            };
            let Some(new) = change(old) else {
                return Lookup::Live((entry, old));
            };
            if self.exchange(entry, old, new) {
                return Lookup::Live((entry, new));
            }
        }
        Lookup::Busy
    }

    /// Sets one of the times beside a tally.
    fn set_time_ms(&self, entry: RecordRef, tally: Tally, word: usize, time_ms: u64) {
        record::set_time_ms(self.table.record(entry), word, tally.generation, time_ms);
    }

    /// Keeps the record while its failures count or its block lasts.
    fn keep(&self, mut entry: RecordRef, generation: u64) {
        for _ in 0..ATTEMPTS {
            let tally = self.tally(entry);
            if tally.generation != generation {
                return; // It became another's.
            }
            let until_ms = tally
                .blocked_until_ms
                .max(tally.last_ms + self.rules.window_ms);
            if self.table.keep_until(entry, seconds(until_ms)) {
                return;
            }
            // Another process has set the time, perhaps before it could know of a block.
            let Some(now) = self.table.in_its_place(entry) else {
                return;
            };
            entry = now;
        }
    }

    fn read(&self, entry: RecordRef) -> Option<AuthFailures> {
        self.table
            .read(entry)
            .map(|(_, words)| AuthFailures::from_words(&words))
    }
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
