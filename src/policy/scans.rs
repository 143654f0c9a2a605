//! What follows from users and destinations that fail, and from signals of the script.

use crate::auth::Attempt;
use crate::clock::Clock;
use crate::counters::Counter;
use crate::message::Message;
use crate::scan::{Counted, Kind, Signal};
use crate::settings::{Consequence, Finding};
use crate::source::Address;

use super::{Firewall, Verdict};

impl<C: Clock> Firewall<C> {
    /// Takes note of a user who failed to authenticate. One that has authenticated from there
    /// before is a phone with an old password, and no scan.
    pub(super) fn count_failed_user(
        &self,
        address: Address,
        attempt: Attempt<'_>,
        message: &impl Message,
    ) -> Verdict {
        if attempt.user.is_empty() || !self.looks_for(Finding::Scan) {
            return Verdict::Pass;
        }
        let (mark, clock) = (attempt.name.bare, &self.clock.still());
        let is_known = || self.auth.is_known(attempt, clock);
        let counted = self
            .scans
            .fail(attempt.source, Kind::User, mark, clock, is_known);
        self.follow_count(Finding::Scan, address, counted, message, None)
    }

    /// Takes note of a user who has authenticated.
    pub(super) fn count_good_user(&self, attempt: Attempt<'_>) {
        let mark = attempt.name.bare;
        self.scans
            .succeed(attempt.source, Kind::User, mark, &self.clock);
    }

    pub(super) fn count_failure(
        &self,
        address: Address,
        kind: Kind,
        name: &[u8],
        message: &impl Message,
    ) -> Verdict {
        if name.is_empty() || !self.looks_for(Finding::Scan) || self.is_trusted(address) {
            return Verdict::Pass;
        }
        let (source, _) = self.locate(address);
        let mark = self.hash.user(name).bare;
        let counted = self.scans.fail(source, kind, mark, &self.clock, || false);
        self.follow_count(Finding::Scan, address, counted, message, None)
    }

    /// What works is no part of a scan.
    pub(super) fn count_success(&self, address: Address, kind: Kind, name: &[u8]) -> Verdict {
        let (source, _) = self.locate(address);
        let mark = self.hash.user(name).bare;
        self.scans.succeed(source, kind, mark, &self.clock);
        Verdict::Pass
    }

    /// Takes a signal of the script: something is wrong with this message.
    pub fn signal(
        &self,
        address: Address,
        signal: &Signal,
        weight: u64,
        message: &impl Message,
    ) -> Verdict {
        if !self.looks_for(Finding::Malformed) || self.is_trusted(address) {
            return Verdict::Pass;
        }
        self.counters.count(Counter::Signals);
        let (source, _) = self.locate(address);
        let counted = self.scans.signal(source, signal, weight, &self.clock);
        self.follow_count(Finding::Malformed, address, counted, message, Some(signal))
    }

    fn follow_count(
        &self,
        finding: Finding,
        address: Address,
        counted: Counted,
        message: &impl Message,
        signal: Option<&Signal>,
    ) -> Verdict {
        match (counted, signal) {
            (Counted::Below, _) => Verdict::Pass,
            (Counted::Uncounted, _) => {
                self.counters.count(Counter::ScanUncounted);
                Verdict::Pass
            }
            (Counted::Over, _) => match self.settings.consequence(finding) {
                Consequence::Off | Consequence::Log => Verdict::Pass,
                Consequence::Block | Consequence::Ban(_) => Verdict::Blocked,
            },
            (Counted::Newly(_), Some(signal)) => {
                let evidence = format_args!(" signal={}", signal.as_str());
                self.follow(finding, address, message, evidence)
            }
            (Counted::Newly([users, destinations, _]), None) => {
                let evidence = format_args!(" users={users} destinations={destinations}");
                self.follow(finding, address, message, evidence)
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
