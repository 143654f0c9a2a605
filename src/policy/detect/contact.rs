//! Has a contact of a request an address where a name could stand?

use crate::clock::Clock;
use crate::message::{Message, Part};
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, What};
use crate::settings::Reason;
use crate::source::Address;

/// Looks at every contact.
pub fn detect<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Evidence<'p>> {
    let message = inspection.message;
    let mut contacts = message
        .values(Part::Contact)
        .zip(message.values(Part::ContactHost))
        .filter(|_| message.is_request());
    let (contact, _) = contacts.find(|(_, host)| Address::parse(host).is_some())?;
    Some(inspection.evidence(Reason::Contact, What::Contact(contact)))
}
