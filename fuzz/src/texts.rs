//! Texts and datagrams that are read as they come: keys, networks, patterns, parameters.

use std::sync::LazyLock;

use palisade::agent::{BUILTIN, Filter, Patterns};
use palisade::edge::is_request;
use palisade::escape::{Brief, Escaped, MAX_SHOWN};
use palisade::settings::table::Parameter;
use palisade::settings::{Settings, Value};
use palisade::source::{Address, Prefixes};
use palisade::sqli;
use palisade::trusted::Trusted;

use crate::input::{Input, is_printable};
use crate::world::Quarry;

/// A sentence that refuses something: it goes into a line of the log as it is.
fn check_sentence(sentence: &str, name: &str) {
    assert!(is_printable(sentence.as_bytes()), "{sentence:?}");
    assert!(
        sentence.starts_with(name) && sentence.contains(": "),
        "{sentence:?}"
    );
}

pub fn key(data: &[u8]) {
    let mut input = Input(data);
    let prefixes = Prefixes {
        v4: 8 + input.below(25),
        v6: 32 + input.below(97),
    };
    match prefixes.parse(input.0) {
        Ok((address, source)) => {
            assert_eq!(prefixes.source_of(address), source);
            assert_eq!(
                prefixes.source_of(Address(source.key)),
                source,
                "cut once is cut"
            );
            let shown = prefixes.show(source).to_string();
            assert_eq!(
                prefixes.parse(shown.as_bytes()),
                Ok((Address(source.key), source))
            );
            assert_eq!(
                Address::parse(address.to_string().as_bytes()),
                Some(address)
            );
        }
        Err(sentence) => {
            check_sentence(&sentence, "key=");
            // Kamailio's jsonrpcs cuts a sentence at 127 bytes.
            assert!(sentence.len() <= 127, "{sentence}");
        }
    }
}

pub fn trusted(data: &[u8]) {
    let mut input = Input(data);
    let mut probes = vec![Address(u128::from_be_bytes(input.array()))];
    let mut trusted = Trusted::default();
    // As several modparam lines would.
    while !input.is_empty() {
        if let Err(sentence) = trusted.add(input.until(0)) {
            return check_sentence(&sentence, "trusted=");
        }
    }
    let networks: Vec<(u128, u32)> = trusted
        .names()
        .iter()
        .filter(|name| name.contains('/')) // and no host
        .map(|name| read_network(name))
        .collect();
    for &(first, behind) in &networks {
        let last = first | 1_u128.checked_shl(behind).unwrap_or(0).wrapping_sub(1);
        probes.extend([first, last, first.wrapping_sub(1), last.wrapping_add(1)].map(Address));
    }
    for probe in probes {
        let same = |&(first, behind): &(u128, u32)| {
            (probe.0 ^ first).checked_shr(behind).unwrap_or(0) == 0
        };
        assert_eq!(
            trusted.holds(probe),
            networks.iter().any(same),
            "{probe} in {networks:?}"
        );
    }
}

/// The first address of a network, and how many bits are free behind its prefix.
fn read_network(name: &str) -> (u128, u32) {
    let (address, length) = name.split_once('/').expect("it has a length");
    let whole = if address.contains(':') { 128 } else { 32 };
    let length: u32 = length.parse().expect("the length is a number");
    (
        Address::parse(address.as_bytes())
            .expect("it is an address")
            .0,
        whole - length,
    )
}

pub fn escaped(data: &[u8]) {
    let shown = Escaped(data).to_string();
    assert!(is_printable(shown.as_bytes()), "{shown:?}");
    let (kept, rest) = data.split_at(data.len().min(MAX_SHOWN));
    let body = if rest.is_empty() {
        &shown
    } else {
        shown.strip_suffix("...").expect("it is cut")
    };
    assert_eq!(read_escaped(body), kept);
    let brief = Brief(data).to_string();
    assert!(brief.len() <= 43);
    assert!(shown.starts_with(brief.strip_suffix("...").unwrap_or(&brief)));
}

/// The bytes that were escaped; panics where a quote or a backslash stands alone.
fn read_escaped(shown: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = shown;
    while let Some(first) = rest.chars().next() {
        let (byte, length) = match rest.as_bytes() {
            [b'\\', b'x', ..] => (u8::from_str_radix(&rest[2..4], 16).expect("two digits"), 4),
            [b'\\', b'n', ..] => (b'\n', 2),
            [b'\\', b'r', ..] => (b'\r', 2),
            [b'\\', b't', ..] => (b'\t', 2),
            [b'\\', kept @ (b'"' | b'\\'), ..] => (*kept, 2),
            _ => {
                assert!(first != '"' && first != '\\', "{shown}");
                (first as u8, 1)
            }
        };
        bytes.push(byte);
        rest = &rest[length..];
    }
    bytes
}

pub fn edge(data: &[u8]) {
    let told = is_request(data);
    // Every method begins with a letter, and so does no keepalive and no STUN.
    let begins_well = data.first().is_some_and(u8::is_ascii_alphabetic)
        && !data.starts_with(b"HEP3")
        && !data.starts_with(b"SIP/2.0 ");
    let is_blank = data.iter().all(|byte| b"\r\n\0".contains(byte));
    assert!(!told || (data.len() >= 20 && !is_blank));
    assert!(told || data.len() < 20 || !begins_well);
    if let Some(address) = Address::from_bytes(data) {
        assert_eq!(
            Address::parse(address.to_string().as_bytes()),
            Some(address)
        );
    }
}

pub fn agent(data: &[u8]) {
    static MEMORY: LazyLock<Quarry> = LazyLock::new(|| Quarry::new(1 << 20));
    let mut input = Input(data);
    let builtin = input.below(2) == 1;
    let agent = input.until(0);
    let mut patterns = Patterns::default();
    while !input.is_empty() {
        if let Err(sentence) = patterns.add(input.until(b'\n')) {
            check_sentence(&sentence, "agent_deny=");
        }
    }
    let Ok(filter) = Filter::new(&mut MEMORY.again(), builtin, &patterns) else {
        return;
    };
    let matches = filter.matches(agent);
    let hits: Vec<u64> = filter.hits().map(|(_, hits)| hits).collect();
    assert_eq!(
        hits.len(),
        patterns.added().len() + if builtin { BUILTIN.len() } else { 0 }
    );
    assert_eq!(hits.iter().any(|&hits| hits > 0), matches);
    let names_itself = agent
        .to_ascii_lowercase()
        .windows(10)
        .any(|part| part == b"sipvicious");
    assert!(matches || !builtin || !names_itself);
}

/// Neither case nor encoding makes a difference, and what is told to be plain holds nothing.
pub fn sqli(data: &[u8]) {
    let found = sqli::holds(data);
    assert!(!(found && sqli::is_plain(data)));
    // Encoded, a longer one is read in other pieces; what is encoded already would be so too often.
    if data.len() > 300 || data.contains(&b'%') {
        return;
    }
    for text in [data.to_ascii_uppercase(), data.to_ascii_lowercase()] {
        assert_eq!(sqli::holds(&text), found, "{data:?}");
    }
    let encoded: String = data.iter().map(|byte| format!("%{byte:02x}")).collect();
    assert_eq!(sqli::holds(encoded.as_bytes()), found, "{data:?}");
}

pub fn settings(data: &[u8]) {
    let shown = |settings: &Settings| {
        let row = |(parameter, value): (&Parameter, Value)| (parameter.name, format!("{value:?}"));
        settings.each().map(row).collect::<Vec<_>>()
    };
    let mut input = Input(data);
    let mut settings = Settings::default();
    let mut names: Vec<&str> = shown(&settings).into_iter().map(|(name, _)| name).collect();
    names.extend(["pike_log_level", "no_such", ""]);
    while !input.is_empty() {
        let before = shown(&settings);
        let name = input.one_of(&names);
        let is_number = input.below(2) == 0;
        let result = if is_number {
            let value = i64::from_be_bytes(input.array());
            let small = value >> (input.byte() % 64);
            settings.set_number(name, small)
        } else {
            settings.set_text(name, input.until(0))
        };
        match result {
            Err(sentence) => {
                check_sentence(&sentence, "");
                // A list keeps what stood before the entry that is refused.
                assert!(
                    ["trusted", "policy"].contains(&name) || shown(&settings) == before,
                    "{sentence}"
                );
            }
            Ok(()) => assert!(
                shown(&settings).iter().zip(&before).all(|(now, then)| {
                    // The older parameters decide where the policy says nothing; names of hosts that are
                    // trusted are a list.
                    now == then
                        || [name, "policy"].contains(&now.0)
                        || name == "pike_log_level"
                        || (name, now.0) == ("trusted", "list")
                }),
                "{name} alone is set"
            ),
        }
    }
}
