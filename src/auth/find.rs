//! Finding the records that an attempt is about, or making them.

use crate::clock::Clock;
use crate::hash::User;
use crate::settings::AuthScope;
use crate::shm::atomic::Ordering;
use crate::shm::fail;
use crate::shm::table::{FOREVER_S, Lookup, RecordRef, Refused};
use crate::source::Source;

use super::record::{self, Subject};
use super::tally::Tally;
use super::{Attempt, AuthTable, seconds};

/// How often a record is looked for again that changed hands meanwhile.
const LOOKS: usize = 8;

/// Whom an attempt is about.
#[derive(Clone, Copy)]
pub(super) struct Who {
    pub pair: Subject,
    /// The user as a whole.
    pub user: Subject,
    /// Whom its failures block: one of these, or the source as a whole.
    pub subject: Subject,
    /// The user with its domain, and the source: whom a success makes known.
    pub known: Subject,
}

impl User {
    /// As it is counted: what anybody could have sent in a user's name is counted apart.
    pub(super) const fn of_tally(self, is_proven: bool) -> Self {
        match is_proven {
            true => self,
            false => Self {
                bare: !self.bare,
                whole: !self.whole,
            },
        }
    }
}

/// A record, and its tally as it was seen.
pub(super) type Seen = (RecordRef, Tally);

impl AuthTable {
    /// Whom this attempt is about.
    pub(super) fn who(&self, attempt: Attempt<'_>) -> Who {
        let is_proven = attempt.is_proven;
        let name = attempt.name.of_tally(is_proven);
        let known = self.known_pair(attempt);
        let subject = |user, source| Subject {
            is_proven,
            ..self.subject(user, source)
        };
        // The user without a domain: where a script takes the realm from the message (`"$fd"`), a
        // guesser would otherwise be another user with every domain that he makes up.
        let pair = subject(name.bare, attempt.source);
        let user = subject(name.whole, Source::NONE);
        let nobody = || self.hash.user(b"").of_tally(is_proven).whole;
        let subject = match self.rules.scope {
            AuthScope::UserSource => pair,
            AuthScope::User => user,
            AuthScope::Source => subject(nobody(), attempt.source),
        };
        self.table.prefetch(subject.hash);
        self.table.prefetch(user.hash);
        self.known.table().prefetch(known.hash);
        Who {
            pair,
            user,
            subject,
            known,
        }
    }

    pub(super) fn known_pair(&self, attempt: Attempt<'_>) -> Subject {
        self.subject(attempt.name.whole, attempt.source)
    }

    pub(super) fn subject(&self, user: u64, source: Source) -> Subject {
        Subject {
            user,
            source,
            hash: self.hash.pair(user, source),
            is_proven: true,
        }
    }

    /// What is known of the subject, and of the user as a whole where that is another.
    pub(super) fn find_both(&self, who: Who, clock: &impl Clock) -> [Lookup<Seen>; 2] {
        let is_another = self.rules.scope != AuthScope::User && self.rules.user_max_failures > 0;
        let subject = self.find(who.subject, clock);
        let user = match is_another {
            true => self.find(who.user, clock),
            false => Lookup::Nothing,
        };
        [subject, user]
    }

    pub(super) fn tally(&self, entry: RecordRef) -> Tally {
        let record = self.table.record(entry);
        let tally = Tally::unpack(record.get(record::TALLY));
        Tally {
            blocked_until_ms: record::time_ms(record, record::BLOCKED_UNTIL_MS, tally.generation),
            last_ms: record::time_ms(record, record::LAST_MS, tally.generation),
            ..tally
        }
    }

    /// Changes the tally if it is still `old`. It carries the generation of its record: that of a
    /// subject that took the place meanwhile is another word.
    pub(super) fn exchange(&self, entry: RecordRef, old: Tally, new: Tally) -> bool {
        // AcqRel: what was written before the last change of the tally is seen after this one.
        self.table.record(entry).words[record::TALLY]
            .compare_exchange(old.pack(), new.pack(), Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }

    /// The tally of an entry, if that has stayed what it was when it was found.
    pub(super) fn see(&self, entry: RecordRef) -> Option<Seen> {
        let tally = self.tally(entry);
        self.table.is_its_own(entry).then_some((entry, tally))
    }

    /// `Busy`: the process that is making the record does not come to an end, it may have been
    /// stopped or have died. So there was none a moment ago.
    pub(super) fn find(&self, subject: Subject, clock: &impl Clock) -> Lookup<Seen> {
        for _ in 0..LOOKS {
            let found =
                self.table
                    .find_written(subject.hash, clock.now_s(), subject.is_its_record());
            match found {
                Lookup::Live(entry) => {
                    if let Some(seen) = self.see(entry) {
                        return Lookup::Live(seen);
                    }
                }
                Lookup::Busy => break,
                Lookup::Nothing => return Lookup::Nothing,
            }
        }
        Lookup::Busy
    }

    /// `Nothing`: the table has no place for it.
    pub(super) fn find_or_create(
        &self,
        subject: Subject,
        user: &[u8],
        clock: &impl Clock,
    ) -> Lookup<Seen> {
        for _ in 0..LOOKS {
            match self.find(subject, clock) {
                Lookup::Nothing => {}
                found => return found,
            }
            let keep_until_s = seconds(clock.coarse_ms() + self.rules.window_ms);
            // Worth more than any other: a guess must be counted even in a table full of blocks.
            let worth_s = FOREVER_S;
            match self.table.claim_new(
                subject.hash,
                clock.now_s(),
                worth_s,
                subject.is_its_record(),
            ) {
                Ok(mut claim) => {
                    fail::point("auth.claimed");
                    record::begin(claim.record(), subject, user);
                    if let Ok(entry) = claim.publish(keep_until_s)
                        && let Some(seen) = self.see(entry)
                    {
                        return Lookup::Live(seen);
                    }
                }
                // Another process is making it, or has made it since we looked.
                Err(Refused::Busy | Refused::Exists) => {}
                Err(Refused::Full) => return Lookup::Nothing,
            }
        }
        Lookup::Busy
    }
}
