//! What a list is made of, whatever it was read from.

use std::borrow::Cow;

use crate::source::Address;

/// What the entries of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Addresses: of them, the longest match wins.
    Network,
    /// User-Agents.
    Agent,
    /// User parts of URIs, and users of credentials.
    User,
    /// Hosts of URIs.
    Domain,
    /// Display names.
    Name,
    /// Numbers that are called, by their beginning; `+` and `00` are the same.
    Destination,
    /// Countries of sources, ISO 3166 alpha-2.
    Country,
    /// Autonomous systems of sources.
    Asn,
}

impl Kind {
    /// Every kind with the name that parameters and dumps give it.
    pub const NAMES: [(&'static str, Self); 8] = [
        ("network", Self::Network),
        ("agent", Self::Agent),
        ("user", Self::User),
        ("domain", Self::Domain),
        ("name", Self::Name),
        ("destination", Self::Destination),
        ("country", Self::Country),
        ("asn", Self::Asn),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        name_of(self, &Self::NAMES)
    }
}

/// What follows from being in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// No check blocks it.
    Trust,
    /// The policy of `list` (of `country`, where the list is of countries or systems).
    Deny,
    /// "Only these", for countries and autonomous systems: where there is such a list, sources that
    /// are in none of them are denied.
    Allow,
    /// A rate of its own, for networks.
    Limit,
}

impl Action {
    /// Every action with the name that parameters and dumps give it.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("trust", Self::Trust),
        ("deny", Self::Deny),
        ("allow", Self::Allow),
        ("limit", Self::Limit),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        name_of(self, &Self::NAMES)
    }
}

/// How an entry that is a text is compared, whatever the case of its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// The whole text.
    Exact,
    /// Its beginning.
    Prefix,
    /// Its end.
    Suffix,
    /// A part of it.
    Contains,
    /// A regular expression, syntax of the `regex` crate, found anywhere in it.
    Regex,
}

impl Matching {
    /// Every way with the name that files and dumps give it.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("exact", Self::Exact),
        ("prefix", Self::Prefix),
        ("suffix", Self::Suffix),
        ("contains", Self::Contains),
        ("regex", Self::Regex),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        name_of(self, &Self::NAMES)
    }
}

/// What an entry is about. Texts are bytes of the file that was read, where they can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Addresses, both ends included. A CIDR is such a range.
    Network {
        /// The first address.
        first: Address,
        /// The last address.
        last: Address,
    },
    /// A text and how it is compared. Of a destination: digits, without `+` or `00` before them.
    Text {
        /// How.
        matching: Matching,
        /// What; not empty.
        text: Cow<'a, [u8]>,
    },
    /// Two capital letters.
    Country([u8; 2]),
    /// The number of an autonomous system.
    Asn(u32),
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// What it is about.
    pub value: Value<'a>,
    /// As it was written, for dumps and for removing it: `192.0.2.0/24`, `prefix:sip`. Any bytes.
    pub written: Cow<'a, [u8]>,
    /// Seconds since 1970 from which on it no longer counts; `None`: never.
    pub until_s: Option<u64>,
    /// A person's words; any bytes; empty: none.
    pub comment: Cow<'a, [u8]>,
}

fn name_of<T: PartialEq>(value: T, names: &[(&'static str, T)]) -> &'static str {
    names
        .iter()
        .find(|(_, named)| *named == value)
        .map_or("?", |&(name, _)| name)
}
