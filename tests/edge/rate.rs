//! `edge=rate`: every datagram that wants to be a message is counted, there and only there.

use super::{GARBAGE, KEEPALIVES, LIMIT, assert_codes, count, hits, kamailio, passing};
use crate::support::{Kamailio, NETWORK6, PHONE6, Phone, Rpc, Server};
use serde_json::json;
use std::time::Duration;

const FLOOD: usize = 40;

/// What the rate check knows of an address: requests in its window.
#[track_caller]
fn counted(kam: &Server, source: &str) -> Option<i64> {
    let sources = kam.rpc(Rpc::Datagram, "palisade.sources", json!([]));
    let sources = sources.expect("sources").rows("rows");
    let row = sources.iter().find(|row| row.text("key") == source)?;
    Some(row.number("hits_curr"))
}

#[test]
fn a_flood_that_never_reaches_a_route_is_found() {
    for (garbage, source) in GARBAGE.iter().zip(
        ["127.0.0.66", "127.0.0.67", PHONE6, "127.0.0.68"]
            .iter()
            .cycle(),
    ) {
        let kam = kamailio("rate", "").start();
        let phone = Phone::udp(&kam, source);
        for _ in 0..FLOOD {
            phone.send_raw(garbage);
        }
        assert_eq!(phone.status(&phone.request("OPTIONS")), None, "{garbage:?}");
        let key = if *source == PHONE6 { NETWORK6 } else { source };
        kam.log().expect(&format!("ban key={key} reason=rate"));
        // The first that is too much makes the ban; the others, and the request, meet it.
        assert_eq!(hits(&kam), (FLOOD - LIMIT) as i64, "{garbage:?}");
        let names = ["edge_dropped", "rate_hot", "bans_rate", "checked"];
        let expected = [(FLOOD - LIMIT + 1) as i64, 1, 1, 0];
        assert_eq!(names.map(|name| count(&kam, name)), expected, "{garbage:?}");
        kam.stop();
    }
}

#[test]
fn the_edge_leaves_garbage_alone_where_it_does_not_count() {
    let kam = kamailio("bans", "").start();
    let phone = Phone::udp(&kam, "127.0.0.66");
    for garbage in GARBAGE {
        (0..FLOOD).for_each(|_| phone.send_raw(garbage));
    }
    assert_eq!(passing(&phone, LIMIT + 2), LIMIT);
    kam.stop();
}

/// A function that counts where the edge does not.
fn counting(function: &str) -> Kamailio {
    Kamailio::with(&format!(
        r#"
loadmodule "palisade.so"
modparam("palisade", "edge", "rate")
modparam("palisade", "sampling_time_unit", 600)
modparam("palisade", "reqs_density_per_unit", {LIMIT})
request_route {{
	if (!{function}()) exit;
	sl_send_reply("200", "OK");
}}
"#
    ))
}

#[test]
fn a_request_is_counted_once() {
    for function in ["palisade_check", "pike_check_req"] {
        let kam = counting(function).start();
        let udp = |source| Phone::udp(&kam, source);
        let tcp = |source| Phone::tcp(&kam, source);
        for phone in [udp("127.0.0.66"), tcp("127.0.0.67"), udp("::1")] {
            // After the first that is blocked, there may be no connection any more.
            assert_eq!(passing(&phone, LIMIT + 1), LIMIT, "{function}");
        }
        // What anybody can send in its name takes nothing from its connections.
        let (over_udp, over_tcp) = (udp("127.0.0.68"), tcp("127.0.0.68"));
        assert_eq!(passing(&over_udp, LIMIT + 1), LIMIT, "{function}");
        assert_eq!(passing(&over_tcp, LIMIT + 1), LIMIT, "{function}");
        kam.stop();
    }
}

type Dress = fn(u16) -> Vec<u8>;

/// What may stand before the method of a request, which is then one of its bytes: Kamailio takes any for a method. So
/// many bytes follow the length that is in it.
const DRESSES: &[(&str, Dress)] = &[
    ("nothing", |_| vec![]),
    ("HEP 3", |after| {
        [&b"HEP3"[..], &(after + 6).to_be_bytes()].concat()
    }),
    ("HEP 2", |_| b"\x02\x10\x02\x11\x13\xc4".to_vec()),
    ("HEP 1", |_| b"\x01\x10\x02\x11\x13\xc4".to_vec()),
    ("STUN by its length", |after| {
        [&b"\0\x01"[..], &(after - 16).to_be_bytes()].concat()
    }),
    ("STUN", |after| {
        let length = after + 4;
        [
            &b"\0\x01"[..],
            &length.to_be_bytes(),
            b"\x21\x12\xa4\x42palisade-tid\x80\x22",
            &after.to_be_bytes(),
        ]
        .concat()
    }),
];

#[test]
fn a_request_that_is_dressed_as_something_else_is_counted() {
    const REQUESTS: usize = 100;
    let kam = kamailio("rate", "").start();
    for (index, (name, dress)) in DRESSES.iter().enumerate() {
        let source = format!("127.0.0.{}", 90 + index);
        let phone = Phone::udp(&kam, &source);
        for _ in 0..REQUESTS {
            let mut request = phone.request("OPTIONS").bytes();
            // STUN counts by four; and no byte of a length must be a blank or end a line.
            let pad = |request: &[u8]| {
                let after = u16::try_from(request.len()).expect("a datagram");
                !request.len().is_multiple_of(4)
                    || dress(after).iter().any(|byte| b" \r\n".contains(byte))
            };
            while pad(&request) {
                request.push(b'\n');
            }
            let after = u16::try_from(request.len()).expect("a datagram");
            phone.send_raw(&[&dress(after)[..], &request].concat());
        }
        kam.wait_idle();
        let answers = std::iter::from_fn(|| phone.receive(Duration::ZERO));
        let answered = answers.filter(|answer| answer.status() == Some(200));
        assert_eq!(answered.count(), LIMIT, "{name}");
    }
    kam.stop();
}

#[test]
fn keepalives_are_not_counted() {
    let kam = kamailio("rate", "").start();
    for (index, keepalive) in KEEPALIVES.iter().enumerate() {
        let source = format!("127.0.0.{}", 70 + index);
        let phone = Phone::udp(&kam, &source);
        (0..FLOOD).for_each(|_| phone.send_raw(keepalive));
        kam.wait_idle();
        assert_eq!(counted(&kam, &source), None, "{keepalive:?}");
        assert_eq!(passing(&phone, LIMIT + 2), LIMIT, "{keepalive:?}");
    }
    kam.stop();
}

#[test]
fn a_trusted_source_is_untouched() {
    let trusted = ["127.0.0.77", "::1"];
    let parameter = r#"modparam("palisade", "trusted", "127.0.0.77, ::1")"#;
    let kam = kamailio("rate", parameter).start();
    for source in trusted {
        let phone = Phone::udp(&kam, source);
        for garbage in GARBAGE {
            (0..FLOOD).for_each(|_| phone.send_raw(garbage));
        }
        assert_eq!(passing(&phone, 3 * LIMIT), 3 * LIMIT, "{source}");
        assert_codes(&kam, source, &[1; 3 * LIMIT]);
        assert_eq!(counted(&kam, source), None, "{source}");
    }
    assert_eq!(count(&kam, "edge_dropped"), 0);
    assert_eq!(passing(&Phone::udp(&kam, "127.0.0.78"), LIMIT + 2), LIMIT);
    kam.stop();
}
