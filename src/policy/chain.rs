//! The order of the checks, cheapest first: trusted, ban, lists of networks, rate, country; then what
//! needs the message: can it be read, agent, lists of texts, SQL and the like.
//!
//! One chain, for `palisade_check()` and, dry, for `palisade.show`. The edge takes its first steps.

use crate::ban::Against;
use crate::clock::Clock;
use crate::counters::Counter;
use crate::edge::is_request;
use crate::message::{Datagram, Message, Method, Part, looked_at};
use crate::settings::{Edge, Reason};
use crate::shm::fail;
use crate::source::Address;

use super::detect::{
    agent, contact, network, network::TrustedBy, place, rate, route, sqli, texts, unreadable,
};
use super::evidence::Evidence;
use super::spare::Judged;
use super::{Firewall, Inspection, Verdict};

/// What the edge makes of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtEdge {
    /// It goes on to the parser.
    Pass,
    /// It does, and has been charged to its source.
    Charged,
    /// It does, though its source is closed to strangers.
    Spared,
    /// It is dropped.
    Drop,
}

impl<M: Message, C: Clock> Inspection<'_, M, C> {
    /// All checks that are on.
    pub fn check(&self) -> Verdict {
        fail::point("policy.check");
        let firewall = self.firewall;
        firewall.counters.count(Counter::Checked);
        let verdict = self.verdict();
        if verdict == Verdict::Pass {
            firewall.counters.count(Counter::Passed);
        } else if self.message.came().is_on_connection && self.is_to_be_closed() {
            self.message.close_connection();
        }
        verdict
    }

    #[inline]
    fn verdict(&self) -> Verdict {
        self.firewall.bans.prefetch(self.hash);
        self.firewall.rate.prefetch(self.hash);
        if self.is_trusted() {
            self.note_call();
            return Verdict::Pass;
        }
        let gate = self.gate();
        if let Some(verdict) = self.turned_away(gate) {
            return verdict;
        }
        let is_charged = gate == Gate::Spared || self.message.came().was_charged;
        self.step(Reason::List, || network::detect(self))
            .or(|| match is_charged {
                true => Verdict::Pass,
                false => self.step(Reason::Rate, || rate::detect(self)),
            })
            .or(|| self.step(Reason::Country, || place::detect(self)))
            .or(|| self.check_content())
    }

    /// Others may share the connection, as the calls of a trunk do: it is closed for what the source
    /// is, not for what one message is.
    fn is_to_be_closed(&self) -> bool {
        let firewall = self.firewall;
        // A trunk that has a limit of its own is not cut off with all its calls for a burst.
        let is_hot = || self.allowance().is_none() && self.floods_connection();
        firewall.settings.tcp_close() == 1 && (self.holds_ban() || is_hot())
    }

    /// Is the source banned, and if so, this message too?
    pub(super) fn gate(&self) -> Gate {
        let firewall = self.firewall;
        let (bans, clock) = (&firewall.bans, &firewall.clock);
        let against = match self.dry {
            None => bans.hit(self.source, self.hash, clock),
            Some(_) => bans.holds(self.source, self.hash, clock),
        };
        match against.filter(|_| !self.is_own()) {
            None => Gate::Open,
            Some(Against::Everybody) => Gate::Banned,
            // Of those who send on connections there are no strangers.
            Some(Against::Strangers) if self.message.came().is_on_connection => Gate::Open,
            Some(Against::Strangers) => match self.judge() {
                Judged::Passes => Gate::Spared,
                Judged::Strange => {
                    self.count_stranger();
                    Gate::Banned
                }
                Judged::Floods { is_new } => {
                    Gate::Floods(self.step(Reason::Rate, || Some(rate::flood(is_new))))
                }
            },
        }
    }

    /// A source stays over its rate while strangers flood it, so that it is not open to them again the
    /// moment somebody proves that he is there.
    fn count_stranger(&self) {
        let firewall = self.firewall;
        if self.dry.is_none() && is_request(self.message.bytes()) {
            firewall
                .rate
                .charge(self.source, self.hash, &firewall.clock);
        }
    }

    /// The verdict of who does not get through the gate.
    pub(super) fn turned_away(&self, gate: Gate) -> Option<Verdict> {
        match gate {
            Gate::Open | Gate::Spared | Gate::Floods(Verdict::Pass) => None,
            Gate::Floods(verdict) => Some(verdict),
            Gate::Banned => {
                self.firewall.counters.count(Counter::BlockedBan);
                Some(Verdict::Blocked)
            }
        }
    }

    /// What only the message tells.
    fn check_content(&self) -> Verdict {
        if self.message.method() == Method::Invite {
            // A phone that rings is answered late, and nobody may have asked before.
            self.answer_challenge();
        }
        let verdict = self.step(Reason::Malformed, || unreadable::detect(self));
        if verdict != Verdict::Pass || self.trusts_text() {
            return verdict;
        }
        let agent = || agent::detect(self, self.message.part(Part::UserAgent));
        self.step(Reason::Agent, agent)
            .or(|| self.check_texts())
            .or(|| self.step(Reason::Sqli, || sqli::detect(self)))
            .or(|| self.step(Reason::Contact, || self.if_opening(contact::detect)))
            .or(|| self.step(Reason::Route, || self.if_opening(route::detect)))
    }

    fn check_texts(&self) -> Verdict {
        texts::KINDS
            .into_iter()
            .fold(Verdict::Pass, |verdict, kind| {
                verdict.or(|| self.step(Reason::List, || texts::detect(self, kind)))
            })
    }

    /// Does a list of agents, users, domains, names or destinations trust this message? Then it is
    /// not looked into any further; but what its source does (bans, rate, passwords) counts as ever,
    /// since anybody can write any name.
    pub(super) fn trusts_text(&self) -> bool {
        let listed = texts::trusting(self);
        listed.inspect(|listed| listed.count()).is_some()
    }

    /// Contacts and routes are kept of these, and of others they are nobody's concern.
    fn if_opening<T>(&self, detect: impl FnOnce(&Self) -> Option<T>) -> Option<T> {
        let method = self.message.method();
        matches!(method, Method::Invite | Method::Register)
            .then(|| detect(self))
            .flatten()
    }

    /// Should this datagram be dropped unparsed? Of a source that is banned or in a list that
    /// denies, all are; where the edge counts (`edge=rate`), those of a source over its rate are
    /// too. A keepalive or a reply is no request, and is not counted.
    fn check_datagram(&self) -> AtEdge {
        let firewall = self.firewall;
        firewall.bans.prefetch(self.hash);
        // The script's check counts what is trusted.
        if self.trusted_by().is_some() {
            return AtEdge::Pass;
        }
        let gate = self.gate();
        let mut passed = match gate {
            Gate::Spared => AtEdge::Spared,
            _ => AtEdge::Pass,
        };
        let is_denied = || {
            let verdict = self.step_if_blocking(Reason::List, || network::detect(self));
            verdict != Verdict::Pass
        };
        let mut is_over = || {
            let is_charged = gate == Gate::Spared || firewall.settings.edge != Edge::Rate;
            if is_charged || !is_request(self.message.bytes()) {
                return false;
            }
            let charge = || {
                passed = AtEdge::Charged;
                rate::detect(self)
            };
            self.step(Reason::Rate, charge) != Verdict::Pass
        };
        let is_closed = match gate {
            Gate::Banned => true,
            Gate::Floods(verdict) => verdict != Verdict::Pass,
            Gate::Open | Gate::Spared => false,
        };
        if is_closed || is_denied() || is_over() {
            firewall.counters.count(Counter::EdgeDropped);
            return AtEdge::Drop;
        }
        passed
    }
}

/// What a ban of its source means for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Nothing: there is none, or not for this one.
    Open,
    /// It passes, though its source is closed to strangers.
    Spared,
    /// It is blocked.
    Banned,
    /// It has proven where it comes from, which sends more than it may: this.
    Floods(Verdict),
}

/// The functions that the script calls by name: they look even for what is `off`, and block then.
impl<'p, M: Message, C: Clock> Inspection<'p, M, C> {
    /// The rate check alone, in pike's words. It bans nobody.
    pub fn check_rate(&self) -> Verdict {
        if self.message.came().was_charged || self.is_trusted() {
            return Verdict::Pass;
        }
        let evidence = rate::detect(self);
        evidence.map_or(Verdict::Pass, |evidence| self.enforce_block(&evidence))
    }

    /// The User-Agent of the message, or this text, against the lists of agents and the filter.
    pub fn check_agent(&self, text: Option<&[u8]>) -> Verdict {
        use crate::lists::{Action, Kind};
        let agent = text.unwrap_or_else(|| self.message.part(Part::UserAgent));
        let find = |action| self.find_text(Kind::Agent, action, looked_at(agent));
        let trusts = || find(Action::Trust).is_some();
        if self.is_trusted() || trusts() {
            return Verdict::Pass;
        }
        self.follow_asked(agent::detect(self, agent))
    }

    /// Is there SQL in the names of the message, or in this text?
    pub fn check_sqli(&self, text: Option<&[u8]>) -> Verdict {
        match text {
            Some(text) => self.asked(|| sqli::detect_in(self, text)),
            None => self.asked(|| sqli::detect(self)),
        }
    }

    /// Is there a contact by address?
    pub fn check_contact(&self) -> Verdict {
        self.asked(|| contact::detect(self))
    }

    /// Is the topmost Record-Route somebody else's?
    pub fn check_route(&self) -> Verdict {
        self.asked(|| route::detect(self))
    }

    /// The country and system of the source against the lists.
    pub fn check_country(&self) -> Verdict {
        match self.is_trusted() {
            true => Verdict::Pass,
            false => self.follow_asked(place::detect(self)),
        }
    }

    /// This number, or that of the R-URI, against the lists of destinations.
    pub fn check_destination(&self, number: Option<&[u8]>) -> Verdict {
        let number = number.unwrap_or_else(|| self.message.part(Part::UriUser));
        match self.is_trusted() {
            true => Verdict::Pass,
            false => self.follow_asked(texts::detect_destination(self, number)),
        }
    }

    fn asked<'e>(&self, detect: impl FnOnce() -> Option<Evidence<'e>>) -> Verdict {
        let evidence = detect().filter(|_| !self.is_trusted() && !self.trusts_text());
        self.follow_asked(evidence)
    }

    fn follow_asked(&self, evidence: Option<Evidence<'_>>) -> Verdict {
        evidence.map_or(Verdict::Pass, |evidence| self.enforce_asked(&evidence))
    }
}

impl<C: Clock> Firewall<C> {
    /// What becomes of a datagram from this address, before it is parsed.
    pub fn check_datagram(&self, address: Address, datagram: &Datagram<'_>) -> AtEdge {
        self.inspect(address, datagram, |inspection| inspection.check_datagram())
    }

    /// Is this address in a trusted network, country or system?
    #[must_use]
    pub fn is_trusted(&self, address: Address) -> bool {
        self.inspect_address(address, |inspection| inspection.is_trusted())
    }

    /// What a request from this address would meet, in words: `pass`, `blocked: over the rate`. It
    /// changes nothing.
    #[must_use]
    pub fn foresee(&self, address: Address) -> String {
        let ((verdict, trusted), found) = self.inspect_dry(address, |inspection| {
            let trusted = inspection.trusted_by().map(|by| match by {
                TrustedBy::Parameter => "pass: trusted".to_owned(),
                TrustedBy::List(by) => format!("pass: trusted, {by}"),
            });
            (inspection.verdict(), trusted)
        });
        let (source, hash) = self.locate(address);
        match (trusted, verdict, self.bans.get(source, hash, &self.clock)) {
            (Some(trusted), ..) => trusted,
            (None, Verdict::Pass, _) => "pass".to_owned(),
            (None, _, Some(ban)) => {
                let who = match ban.against {
                    Against::Everybody => "banned",
                    Against::Strangers => "closed to strangers",
                };
                format!("blocked: {who}, reason={}", ban.reason)
            }
            (None, _, None) => format!("blocked: {found}"),
        }
    }
}
