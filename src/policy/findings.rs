//! What follows from a finding: counted, logged, blocked, banned, as the parameter `policy` says.

use std::fmt;

use crate::ban::Reason;
use crate::clock::Clock;
use crate::counters::Counter;
use crate::escape::Escaped;
use crate::message::{Message, Part};
use crate::settings::{Consequence, Finding};
use crate::source::Address;

use super::{Firewall, Verdict};

impl<C: Clock> Firewall<C> {
    /// Is this looked for at all?
    pub(super) fn looks_for(&self, finding: Finding) -> bool {
        self.settings.consequence(finding) != Consequence::Off
    }

    /// Would this block a message?
    #[must_use]
    pub fn blocks(&self, finding: Finding) -> bool {
        let consequence = self.settings.consequence(finding);
        matches!(consequence, Consequence::Block | Consequence::Ban(_))
    }

    /// A check has found something in a message of a source that is not trusted. `evidence` goes
    /// into the log line: ` agent="…"`, escaped.
    pub(super) fn follow(
        &self,
        finding: Finding,
        address: Address,
        message: &impl Message,
        evidence: fmt::Arguments<'_>,
    ) -> Verdict {
        match self.settings.consequence(finding) {
            Consequence::Off => Verdict::Pass,
            consequence => self.follow_as(consequence, finding, address, message, evidence),
        }
    }

    /// [`follow`](Self::follow), of a check that the script has called by its name: it looks even for
    /// what is `off`, and blocks for it.
    pub(super) fn follow_asked(
        &self,
        finding: Finding,
        address: Address,
        message: &impl Message,
        evidence: fmt::Arguments<'_>,
    ) -> Verdict {
        let consequence = match self.settings.consequence(finding) {
            Consequence::Off => Consequence::Block,
            consequence => consequence,
        };
        self.follow_as(consequence, finding, address, message, evidence)
    }

    fn follow_as(
        &self,
        consequence: Consequence,
        finding: Finding,
        address: Address,
        message: &impl Message,
        evidence: fmt::Arguments<'_>,
    ) -> Verdict {
        let (source, _) = self.locate(address);
        let method = Escaped(message.part(Part::Method));
        // At the edge there is none yet.
        let label = if method.0.is_empty() { "" } else { " method=" };
        let rest = format_args!("{evidence}{label}{method}");
        if consequence == Consequence::Log {
            self.counters.count(Counter::Logged);
            self.tell_of_finding(source, finding.name(), rest);
            return Verdict::Pass;
        }
        self.counters.count(match finding {
            Finding::Rate => Counter::BlockedRate,
            Finding::Agent => Counter::BlockedAgent,
            Finding::Auth => Counter::AuthBlocked,
            Finding::List => Counter::BlockedList,
            Finding::Country => Counter::BlockedCountry,
            Finding::Sqli => Counter::BlockedSqli,
            Finding::Contact => Counter::BlockedContact,
            Finding::Route => Counter::BlockedRoute,
            Finding::Scan => Counter::BlockedScan,
            Finding::Malformed => Counter::BlockedMalformed,
        });
        self.tell_of_block(source, finding.name(), rest);
        if let Consequence::Ban(seconds) = consequence {
            self.ban_by_check(address, seconds, Reason::of(finding.name()));
        }
        Verdict::NewlyBlocked
    }
}
