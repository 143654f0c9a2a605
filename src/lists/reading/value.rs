//! What one value of a list means: `192.0.2.0/24`, `prefix:sip`, `+44`, `de`, `AS64500`.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::source::Address;

use crate::lists::lookup::entry::{Kind, Matching, Value};
use crate::lists::lookup::number::normalise;

/// Bytes of the longest text.
const LONGEST: usize = 1024;

/// Reads a value. `matching` is how a text is compared that doesn't say: `prefix:sip` does.
///
/// # Errors
///
/// What is allowed, after "must be".
pub fn read<'a>(
    kind: Kind,
    matching: Matching,
    written: &Cow<'a, [u8]>,
) -> Result<Value<'a>, Cow<'static, str>> {
    match kind {
        Kind::Network => network(written)
            .map(|(first, last)| Value::Network { first, last })
            .ok_or(Cow::Borrowed(
                "an address, a network such as 192.0.2.0/24 or 2001:db8::/32, or a range such as \
                 192.0.2.1-192.0.2.9",
            )),
        Kind::Country => country(written)
            .map(Value::Country)
            .ok_or(Cow::Borrowed("a country's two letters such as de")),
        Kind::Asn => asn(written)
            .map(Value::Asn)
            .ok_or(Cow::Borrowed("a system's number such as AS64500 or 64500")),
        Kind::Destination => normalise(&without_blanks(written))
            .map(|number| Value::Text {
                matching: Matching::Prefix,
                text: Cow::Owned(number.digits().to_vec()),
            })
            .ok_or(Cow::Borrowed(
                "the beginning of a number such as +44, 0044 or 44, not all numbers",
            )),
        Kind::Agent | Kind::User | Kind::Domain | Kind::Name => text(matching, written),
    }
}

/// `192.0.2.0/24`, `192.0.2.1`, `192.0.2.1-192.0.2.9`, and so in IPv6. Both ends included.
pub fn network(written: &[u8]) -> Option<(Address, Address)> {
    let text = std::str::from_utf8(written).ok()?;
    if let Some((first, last)) = text.split_once('-') {
        let [first, last] = [first, last].map(|end| single(end.trim()));
        let (first, last) = (first?, last?);
        let ordered = first.is_ipv4() == last.is_ipv4() && first <= last;
        return ordered.then(|| Address::range(first, last));
    }
    if text.contains('/') {
        let net: IpNet = text.parse().ok()?;
        return Some(Address::range(net.network(), net.broadcast()));
    }
    single(text).map(|ip| Address::range(ip, ip))
}

fn single(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    bare.unwrap_or(text).parse().ok()
}

/// Two capital letters of two letters.
pub fn country(written: &[u8]) -> Option<[u8; 2]> {
    let letters = <[u8; 2]>::try_from(written).ok()?;
    letters
        .iter()
        .all(u8::is_ascii_alphabetic)
        .then(|| letters.map(|letter| letter.to_ascii_uppercase()))
}

/// The number of `AS64500` or `64500`.
pub fn asn(written: &[u8]) -> Option<u32> {
    let digits = match written {
        [b'a' | b'A', b's' | b'S', digits @ ..] => digits,
        digits => digits,
    };
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let digits = std::str::from_utf8(digits).ok()?;
    is_number.then(|| digits.parse().ok()).flatten()
}

/// People write `+44 20` and `+44/20`.
fn without_blanks(written: &[u8]) -> Vec<u8> {
    let is_kept = |byte: &u8| !b" \t/".contains(byte);
    written.iter().copied().filter(is_kept).collect()
}

fn text<'a>(matching: Matching, written: &Cow<'a, [u8]>) -> Result<Value<'a>, Cow<'static, str>> {
    let (matching, from) = said(written).unwrap_or((matching, 0));
    let text = match written {
        Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(from..).unwrap_or_default()),
        Cow::Owned(bytes) => Cow::Owned(bytes.get(from..).unwrap_or_default().to_vec()),
    };
    if text.is_empty() {
        return Err("a text that is not empty".into());
    }
    if text.len() > LONGEST {
        return Err(format!("a text of at most {LONGEST} bytes").into());
    }
    if matching == Matching::Regex {
        check_expression(&text)?;
    }
    Ok(Value::Text { matching, text })
}

/// How a text says that it is compared, and where the text itself begins.
fn said(written: &[u8]) -> Option<(Matching, usize)> {
    let colon = written.iter().take(9).position(|&byte| byte == b':')?;
    let named = |name: &str| name.as_bytes().eq_ignore_ascii_case(&written[..colon]);
    let found = Matching::NAMES.iter().find(|(name, _)| named(name));
    found.map(|&(_, matching)| (matching, colon + 1))
}

fn check_expression(text: &[u8]) -> Result<(), Cow<'static, str>> {
    let allowed = "a regular expression (syntax of the regex crate)";
    let text = std::str::from_utf8(text).map_err(|_| allowed)?;
    match regex_automata::util::syntax::parse(text) {
        Ok(_) => Ok(()),
        Err(error) => {
            // Its last line says what is wrong; the others draw where.
            let sentence = error.to_string();
            let why = sentence.lines().last().unwrap_or_default();
            Err(format!("{allowed}: {}", why.trim_start_matches("error: ")).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, cases: &[(&str, &str)]) {
        for (written, expected) in cases {
            let written = Cow::Borrowed(written.as_bytes());
            let shown = match read(kind, Matching::Contains, &written) {
                Ok(Value::Network { first, last }) => format!("{first}-{last}"),
                Ok(Value::Text { matching, text }) => {
                    format!("{}:{}", matching.name(), text.escape_ascii())
                }
                Ok(Value::Country(letters)) => letters.escape_ascii().to_string(),
                Ok(Value::Asn(number)) => number.to_string(),
                Err(allowed) => format!("must be {allowed}"),
            };
            assert!(shown.starts_with(expected), "{written:?}: {shown}");
        }
    }

    #[test]
    fn networks() {
        let bad = "must be an address, a network such as";
        check(
            Kind::Network,
            &[
                ("192.0.2.1", "192.0.2.1-192.0.2.1"),
                ("192.0.2.0/24", "192.0.2.0-192.0.2.255"),
                ("192.0.2.77/24", "192.0.2.0-192.0.2.255"),
                ("192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9"),
                ("192.0.2.1 - 192.0.2.1", "192.0.2.1-192.0.2.1"),
                ("0.0.0.0/0", "0.0.0.0-255.255.255.255"),
                ("2001:db8::1", "2001:db8::1-2001:db8::1"),
                ("[2001:db8::1]", "2001:db8::1-2001:db8::1"),
                ("2001:db8::/127", "2001:db8::-2001:db8::1"),
                ("2001:db8::-2001:db8::ff", "2001:db8::-2001:db8::ff"),
                ("::ffff:192.0.2.1", "192.0.2.1-192.0.2.1"),
                ("::ffff:192.0.2.0/120", "192.0.2.0-192.0.2.255"),
                ("", bad),
                ("192.0.2.9-192.0.2.1", bad),
                ("192.0.2.1-2001:db8::1", bad),
                ("192.0.2.1-", bad),
                ("192.0.2.1-192.0.2.2-192.0.2.3", bad),
                ("192.0.2.0/33", bad),
                ("192.0.2.0/", bad),
                ("192.0.2", bad),
                ("192.0.2.256", bad),
                ("192.0.2.1:5060", bad),
                ("example.com", bad),
                ("é", bad),
            ],
        );
    }

    #[test]
    fn texts() {
        check(
            Kind::Agent,
            &[
                ("sipvicious", "contains:sipvicious"),
                ("prefix:sip", "prefix:sip"),
                ("SUFFIX:x", "suffix:x"),
                ("exact:prefix:a", "exact:prefix:a"),
                ("sip:alice", "contains:sip:alice"),
                ("regex:^a+$", "regex:^a+$"),
                ("", "must be a text that is not empty"),
                ("prefix:", "must be a text that is not empty"),
                (
                    "regex:(",
                    "must be a regular expression (syntax of the regex crate): unclosed group",
                ),
                ("regex:a{9}{9}{9}{9}{9}", "regex:"),
                (&"x".repeat(1025), "must be a text of at most 1024 bytes"),
            ],
        );
        let bytes = read(Kind::User, Matching::Exact, &Cow::Borrowed(b"\xff\x00"));
        assert!(bytes.is_ok());
        let bytes = read(Kind::User, Matching::Regex, &Cow::Borrowed(b"\xff"));
        assert!(bytes.is_err());
    }

    #[test]
    fn numbers_countries_and_systems() {
        let bad = "must be the beginning of a number";
        check(
            Kind::Destination,
            &[
                ("+44", "prefix:44"),
                ("0044", "prefix:44"),
                ("44 (20) 79-46", "prefix:44207946"),
                ("1900", "prefix:1900"),
                ("+44/20\t79", "prefix:442079"),
                ("0044*1#", "prefix:44*1#"),
                ("", bad),
                ("+", bad),
                ("00", bad),
                ("abc", bad),
            ],
        );
        let bad = "must be a country's two letters";
        check(
            Kind::Country,
            &[
                ("DE", "DE"),
                ("de", "DE"),
                ("deu", bad),
                ("d1", bad),
                ("", bad),
            ],
        );
        let bad = "must be a system's number";
        check(
            Kind::Asn,
            &[
                ("AS64500", "64500"),
                ("as64500", "64500"),
                ("4294967295", "4294967295"),
                ("4294967296", bad),
                ("AS", bad),
                ("", bad),
                ("+1", bad),
                ("1.10", bad),
            ],
        );
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            for (_, kind) in Kind::NAMES {
                let _either = read(kind, Matching::Regex, &Cow::Borrowed(&bytes));
            }
        }
    }
}
