//! Is there SQL in the names of a message: the user parts of R-URI, From, To and Contact, the user of
//! the credentials?
//!
//! Of requests alone: a response repeats what the request said, and its sender is not to blame.

use crate::clock::Clock;
use crate::message::{Message, Part};
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, What};
use crate::settings::Reason;
use crate::sqli;

/// Where names are.
const NAMES: [(&str, Part); 5] = [
    ("uri", Part::UriUser),
    ("from", Part::FromUser),
    ("to", Part::ToUser),
    ("contact", Part::ContactUser),
    ("credentials", Part::AuthName),
];

/// Looks at the names of a message.
pub fn detect<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Evidence<'p>> {
    let (part, text) = find(inspection.message)?;
    Some(inspection.evidence(Reason::Sqli, What::Sql(part, text)))
}

/// Looks at a text.
pub fn detect_in<'e, M: Message, C: Clock>(
    inspection: &Inspection<'_, M, C>,
    text: &'e [u8],
) -> Option<Evidence<'e>> {
    sqli::holds(text).then(|| inspection.evidence(Reason::Sqli, What::Sql("text", text)))
}

/// The part that SQL is in, and its text.
fn find(message: &impl Message) -> Option<(&'static str, &[u8])> {
    if !message.is_request() {
        return None;
    }
    let mut names = NAMES
        .iter()
        .flat_map(|&(name, part)| message.values(part).map(move |text| (name, text)));
    names.find(|(_, text)| sqli::holds(text))
}
