//! Is there a header that matters and can't be read? What Kamailio can't read is not absent: the
//! server behind may read it.

use crate::clock::Clock;
use crate::counters::Counter;
use crate::message::Message;
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, What};
use crate::scan::{Counted, Signal};
use crate::settings::Reason;

/// What it weighs among the signals of its source.
const WEIGHT: u64 = 1;

/// Looks at what the host could not read of a request, and counts it against its source, once however
/// many functions look: who sends one is blocked, who goes on is banned, as with signals of the script.
pub fn detect<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Evidence<'p>> {
    let (firewall, message) = (inspection.firewall, inspection.message);
    let unreadable = inspection.unreadable();
    if unreadable.is_empty() || !message.is_request() {
        return None;
    }
    let evidence = inspection.evidence(Reason::Malformed, What::Unreadable(unreadable));
    if !message.is_newly_counted() {
        return Some(evidence.known());
    }
    firewall.counters.count(Counter::Signals);
    let counted = firewall.scans.signal(
        inspection.source,
        &Signal::UNREADABLE,
        WEIGHT,
        &firewall.clock,
    );
    Some(match counted {
        Counted::Newly(_) => evidence,
        Counted::Below => evidence.once(),
        Counted::Over => evidence.known(),
        Counted::Uncounted => {
            firewall.counters.count(Counter::ScanUncounted);
            evidence.once()
        }
    })
}
