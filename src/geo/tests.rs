//! Files as their makers lay them out, and files that are broken, against the crate's own look-up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use maxminddb::{PathElement, Reader};
use proptest::prelude::*;

use super::*;
use writer::{End, Mmdb, Value, country, system};

mod loading;

#[allow(dead_code)] // The tests with a real Kamailio use all of it.
#[path = "../../tests/support/mmdb.rs"]
mod writer;

const RECORD_BITS: [u16; 3] = [24, 28, 32];

/// What was read, through an image.
struct Known(Vec<u8>);

impl Known {
    fn of(file: &Mmdb) -> Result<Self, String> {
        let mut places = Places::default();
        mmdb::read(&file.bytes(), &mut places)?;
        Ok(Self(image::build(places)))
    }

    fn find(&self, address: IpAddr) -> Place {
        let image = Image::over(&self.0).unwrap();
        image.find(address.into()).unwrap_or_default()
    }

    fn show(&self, address: &str) -> String {
        let place = self.find(address.parse().unwrap());
        let country = place.country.unwrap_or(*b"--");
        let country = std::str::from_utf8(&country).unwrap();
        format!("{country} {}", place.asn.unwrap_or(0))
    }
}

fn flat(fields: &[(&'static str, Value)]) -> Value {
    Value::Map(fields.to_vec())
}

#[test]
fn every_makers_fields_are_read() {
    let iso = |code| flat(&[("iso_code", Value::Text(code))]);
    for (record, expected) in [
        (country("ES"), "ES 0"),
        (system(64500), "-- 64500"),
        (flat(&[("country_code", Value::Text("es"))]), "ES 0"),
        (flat(&[("country", Value::Text("ES"))]), "ES 0"),
        (
            flat(&[
                ("asn", Value::Text("AS64500")),
                ("as_name", Value::Text("Example")),
                ("country", Value::Text("Spain")),
                ("country_code", Value::Text("ES")),
            ]),
            "ES 64500",
        ),
        (flat(&[("asn", Value::Number(64500))]), "-- 64500"),
        (flat(&[("registered_country", iso("FR"))]), "FR 0"),
        (
            flat(&[("registered_country", iso("FR")), ("country", iso("ES"))]),
            "ES 0",
        ),
        (
            flat(&[("country", flat(&[])), ("registered_country", iso("FR"))]),
            "FR 0",
        ),
        (
            flat(&[("traits", system(64500)), ("country", iso("ES"))]),
            "ES 64500",
        ),
        (flat(&[("country", iso("ZZ"))]), "-- 0"),
        (
            flat(&[("autonomous_system_number", Value::Number(0))]),
            "-- 0",
        ),
        (flat(&[("city", Value::Text("Madrid"))]), "-- 0"),
        (Value::Text("ES"), "-- 0"),
        (Value::Number(64500), "-- 0"),
    ] {
        for bits in RECORD_BITS {
            let file = Mmdb::new(bits).network("192.0.2.0/24", record.clone());
            let known = Known::of(&file).unwrap();
            assert_eq!(known.show("192.0.2.1"), expected, "{record:?}");
            assert_eq!(known.show("192.0.3.1"), "-- 0", "{record:?}");
        }
    }
}

/// IPv4, IPv6, one network in another, single addresses.
fn sample(bits: u16) -> Mmdb {
    Mmdb::new(bits)
        .network("192.0.2.0/24", country("ES"))
        .network("192.0.2.128/26", country("FR"))
        .network("192.0.2.255/32", system(64500))
        .network("10.0.0.0/8", country("US"))
        .network("2001:db8::/32", country("DE"))
        .network("2001:db8:0:7::/64", system(64501))
        .network("2a00::1/128", country("IT"))
}

#[test]
fn addresses_are_where_the_file_says() {
    for bits in RECORD_BITS {
        for file in [sample(bits), sample(bits).aliased()] {
            let known = Known::of(&file).unwrap();
            for (address, expected) in [
                ("192.0.2.0", "ES 0"),
                ("192.0.2.127", "ES 0"),
                ("192.0.2.128", "FR 0"),
                ("192.0.2.192", "ES 0"),
                ("192.0.2.255", "-- 64500"),
                ("192.0.3.0", "-- 0"),
                ("10.255.255.255", "US 0"),
                ("::ffff:10.0.0.1", "US 0"),
                ("::10.0.0.1", "-- 0"),
                ("2002:a00:1::1", "US 0"),
                ("2001:0:a00:1::1", "-- 0"),
                ("2001:db8::1", "DE 0"),
                ("2001:db8:0:7::1", "-- 64501"),
                ("2001:db7:ffff::", "-- 0"),
                ("2a00::1", "IT 0"),
                ("2a00::2", "-- 0"),
            ] {
                assert_eq!(known.show(address), expected, "{address}");
            }
        }
    }
}

#[test]
fn a_range_of_ipv6_says_nothing_of_ipv4_unless_the_file_does() {
    for (networks, v4, v6) in [
        (&["::/1"][..], "DE 0", "DE 0"),
        (&["::/96"], "DE 0", "-- 0"),
        (&["::8000:0:0/81"], "-- 0", "-- 0"),
        (&["::8000:0:0/81", "10.0.0.0/8"], "-- 0", "-- 0"),
        (&["::ffff:0:0/96", "10.0.0.0/8"], "-- 0", "-- 0"),
        (&["2001::/16", "10.0.0.0/8"], "-- 0", "DE 0"),
    ] {
        let file = networks.iter().fold(Mmdb::new(28), |file, network| {
            file.network(network, country("DE"))
        });
        let known = Known::of(&file).unwrap();
        assert_eq!(known.show("192.0.2.1"), v4, "{networks:?}");
        assert_eq!(known.show("2001:db8::1"), v6, "{networks:?}");
    }
    let only_v4 = Mmdb::only_v4(24).network("192.0.0.0/2", country("ES"));
    let known = Known::of(&only_v4).unwrap();
    assert_eq!(known.show("192.0.2.1"), "ES 0");
    assert_eq!(known.show("2001:db8::1"), "-- 0");
}

#[test]
fn files_that_would_never_end_are_refused() {
    for bits in RECORD_BITS {
        let braids = [End::Value, End::Nothing, End::Alias]
            .map(|end| (Mmdb::braided(bits, 64, end), "it has shared branches"));
        for (file, part) in braids.into_iter().chain([(Mmdb::cyclic(bits), "cycle")]) {
            let error = Known::of(&file).map(|_| ()).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}

#[test]
fn what_is_no_file_of_this_format_says_so() {
    for bytes in [&b""[..], b"nonsense", b"\xab\xcd\xefMaxMind.com"] {
        let error = mmdb::read(bytes, &mut Places::default()).unwrap_err();
        assert!(error.starts_with("no sound MaxMind file: "), "{error}");
    }
}

/// Some place of few, in a record of any maker's.
fn record() -> impl Strategy<Value = Value> {
    let codes = prop::sample::select(vec!["ES", "FR", "DE"]);
    let asns = prop::sample::select(vec!["AS1", "AS2", "AS3"]);
    prop_oneof![
        codes.prop_map(country),
        (1_u32..4).prop_map(system),
        asns.prop_map(|asn| flat(&[("asn", Value::Text(asn))])),
    ]
}

/// Networks that lie close to each other, IPv4 and IPv6, the wider ones first.
fn file() -> impl Strategy<Value = Mmdb> {
    let v4 = (0_u32..256, 20_u32..=32).prop_map(|(low, length)| {
        (
            IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + (low << 4))),
            length,
        )
    });
    let v6 = (0_u128..256, 8_u32..=128).prop_map(|(low, length)| {
        (
            IpAddr::from(Ipv6Addr::from_bits((0x2001_0db8 << 96) | low << 60)),
            length,
        )
    });
    let networks = prop::collection::vec((prop_oneof![v4, v6], record()), 1..30);
    (
        networks,
        prop::sample::select(RECORD_BITS.to_vec()),
        any::<bool>(),
    )
        .prop_map(|(mut networks, bits, aliased)| {
            networks.sort_by_key(|((_, length), _)| *length);
            let mut file = Mmdb::new(bits).network("172.16.0.0/12", country("US"));
            for ((address, length), record) in networks {
                file.add(address, length, record);
            }
            if aliased { file.aliased() } else { file }
        })
}

/// What the crate itself finds.
fn looked_up(bytes: &[u8], address: IpAddr) -> Place {
    let reader = Reader::from_source(bytes).unwrap();
    let found = reader.lookup(address).unwrap();
    let text = |path: &[PathElement<'_>]| found.decode_path::<&str>(path).unwrap_or(None);
    let number = found.decode_path(&[PathElement::Key("autonomous_system_number")]);
    let code = text(&[PathElement::Key("country"), PathElement::Key("iso_code")]);
    Place {
        country: code.map(|code| code.as_bytes().try_into().unwrap()),
        asn: number
            .unwrap()
            .or(text(&[PathElement::Key("asn")]).map(|asn| asn[2..].parse().unwrap())),
    }
}

proptest! {
    #[test]
    fn agrees_with_the_look_up_of_maxminddb(file in file(), lows in prop::collection::vec(0_u32..4352, 40), any: u128) {
        let bytes = file.bytes();
        let known = Known::of(&file).unwrap();
        for low in lows {
            let v4 = IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + low));
            let v6 = IpAddr::from(Ipv6Addr::from_bits((0x2001_0db8 << 96) | u128::from(low) << 56));
            for address in [v4, v6, Ipv6Addr::from_bits(any).into()] {
                prop_assert_eq!(known.find(address), looked_up(&bytes, address), "{}", address);
            }
        }
    }

    #[test]
    fn no_damage_panics_or_hangs(
        file in file(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = file.bytes();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let mut places = Places::default();
        if mmdb::read(&bytes, &mut places).is_ok() {
            let _bytes = image::build(places);
        }
    }

    #[test]
    fn no_bytes_are_an_image_that_panics(mut bytes: Vec<u8>, magic: bool, address: u128) {
        let mut places = Places::default();
        places.add(Address(1), Address(9), Place { country: Some(*b"ES"), asn: None });
        if magic {
            let mut image = image::build(places);
            for (at, &byte) in bytes.iter().enumerate() {
                let at = at * 7 % image.len();
                image[at.max(8)] = byte;
            }
            bytes = image;
        }
        let _either = Image::over(&bytes).map(|image| image.find(Address(address)));
    }
}
