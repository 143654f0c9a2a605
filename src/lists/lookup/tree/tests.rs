//! Trees, against a plain search.

use super::*;
use core::cmp::Reverse;
use proptest::prelude::*;

type Range = (Address, Address, u32);

fn range(text: &str, number: u32) -> Range {
    let net: ipnet::IpNet = text.parse().unwrap();
    (net.network().into(), net.broadcast().into(), number)
}

fn address(text: &str) -> Address {
    Address::parse(text.as_bytes()).unwrap()
}

/// What the tree should say: of all ranges that hold it the shortest; of those, the one that begins
/// last; of those, the last one.
fn expected(ranges: &[Range], address: Address) -> Option<u32> {
    let holds = ranges
        .iter()
        .enumerate()
        .filter(|(_, range)| range.0 <= address && address <= range.1);
    holds
        .min_by_key(|&(place, range)| (range.1.0 - range.0.0, Reverse((range.0, place))))
        .map(|(_, range)| range.2)
}

/// At every end of a range, and beside it, the tree says what looking at every range says.
#[track_caller]
fn check(ranges: &[Range]) {
    let tree = build_ranges(&mut ranges.to_vec());
    let ends = ranges
        .iter()
        .flat_map(|&(first, last, _)| [first.0, last.0]);
    let edges = [0, V4, BEHIND_V4, u128::MAX, V4 + (7 << 24)];
    for end in ends.chain(edges) {
        for beside in [end.wrapping_sub(1), end, end.wrapping_add(1)].map(Address) {
            assert_eq!(find(&tree, beside), expected(ranges, beside), "{beside}");
        }
    }
}

#[test]
fn the_shortest_range_wins() {
    let ranges = [
        range("10.0.0.0/8", 1),
        range("10.1.0.0/16", 2),
        range("10.1.2.3/32", 3),
        range("192.0.2.0/24", 4),
        range("2001:db8::/32", 5),
        range("2001:db8:1::/48", 6),
        range("2001:db8:1:2::/64", 7),
        range("2001:db8:1:2::/96", 8),
        range("2001:db8:1:2::7/128", 9),
    ];
    check(&ranges);
    let tree = build_ranges(&mut ranges.to_vec());
    for (text, number) in [
        ("10.0.0.1", Some(1)),
        ("10.1.0.1", Some(2)),
        ("10.1.2.3", Some(3)),
        ("10.1.2.4", Some(2)),
        ("11.0.0.0", None),
        ("192.0.2.255", Some(4)),
        ("2001:db8:ffff::", Some(5)),
        ("2001:db8:1:2::7", Some(9)),
        ("2001:db8:1:2::8", Some(8)),
        ("2001:db8:1:2:1::", Some(7)),
        ("2001:db8:1:3::", Some(6)),
        ("2001:db9::", None),
    ] {
        assert_eq!(find(&tree, address(text)), number, "{text}");
    }
}

#[test]
fn the_ends_of_the_address_space() {
    check(&[]);
    check(&[range("::/0", 1)]);
    check(&[range("0.0.0.0/0", 1)]);
    check(&[range("::/0", 1), range("0.0.0.0/0", 2)]);
    check(&[range("0.0.0.0/32", 1), range("255.255.255.255/32", 2)]);
    check(&[
        range("::/128", 1),
        range("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", 2),
    ]);
    check(&[
        range("::/8", 1),
        range("10.0.0.0/8", 2),
        range("::1:0:0:0/80", 3),
    ]);
    check(&[
        (Address(V4 - 5), Address(V4 + 5), 1),
        (Address(BEHIND_V4 - 5), Address(BEHIND_V4 + 5), 2),
    ]);
}

#[test]
fn what_is_no_range_is_left_out() {
    let good = range("192.0.2.0/24", 7);
    let backwards = (good.1, good.0, 8);
    let mut ranges = vec![
        good,
        backwards,
        (good.0, good.0, NUMBERS),
        (good.0, good.0, u32::MAX),
    ];
    assert_eq!(find(&build_ranges(&mut ranges), good.0), Some(7));
}

/// Enough for every level, and for low halves that make a tree.
#[test]
fn many_ranges() {
    let v4 = |number: u32| {
        range(
            &format!("{}/31", std::net::Ipv4Addr::from_bits(number * 4)),
            number,
        )
    };
    let hosts = |number: u32| (Address((7 << 64) | (u128::from(number) * 3)), number);
    for count in [1, 2, 7, 8, 9, 15, 16, 17, 136, 137, 500, 5000, 40_000] {
        check_all(&(0..count).map(v4).collect::<Vec<_>>());
        check_all(
            &(0..count)
                .map(hosts)
                .map(|(host, number)| (host, host, number))
                .collect::<Vec<_>>(),
        );
        let apart = |number: u32| Address(u128::from(number * 2 + 1) << 64);
        check_all(
            &(0..count)
                .map(|number| (apart(number), apart(number), number))
                .collect::<Vec<_>>(),
        );
    }
}

/// Ranges that don't touch: each is found, and beside it nothing.
#[track_caller]
fn check_all(ranges: &[Range]) {
    let tree = build_ranges(&mut ranges.to_vec());
    for &(first, last, number) in ranges {
        assert_eq!(find(&tree, first), Some(number), "{first}");
        assert_eq!(find(&tree, last), Some(number), "{last}");
        assert_eq!(find(&tree, Address(last.0 + 1)), None, "behind {last}");
    }
}

/// Addresses that lie close to each other, and to the ends of things.
fn addresses() -> impl Strategy<Value = u128> {
    let near = prop_oneof![
        Just(0_u128),
        Just(V4),
        Just(V4 + (10 << 24)),
        Just(BEHIND_V4),
        Just(5 << 64),
        Just(6 << 64),
        Just(u128::MAX - 40),
    ];
    (near, 0..40_u128).prop_map(|(near, more)| near + more)
}

proptest! {
    #[test]
    fn agrees_with_looking_at_every_range(
        ends in proptest::collection::vec((addresses(), addresses()), 0..60),
    ) {
        let ranges: Vec<Range> = ends
            .iter()
            .zip(0..)
            .map(|(&(one, other), number)| (Address(one.min(other)), Address(one.max(other)), number))
            .collect();
        check(&ranges);
    }

    #[test]
    fn agrees_for_networks(
        networks in proptest::collection::vec((addresses(), 60_u32..=128), 0..200),
    ) {
        let ranges: Vec<Range> = networks
            .iter()
            .zip(0..)
            .map(|(&(one, bits), number)| {
                let behind = 1_u128.checked_shl(128 - bits).unwrap_or(0).wrapping_sub(1);
                (Address(one & !behind), Address(one | behind), number)
            })
            .collect();
        check(&ranges);
    }

    #[test]
    fn no_bytes_panic(
        junk: Vec<u8>,
        changes in proptest::collection::vec((0..4096_usize, any::<u8>()), 1..20),
        at in addresses(),
    ) {
        let _either = find(&junk, Address(at));
        let mut tree = build_ranges(&mut (0..100).map(|n| (Address(n << 62), Address(n << 62), n as u32)).collect());
        for (place, byte) in changes {
            let length = tree.len();
            tree[place % length] = byte;
        }
        let _either = find(&tree, Address(at));
        tree.truncate(tree.len() / 2);
        let _either = find(&tree, Address(at));
    }
}
