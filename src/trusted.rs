//! The trusted networks: what comes from there is never limited, banned or blocked.
//!
//! Read once before the fork and frozen: ranges of addresses, sorted and joined, so that a look-up
//! is one binary search.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::escape::Escaped;
use crate::source::Address;

/// What a NAT64 puts before IPv4 addresses (RFC 6052, 2.1): one can't be told from the other.
const NAT64: &str = "64:ff9b::/96";

/// Networks as disjoint ranges, both ends included, in ascending order.
#[derive(Clone, Debug, Default)]
pub struct Trusted {
    ranges: Vec<(u128, u128)>,
    names: Vec<String>,
    /// Those that were given with bits beyond their length.
    untidy: Vec<(String, IpNet)>,
}

impl Trusted {
    /// Adds the networks of a text such as `192.0.2.0/24, 2001:db8::/32 198.51.100.7`. Returns the names
    /// of hosts in it, `sbc.example.com`.
    ///
    /// # Errors
    ///
    /// A sentence that names the network that is none.
    pub fn add(&mut self, text: &[u8]) -> Result<Vec<String>, String> {
        let mut hosts = Vec::new();
        let words = text
            .split(|byte| b", \t\r\n;".contains(byte))
            .filter(|word| !word.is_empty());
        for word in words {
            if let Some(host) = host_name(word) {
                self.names.push(host.to_owned());
                hosts.push(host.to_owned());
                continue;
            }
            let network = parse(word).ok_or_else(|| {
                format!(
                    "trusted={}: must be networks such as 192.0.2.0/24 or 2001:db8::/32, or names \
                     such as sbc.example.com, separated by commas or spaces",
                    Escaped(word)
                )
            })?;
            if network.trunc().to_string() == NAT64 {
                return Err(format!(
                    "trusted={NAT64}: is all of IPv4, behind a NAT64; name networks such as \
                     192.0.2.0/24 that are to be trusted"
                ));
            }
            if network != network.trunc() {
                let given = (network.to_string(), network.trunc());
                self.untidy.push(given);
            }
            let (first, last) = Address::range(network.network(), network.broadcast());
            self.ranges.push((first.0, last.0));
            self.names.push(network.trunc().to_string());
        }
        self.join();
        Ok(hosts)
    }

    /// Is this address in one of the networks?
    #[must_use]
    pub fn holds(&self, address: Address) -> bool {
        let after = self
            .ranges
            .partition_point(|&(first, _)| first <= address.0);
        after
            .checked_sub(1)
            .is_some_and(|before| address.0 <= self.ranges[before].1)
    }

    /// Are all addresses from `first` to `last` in the networks?
    #[must_use]
    pub fn holds_all(&self, first: Address, last: Address) -> bool {
        let after = self.ranges.partition_point(|&(start, _)| start <= first.0);
        after
            .checked_sub(1)
            .and_then(|before| self.ranges.get(before))
            .is_some_and(|&(_, end)| last.0 <= end)
    }

    /// These networks and others, without names.
    #[must_use]
    pub fn with(&self, others: impl Iterator<Item = (Address, Address)>) -> Self {
        let mut all = self.clone();
        all.ranges
            .extend(others.map(|(first, last)| (first.0, last.0)));
        all.join();
        all
    }

    /// The networks as they were given.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A sentence for each network that is another than its operator may think, and one where
    /// hardly an address is left that is not trusted.
    pub fn doubts(&self) -> impl Iterator<Item = String> {
        let untidy = self.untidy.iter().map(|(given, network)| {
            let (address, _) = given.split_once('/').unwrap_or((given, ""));
            format!(
                "trusted={given}: has bits beyond its length, taken for {network}: write {address} \
                 for the address alone"
            )
        });
        let all = EVERYBODY.into_iter().filter(|(network, _)| {
            let (first, last) = Address::range(network.network(), network.broadcast());
            self.holds_all(first, last)
        });
        let families: Vec<&str> = all.map(|(_, family)| family).collect();
        let open = (!families.is_empty()).then(|| {
            let (names, families) = (self.names.join(", "), families.join(" and "));
            format!("trusted={names}: trusts every {families} address: no check blocks any of them")
        });
        untidy.chain(open)
    }

    fn join(&mut self) {
        self.ranges.sort_unstable();
        self.ranges.dedup_by(|next, previous| {
            let meets = next.0 <= previous.1.saturating_add(1);
            if meets {
                previous.1 = previous.1.max(next.1);
            }
            meets
        });
    }
}

/// What takes in every address that a packet from the internet can have.
const EVERYBODY: [(IpNet, &str); 2] = [
    (
        IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0)),
        "IPv4",
    ),
    // Global unicast, <https://www.iana.org/assignments/ipv6-address-space>.
    (
        IpNet::V6(Ipv6Net::new_assert(
            Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0),
            3,
        )),
        "IPv6",
    ),
];

/// `sbc.example.com`: letters, digits and dashes, parted by dots (RFC 1123, 2.1), and no address.
fn host_name(word: &[u8]) -> Option<&str> {
    let is_label = |label: &[u8]| {
        let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        (1..=63).contains(&label.len()) && label.iter().all(is_allowed)
    };
    let labels = word.split(|&byte| byte == b'.');
    let has_letter = word.iter().any(u8::is_ascii_alphabetic);
    let is_name =
        word.len() <= 253 && word.contains(&b'.') && has_letter && labels.clone().all(is_label);
    is_name.then(|| std::str::from_utf8(word).ok()).flatten()
}

/// `192.0.2.0/24`, or a single address.
fn parse(word: &[u8]) -> Option<IpNet> {
    let text = std::str::from_utf8(word).ok()?;
    let single = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(|_| single()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(networks: &str, address: &str) -> bool {
        let mut trusted = Trusted::default();
        trusted.add(networks.as_bytes()).unwrap();
        trusted.holds(Address::parse(address.as_bytes()).unwrap())
    }

    #[test]
    fn who_is_trusted() {
        assert_eq!(
            Trusted::default().add(b"192.0.2.1, sbc.example.com a-1.b"),
            Ok(vec!["sbc.example.com".into(), "a-1.b".into()])
        );
        for (networks, address, expected) in [
            ("192.0.2.0/24", "192.0.2.0", true),
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.77/24", "192.0.2.1", true),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
            ("198.51.100.7", "198.51.100.7", true),
            ("198.51.100.7", "198.51.100.8", false),
            ("10.0.0.0/8, 10.1.0.0/16;192.0.2.1", "10.200.0.1", true),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("192.0.2.0/24", "64:ff9b::192.0.2.9", true),
            ("192.0.2.0/24", "64:ff9b::192.0.3.9", false),
            ("64:ff9b::192.0.2.0/120", "192.0.2.9", true),
            ("64:ff9b::192.0.2.0/120", "64:ff9b::192.0.2.9", true),
            ("64:ff9b::192.0.2.0/120", "192.0.3.9", false),
            ("64:ff9b::/32", "192.0.2.1", false),
            ("64:ff9b::/32", "2001:db8::1", false),
            ("64:ff9b::/32", "64:ff9b:1::1", true),
            ("::/0", "192.0.2.1", true),
            ("0.0.0.0/0", "192.0.2.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("", "192.0.2.1", false),
        ] {
            assert_eq!(
                check(networks, address),
                expected,
                "{address} in {networks}"
            );
        }
    }

    #[test]
    fn what_is_hardly_meant_so_is_told() {
        for (networks, expected) in [
            ("192.0.2.0/24, 198.51.100.7 2001:db8::/32", vec![]),
            ("192.0.2.5/32", vec![]),
            ("10.0.0.0/8 2000::/4", vec![]),
            (
                "192.0.2.5/24",
                vec![
                    "trusted=192.0.2.5/24: has bits beyond its length, taken for 192.0.2.0/24: \
                     write 192.0.2.5 for the address alone",
                ],
            ),
            (
                "0.0.0.0/0",
                vec!["trusted=0.0.0.0/0: trusts every IPv4 address: no check blocks any of them"],
            ),
            (
                "::/0",
                vec![
                    "trusted=::/0: trusts every IPv4 and IPv6 address: no check blocks any of them",
                ],
            ),
            (
                "0.0.0.0/1, 128.0.0.0/1",
                vec![
                    "trusted=0.0.0.0/1, 128.0.0.0/1: trusts every IPv4 address: no check blocks \
                     any of them",
                ],
            ),
            (
                "2000::/3",
                vec!["trusted=2000::/3: trusts every IPv6 address: no check blocks any of them"],
            ),
        ] {
            let mut trusted = Trusted::default();
            trusted.add(networks.as_bytes()).unwrap();
            assert_eq!(trusted.doubts().collect::<Vec<_>>(), expected, "{networks}");
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        let error = Trusted::default()
            .add(b"192.0.2.0/24, 192.0.2.0/33")
            .unwrap_err();
        assert!(
            error.starts_with("trusted=192.0.2.0/33: must be networks"),
            "{error}"
        );
    }

    #[test]
    fn a_nat64_as_a_whole_is_not_trusted() {
        for network in ["64:ff9b::/96", "64:ff9b::192.0.2.1/96"] {
            let error = Trusted::default().add(network.as_bytes()).unwrap_err();
            assert!(error.contains("is all of IPv4, behind a NAT64"), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_looking_at_every_network(
            networks in proptest::collection::vec((0_u32..64, 24_u8..=32), 0..20),
            address in 0_u32..64,
        ) {
            let networks: Vec<ipnet::Ipv4Net> = networks
                .into_iter()
                .map(|(low, length)| ipnet::Ipv4Net::new_assert((0x0a00_0000 + low).into(), length))
                .collect();
            let text = networks.iter().map(|net| format!("{net} ")).collect::<String>();
            let ip = std::net::Ipv4Addr::from(0x0a00_0000 + address);
            let expected = networks.iter().any(|net| net.contains(&ip));
            proptest::prop_assert_eq!(check(&text, &ip.to_string()), expected);
        }
    }
}
