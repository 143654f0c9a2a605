//! Images, written and read.

use super::*;
use proptest::prelude::*;

fn hash() -> Hash {
    Hash::keyed([1, 2, 3, 4])
}

fn entry(value: Value<'static>, written: &str, until_s: Option<u64>) -> Entry<'static> {
    Entry {
        value,
        written: written.as_bytes().to_vec().into(),
        until_s,
        comment: format!("about {written}").into_bytes().into(),
    }
}

fn network(text: &str, until_s: Option<u64>) -> Entry<'static> {
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (first.parse().unwrap(), last.parse().unwrap()),
        None => {
            let net: ipnet::IpNet = text.parse().unwrap();
            (net.network(), net.broadcast())
        }
    };
    let (first, last) = (Address::from(first), Address::from(last));
    entry(Value::Network { first, last }, text, until_s)
}

fn text(matching: Matching, text: &str, until_s: Option<u64>) -> Entry<'static> {
    let own = text.as_bytes().to_vec().into();
    entry(
        Value::Text {
            matching,
            text: own,
        },
        text,
        until_s,
    )
}

/// Our clock began in second 1000.
fn to_ms(until_s: u64) -> u64 {
    until_s.saturating_sub(1000).saturating_mul(1000)
}

fn image(kind: Kind, entries: &[Entry<'_>]) -> Vec<u8> {
    build(kind, entries, &hash(), to_ms).unwrap()
}

fn address(text: &str) -> Address {
    Address::parse(text.as_bytes()).unwrap()
}

fn shown(hit: Option<Hit<'_>>) -> Option<(&str, u8)> {
    hit.map(|hit| (std::str::from_utf8(hit.written).unwrap(), hit.prefix_bits))
}

#[test]
fn the_longest_match_whose_end_has_not_come() {
    let bytes = image(
        Kind::Network,
        &[
            network("10.0.0.0/8", None),
            network("10.1.0.0/16", Some(1020)),
            network("10.1.2.0/24", Some(1010)),
            network("10.1.2.3/32", Some(1005)),
            network("10.1.2.255/32", Some(1005)),
            network("192.0.2.7/32", Some(1010)),
            network("192.0.2.7/32", Some(1020)),
            network("192.0.2.16-192.0.2.40", None),
            network("2001:db8::/32", None),
            network("2001:db8::1/128", Some(1010)),
        ],
    );
    let image = Image::over(&bytes).unwrap();
    for (at_ms, text, expected) in [
        (4999, "10.1.2.3", Some(("10.1.2.3/32", 128))),
        (5000, "10.1.2.3", Some(("10.1.2.0/24", 120))),
        (4999, "10.1.2.255", Some(("10.1.2.255/32", 128))),
        (5000, "10.1.2.255", Some(("10.1.2.0/24", 120))),
        (10_000, "10.1.2.3", Some(("10.1.0.0/16", 112))),
        (20_000, "10.1.2.3", Some(("10.0.0.0/8", 104))),
        (1, "10.2.0.0", Some(("10.0.0.0/8", 104))),
        (1, "11.0.0.0", None),
        (1, "192.0.2.7", Some(("192.0.2.7/32", 128))),
        (10_000, "192.0.2.7", Some(("192.0.2.7/32", 128))),
        (20_000, "192.0.2.7", None),
        (9999, "192.0.2.7", Some(("192.0.2.7/32", 128))),
        (19_999, "192.0.2.7", Some(("192.0.2.7/32", 128))),
        (1, "192.0.2.15", None),
        (1, "192.0.2.31", Some(("192.0.2.16-192.0.2.40", 124))),
        (1, "192.0.2.32", Some(("192.0.2.16-192.0.2.40", 125))),
        (1, "9.255.255.255", None),
        (1, "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", None),
        (1, "192.0.2.16", Some(("192.0.2.16-192.0.2.40", 124))),
        (1, "192.0.2.40", Some(("192.0.2.16-192.0.2.40", 128))),
        (1, "192.0.2.41", None),
        (1, "2001:db8::1", Some(("2001:db8::1/128", 128))),
        (10_000, "2001:db8::1", Some(("2001:db8::/32", 32))),
        (1, "2001:db9::", None),
    ] {
        let hit = image.find_address(address(text), at_ms);
        assert_eq!(shown(hit), expected, "{text} at {at_ms}");
    }
    assert_eq!(image.find_asn(1, 1), None);
    assert_eq!(image.find_country(*b"ES", 1), None);
    assert_eq!(image.find_text(b"10.0.0.0/8", &hash(), 1), None);
}

#[test]
fn what_a_hit_tells() {
    let bytes = image(
        Kind::Network,
        &[
            network("10.0.0.0/8", None),
            network("192.0.2.0/24", Some(1010)),
        ],
    );
    let image = Image::over(&bytes).unwrap();
    let expected = Hit {
        index: 1,
        written: b"192.0.2.0/24",
        comment: b"about 192.0.2.0/24",
        until_ms: 10_000,
        prefix_bits: 120,
    };
    assert_eq!(image.find_address(address("192.0.2.9"), 1), Some(expected));
    assert_eq!(image.entry(1), Some(expected));
    assert_eq!(image.entry(0).map(|hit| hit.until_ms), Some(0), "never");
    assert_eq!((image.len(), image.entry(2)), (2, None));
}

#[test]
fn what_ended_before_our_clock_began_has_ended() {
    let bytes = image(
        Kind::Network,
        &[
            network("10.0.0.0/8", Some(7)),
            network("11.0.0.0/8", Some(u64::MAX)),
        ],
    );
    let image = Image::over(&bytes).unwrap();
    assert_eq!(image.find_address(address("10.0.0.1"), 1), None);
    assert!(
        image
            .find_address(address("11.0.0.1"), u64::from(u32::MAX))
            .is_some()
    );
}

#[test]
fn texts() {
    use Matching::{Contains, Exact, Prefix, Regex, Suffix};
    let bytes = image(
        Kind::Agent,
        &[
            text(Exact, "Zoiper", Some(1010)),
            text(Prefix, "zoi", None),
            text(Suffix, "scan", Some(1010)),
            text(Contains, "can", None),
            text(Regex, "^q.*z$", Some(1010)),
        ],
    );
    let image = Image::over(&bytes).unwrap();
    for (at_ms, text, expected) in [
        (1, "ZOIPER", Some(("Zoiper", 0))),
        (10_000, "zoiper", Some(("zoi", 0))),
        (1, "sip-SCAN", Some(("scan", 0))),
        (10_000, "sip-scan", Some(("can", 0))),
        (1, "Q and Z", Some(("^q.*z$", 0))),
        (10_000, "q and z", None),
        (1, "", None),
    ] {
        let hit = image.find_text(text.as_bytes(), &hash(), at_ms);
        assert_eq!(shown(hit), expected, "{text} at {at_ms}");
        assert!(hit.is_none_or(|hit| hit.comment == [b"about ", hit.written].concat()));
    }
    assert_eq!(image.find_address(address("10.0.0.0"), 1), None);
}

#[test]
fn destinations() {
    let bytes = image(
        Kind::Destination,
        &[
            text(Matching::Prefix, "34", None),
            text(Matching::Prefix, "34806", Some(1010)),
            text(Matching::Exact, "882", None),
            text(Matching::Prefix, "Premium", None),
        ],
    );
    let image = Image::over(&bytes).unwrap();
    for (at_ms, number, expected) in [
        (1, "+34806123456", Some("34806")),
        (1, "0034-806-123456", Some("34806")),
        (10_000, "+34806123456", Some("34")),
        (1, "34911234567;npdi", Some("34")),
        (1, "+882991", Some("882")),
        (1, "+3", None),
        (1, "0349", None),
        (1, "premium-line", Some("Premium")),
        (1, "", None),
    ] {
        let hit = image.find_text(number.as_bytes(), &hash(), at_ms);
        assert_eq!(
            shown(hit).map(|(written, _)| written),
            expected,
            "{number} at {at_ms}"
        );
    }
}

#[test]
fn countries_and_systems() {
    let country = |code: &[u8; 2], until| {
        entry(
            Value::Country(*code),
            std::str::from_utf8(code).unwrap(),
            until,
        )
    };
    let bytes = image(
        Kind::Country,
        &[country(b"KP", None), country(b"ES", Some(1010))],
    );
    let list = Image::over(&bytes).unwrap();
    for (at_ms, code, expected) in [
        (1, b"KP", Some(("KP", 0))),
        (1, b"kp", Some(("KP", 0))),
        (1, b"ES", Some(("ES", 0))),
        (10_000, b"ES", None),
        (1, b"FR", None),
    ] {
        assert_eq!(
            shown(list.find_country(*code, at_ms)),
            expected,
            "{code:?} at {at_ms}"
        );
    }
    assert_eq!(
        list.find_address(address("0.0.75.80"), 1),
        None,
        "it is no list of networks"
    );

    let asns = [0, 64_512, u32::MAX];
    let entries: Vec<_> = asns
        .iter()
        .map(|&asn| entry(Value::Asn(asn), &asn.to_string(), None))
        .collect();
    let bytes = image(Kind::Asn, &entries);
    let list = Image::over(&bytes).unwrap();
    for (place, asn) in asns.into_iter().enumerate() {
        assert_eq!(list.find_asn(asn, 1).map(|hit| hit.index), Some(place));
        assert_eq!(list.find_asn(asn ^ 1, 1), None);
    }
}

#[test]
fn an_empty_list_is_an_image_too() {
    for (_, kind) in Kind::NAMES {
        let bytes = image(kind, &[]);
        let image = Image::over(&bytes).unwrap();
        assert!(image.is_empty());
        assert_eq!(image.find_address(address("192.0.2.1"), 1), None);
        assert_eq!(image.find_text(b"a", &hash(), 1), None);
        assert_eq!(image.find_country(*b"ES", 1), None);
        assert_eq!(image.find_asn(1, 1), None);
    }
}

#[test]
fn entries_that_cannot_be() {
    let good = || text(Matching::Exact, "good", None);
    for (kind, bad, expected) in [
        (
            Kind::Agent,
            text(Matching::Regex, "a(", None),
            "a(: must be a regular expression: unclosed group",
        ),
        (
            Kind::Agent,
            network("10.0.0.0/8", None),
            "10.0.0.0/8: is no value for a list of kind agent",
        ),
        (
            Kind::Agent,
            text(Matching::Exact, "", None),
            ": is no value for a list of kind agent",
        ),
        (
            Kind::User,
            text(Matching::Exact, &"x".repeat(70_000), None),
            "is longer than 65535 bytes",
        ),
    ] {
        let error = build(kind, &[good(), bad], &hash(), to_ms).unwrap_err();
        assert_eq!(error.index, 1, "{error}");
        assert!(error.sentence.contains(expected), "{error}");
    }
}

/// One image of each kind, with something in every section.
fn images() -> Vec<Vec<u8>> {
    use Matching::{Contains, Exact, Prefix, Regex, Suffix};
    let texts = |kind| {
        let ways = [Exact, Prefix, Suffix, Contains, Regex, Contains];
        let own = ["abc", "ab", "bc", "abcd", "a.c", "b"];
        let entries: Vec<_> = ways
            .iter()
            .zip(own)
            .map(|(&way, own)| text(way, own, Some(1010)))
            .collect();
        image(kind, &entries)
    };
    let networks = [
        "10.0.0.0/8",
        "10.1.0.0/16",
        "2001:db8::/32",
        "2001:db8::1-2001:db8::77",
    ];
    vec![
        image(Kind::Network, &networks.map(|net| network(net, Some(1010)))),
        texts(Kind::Agent),
        texts(Kind::Destination),
    ]
}

fn ask_everything(bytes: &[u8], text: &[u8], at: u128, now_ms: u64) {
    let Some(image) = Image::over(bytes) else {
        return;
    };
    let _either = image.find_address(Address(at), now_ms);
    let _either = image.find_text(text, &hash(), now_ms);
    let _either = image.find_country([b'E', b'S'], now_ms);
    let _either = image.find_asn(7, now_ms);
    let _either = image.entry(image.len().wrapping_sub(1));
    let _either = image.entry(usize::MAX);
}

proptest! {
    #[test]
    fn no_bytes_panic(
        junk: Vec<u8>,
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..20),
        head in proptest::collection::vec((4..128_usize, any::<u8>()), 0..4),
        text in "[abcd1]{0,12}",
        net in prop_oneof![Just(0xffff_0a01_0000_u128), Just(0x2001_0db8_u128 << 96)],
        low in 0..0x80_u128,
        now_ms in 0..20_000_u64,
    ) {
        ask_everything(&junk, text.as_bytes(), net, now_ms);
        for mut image in images() {
            ask_everything(&image[..image.len() / 2], text.as_bytes(), net + low, now_ms);
            for &(place, byte) in &changes {
                let length = image.len();
                image[place % length] = byte;
            }
            ask_everything(&image, text.as_bytes(), net + low, now_ms);
            for &(place, byte) in &head {
                image[place] = byte;
            }
            ask_everything(&image, text.as_bytes(), net + low, now_ms);
        }
    }
}
