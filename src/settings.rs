//! The parameters: one table of names, defaults and what is allowed.
//!
//! Collected before the fork, validated one by one, frozen by [`crate::policy::Firewall`].

use std::fmt;
use std::ops::RangeInclusive;

use crate::agent::Patterns;
use crate::escape::Escaped;
use crate::geo::Inputs;
use crate::lists::Kind;
use crate::lists::database::Url;
use crate::lists::spec::{self, Spec};
use crate::trusted::Trusted;

pub mod policy;

use policy::Policy;
pub use policy::{Consequence, Finding};

/// What a block after wrong passwords covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthScope {
    /// The user from this source.
    UserSource,
    /// The user from everywhere.
    User,
    /// Everything from this source: it is banned.
    Source,
}

/// What a check answers when the module itself fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFault {
    /// As if nothing were wrong with the message.
    Pass,
    /// As if it were blocked.
    Drop,
}

/// What happens to a datagram before it is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Nothing.
    Off,
    /// Those of banned sources are dropped.
    Bans,
    /// They are, and every datagram is counted.
    Rate,
}

/// What is made of a source whose country nobody knows, where countries are denied or allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountryUnknown {
    /// It is in no country.
    Pass,
    /// As if it were in a country that is denied.
    Deny,
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Settings {
    numbers: [i64; NUMBERS.len()],
    /// See [`AuthScope`].
    pub auth_scope: AuthScope,
    /// See [`OnFault`].
    pub on_fault: OnFault,
    /// See [`Edge`].
    pub edge: Edge,
    /// Networks that no check blocks.
    pub trusted: Trusted,
    /// User-Agent patterns beside the built-in ones.
    pub agents: Patterns,
    /// The lists.
    pub lists: Vec<Spec>,
    /// The database of lists that come from one.
    pub db_url: Option<Url>,
    /// Files that say in which country and system an address is.
    pub geo: Inputs,
    /// See [`CountryUnknown`].
    pub country_unknown: CountryUnknown,
    policy: Policy,
}

/// A parameter that is a number.
struct Number {
    name: &'static str,
    default: i64,
    allowed: RangeInclusive<i64>,
}

const YEAR_S: i64 = 31_536_000;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $default:expr, $allowed:expr;)+) => {
        const NUMBERS: &[Number] = &[$(
            Number { name: stringify!($name), default: $default, allowed: $allowed },
        )+];

        #[allow(non_camel_case_types)]
        enum Index { $($name,)+ }

        impl Settings {
            $(
                $(#[$doc])*
                #[must_use]
                pub const fn $name(&self) -> i64 {
                    self.numbers[Index::$name as usize]
                }
            )+
        }
    };
}

numbers! {
    /// Length of the rate check's window, in seconds.
    sampling_time_unit = 2, 1..=3600;
    /// Requests per window that are still fine.
    reqs_density_per_unit = 30, 1..=65_534;
    /// Seconds that an idle source stays listed at the least, while there is room.
    remove_latency = 120, 0..=YEAR_S;
    /// Seconds that a source over the rate is banned; 0: blocked only while it is over.
    rate_ban_time = 300, 0..=YEAR_S;
    /// Bits of an IPv4 address that make one source.
    ipv4_prefix = 32, 8..=32;
    /// Bits of an IPv6 address that make one source.
    ipv6_prefix = 64, 32..=128;
    /// Sources that the rate check remembers.
    sources_max = 262_144, 16..=67_108_864;
    /// Bans at one time.
    bans_max = 65_536, 1..=16_777_216;
    /// Users and pairs of a user and a source that the auth counter remembers.
    users_max = 65_536, 16..=16_777_216;
    /// Failures until a user is blocked.
    auth_max_failures = 3, 1..=1000;
    /// Seconds in which they must fall.
    auth_window = 900, 1..=YEAR_S;
    /// Seconds that the block lasts.
    auth_ban_time = 3600, 1..=YEAR_S;
    /// Failures of one user from all sources after which only known sources get through; 0: never.
    auth_user_max_failures = 10, 0..=65_000;
    /// Seconds that a source stays known to be good for a user.
    auth_known_time = 604_800, 0..=10 * YEAR_S;
    /// 1: with the built-in list of scanners.
    agent_builtin = 1, 0..=1;
    /// Seconds that the source of a scanner's message is banned; 0: only the message is blocked.
    agent_ban_time = 0, 0..=YEAR_S;
    /// Sources of which failing users, failing destinations and signals are counted.
    scans_max = 16_384, 16..=1_048_576;
    /// Seconds in which they are counted.
    scan_window = 600, 1..=YEAR_S;
    /// Distinct users of one source that fail until it is a scan; 0: not looked for.
    scan_max_users = 10, 0..=1000;
    /// Distinct destinations of one source that fail until it is a scan; 0: not looked for.
    scan_max_destinations = 20, 0..=1000;
    /// Weights of one source's signals until it is malformed; 0: not looked for.
    signal_max = 10, 0..=1_000_000;
    /// 1: the connection of a message that `palisade_check()` blocks is closed.
    tcp_close = 1, 0..=1;
    /// MB of memory that the lists may take, pages that are not written not counted.
    lists_memory = 1024, 16..=1_048_576;
    /// 1: an INVITE with a To tag is taken to belong to a dialog, where no dialog module knows better.
    trust_to_tag = 0, 0..=1;
    /// Kamailio's level of the ban and block lines: -1 error, 0 warning, 1 notice, 2 info, 3 debug.
    log_level = 0, -5..=3;
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            numbers: core::array::from_fn(|index| NUMBERS[index].default),
            auth_scope: AuthScope::UserSource,
            on_fault: OnFault::Pass,
            edge: Edge::Bans,
            trusted: Trusted::default(),
            agents: Patterns::default(),
            lists: Vec::new(),
            db_url: None,
            geo: Inputs::default(),
            country_unknown: CountryUnknown::Pass,
            policy: Policy::default(),
        }
    }
}

const SCOPES: [(&str, AuthScope); 3] = [
    ("user_source", AuthScope::UserSource),
    ("user", AuthScope::User),
    ("source", AuthScope::Source),
];

/// Parameters that are texts.
const TEXTS: [&str; 10] = [
    "trusted",
    "agent_deny",
    "auth_scope",
    "on_fault",
    "edge",
    "policy",
    "geo",
    "country_unknown",
    "list",
    "db_url",
];

impl fmt::Display for OnFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name_of(*self, &ON_FAULT))
    }
}

const EDGES: [(&str, Edge); 3] = [
    ("off", Edge::Off),
    ("bans", Edge::Bans),
    ("rate", Edge::Rate),
];

const COUNTRY_UNKNOWN: [(&str, CountryUnknown); 2] = [
    ("pass", CountryUnknown::Pass),
    ("deny", CountryUnknown::Deny),
];

const ON_FAULT: [(&str, OnFault); 2] = [("pass", OnFault::Pass), ("drop", OnFault::Drop)];

impl Settings {
    /// Sets a parameter that is a number.
    ///
    /// # Errors
    ///
    /// A sentence that names the parameter, the value and what is allowed.
    pub fn set_number(&mut self, name: &str, value: i64) -> Result<(), String> {
        // pike's name, so that its configuration lines go on working.
        let name = if name == "pike_log_level" {
            "log_level"
        } else {
            name
        };
        let Some(index) = NUMBERS.iter().position(|number| number.name == name) else {
            return Err(match TEXTS.contains(&name) {
                true => format!("{name}={value}: must be a text"),
                false => format!("{name}={value}: there is no such parameter"),
            });
        };
        let allowed = &NUMBERS[index].allowed;
        if !allowed.contains(&value) {
            let (least, most) = (allowed.start(), allowed.end());
            return Err(format!(
                "{name}={value}: must be between {least} and {most}"
            ));
        }
        self.numbers[index] = value;
        Ok(())
    }

    /// Sets a parameter that is a text, or adds to it.
    ///
    /// # Errors
    ///
    /// A sentence that names the parameter, the value and what is allowed.
    pub fn set_text(&mut self, name: &str, value: &[u8]) -> Result<(), String> {
        match name {
            "trusted" => self.trusted.add(value)?,
            "agent_deny" => self.agents.add(value)?,
            "auth_scope" => self.auth_scope = choose(name, value, &SCOPES)?,
            "on_fault" => self.on_fault = choose(name, value, &ON_FAULT)?,
            "edge" => self.edge = choose(name, value, &EDGES)?,
            "policy" => self.policy.add(value)?,
            "db_url" => self.db_url = Some(Url::parse(value)?),
            "list" => spec::add(&mut self.lists, value)?,
            "geo" => self.geo.add(value)?,
            "country_unknown" => self.country_unknown = choose(name, value, &COUNTRY_UNKNOWN)?,
            _ => {
                let value = Escaped(value);
                return Err(match NUMBERS.iter().any(|number| number.name == name) {
                    true => format!("{name}={value}: must be a number, without quotes"),
                    false => format!("{name}={value}: there is no such parameter"),
                });
            }
        }
        Ok(())
    }

    /// What is allowed by itself, but not together.
    ///
    /// # Errors
    ///
    /// A sentence that names the parameter, its value and what is missing.
    pub fn check(&self) -> Result<(), String> {
        let denies_unknown = self.country_unknown == CountryUnknown::Deny;
        if denies_unknown && self.geo.each().is_empty() {
            return Err("country_unknown=deny: needs geo, else everybody is denied".to_owned());
        }
        Ok(())
    }

    /// A list that no check can look into, because nothing says where addresses are.
    #[must_use]
    pub fn list_without_geo(&self) -> Option<&Spec> {
        let of_places = |list: &&Spec| matches!(list.kind, Kind::Country | Kind::Asn);
        let mut lists = self.lists.iter().filter(|_| self.geo.each().is_empty());
        lists.find(of_places)
    }

    /// Every setting as it is in force, for the dump.
    pub fn each(&self, mut show: impl FnMut(&'static str, Shown<'_>)) {
        for (number, &value) in NUMBERS.iter().zip(&self.numbers) {
            show(number.name, Shown::Number(value));
        }
        show("auth_scope", Shown::Text(name_of(self.auth_scope, &SCOPES)));
        show("on_fault", Shown::Text(name_of(self.on_fault, &ON_FAULT)));
        show("edge", Shown::Text(name_of(self.edge, &EDGES)));
        show("trusted", Shown::Text(&self.trusted.names().join(", ")));
        show("agent_deny", Shown::Text(&self.agents.added().join(", ")));
        let policy = Finding::NAMES
            .map(|(name, finding)| format!("{name}={}", self.consequence(finding)))
            .join(" ");
        show("policy", Shown::Text(&policy));
        let lists: Vec<&str> = self.lists.iter().map(|list| &*list.name).collect();
        show("list", Shown::Text(&lists.join(", ")));
        let db_url = self.db_url.as_ref().map(ToString::to_string);
        show("db_url", Shown::Text(&db_url.unwrap_or_default()));
        let geo: Vec<String> = self.geo.each().iter().map(ToString::to_string).collect();
        show("geo", Shown::Text(&geo.join(", ")));
        let unknown = name_of(self.country_unknown, &COUNTRY_UNKNOWN);
        show("country_unknown", Shown::Text(unknown));
    }

    /// What follows from a finding: what `policy` says, else the older parameters.
    #[must_use]
    #[allow(clippy::cast_sign_loss)] // Within what is allowed.
    pub fn consequence(&self, finding: Finding) -> Consequence {
        let ban_or_block = |seconds: i64| match seconds {
            0 => Consequence::Block,
            seconds => Consequence::Ban(seconds as u64),
        };
        self.policy.of(finding).unwrap_or_else(|| match finding {
            Finding::Rate => ban_or_block(self.rate_ban_time()),
            Finding::Agent => ban_or_block(self.agent_ban_time()),
            Finding::Auth if self.auth_scope == AuthScope::Source => {
                ban_or_block(self.auth_ban_time())
            }
            _ => Consequence::Block,
        })
    }
}

/// A value as the dump shows it.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// A number.
    Number(i64),
    /// A text.
    Text(&'a str),
}

fn choose<T: Copy>(name: &str, value: &[u8], choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices
        .iter()
        .find(|(choice, _)| choice.as_bytes() == value);
    found.map(|&(_, choice)| choice).ok_or_else(|| {
        let names: Vec<&str> = choices.iter().map(|&(choice, _)| choice).collect();
        format!(
            "{name}={}: must be one of {}",
            Escaped(value),
            names.join(", ")
        )
    })
}

fn name_of<T: PartialEq>(value: T, choices: &[(&'static str, T)]) -> &'static str {
    choices
        .iter()
        .find(|(_, choice)| *choice == value)
        .map_or("?", |&(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_values_are_named() {
        let mut settings = Settings::default();
        for (name, value, expected) in [
            (
                "ipv6_prefix",
                200,
                "ipv6_prefix=200: must be between 32 and 128",
            ),
            (
                "sampling_time_unit",
                0,
                "sampling_time_unit=0: must be between 1 and 3600",
            ),
            ("log_level", 9, "log_level=9: must be between -5 and 3"),
            ("pike_log_level", 9, "log_level=9: must be between -5 and 3"),
            ("no_such", 1, "no_such=1: there is no such parameter"),
            ("auth_scope", 1, "auth_scope=1: must be a text"),
        ] {
            assert_eq!(settings.set_number(name, value).unwrap_err(), expected);
        }
        for (name, value, expected) in [
            (
                "auth_scope",
                "ip",
                "auth_scope=ip: must be one of user_source, user, source",
            ),
            ("on_fault", "", "on_fault=: must be one of pass, drop"),
            ("edge", "on", "edge=on: must be one of off, bans, rate"),
            ("geo", "x.dat", "geo=x.dat: must be files that end in"),
            (
                "country_unknown",
                "maybe",
                "country_unknown=maybe: must be one of pass, deny",
            ),
            ("trusted", "home", "trusted=home: must be networks such as"),
            (
                "agent_deny",
                "(",
                "agent_deny=(: must be a regular expression: unclosed group",
            ),
            ("no_such", "x", "no_such=x: there is no such parameter"),
            (
                "ipv4_prefix",
                "32",
                "ipv4_prefix=32: must be a number, without quotes",
            ),
        ] {
            let error = settings.set_text(name, value.as_bytes()).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn what_was_set_is_in_force() {
        let mut settings = Settings::default();
        settings.set_number("ipv6_prefix", 56).unwrap();
        settings.set_number("pike_log_level", 2).unwrap();
        settings.set_text("auth_scope", b"source").unwrap();
        settings.set_number("auth_ban_time", 77).unwrap();
        settings.set_text("policy", b"agent=log").unwrap();
        assert_eq!((settings.ipv6_prefix(), settings.log_level()), (56, 2));
        assert_eq!(settings.auth_scope, AuthScope::Source);
        for (finding, expected) in [
            (Finding::Rate, Consequence::Ban(300)),
            (Finding::Agent, Consequence::Log),
            (Finding::Auth, Consequence::Ban(77)),
            (Finding::Contact, Consequence::Off),
        ] {
            assert_eq!(settings.consequence(finding), expected, "{finding:?}");
        }
    }

    #[test]
    fn defaults_are_allowed() {
        for number in NUMBERS {
            assert!(number.allowed.contains(&number.default), "{}", number.name);
        }
    }
}
