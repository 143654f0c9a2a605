//! Does the source send more than it may?

use crate::clock::Clock;
use crate::message::Message;
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, What};
use crate::rate::{Rate, Usage};
use crate::settings::Reason;

use super::network;

/// Charges a message to its source, but for a dry look, and says whether that is over its rate.
#[inline]
pub fn detect<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Evidence<'p>> {
    let (firewall, source, hash) = (inspection.firewall, inspection.source, inspection.hash);
    let allowance = network::allowance(inspection);
    let over = || {
        let evidence = inspection.evidence(Reason::Rate, What::Rate);
        match allowance {
            // Whom the operator knows is not shut out for a burst.
            Some(_) => evidence.once(),
            None => evidence,
        }
    };
    if inspection.dry.is_some() {
        let usage = firewall.rate.usage(source, hash, firewall.clock.exact_ms());
        let is_hot = |usage: Usage| usage.is_over(allowance);
        return usage.is_some_and(is_hot).then(|| over().known());
    }
    let charged = match allowance {
        None => firewall.rate.charge(source, hash, &firewall.clock),
        Some(requests) => firewall
            .rate
            .charge_within(source, hash, requests, &firewall.clock),
    };
    match charged {
        Rate::Fine => None,
        Rate::Hot => Some(over().known()),
        Rate::NewlyHot => Some(over()),
    }
}
