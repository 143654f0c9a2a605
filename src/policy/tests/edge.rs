//! The edge: what becomes of a datagram before it is parsed.

use super::*;
use crate::message::Datagram;

const REQUEST: &[u8] = b"OPTIONS sip:example.com SIP/2.0\r\n\r\n";
const KEEPALIVE: &[u8] = b"\r\n\r\n";
const FOUR: [AtEdge; 4] = [AtEdge::Pass; 4];
const DROPPED: [AtEdge; 4] = [AtEdge::Drop; 4];

/// What becomes of four datagrams from an address, where three are allowed.
#[track_caller]
fn check(
    texts: &[(&'static str, &str)],
    prepare: impl FnOnce(&Firewall<Manual>),
    (from, datagram): (&str, &[u8]),
    expected: [AtEdge; 4],
) {
    let firewall = firewall(|settings| {
        settings.set_number("lists_memory", 16).unwrap();
        for (name, value) in texts {
            settings.set_text(name, value.as_bytes()).unwrap();
        }
    });
    firewall.keeper().load_lists().unwrap();
    prepare(&firewall);
    let got = [(); 4].map(|()| {
        firewall.check_datagram(
            address(from),
            &Datagram {
                port: 5060,
                bytes: datagram,
            },
        )
    });
    assert_eq!(got, expected, "{from}: {:?}", datagram.escape_ascii());
    let dropped = got.iter().filter(|&&got| got == AtEdge::Drop).count();
    assert_eq!(
        firewall.counters.total(Counter::EdgeDropped),
        dropped as u64
    );
}

fn ban(firewall: &Firewall<Manual>) {
    let flooder = address(FLOODER);
    firewall
        .ban(flooder, 60, BanReason::MANUAL, Origin::Rpc)
        .unwrap();
}

#[test]
fn requests_are_counted_where_the_edge_counts() {
    use AtEdge::{Charged, Drop};
    let over = [Charged, Charged, Charged, Drop];
    for (edge, policy, datagram, expected) in [
        ("rate", "rate=block", (FLOODER, REQUEST), over),
        ("rate", "rate=ban:60", (FLOODER, REQUEST), over),
        ("rate", "rate=log", (FLOODER, REQUEST), [Charged; 4]),
        ("rate", "rate=off", (FLOODER, REQUEST), FOUR),
        ("rate", "rate=block", (FLOODER, KEEPALIVE), FOUR),
        ("rate", "rate=block", (TRUSTED, REQUEST), FOUR),
        ("bans", "rate=block", (FLOODER, REQUEST), FOUR),
    ] {
        let texts = [("edge", edge), ("policy", policy)];
        check(&texts, |_| (), datagram, expected);
    }
}

#[test]
fn a_banned_source_is_dropped() {
    for edge in ["bans", "rate"] {
        for datagram in [REQUEST, KEEPALIVE] {
            check(&[("edge", edge)], ban, (FLOODER, datagram), DROPPED);
        }
        let other = ("192.0.2.1", KEEPALIVE);
        check(&[("edge", edge)], ban, other, FOUR);
    }
}

#[test]
fn a_denied_source_is_dropped_where_the_policy_blocks() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), FLOODER).unwrap();
    let list = format!(
        "name=l;kind=network;action=deny;file={}",
        file.path().display()
    );
    for (policy, expected) in [("list=block", DROPPED), ("list=log", FOUR)] {
        let texts = [("edge", "bans"), ("list", &*list), ("policy", policy)];
        check(&texts, |_| (), (FLOODER, KEEPALIVE), expected);
    }
}
