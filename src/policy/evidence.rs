//! Evidence: what a detector has found. It decides nothing; it shows itself, as log lines and
//! `palisade.show` have it.

use std::fmt;

use crate::escape::Escaped;
use crate::message::Unreadable;
use crate::scan::Signal;
use crate::settings::Reason;
use crate::source::Address;

use super::detect::listed::Listed;

/// How sure it is that a message came from where it says it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// Its sender receives what is sent to that address.
    Proven,
    /// Anybody could have written that address into a datagram.
    Unproven,
    /// It is the address that tells, whoever sends in its name.
    Whoever,
}

/// ` proof=yes`, as it stands at the end of a log line.
impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proven => " proof=yes",
            Self::Unproven => " proof=no",
            Self::Whoever => "",
        })
    }
}

/// What was found, with its texts.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub enum What<'e> {
    /// More requests than are allowed.
    Rate,
    /// A scanner's User-Agent.
    Agent(&'e [u8]),
    /// An entry of a list.
    Listed(Listed<'e>),
    /// This country is in no list of those that are allowed.
    Country([u8; 2]),
    /// This autonomous system is in no list of those that are allowed.
    System(u32),
    /// The country of the source is not known.
    UnknownCountry,
    /// SQL, in this part of the message.
    Sql(&'static str, &'e [u8]),
    /// A contact by address.
    Contact(&'e [u8]),
    /// A Record-Route that names this address.
    Route(Address),
    /// So many distinct users, and so many distinct destinations, that failed.
    Scan(u64, u64),
    /// A signal of the script.
    Signal(&'e Signal),
    /// What is there and can't be read.
    Unreadable(Unreadable),
    /// So many wrong passwords for this user: from the source, or from everywhere.
    Failures {
        /// The user, as the script or the message names it.
        user: &'e [u8],
        /// How many.
        failures: u64,
        /// All sources together.
        is_everywhere: bool,
    },
}

/// What a detector has found in a message, or in what its source does.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Evidence<'e> {
    /// What the policy calls it.
    pub reason: Reason,
    /// What it is.
    pub what: What<'e>,
    /// Who sent it?
    pub sender: Sender,
    /// False: a limit that was reached before. It is counted, and nothing more is said of it.
    pub is_new: bool,
    /// False: not enough of it to ban a source, whatever the policy says; the message is blocked.
    pub is_enough_to_ban: bool,
}

impl<'e> Evidence<'e> {
    pub(super) const fn new(reason: Reason, what: What<'e>, sender: Sender) -> Self {
        Self {
            reason,
            what,
            sender,
            is_new: true,
            is_enough_to_ban: true,
        }
    }

    /// Of a limit that was reached before.
    pub(super) const fn known(self) -> Self {
        Self {
            is_new: false,
            ..self
        }
    }

    /// Of what does not ban a source yet.
    pub(super) const fn once(self) -> Self {
        Self {
            is_enough_to_ban: false,
            ..self
        }
    }
}

/// `agent="friendly-scanner"`: key=value, as it stands in a log line. Nothing of the rate.
impl fmt::Display for Evidence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Rate => Ok(()),
            What::Agent(agent) => write!(f, "agent=\"{}\"", Escaped(agent)),
            What::Listed(listed) => write!(f, "{listed}"),
            What::Country(country) => write!(f, "country={}", Escaped(country)),
            What::System(asn) => write!(f, "asn={asn}"),
            What::UnknownCountry => f.write_str("country=unknown"),
            What::Sql(part, text) => write!(f, "part={part} text=\"{}\"", Escaped(text)),
            What::Contact(contact) => write!(f, "contact=\"{}\"", Escaped(contact)),
            What::Route(route) => write!(f, "route=\"{route}\""),
            What::Scan(users, destinations) => {
                write!(f, "users={users} destinations={destinations}")
            }
            What::Signal(signal) => write!(f, "signal={}", signal.as_str()),
            What::Unreadable(what) => write!(f, "unreadable={what}"),
            What::Failures { user, failures, .. } => {
                write!(f, "user=\"{}\" failures={failures}", Escaped(user))
            }
        }
    }
}
