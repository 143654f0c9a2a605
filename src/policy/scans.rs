//! What is counted of users and destinations that fail, and of signals of the script.

use crate::auth::Attempt;
use crate::clock::Clock;
use crate::counters::Counter;
use crate::message::{Message, Method, Part};
use crate::scan::{Counted, Kind, Signal};
use crate::settings::Reason;

use super::evidence::{Evidence, What};
use super::{Inspection, Verdict};

/// At a source with so many known users, one more may fail than elsewhere, once the limit is reached.
const USERS_TO_A_FAILURE: u64 = 4;

impl<'p, M: Message, C: Clock> Inspection<'p, M, C> {
    /// Takes note of a user who failed to authenticate. One that has authenticated from there
    /// before is a phone with an old password, and no scan.
    pub(super) fn count_failed_user(&self, attempt: Attempt<'_>) -> Verdict {
        if attempt.user.is_empty() {
            return Verdict::Pass;
        }
        let firewall = self.firewall;
        self.step(Reason::Scan, || {
            let (mark, clock) = (attempt.name.bare, &firewall.clock.still());
            let is_known = || firewall.auth.is_known(attempt, clock);
            let scans = &firewall.scans;
            let at_least = || self.failures_of_an_office();
            self.of_scan(scans.fail(attempt.source, Kind::User, mark, clock, is_known, at_least))
        })
    }

    /// Takes note of a user who has authenticated.
    pub(super) fn count_good_user(&self, attempt: Attempt<'_>) {
        let (firewall, mark) = (self.firewall, attempt.name.bare);
        firewall
            .scans
            .succeed(attempt.source, Kind::User, mark, &firewall.clock);
    }

    pub(super) fn count_failure(&self, kind: Kind, name: &[u8]) -> Verdict {
        if name.is_empty() || self.is_trusted() {
            return Verdict::Pass;
        }
        self.count_mark(kind, self.firewall.hash.user(name).bare)
    }

    fn count_mark(&self, kind: Kind, mark: u64) -> Verdict {
        let firewall = self.firewall;
        self.step(Reason::Scan, || {
            let (scans, clock) = (&firewall.scans, &firewall.clock);
            let at_least = || self.failures_of_an_office();
            self.of_scan(scans.fail(self.source, kind, mark, clock, || false, at_least))
        })
    }

    /// Takes note of a challenge to this request: of many that nobody answers, a scan is made.
    pub fn take_challenge(&self) -> Verdict {
        if self.is_trusted() || self.message.offered() > 0 {
            return Verdict::Pass;
        }
        let Some((kind, name)) = self.asked_name() else {
            return Verdict::Pass;
        };
        let firewall = self.firewall;
        let left = firewall.asked.ask(self.source, kind, name, &firewall.clock);
        left.iter()
            .map(|mark| self.count_mark(kind, mark))
            .max()
            .unwrap_or(Verdict::Pass)
    }

    /// Takes note of credentials: the challenge before them was answered, well or badly.
    pub(super) fn answer_challenge(&self) {
        if self.message.offered() == 0 {
            return;
        }
        if let Some((kind, name)) = self.asked_name() {
            let firewall = self.firewall;
            firewall
                .asked
                .answered(self.source, kind, name, &firewall.clock);
        }
    }

    /// Whom a challenge is about: who registers, or who is called.
    fn asked_name(&self) -> Option<(Kind, u64)> {
        let message = self.message;
        let (kind, name) = match message.method() {
            Method::Register => (Kind::User, message.part(Part::ToUser)),
            _ => (Kind::Destination, message.part(Part::UriUser)),
        };
        (!name.is_empty()).then(|| (kind, self.firewall.hash.user(name).bare))
    }

    /// Twelve who fail among two hundred who do not are an office; twelve of twelve are a scanner.
    fn failures_of_an_office(&self) -> u64 {
        self.users() / USERS_TO_A_FAILURE
    }

    /// What works is no part of a scan.
    pub(super) fn count_success(&self, kind: Kind, name: &[u8]) -> Verdict {
        let (firewall, mark) = (self.firewall, self.firewall.hash.user(name).bare);
        firewall
            .scans
            .succeed(self.source, kind, mark, &firewall.clock);
        Verdict::Pass
    }

    /// Takes a signal of the script: something is wrong with this message.
    pub fn signal(&self, signal: &Signal, weight: u64) -> Verdict {
        if self.is_trusted() {
            return Verdict::Pass;
        }
        let firewall = self.firewall;
        self.step(Reason::Malformed, || {
            firewall.counters.count(Counter::Signals);
            let scans = &firewall.scans;
            let counted = scans.signal(self.source, signal, weight, &firewall.clock);
            let evidence = || self.evidence(Reason::Malformed, What::Signal(signal));
            match counted {
                Counted::Newly(_) => Some(evidence()),
                _ => self.of_count(counted, evidence),
            }
        })
    }

    fn of_scan(&self, counted: Counted) -> Option<Evidence<'p>> {
        let evidence = |[users, destinations, _]: [u64; 3]| {
            self.evidence(Reason::Scan, What::Scan(users, destinations))
        };
        match counted {
            Counted::Newly(counts) => Some(evidence(counts)),
            _ => self.of_count(counted, || evidence([0; 3])),
        }
    }

    /// What is not the count that reaches a limit.
    fn of_count<'e>(
        &self,
        counted: Counted,
        evidence: impl FnOnce() -> Evidence<'e>,
    ) -> Option<Evidence<'e>> {
        match counted {
            Counted::Over => Some(evidence().known()),
            Counted::Uncounted => {
                self.firewall.counters.count(Counter::ScanUncounted);
                None
            }
            Counted::Below | Counted::Newly(_) => None,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
