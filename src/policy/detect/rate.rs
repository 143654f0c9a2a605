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
use crate::source::Source;

/// Charges a message to its source, but for a dry look, and says whether that is over its rate.
#[inline]
pub fn detect<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Evidence<'p>> {
    if inspection.dry.is_some() {
        let is_hot = inspection
            .usage()
            .is_some_and(|usage| inspection.is_over(&usage));
        return is_hot.then(|| over(Sender::Unproven).known());
    }
    let firewall = inspection.firewall;
    let (source, hash) = inspection.charged_key();
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
    let is_on_connection = inspection.message.came().is_on_connection;
    let evidence = match inspection.judge() {
        // Nobody is known there who would be cut off.
        _ if is_on_connection && users == 0 => told(over(Sender::Proven), is_new),
        Judged::Passes => return None,
        Judged::Floods { is_new } => told(over(Sender::Proven), is_new),
        Judged::Strange => told(over(Sender::Unproven), is_new),
    };
    // Whom the operator knows is not shut out for a burst.
    Some(if is_listed { evidence.once() } else { evidence })
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
    /// What the message is charged to: the source's datagrams, or its connections.
    fn charged_key(&self) -> (Source, u64) {
        match self.message.came().is_on_connection {
            false => (self.source, self.hash),
            true => self.firewall.connections_of(self.source),
        }
    }

    /// What the source sends, the way the message came.
    pub(in crate::policy) fn usage(&self) -> Option<Usage> {
        let (source, hash) = self.charged_key();
        let now_ms = self.firewall.clock.exact_ms();
        self.firewall.rate.usage(source, hash, now_ms)
    }

    /// Is that more than it may?
    pub fn is_over(&self, usage: &Usage) -> bool {
        (usage.hot || self.allowance().is_some()) && usage.is_over(Some(self.limit()))
    }
}
