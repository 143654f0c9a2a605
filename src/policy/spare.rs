//! What passes at a source that is closed to strangers: one that is over its rate, or banned for what
//! anybody could have sent in its name.
//!
//! A message that carries what was handed to this source has proven where it comes from. One of a call or
//! a flow that has proven lately, or with a Contact that was registered, is spared, within a budget, and
//! convicts nobody. A stranger has to send it again as RFC 3261 (17.1) has it.

use crate::clock::Clock;
use crate::counters::Counter;
use crate::edge::is_request;
use crate::message::Message;
use crate::proof::{Budget, Secrets, Sieve, Sight, Standing};
use crate::rate::{MAX_REQUESTS, Rate};

use super::Inspection;

/// Requests that a stranger's flow may send in a window before it has to share what is left.
const FEW: u64 = 4;

/// So many times the limit of a source is what all that has proven may send from there together.
pub(super) const ALL_PROVEN: u64 = 8;

/// So many times, where nobody has authenticated yet.
const HANDED: u64 = 2;

/// A flow that has proven lately has so many times the budget of strangers.
const KNOWN: u64 = 10;

/// What becomes of a message at a source that is closed to strangers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// It passes.
    Passes,
    /// It has proven where it comes from, and that sends more than it may.
    Floods {
        /// From this message on.
        is_new: bool,
    },
    /// It is a stranger's.
    Strange,
}

impl<M: Message, C: Clock> Inspection<'_, M, C> {
    /// How many requests the connections of a source may send in a window, together: each is counted by
    /// itself as well.
    pub fn limit_of_connections(&self) -> u64 {
        match self.allowance() {
            Some(allowance) => allowance,
            None => (self.limit() * ALL_PROVEN).min(MAX_REQUESTS),
        }
    }

    /// How many requests the source may send in a window: what the operator says of it, or what anybody
    /// may and more for each user who is known to be there.
    pub fn limit(&self) -> u64 {
        let per_user = self.firewall.settings.reqs_per_user().unsigned_abs();
        let grown = || self.firewall.rate.limit().requests + per_user * self.users();
        self.allowance().unwrap_or_else(grown).min(MAX_REQUESTS)
    }

    /// Does it pass where strangers do not?
    pub(super) fn judge(&self) -> Judged {
        let came = self.message.came();
        if came.was_spared {
            return Judged::Passes;
        }
        if self.dry.is_some() {
            return Judged::Strange;
        }
        if came.is_on_connection {
            return Judged::Passes; // It is counted by itself.
        }
        let secrets = self.secrets();
        let (standing, token) =
            self.firewall
                .proofs
                .standing(self.source, &secrets, &self.firewall.clock);
        if standing == Standing::Proven {
            let judged = self.judge_proven(token);
            if judged != Judged::Strange {
                return judged;
            }
        }
        let by = self.spared_by(&secrets);
        by.map_or(Judged::Strange, |counter| {
            self.firewall.counters.count(counter);
            Judged::Passes
        })
    }

    /// Would it be spared, or has it proven where it comes from? Charges nothing.
    pub(super) fn is_recognised(&self) -> bool {
        if self.message.came().was_spared || self.standing() == Standing::Proven {
            return true;
        }
        let (proofs, clock, secrets) =
            (&self.firewall.proofs, &self.firewall.clock, self.secrets());
        proofs.knows_call(self.source, &secrets, clock) || proofs.knows_flow(self.flow(), clock)
    }

    fn judge_proven(&self, token: u64) -> Judged {
        let (proofs, clock) = (&self.firewall.proofs, &self.firewall.clock);
        let all = (self.limit() * ALL_PROVEN).min(MAX_REQUESTS);
        let by_token = Judged::of(proofs.charge_token(self.source, token, self.flow(), clock));
        let judged = match by_token {
            Judged::Passes => {
                Judged::of(proofs.charge_all(self.source, Budget::Proven, all, clock))
            }
            floods => floods,
        };
        // Where nobody has authenticated, a nonce is had for the asking.
        let is_granted = || {
            self.users() > 0 || {
                let some = (self.limit() * HANDED).min(MAX_REQUESTS);
                proofs.grant(self.source, Budget::Handed, some, clock)
            }
        };
        match judged {
            Judged::Passes if !is_granted() => Judged::Strange,
            Judged::Passes => {
                self.firewall.counters.count(Counter::SparedNonce);
                judged
            }
            _ => judged,
        }
    }

    /// By what a message passes that proves nothing.
    fn spared_by(&self, secrets: &Secrets) -> Option<Counter> {
        let (proofs, clock) = (&self.firewall.proofs, &self.firewall.clock);
        let (source, flow) = (self.source, self.flow());
        let bytes = self.message.bytes();
        let is_reply = !is_request(bytes);
        // Who makes many calls, somewhere else, knows as many Call-IDs.
        let all = (self.limit() * ALL_PROVEN).min(MAX_REQUESTS);
        let is_of_call = proofs.knows_call(source, secrets, clock)
            && proofs.charge_call(source, secrets, is_reply, clock) == Rate::Fine
            && proofs.grant(source, Budget::Calls, all, clock);
        if is_of_call {
            proofs.renew_call(source, secrets, clock);
            return Some(Counter::SparedCall);
        }
        let each = self.firewall.rate.limit().requests;
        let is_known = proofs.knows_flow(flow, clock);
        if is_known
            && proofs.charge_flow(source, flow, each, clock) == Rate::Fine
            && proofs.grant(source, Budget::Flows, all, clock)
        {
            return Some(Counter::SparedFlow);
        }
        let limit = self.limit();
        let has_contact = proofs.knows_contact(source, secrets, clock);
        if has_contact && proofs.grant(source, Budget::Contact, limit, clock) {
            return Some(Counter::SparedContact);
        }
        let fingerprint = Sieve::fingerprint(&self.firewall.hash, flow, bytes);
        let Sight::Again(before) = proofs.sieve.see(fingerprint, clock) else {
            return None;
        };
        let rest = match is_known {
            true => (limit * KNOWN).min(MAX_REQUESTS),
            false => limit,
        };
        let sends_few = proofs.charge_stranger(source, flow, FEW, clock) == Rate::Fine;
        let passes = (sends_few && proofs.grant(source, Budget::Again, limit, clock))
            || proofs.grant(source, Budget::Rest, rest, clock);
        passes.then(|| {
            proofs.sieve.passed(fingerprint, before, clock);
            Counter::SparedAgain
        })
    }
}

impl Judged {
    fn of(charged: Rate) -> Self {
        match charged {
            Rate::Fine => Self::Passes,
            Rate::NewlyHot => Self::Floods { is_new: true },
            Rate::Hot => Self::Floods { is_new: false },
        }
    }
}
