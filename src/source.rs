//! The source: where a message came from, as one 128-bit key.
//!
//! IPv4 is kept as IPv4-mapped IPv6 (RFC 4291, 2.5.5.2), so `::ffff:192.0.2.1` and `192.0.2.1` are
//! one. So is `64:ff9b::192.0.2.1`: behind a NAT64 (RFC 6052, 2.1) all of IPv4 would be one /64
//! otherwise, and one attacker would get all of it banned. The key is the address cut to the prefix
//! that makes one source; the bits behind the prefix are zero.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use crate::escape::Brief;

/// An address as a number; IPv4, be it behind a NAT64, as IPv4-mapped IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(pub u128);

const MAPPED: u128 = 0xffff_0000_0000;

/// The bit that tells the connections of a source from its datagrams: of the addresses that are given
/// away, all begin with 000, 001 or 111.
const CONNECTIONS: u128 = 1 << 126;

/// `64:ff9b::/96`, the well-known prefix of NAT64.
const NAT64: u128 = 0x0064_ff9b << 96;

impl Address {
    /// Where a packet comes from: from its bytes, in network byte order, 4 or 16 of them.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if let Ok(four) = <[u8; 4]>::try_from(bytes) {
            return Some(Self(MAPPED | u128::from(u32::from_be_bytes(four))));
        }
        <[u8; 16]>::try_from(bytes)
            .ok()
            .map(|sixteen| Self::of_v6(u128::from_be_bytes(sixteen)))
    }

    /// Where a packet comes from: from text, `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        Self::parse_as_written(text).map(|address| Self::of_v6(address.0))
    }

    /// The same, but `64:ff9b::` stays: an end of a range.
    #[must_use]
    pub fn parse_as_written(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let bare = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        bare.parse::<IpAddr>().ok().map(Self::from)
    }

    /// The first and the last address of a network or a range, as packets have them: where all of it
    /// lies behind a NAT64, as IPv4.
    #[must_use]
    pub fn range(first: IpAddr, last: IpAddr) -> (Self, Self) {
        let ends = [first, last].map(Self::from);
        let [first, last] = if ends.iter().all(|end| end.is_behind_nat64()) {
            ends.map(|end| Self::of_v6(end.0))
        } else {
            ends
        };
        (first, last)
    }

    /// Of an IPv6 address: the IPv4 address inside, if a NAT64 has put one in.
    const fn of_v6(bits: u128) -> Self {
        if Self(bits).is_behind_nat64() {
            return Self(MAPPED | bits & u32::MAX as u128);
        }
        Self(bits)
    }

    const fn is_behind_nat64(self) -> bool {
        self.0 >> 32 == NAT64 >> 32
    }

    const fn is_v4(self) -> bool {
        self.0 >> 32 == MAPPED >> 32
    }
}

/// As it is written: `64:ff9b::` stays.
impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => Self(v4.to_ipv6_mapped().to_bits()),
            IpAddr::V6(v6) => Self(v6.to_bits()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ipv6Addr::from_bits(self.0).to_canonical().fmt(f)
    }
}

/// One phone behind a NAT: a source's full address, its port, and the way it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The address.
    pub address: Address,
    /// The port; 0: not known.
    pub port: u16,
    /// A connection (TCP, TLS, WebSocket), not datagrams.
    pub is_connection: bool,
}

impl Flow {
    /// All there is to say of it: address, port, and how it came.
    #[must_use]
    pub const fn bytes(self) -> [u8; 19] {
        let (address, port) = (self.address.0.to_be_bytes(), self.port.to_be_bytes());
        let mut bytes = [0; 19];
        let mut at = 0;
        while at < 16 {
            bytes[at] = address[at];
            at += 1;
        }
        bytes[16] = port[0];
        bytes[17] = port[1];
        bytes[18] = self.is_connection as u8;
        bytes
    }
}

/// How much of an address makes one source, in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefixes {
    /// Of an IPv4 address, 8 to 32.
    pub v4: u8,
    /// Of an IPv6 address, 32 to 128.
    pub v6: u8,
}

impl Prefixes {
    /// The source that an address belongs to.
    #[must_use]
    pub const fn source_of(self, address: Address) -> Source {
        // Shifting by all bits is an overflow; the prefix has at least 8 of them.
        if let Some(v4) = (Source { key: address.0 }).v4() {
            return Source::from_v4(v4 & (u32::MAX << (32 - self.v4)));
        }
        Source {
            key: address.0 & (u128::MAX << (128 - self.v6)),
        }
    }

    /// Reads a ban's key: an address, or what [`Display`](Shown) wrote: an address and the prefix
    /// length in force for it.
    ///
    /// # Errors
    ///
    /// A sentence that names what was given and what is allowed.
    pub fn parse(self, text: &[u8]) -> Result<(Address, Source), String> {
        let refuse = |allowed: &str| Err(format!("key={}: must be {allowed}", Brief(text)));
        let (bare, length) = match text.iter().position(|&byte| byte == b'/') {
            Some(slash) => (&text[..slash], Some(&text[slash + 1..])),
            None => (text, None),
        };
        let Some(address) = Address::parse(bare) else {
            return refuse("an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1");
        };
        let in_force = |address| self.length(address).to_string().into_bytes();
        // `64:ff9b::/64` is what lies around the addresses of a NAT64.
        let as_written = Address::parse_as_written(bare);
        let meant = [Some(address), as_written].into_iter().flatten();
        let meant = |length: &[u8]| meant.clone().find(|&one| in_force(one) == length);
        match length.map_or(Some(address), meant) {
            Some(address) => Ok((address, self.source_of(address))),
            None => refuse(&format!(
                "an address or a /{}, the prefix that makes one source",
                self.length(address)
            )),
        }
    }

    /// The prefix length that is in force for this kind of address.
    const fn length(self, address: Address) -> u8 {
        if address.is_v4() { self.v4 } else { self.v6 }
    }

    /// A source for people: `192.0.2.1`, `192.0.2.0/24`, `2001:db8::/64`.
    #[must_use]
    pub const fn show(self, source: Source) -> Shown {
        Shown {
            source,
            prefixes: self,
        }
    }
}

/// Where messages come from that count together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source {
    /// The address, cut to its prefix.
    pub key: u128,
}

#[allow(clippy::cast_possible_truncation)]
impl Source {
    /// No source: a user as a whole. No message comes from this multicast address; from `::/64`,
    /// whose key is zero, `::1` does.
    pub const NONE: Self = Self { key: u128::MAX };

    /// Of an IPv4 address, or the first of its network.
    #[must_use]
    pub const fn from_v4(address: u32) -> Self {
        Self {
            key: MAPPED | address as u128,
        }
    }

    /// The IPv4 address, if it is one.
    #[must_use]
    pub const fn v4(self) -> Option<u32> {
        if Address(self.key).is_v4() {
            Some(self.key as u32)
        } else {
            None
        }
    }

    /// What stands for the connections of a source, beside its datagrams: in a part of IPv6 that nobody
    /// is in (`4000::/2` and `a000::/3`, IANA's registry of unicast addresses).
    #[must_use]
    pub const fn connections(self) -> Self {
        Self {
            key: self.key ^ CONNECTIONS,
        }
    }

    /// The source whose connections this stands for, if it does.
    #[must_use]
    pub const fn of_connections(self) -> Option<Self> {
        match self.key >> 125 {
            0b010 | 0b011 | 0b101 => Some(Self {
                key: self.key ^ CONNECTIONS,
            }),
            _ => None,
        }
    }

    /// The key as two words, high first.
    #[must_use]
    pub const fn halves(self) -> [u64; 2] {
        [(self.key >> 64) as u64, self.key as u64]
    }

    /// From two words, high first.
    #[must_use]
    pub const fn from_halves([high, low]: [u64; 2]) -> Self {
        Self {
            key: (high as u128) << 64 | low as u128,
        }
    }
}

/// See [`Prefixes::show`].
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    source: Source,
    prefixes: Prefixes,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Address(self.source.key);
        write!(f, "{address}")?;
        let length = self.prefixes.length(address);
        let whole = if address.is_v4() { 32 } else { 128 };
        if length < whole {
            write!(f, "/{length}")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: Prefixes = Prefixes { v4: 32, v6: 64 };

    fn show(prefixes: Prefixes, text: &str) -> String {
        match prefixes.parse(text.as_bytes()) {
            Ok((_, source)) => prefixes.show(source).to_string(),
            Err(sentence) => sentence,
        }
    }

    #[test]
    fn keys() {
        let coarse = Prefixes { v4: 24, v6: 128 };
        for (prefixes, text, expected) in [
            (DEFAULT, "192.0.2.1", "192.0.2.1"),
            (DEFAULT, "192.0.2.1/32", "192.0.2.1"),
            (DEFAULT, "::ffff:192.0.2.1", "192.0.2.1"),
            (DEFAULT, "64:ff9b::192.0.2.1", "192.0.2.1"),
            (DEFAULT, "64:ff9b::c000:201", "192.0.2.1"),
            (DEFAULT, "[64:ff9b::c000:201]", "192.0.2.1"),
            (coarse, "64:ff9b::192.0.2.77", "192.0.2.0/24"),
            (coarse, "64:ff9b:1::192.0.2.77", "64:ff9b:1::c000:24d"),
            (DEFAULT, "64:ff9b:0:0:1::1", "64:ff9b::/64"),
            (DEFAULT, "2001:db8::1", "2001:db8::/64"),
            (DEFAULT, "[2001:db8::1]", "2001:db8::/64"),
            (DEFAULT, "2001:db8::/64", "2001:db8::/64"),
            (coarse, "192.0.2.77", "192.0.2.0/24"),
            (coarse, "2001:db8::1", "2001:db8::1"),
            (
                Prefixes { v4: 32, v6: 32 },
                "2001:db8:1:2:3:4:5:6",
                "2001:db8::/32",
            ),
        ] {
            assert_eq!(show(prefixes, text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_key_is_named() {
        for (text, part) in [
            ("", "key=: must be an IPv4 or IPv6 address"),
            ("alice", "key=alice: must be an IPv4 or IPv6 address"),
            ("192.0.2.1/24", "must be an address or a /32"),
            ("2001:db8::/32", "must be an address or a /64"),
            ("192.0.2.256", "must be an IPv4 or IPv6 address"),
            ("1.2.3.4\r\nX", "key=1.2.3.4\\r\\nX: must be"),
        ] {
            let sentence = show(DEFAULT, text);
            assert!(sentence.contains(part), "{sentence}");
        }
    }

    #[test]
    fn ends_of_ranges() {
        let v4 = |last: u128| MAPPED | 0xc000_0200 | last;
        for (first, last, expected) in [
            ("192.0.2.0", "192.0.2.9", (v4(0), v4(9))),
            ("64:ff9b::192.0.2.0", "64:ff9b::192.0.2.9", (v4(0), v4(9))),
            ("64:ff9b::", "64:ff9b::1:0:0", (NAT64, NAT64 | 1 << 32)),
            ("64:ff9a::", "64:ff9b::1", (0x64_ff9a << 96, NAT64 | 1)),
        ] {
            let [first, last]: [IpAddr; 2] = [first, last].map(|end| end.parse().unwrap());
            let (first, last) = Address::range(first, last);
            assert_eq!((first.0, last.0), expected);
        }
    }

    #[test]
    fn bytes_of_a_packet() {
        assert_eq!(
            Address::from_bytes(&[192, 0, 2, 1]),
            Address::parse(b"192.0.2.1")
        );
        assert_eq!(Address::from_bytes(&[0; 16]), Address::parse(b"::"));
        let behind_nat64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 1];
        assert_eq!(
            Address::from_bytes(&behind_nat64),
            Address::parse(b"192.0.2.1")
        );
        assert_eq!(Address::from_bytes(&[1, 2, 3]), None);
        assert_eq!(Address::from_bytes(&[]), None);
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_can_be_read_again(key: u128, v4 in 8_u8..=32, v6 in 32_u8..=128) {
            let prefixes = Prefixes { v4, v6 };
            let source = prefixes.source_of(Address(key));
            let shown = prefixes.show(source).to_string();
            proptest::prop_assert_eq!(prefixes.parse(shown.as_bytes()).map(|(_, s)| s), Ok(source));
        }

        /// However an IPv4 address comes, it is one address; and no other IPv6 address is one.
        #[test]
        fn an_ipv4_address_is_one_whatever_carries_it(v4: u32, key: u128) {
            let plain = Address::from_bytes(&v4.to_be_bytes());
            for prefix in [MAPPED, NAT64] {
                let carried = prefix | u128::from(v4);
                proptest::prop_assert_eq!(Address::from_bytes(&carried.to_be_bytes()), plain);
                let ip = IpAddr::from(Ipv6Addr::from_bits(carried));
                proptest::prop_assert_eq!(Address::parse(ip.to_string().as_bytes()), plain);
                proptest::prop_assert_eq!(Some(Address::range(ip, ip).0), plain);
                let text = format!("{ip}/128");
                proptest::prop_assert!(DEFAULT.parse(text.as_bytes()).is_err());
            }
            let address = Address::from_bytes(&key.to_be_bytes());
            let is_carried = [MAPPED, NAT64].map(|prefix| key >> 32 == prefix >> 32);
            proptest::prop_assert_eq!(address.map(Address::is_v4), Some(is_carried.contains(&true)));
        }

        #[test]
        fn no_text_panics(text: Vec<u8>) {
            let _either = DEFAULT.parse(&text);
        }
    }
}
