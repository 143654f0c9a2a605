//! Does the source send more than it may?

use crate::clock::Clock;
use crate::message::Message;
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, What};
use crate::rate::Rate;
use crate::settings::Reason;

/// Charges a message to its source, but for a dry look, and says whether that is over its rate.
#[inline]
pub fn detect<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Evidence<'p>> {
    let (firewall, source, hash) = (inspection.firewall, inspection.source, inspection.hash);
    let over = || inspection.evidence(Reason::Rate, What::Rate);
    if inspection.dry.is_some() {
        let usage = firewall.rate.usage(source, hash, firewall.clock.exact_ms());
        return usage.filter(|usage| usage.hot).map(|_| over().known());
    }
    match firewall.rate.charge(source, hash, &firewall.clock) {
        Rate::Fine => None,
        Rate::Hot => Some(over().known()),
        Rate::NewlyHot => Some(over()),
    }
}
