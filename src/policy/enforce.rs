//! What follows from evidence: counted, logged, blocked, banned, as the parameter `policy` says.
//! Here, and nowhere else, the policy is looked at.

use std::fmt;

use crate::ban::{Against, BanReason};
use crate::clock::Clock;
use crate::counters::Counter;
use crate::escape::{Escaped, Word};
use crate::message::{Message, Part};
use crate::settings::{Consequence, Reason};

use super::evidence::{Evidence, Sender, What};
use super::{Firewall, Inspection, Verdict};

/// Seconds of the longest ban that anybody can have set in the name of another.
const STRANGERS_S: u64 = 300;

impl<C: Clock> Firewall<C> {
    /// Is this looked for at all?
    pub(super) fn looks_for(&self, reason: Reason) -> bool {
        self.settings.consequence(reason) != Consequence::Off
    }

    /// Would this block a message?
    pub(super) fn blocks(&self, reason: Reason) -> bool {
        let consequence = self.settings.consequence(reason);
        matches!(consequence, Consequence::Block | Consequence::Ban(_))
    }
}

impl<M: Message, C: Clock> Inspection<'_, M, C> {
    /// A step of a chain: looks, unless the policy has no interest in it, and what follows.
    #[inline]
    pub(super) fn step<'e>(
        &self,
        reason: Reason,
        detect: impl FnOnce() -> Option<Evidence<'e>>,
    ) -> Verdict {
        match self.firewall.looks_for(reason) {
            true => detect().map_or(Verdict::Pass, |evidence| self.enforce(&evidence)),
            false => Verdict::Pass,
        }
    }

    /// A step of what can only drop: what is not to be blocked is left to the script's check.
    #[inline]
    pub(super) fn step_if_blocking<'e>(
        &self,
        reason: Reason,
        detect: impl FnOnce() -> Option<Evidence<'e>>,
    ) -> Verdict {
        match self.firewall.blocks(reason) {
            true => self.step(reason, detect),
            false => Verdict::Pass,
        }
    }

    /// What follows, from a source that is not trusted.
    #[inline]
    pub(super) fn enforce(&self, evidence: &Evidence<'_>) -> Verdict {
        self.enforce_as(
            self.firewall.settings.consequence(evidence.reason),
            evidence,
        )
    }

    /// What follows from a check that the script has called by its name: it looks even for what is
    /// `off`, and blocks for it.
    pub(super) fn enforce_asked(&self, evidence: &Evidence<'_>) -> Verdict {
        let consequence = match self.firewall.settings.consequence(evidence.reason) {
            Consequence::Off => Consequence::Block,
            consequence => consequence,
        };
        self.enforce_as(consequence, evidence)
    }

    /// Blocks, whatever the policy says: pike's contract.
    #[inline]
    pub(super) fn enforce_block(&self, evidence: &Evidence<'_>) -> Verdict {
        self.enforce_as(Consequence::Block, evidence)
    }

    #[inline]
    fn enforce_as(&self, consequence: Consequence, evidence: &Evidence<'_>) -> Verdict {
        let blocks = matches!(consequence, Consequence::Block | Consequence::Ban(_));
        if blocks && !evidence.is_new && self.dry.is_none() {
            // What a flood is made of.
            self.firewall.counters.count(blocked(evidence));
            return Verdict::Blocked;
        }
        self.follow(consequence, evidence)
    }

    #[inline(never)]
    fn follow(&self, consequence: Consequence, evidence: &Evidence<'_>) -> Verdict {
        if consequence == Consequence::Off {
            return Verdict::Pass;
        }
        if let Some(found) = self.dry {
            return foresee(consequence, evidence, &mut found.borrow_mut());
        }
        let firewall = self.firewall;
        if evidence.is_new {
            match evidence.what {
                What::Listed(listed) => listed.count(),
                What::Rate => firewall.counters.count(Counter::RateHot),
                _ => {}
            }
        }
        if consequence == Consequence::Log {
            firewall.counters.count(Counter::Logged);
            if evidence.is_new {
                self.log("found", evidence);
            }
            return Verdict::Pass;
        }
        firewall.counters.count(blocked(evidence));
        match consequence {
            Consequence::Ban(seconds) if evidence.is_enough_to_ban => {
                let spares_users = self.spares_users(evidence);
                // The line of the ban says all that there is to say of a rate.
                if spares_users || !matches!(evidence.what, What::Rate) {
                    self.log("block", evidence);
                }
                if !spares_users {
                    self.ban_for(evidence, seconds);
                }
            }
            _ => self.log("block", evidence),
        }
        Verdict::NewlyBlocked
    }

    /// Are there known users at the source whom a ban would cut off for another's sake? What somebody there
    /// has done costs him this message, and not the others the address, unless it is what no message by
    /// itself tells: that he guesses or scans.
    fn spares_users(&self, evidence: &Evidence<'_>) -> bool {
        let is_asked = match (evidence.sender, evidence.reason) {
            (Sender::Whoever, _) | (_, Reason::Auth | Reason::Scan) => false,
            (Sender::Proven, _) => true,
            (Sender::Unproven, _) => false,
        };
        is_asked && self.users() > 0
    }

    /// Bans the source, as far as the evidence goes: what anybody could have sent in its name closes it to
    /// strangers, and not for long.
    fn ban_for(&self, evidence: &Evidence<'_>, seconds: u64) {
        let reason = BanReason::of(evidence.reason.name());
        let against = match evidence.sender {
            Sender::Whoever | Sender::Proven => Against::Everybody,
            Sender::Unproven => Against::Strangers,
        };
        let seconds = match (against, seconds) {
            (Against::Everybody, seconds) => seconds,
            (Against::Strangers, 0) => STRANGERS_S,
            (Against::Strangers, seconds) => seconds.min(STRANGERS_S),
        };
        self.firewall
            .ban_by_check(self.address, seconds, reason, against);
    }

    fn log(&self, event: &str, evidence: &Evidence<'_>) {
        let (firewall, reason) = (self.firewall, evidence.reason.name());
        let (key, proof) = (firewall.show(self.source), evidence.sender);
        match evidence.what {
            What::Rate => {
                firewall.log_throttled(format_args!("{event} key={key} reason={reason}{proof}"))
            }
            What::Failures { is_everywhere, .. } => {
                let key: &dyn fmt::Display = if is_everywhere { &"*" } else { &key };
                self.log_failures(event, key, evidence);
            }
            _ => {
                let method = MethodOf(self.message);
                firewall.log_throttled(format_args!(
                    "{event} key={key} reason={reason} {evidence}{method}{proof}"
                ));
            }
        }
    }

    fn log_failures(&self, event: &str, key: &dyn fmt::Display, evidence: &Evidence<'_>) {
        let (journal, settings) = (&self.firewall.journal, &self.firewall.settings);
        let What::Failures { user, failures, .. } = evidence.what else {
            return;
        };
        let agent = Escaped(self.message.part(Part::UserAgent));
        let (user, proof) = (Escaped(user), evidence.sender);
        if event == "found" {
            journal.event(format_args!(
                "found key={key} reason=auth user=\"{user}\" failures={failures} agent=\"{agent}\"\
                 {proof}"
            ));
        } else {
            let seconds = settings.auth_ban_time();
            journal.event(format_args!(
                "auth_block user=\"{user}\" key={key} failures={failures} seconds={seconds} \
                 agent=\"{agent}\"{proof}"
            ));
        }
    }
}

/// A dry look: what would follow.
fn foresee(consequence: Consequence, evidence: &Evidence<'_>, found: &mut String) -> Verdict {
    if consequence == Consequence::Log {
        return Verdict::Pass;
    }
    *found = match evidence.what {
        What::Rate => "over the rate".to_owned(),
        _ => evidence.to_string(),
    };
    match evidence.is_new {
        true => Verdict::NewlyBlocked,
        false => Verdict::Blocked,
    }
}

/// What a message is counted as that is blocked for this.
#[inline]
fn blocked(evidence: &Evidence<'_>) -> Counter {
    match evidence.reason {
        Reason::Auth if evidence.is_new => match evidence.what {
            What::Failures {
                is_everywhere: true,
                ..
            } => Counter::AuthUnderAttack,
            _ => Counter::AuthBlocks,
        },
        reason => reason.blocked(),
    }
}

/// ` method=INVITE`: by Kamailio's own name where it has one, however it was written; nothing of a
/// message without a method.
struct MethodOf<'a, M>(&'a M);

impl<M: Message> fmt::Display for MethodOf<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.method().name(), self.0.part(Part::Method)) {
            (Some(name), _) => write!(f, " method={name}"),
            (None, b"") => Ok(()),
            (None, written) => write!(f, " method={}", Word(written)),
        }
    }
}
