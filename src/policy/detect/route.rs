//! Does the topmost Record-Route of a request name another address than it came from? A host's name
//! is not looked up: it may be the sender's.

use crate::clock::Clock;
use crate::message::Message;
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, What};
use crate::settings::Reason;
use crate::source::Address;

/// Looks at the topmost Record-Route.
pub fn detect<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Evidence<'p>> {
    if !inspection.message.is_request() {
        return None;
    }
    let route = Address::parse(inspection.message.route())?;
    (route != inspection.address).then(|| inspection.evidence(Reason::Route, What::Route(route)))
}
