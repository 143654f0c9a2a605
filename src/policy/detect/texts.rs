//! The texts of a message against the lists of agents, users, domains, names and destinations.
//!
//! Every value is looked at: each contact, each set of credentials; and where a URI may hide its
//! letters behind percent signs (RFC 3261, 19.1.2), both as it is written and decoded, since one
//! server behind decodes it and another does not.

use arrayvec::ArrayVec;

use crate::clock::Clock;
use crate::lists::{Action, Kind};
use crate::message::{Message, Method, NAME_MAX, Part, looked_at};
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, What};
use crate::settings::Reason;

use super::listed::Listed;

/// The parts of a message that a kind of list is about.
const TEXTS: [(Kind, &[Part]); 5] = [
    (Kind::Agent, &[Part::UserAgent]),
    (
        Kind::User,
        &[Part::FromUser, Part::AuthUser, Part::ContactUser],
    ),
    (
        Kind::Domain,
        &[Part::FromHost, Part::ToHost, Part::ContactHost],
    ),
    (Kind::Name, &[Part::FromName, Part::ContactName]),
    (Kind::Destination, &[Part::UriUser]),
];

/// The kinds of lists that `palisade_check()` holds a message's texts against, but for its
/// User-Agent.
pub const KINDS: [Kind; 4] = [Kind::User, Kind::Domain, Kind::Name, Kind::Destination];

/// Does a list of this kind deny a text of the message?
pub fn detect<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
    kind: Kind,
) -> Option<Evidence<'p>> {
    let listed = find(inspection, kind, Action::Deny)?;
    Some(inspection.evidence(Reason::List, What::Listed(listed)))
}

/// Does a list deny this number, or that of the R-URI?
pub fn detect_destination<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
    number: &[u8],
) -> Option<Evidence<'p>> {
    let find = |action| find_value(inspection, Kind::Destination, action, number);
    if number.is_empty() || find(Action::Trust).is_some() {
        return None;
    }
    let listed = find(Action::Deny)?;
    Some(inspection.evidence(Reason::List, What::Listed(listed)))
}

/// The list that trusts a text of the message.
pub fn trusting<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Listed<'p>> {
    let mut kinds = TEXTS.iter().map(|&(kind, _)| kind);
    kinds.find_map(|kind| find(inspection, kind, Action::Trust))
}

fn find<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
    kind: Kind,
    action: Action,
) -> Option<Listed<'p>> {
    // Only who is called by a new call is a destination.
    if !inspection.firewall.lists.has(kind, action)
        || (kind == Kind::Destination && !is_new_call(inspection))
    {
        return None;
    }
    let message = inspection.message;
    let mut texts = parts_of(kind)
        .iter()
        .flat_map(|&part| message.values(part))
        .map(looked_at)
        .filter(|text| !text.is_empty());
    texts.find_map(|text| find_value(inspection, kind, action, text))
}

/// A text, however it is spelled, against the lists of a kind.
fn find_value<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
    kind: Kind,
    action: Action,
    text: &[u8],
) -> Option<Listed<'p>> {
    find_spelled(kind, text, |text| inspection.find_text(kind, action, text))
}

/// Looks for a text as it is written, and decoded; each also without what makes no other user or domain
/// of it.
pub fn find_spelled<T>(kind: Kind, text: &[u8], look: impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    let find = |text: &[u8]| look(text).or_else(|| look(essence(kind, text)?));
    find(text).or_else(|| find(&decoded(kind, text)?))
}

/// A user without its parameters (`alice;day=tuesday`), which many servers leave out; a domain without the
/// dot at its end. `None`: nothing to leave out.
fn essence(kind: Kind, text: &[u8]) -> Option<&[u8]> {
    match kind {
        Kind::User => {
            let end = memchr::memchr(b';', text)?;
            text.get(..end).filter(|user| !user.is_empty())
        }
        Kind::Domain => text.strip_suffix(b"."),
        _ => None,
    }
}

/// What a text of a URI stands for, where it is not what is written.
fn decoded(kind: Kind, text: &[u8]) -> Option<ArrayVec<u8, NAME_MAX>> {
    let is_of_uri = matches!(kind, Kind::User | Kind::Domain | Kind::Destination);
    if !is_of_uri || memchr::memchr(b'%', text).is_none() {
        return None;
    }
    let decoded = percent_encoding::percent_decode(text);
    let decoded: ArrayVec<u8, NAME_MAX> = decoded.take(NAME_MAX).collect();
    Some(decoded).filter(|decoded| decoded.len() < text.len())
}

/// The parts of a message that a kind of list is about; the first is the one that a script means.
pub fn parts_of(kind: Kind) -> &'static [Part] {
    let mut texts = TEXTS.iter();
    texts
        .find(|(of, _)| *of == kind)
        .map_or(&[], |&(_, parts)| parts)
}

/// An INVITE within a dialog calls nobody. That there is one is not taken from its To tag, which
/// anybody can write.
fn is_new_call<M: Message, C: Clock>(inspection: &Inspection<'_, M, C>) -> bool {
    let message = inspection.message;
    let is_in_dialog = || {
        let known = message.is_in_dialog();
        known.unwrap_or_else(|| inspection.firewall.settings.trust_to_tag() == 1)
    };
    message.method() == Method::Invite && (message.part(Part::ToTag).is_empty() || !is_in_dialog())
}
