//! Does the source send more than it may?
//!
//! Datagrams and connections are counted apart: anybody can write any address into a datagram. A source
//! that is over its rate is closed to strangers; what has proven to be there has a rate of its own.

use crate::clock::Clock;
use crate::message::Message;
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, Sender, What};
use crate::policy::spare::Judged;
use crate::rate::{Rate, Usage};
use crate::settings::Reason;

/// Charges a message to its source, but for a dry look, and says whether that is over its rate.
#[inline]
pub fn detect<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Evidence<'p>> {
    if inspection.dry.is_some() {
        let is_hot = inspection
            .usage()
            .is_some_and(|usage| inspection.is_over(&usage));
        return is_hot.then(|| over(Sender::Unproven).known());
    }
    if inspection.message.came().is_on_connection {
        return detect_connection(inspection);
    }
    let firewall = inspection.firewall;
    let (source, hash) = (inspection.source, inspection.hash);
    let charged = match inspection.allowance() {
        None => firewall.rate.charge(source, hash, &firewall.clock),
        Some(requests) => firewall
            .rate
            .charge_within(source, hash, requests, &firewall.clock),
    };
    match charged {
        Rate::Fine => None,
        over => detect_over(inspection, over == Rate::NewlyHot),
    }
}

/// Over what any source may send: is it over what this one may, and does this message pass all the same?
#[inline(never)]
fn detect_over<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
    is_new: bool,
) -> Option<Evidence<'p>> {
    let users = inspection.users();
    let is_listed = inspection.allowance().is_some();
    let mut is_new = is_new;
    if users > 0 && !is_listed {
        let (usage, limit) = (inspection.usage()?, inspection.limit());
        if !usage.is_over(Some(limit)) {
            return None;
        }
        is_new = usage.current == limit + 1 && usage.previous <= limit;
    }
    let evidence = match inspection.judge() {
        Judged::Passes => return None,
        Judged::Floods { is_new } => told(over(Sender::Proven), is_new),
        Judged::Strange => told(over(Sender::Unproven), is_new),
    };
    Some(of_listed(evidence, is_listed))
}

/// A connection that sends more than any source may, or all of the source's together much more.
#[inline(never)]
fn detect_connection<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
) -> Option<Evidence<'p>> {
    let firewall = inspection.firewall;
    let allowance = inspection.allowance();
    let each = allowance.unwrap_or(firewall.rate.limit().requests);
    let by_itself =
        firewall
            .proofs
            .charge_flow(inspection.source, inspection.flow(), each, &firewall.clock);
    let (source, hash) = firewall.connections_of(inspection.source);
    // The least that is allowed: how much it is grows with the users, who are looked for only above.
    let least = allowance.unwrap_or_else(|| firewall.limit_of_connections());
    let together = firewall
        .rate
        .charge_within(source, hash, least, &firewall.clock);
    let are_over = || {
        let usage = inspection.usage();
        usage.is_some_and(|usage| usage.is_over(Some(inspection.limit_of_connections())))
    };
    let is_new = match (by_itself, together) {
        (Rate::Fine, Rate::Fine) => return None,
        (Rate::Fine, _) if !are_over() => return None,
        (Rate::Fine, together) => together == Rate::NewlyHot,
        (by_itself, _) => by_itself == Rate::NewlyHot,
    };
    let evidence = told(over(Sender::Proven), is_new);
    Some(of_listed(evidence, allowance.is_some()))
}

/// Whom the operator knows is not shut out for a burst.
fn of_listed(evidence: Evidence<'_>, is_listed: bool) -> Evidence<'_> {
    if is_listed { evidence.once() } else { evidence }
}

fn over<'p>(sender: Sender) -> Evidence<'p> {
    Evidence::new(Reason::Rate, What::Rate, sender)
}

fn told(evidence: Evidence<'_>, is_new: bool) -> Evidence<'_> {
    if is_new { evidence } else { evidence.known() }
}

/// What a message is that has proven where it comes from, and floods.
pub fn flood<'p>(is_new: bool) -> Evidence<'p> {
    told(over(Sender::Proven), is_new)
}

impl<M: Message, C: Clock> Inspection<'_, M, C> {
    /// What the source sends, the way the message came.
    pub(in crate::policy) fn usage(&self) -> Option<Usage> {
        let firewall = self.firewall;
        let (source, hash) = match self.message.came().is_on_connection {
            false => (self.source, self.hash),
            true => firewall.connections_of(self.source),
        };
        firewall.rate.usage(source, hash, firewall.clock.exact_ms())
    }

    /// Is that more than it may?
    pub fn is_over(&self, usage: &Usage) -> bool {
        let is_of_connections = usage.source.of_connections().is_some();
        let limit = match is_of_connections {
            true => self.limit_of_connections(),
            false => self.limit(),
        };
        usage.is_over(Some(limit))
    }

    /// Is the connection that the message came on over its rate, or are all of the source's together?
    pub(in crate::policy) fn floods_connection(&self) -> bool {
        let firewall = self.firewall;
        let each = firewall.rate.limit().requests;
        firewall
            .proofs
            .is_flow_over(self.source, self.flow(), each, &firewall.clock)
            || self.usage().is_some_and(|usage| self.is_over(&usage))
    }
}
