//! What a list that denies does not take unless it has `force=1`: it would deny everybody, or those
//! whom nobody means to deny.

use std::borrow::Cow;

use once_cell::sync::Lazy;
use regex::bytes::RegexBuilder;

use crate::source::Address;
use crate::trusted::Trusted;

use crate::lists::lookup::entry::{Matching, Value};

/// Whom nobody means to deny: RFC 1918, 6598, 1122, 3927, 4193, 4291.
const PROTECTED: [(&str, &str); 9] = [
    ("10.0.0.0/8", "private"),
    ("172.16.0.0/12", "private"),
    ("192.168.0.0/16", "private"),
    ("100.64.0.0/10", "private to carriers"),
    ("127.0.0.0/8", "the loopback"),
    ("169.254.0.0/16", "link-local"),
    ("::1/128", "the loopback"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
];

struct Protected {
    first: Address,
    last: Address,
    network: &'static str,
    what: &'static str,
}

static RANGES: Lazy<Vec<Protected>> = Lazy::new(|| {
    let ranges = PROTECTED.iter().filter_map(|&(network, what)| {
        let range: ipnet::IpNet = network.parse().ok()?;
        Some(Protected {
            first: range.network().into(),
            last: range.broadcast().into(),
            network,
            what,
        })
    });
    ranges.collect()
});

/// Why a list that denies must not have this value; `None`: it may.
pub fn why(value: &Value<'_>, trusted: &Trusted) -> Option<Cow<'static, str>> {
    match value {
        Value::Network { first, last } => network(*first, *last, trusted),
        Value::Text {
            matching: Matching::Regex,
            text,
        } => matches_everything(text).then_some(Cow::Borrowed("it matches every text")),
        Value::Text { .. } | Value::Country(_) | Value::Asn(_) => None,
    }
}

/// All of IPv4, as mapped addresses; all of IPv6 holds it.
const V4: (u128, u128) = (0xffff_0000_0000, 0xffff_ffff_ffff);

fn network(first: Address, last: Address, trusted: &Trusted) -> Option<Cow<'static, str>> {
    if first.0 <= V4.0 && last.0 >= V4.1 {
        return Some("it is everybody".into());
    }
    let meets = |range: &&Protected| first <= range.last && last >= range.first;
    if let Some(Protected { network, what, .. }) = RANGES.iter().find(meets) {
        return Some(format!("it has addresses of {network}, which is {what}").into());
    }
    // A larger network may be denied around a trusted one: what is trusted is not blocked.
    trusted
        .holds_all(first, last)
        .then_some("it is trusted".into())
}

/// An expression that finds something in the empty text and in any other. Most can't be empty, and
/// are not compiled here.
fn matches_everything(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let shortest = regex_automata::util::syntax::parse(text)
        .ok()
        .and_then(|parsed| parsed.properties().minimum_len());
    shortest == Some(0)
        && RegexBuilder::new(text).build().is_ok_and(|regex| {
            [&b""[..], b"\x01", b"a9 Z/"]
                .iter()
                .all(|any| regex.is_match(any))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::lookup::entry::Kind;
    use crate::lists::reading::value;

    fn check(kind: Kind, written: &str) -> Option<String> {
        let mut trusted = Trusted::default();
        trusted
            .add(b"198.51.100.0/25, 198.51.100.128/25, 2001:db8:1::/48")
            .unwrap();
        let written = Cow::Borrowed(written.as_bytes());
        let value = value::read(kind, Matching::Exact, &written).unwrap();
        why(&value, &trusted).map(Cow::into_owned)
    }

    #[test]
    fn networks_that_nobody_means_to_deny() {
        for (network, expected) in [
            ("0.0.0.0/0", Some("it is everybody")),
            ("0.0.0.0-255.255.255.255", Some("it is everybody")),
            ("::/0", Some("it is everybody")),
            ("::/1", Some("it is everybody")),
            ("::ffff:0:0/96", Some("it is everybody")),
            (
                "0.0.0.0/1",
                Some("it has addresses of 10.0.0.0/8, which is private"),
            ),
            (
                "10.1.2.3",
                Some("it has addresses of 10.0.0.0/8, which is private"),
            ),
            (
                "172.0.0.0/8",
                Some("it has addresses of 172.16.0.0/12, which is private"),
            ),
            (
                "192.168.255.255-192.169.0.0",
                Some("it has addresses of 192.168.0.0/16, which is private"),
            ),
            (
                "100.64.0.1",
                Some("it has addresses of 100.64.0.0/10, which is private to carriers"),
            ),
            (
                "127.0.0.1",
                Some("it has addresses of 127.0.0.0/8, which is the loopback"),
            ),
            (
                "::ffff:127.0.0.1",
                Some("it has addresses of 127.0.0.0/8, which is the loopback"),
            ),
            (
                "169.254.0.0/16",
                Some("it has addresses of 169.254.0.0/16, which is link-local"),
            ),
            (
                "::1",
                Some("it has addresses of ::1/128, which is the loopback"),
            ),
            (
                "fd00::/8",
                Some("it has addresses of fc00::/7, which is private"),
            ),
            (
                "fe80::1",
                Some("it has addresses of fe80::/10, which is link-local"),
            ),
            (
                "8000::/1",
                Some("it has addresses of fc00::/7, which is private"),
            ),
            ("198.51.100.7", Some("it is trusted")),
            ("198.51.100.0/24", Some("it is trusted")),
            ("2001:db8:1:2::/64", Some("it is trusted")),
            ("198.51.0.0/16", None),
            ("2001:db8::/32", None),
            ("203.0.113.0/24", None),
            ("172.15.0.0/16", None),
            ("172.32.0.0-172.255.255.255", None),
            ("2000::/3", None),
        ] {
            assert_eq!(
                check(Kind::Network, network).as_deref(),
                expected,
                "{network}"
            );
        }
    }

    #[test]
    fn expressions_that_match_every_text() {
        for (text, all) in [
            ("regex:.*", true),
            ("regex:^.*$", true),
            ("regex:(?s)^.*$", true),
            ("regex:sip|", true),
            ("regex:x*", true),
            ("regex:^$", false),
            ("regex:^.+$", false),
            ("regex:sipvicious", false),
            ("contains:.*", false),
        ] {
            let expected = all.then_some("it matches every text");
            assert_eq!(check(Kind::Agent, text).as_deref(), expected, "{text}");
        }
    }
}
