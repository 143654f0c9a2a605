//! The table of the parameters: a row is all there is to say about one.
//!
//! From it follow how a value is parsed and what refuses it, `palisade.settings`, what the module
//! exports to Kamailio (`kamailio-glue/tables.h`), and the table in `docs/parameters.md`; the tests
//! of parameters loop over it. Its order is that of `palisade.settings`.

use std::ops::RangeInclusive;

use super::words::{AuthScope, CountryUnknown, Edge, OnFault};
use super::{Settings, Value};
use crate::escape::Escaped;
use crate::lists::database::Url;
use crate::lists::spec;

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it means, in Markdown.
    pub doc: &'static str,
    pub(super) set: fn(&mut Settings, &[u8]) -> Result<(), String>,
    pub(super) show: fn(&Settings) -> Value,
}

/// What a parameter takes.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A whole number.
    Number {
        /// What counts where it is not given.
        default: i64,
        /// What is allowed.
        allowed: RangeInclusive<i64>,
        /// What is counted: `s`, `bits`, `MB`, or nothing that has a unit.
        unit: &'static str,
    },
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text: the last one counts. What it must be, in Markdown.
    Text(&'static str),
    /// A text that may be given again, and adds to those before. What it must be, in Markdown.
    Texts(&'static str),
}

impl Parameter {
    /// The place in [`PARAMETERS`] of the one that is called so.
    pub(super) fn row(name: &str) -> Option<usize> {
        let meant = ALIASES.iter().find(|(alias, _)| *alias == name);
        let name = meant.map_or(name, |&(_, meant)| meant);
        PARAMETERS
            .iter()
            .position(|parameter| parameter.name == name)
    }
}

/// Other names of parameters: pike's, so that its configuration lines go on working.
pub const ALIASES: [(&str, &str); 1] = [("pike_log_level", "log_level")];

const YEAR_S: i64 = 31_536_000;

macro_rules! parameters {
    ($($(#[doc = $doc:literal])+ $kind:ident $name:ident $rest:tt;)+) => {
        /// Every parameter.
        pub const PARAMETERS: &[Parameter] = &[$(
            Parameter {
                name: stringify!($name),
                kind: kind!($kind $rest),
                doc: concat!($($doc,)+),
                set: set!($kind $name $rest),
                show: show!($kind $name $rest),
            },
        )+];

        /// The place of each in [`PARAMETERS`]. Only those of numbers are asked for.
        #[allow(non_camel_case_types, dead_code)]
        enum Row { $($name,)+ }

        impl Settings {
            $(getter!($kind $name $(#[doc = $doc])+);)+
        }
    };
}

macro_rules! kind {
    (number ($default:expr, $allowed:expr, $unit:literal)) => {
        Kind::Number {
            default: $default,
            allowed: $allowed,
            unit: $unit,
        }
    };
    (word ($type:ident)) => {
        Kind::Word($type::NAMES)
    };
    (text ($allowed:literal, $set:expr, $show:expr)) => {
        Kind::Text($allowed)
    };
    (texts ($allowed:literal, $set:expr, $show:expr)) => {
        Kind::Texts($allowed)
    };
}

macro_rules! set {
    (number $name:ident $rest:tt) => {
        |_, text| {
            let (name, value) = (stringify!($name), Escaped(text));
            Err(format!("{name}={value}: must be a number, without quotes"))
        }
    };
    (word $name:ident ($type:ident)) => {
        |settings, text| {
            settings.$name = $type::parse(stringify!($name), text)?;
            Ok(())
        }
    };
    ($kind:ident $name:ident ($allowed:literal, $set:expr, $show:expr)) => {
        $set
    };
}

macro_rules! show {
    (number $name:ident $rest:tt) => {
        |settings| Value::Number(settings.$name())
    };
    (word $name:ident $rest:tt) => {
        |settings| Value::Text(settings.$name.name().to_owned())
    };
    ($kind:ident $name:ident ($allowed:literal, $set:expr, $show:expr)) => {
        |settings| {
            let show: fn(&Settings) -> String = $show;
            Value::Text(show(settings))
        }
    };
}

/// Of a number: a method of its name, which answers the value in force.
macro_rules! getter {
    (number $name:ident $(#[$doc:meta])+) => {
        $(#[$doc])+
        #[must_use]
        pub const fn $name(&self) -> i64 {
            self.numbers[Row::$name as usize]
        }
    };
    ($kind:ident $name:ident $(#[$doc:meta])+) => {};
}

parameters! {
    /// The window of the rate check.
    number sampling_time_unit (2, 1..=3600, "s");
    /// Requests per window that are still fine.
    number reqs_density_per_unit (30, 1..=65_534, "");
    /// So many more for each user who has proven lately that it is at the source: an office has room for its phones.
    number reqs_per_user (3, 0..=1000, "");
    /// How long an idle source stays listed in `palisade.sources`, while there is room.
    number remove_latency (120, 0..=YEAR_S, "s");
    /// How long `palisade_check()` bans a source over the rate; 0: it is blocked only while it is over.
    number rate_ban_time (300, 0..=YEAR_S, "s");
    /// How much of an IPv4 address makes one source.
    number ipv4_prefix (32, 8..=32, "bits");
    /// How much of an IPv6 address makes one source.
    number ipv6_prefix (64, 32..=128, "bits");
    /// Sources that the rate check remembers: 64 bytes each.
    number sources_max (262_144, 16..=67_108_864, "");
    /// Bans at one time: 272 bytes each.
    number bans_max (65_536, 1..=16_777_216, "");
    /// Failing users, and as many good ones, that are remembered: 720 bytes each.
    number users_max (65_536, 16..=16_777_216, "");
    /// Failures until a user is blocked.
    number auth_max_failures (3, 1..=1000, "");
    /// The time in which they must fall, from the first one on.
    number auth_window (900, 1..=YEAR_S, "s");
    /// How long the block lasts.
    number auth_ban_time (3600, 1..=YEAR_S, "s");
    /// Failures of a user from all sources together, after which only sources known to be good get through; 0: never.
    number auth_user_max_failures (10, 0..=65_000, "");
    /// How long a source stays known to be good for a user.
    number auth_known_time (604_800, 0..=10 * YEAR_S, "s");
    /// 1: with the built-in list of scanners.
    number agent_builtin (1, 0..=1, "");
    /// How long the source of a scanner's message is banned; 0: only the message is blocked.
    number agent_ban_time (0, 0..=YEAR_S, "s");
    /// Sources whose failing users, failing destinations and signals are counted: 1328 bytes each.
    number scans_max (16_384, 16..=1_048_576, "");
    /// The time in which they add up.
    number scan_window (600, 1..=YEAR_S, "s");
    /// Different users of one source that fail until it is a scanner; 0: never.
    number scan_max_users (10, 0..=1000, "");
    /// Different numbers of one source that fail until it is a scanner; 0: never.
    number scan_max_destinations (20, 0..=1000, "");
    /// Weights of one source's signals until the policy of `malformed` follows; 0: never.
    number signal_max (10, 0..=1_000_000, "");
    /// 1: `palisade_check()` closes the connection of a source that is banned or over its rate. For what is wrong with one message none is closed: others may share it.
    number tcp_close (1, 0..=1, "");
    /// Address space for lists and countries; memory is taken as they need it.
    number lists_memory (1024, 16..=1_048_576, "MB");
    /// 1: an INVITE with a To tag is taken to belong to a dialog, where no dialog module knows better.
    number trust_to_tag (0, 0..=1, "");
    /// 1: without a transaction, a reply counts if it comes from a trusted source: whoever can forge the address of that source, which a carrier's is no secret, can have anybody banned. For proxies that relay with `forward()`.
    number stateless_replies (0, 0..=1, "");
    /// Kamailio's level of the ban and block lines: -1 error, 0 warning, 1 notice, 2 info, 3 debug. `pike_log_level` is the same.
    number log_level (0, -5..=3, "");
    /// What a block after wrong passwords covers: the user from this source; the user from everywhere; the source, which is banned.
    word auth_scope (AuthScope);
    /// What a check answers when the module itself fails.
    word on_fault (OnFault);
    /// What happens to a UDP datagram before Kamailio parses it: nothing; those of banned sources are dropped; they are, and every datagram is counted for the rate check, malformed ones too (keepalives, STUN, HEP and replies are not).
    word edge (Edge);
    /// Networks and hosts that are never limited, banned or blocked. Names are resolved at start and by `palisade.reload`.
    texts trusted (
        "networks and names: `192.0.2.0/24, 2001:db8::/32, sbc.example.com`",
        Settings::trust,
        |settings| settings.trusted.names().join(", ")
    );
    /// User-Agents that are blocked, beside the built-in list; case does not count.
    texts agent_deny (
        "a regular expression of Rust's [regex](https://docs.rs/regex)",
        |settings, text| settings.agents.add(text),
        |settings| settings.agents.added().join(", ")
    );
    /// What follows from what a check finds.
    texts policy (
        "`reason=off`, `log`, `block`, `ban` or `ban:seconds`",
        |settings, text| settings.policy.add(text),
        Settings::shown_policy
    );
    /// One list: [lists](lists.md).
    texts list (
        "`name=…;kind=…;action=…;file=…` and more",
        |settings, text| spec::add(&mut settings.lists, text),
        |settings| {
            let names: Vec<&str> = settings.lists.iter().map(|list| &*list.name).collect();
            names.join(", ")
        }
    );
    /// The database of the lists that come from one, as Kamailio's other modules want it.
    text db_url (
        "`driver://user:password@host/database`",
        |settings, text| {
            settings.db_url = Some(Url::parse(text)?);
            Ok(())
        },
        |settings| settings.db_url.as_ref().map(ToString::to_string).unwrap_or_default()
    );
    /// Where countries and autonomous systems are read from.
    texts geo (
        "files that end in `.mmdb` or `.csv`, or `db=table`",
        |settings, text| settings.geo.add(text),
        |settings| {
            let inputs: Vec<String> = settings.geo.each().iter().map(ToString::to_string).collect();
            inputs.join(", ")
        }
    );
    /// What a source without a country gets, where countries are denied or allowed.
    word country_unknown (CountryUnknown);
}
