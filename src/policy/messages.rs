//! What a message itself gives away: SQL in its names, a Contact by address, a Record-Route that is
//! not its sender's.
//!
//! Of requests alone: a response repeats what the request said, and its sender is not to blame.
//!
//! The `check_…` are steps of `palisade_check()`, and look only for what the policy does not turn off;
//! the `ask_…` are the functions that the script calls by name, and always look.

use crate::clock::Clock;
use crate::escape::Escaped;
use crate::message::{Message, Part};
use crate::settings::Finding;
use crate::source::Address;
use crate::sqli;

use super::{Firewall, Verdict};

/// Contacts, and sets of credentials, that are looked at. Nobody honest sends so many.
const MOST: u32 = 16;

impl<C: Clock> Firewall<C> {
    /// Is there SQL in the names of a message? A step of [`check`](Self::check).
    pub(super) fn check_sqli_of(&self, address: Address, message: &impl Message) -> Verdict {
        match self.looks_for(Finding::Sqli) {
            true => self.ask_sqli_of(address, message),
            false => Verdict::Pass,
        }
    }

    /// Is there a Contact by address? A step of [`check`](Self::check).
    pub(super) fn check_contact(&self, address: Address, message: &impl Message) -> Verdict {
        match self.looks_for(Finding::Contact) && opens(message) {
            true => self.ask_contact(address, message),
            false => Verdict::Pass,
        }
    }

    /// Is the Record-Route somebody else's? A step of [`check`](Self::check).
    pub(super) fn check_route(&self, address: Address, message: &impl Message) -> Verdict {
        match self.looks_for(Finding::Route) && opens(message) {
            true => self.ask_route(address, message),
            false => Verdict::Pass,
        }
    }

    /// The user parts of R-URI, From, To and Contact, and the user of the credentials.
    pub fn ask_sqli_of(&self, address: Address, message: &impl Message) -> Verdict {
        let found = find_sql(message);
        found.map_or(Verdict::Pass, |(part, text)| {
            self.follow_sql(part, text, address, message)
        })
    }

    /// A text, on behalf of a message.
    pub fn ask_sqli(&self, address: Address, message: &impl Message, text: &[u8]) -> Verdict {
        match sqli::holds(text) {
            true => self.follow_sql("text", text, address, message),
            false => Verdict::Pass,
        }
    }

    fn follow_sql(
        &self,
        part: &str,
        text: &[u8],
        address: Address,
        message: &impl Message,
    ) -> Verdict {
        let text = Escaped(text);
        let evidence = format_args!(" part={part} text=\"{text}\"");
        self.follow_unless_trusted(Finding::Sqli, address, message, evidence)
    }

    /// Has a contact of the message an address where a name could stand?
    pub fn ask_contact(&self, address: Address, message: &impl Message) -> Verdict {
        let by_address = contacts(message)
            .filter(|_| is_request(message))
            .find(|&index| is_address(message.nth(Part::ContactHost, index)));
        by_address.map_or(Verdict::Pass, |index| {
            let contact = Escaped(message.nth(Part::Contact, index));
            let evidence = format_args!(" contact=\"{contact}\"");
            self.follow_unless_trusted(Finding::Contact, address, message, evidence)
        })
    }

    /// Does the topmost Record-Route name another address than the message came from? A host's name
    /// is not looked up: it may be the sender's.
    pub fn ask_route(&self, address: Address, message: &impl Message) -> Verdict {
        match Address::parse(message.part(Part::RecordRouteHost)) {
            Some(route) if route != address && is_request(message) => {
                let evidence = format_args!(" route=\"{route}\"");
                self.follow_unless_trusted(Finding::Route, address, message, evidence)
            }
            _ => Verdict::Pass,
        }
    }

    fn follow_unless_trusted(
        &self,
        finding: Finding,
        address: Address,
        message: &impl Message,
        evidence: std::fmt::Arguments<'_>,
    ) -> Verdict {
        if self.is_trusted(address) || self.trusts_text(message, &self.pin()) {
            return Verdict::Pass;
        }
        self.follow_asked(finding, address, message, evidence)
    }
}

/// Does it begin what contacts and routes are kept of?
fn opens(message: &impl Message) -> bool {
    [&b"INVITE"[..], b"REGISTER"].contains(&message.part(Part::Method))
}

fn is_request(message: &impl Message) -> bool {
    !message.part(Part::Uri).is_empty()
}

fn contacts(message: &impl Message) -> impl Iterator<Item = u32> {
    (0..MOST).take_while(|&index| !message.nth(Part::Contact, index).is_empty())
}

fn is_address(host: &[u8]) -> bool {
    Address::parse(host).is_some()
}

/// The part that SQL is in, and its text.
fn find_sql<M: Message>(message: &M) -> Option<(&'static str, &[u8])> {
    let uri = message.part(Part::Uri);
    if uri.is_empty() {
        return None;
    }
    let hold = |&(_, text): &(&'static str, &[u8])| sqli::holds(text);
    // A URI is only taken apart when there may be something in it.
    let of_uri = || may_hold(uri).then(|| ("uri", message.part(Part::UriUser)));
    let of_names = [("from", Part::FromUser), ("to", Part::ToUser)];
    let of_names = of_names
        .iter()
        .map(|&(name, part)| (name, message.part(part)));
    let of_contacts = contacts(message)
        .filter(|&index| may_hold(message.nth(Part::Contact, index)))
        .map(|index| ("contact", message.nth(Part::ContactUser, index)));
    let of_credentials = (0..MOST)
        .take_while(|&index| !message.nth(Part::Credentials, index).is_empty())
        .map(|index| ("credentials", message.nth(Part::AuthName, index)));
    of_uri()
        .into_iter()
        .chain(of_names)
        .chain(of_contacts)
        .chain(of_credentials)
        .find(hold)
}

/// May there be SQL in the user part of this URI, which ends before the last `@`?
fn may_hold(uri: &[u8]) -> bool {
    let at = uri.iter().rposition(|&byte| byte == b'@');
    !sqli::is_plain(&uri[..at.unwrap_or(uri.len())])
}
