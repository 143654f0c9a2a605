//! The edge: what becomes of a datagram before Kamailio parses it; and the other end of a blocked
//! message, the connection that it came on.

mod bans;
mod close;
mod rate;
mod replies;
mod slot;

use crate::support::{Kamailio, Phone, Rpc, Server, wait_until};
use serde_json::json;
use std::time::Duration;

const BANNED: &str = "127.0.0.66";
const LIMIT: usize = 5;
const PATIENCE: Duration = Duration::from_secs(10);

/// Whoever is not blocked gets 200, or is relayed to X-To; the log has every code.
const ROUTE: &str = r#"
request_route {
	palisade_check();
	$var(code) = $retcode;
	xlog("L_NOTICE", "$si: code $var(code)\n");
	if ($var(code) < 0) exit;
	if ($hdr(X-To) != $null) {
		$du = $hdr(X-To);
		t_relay();
		exit;
	}
	sl_send_reply("200", "OK");
}
"#;

/// One worker, so that datagrams keep their order; a window that no test outlives.
fn kamailio(edge: &str, parameters: &str) -> Kamailio {
    with(&format!("loadmodule \"palisade.so\"\n{parameters}"), edge)
}

fn with(modules: &str, edge: &str) -> Kamailio {
    Kamailio::with(&format!(
        r#"
{modules}
modparam("palisade", "edge", "{edge}")
modparam("palisade", "sampling_time_unit", 600)
modparam("palisade", "reqs_density_per_unit", {LIMIT})
{ROUTE}"#
    ))
    .workers(1)
}

#[track_caller]
fn command(kam: &Server, command: &str, key: &str) {
    kam.rpc(Rpc::Datagram, &format!("palisade.{command}"), json!([key]))
        .unwrap_or_else(|err| panic!("{command} {key}: {err}"));
}

#[track_caller]
fn count(kam: &Server, counter: &str) -> i64 {
    let stats = kam.rpc(Rpc::Datagram, "palisade.stats", json!([]));
    stats.expect("stats").number(counter)
}

/// Hits of the one ban that there is.
#[track_caller]
fn hits(kam: &Server) -> i64 {
    let bans = kam.rpc(Rpc::Datagram, "palisade.bans", json!([]));
    let bans = bans.expect("bans");
    assert_eq!(bans.number("total"), 1, "{bans}");
    bans.rows("rows")[0].number("hits")
}

/// The script got these codes for this source, in this order, and no more.
#[track_caller]
fn assert_codes(kam: &Server, source: &str, expected: &[i32]) {
    let before = format!(" {source}: code ");
    let codes = || -> Vec<i32> {
        let lines = kam.log().matching(&before);
        let code = |line: &String| line.split_once(&before)?.1.parse().ok();
        lines.iter().filter_map(code).collect()
    };
    // The log comes through a pipe, a little later than the answer.
    let all_there = wait_until(|| codes().len() >= expected.len(), PATIENCE);
    assert!(
        all_there && codes() == expected,
        "{:?}\n{}",
        codes(),
        kam.log()
    );
}

/// Sends so many requests, one after the other; how many were answered, before the first that was
/// not. After that, none is.
#[track_caller]
fn passing(phone: &Phone, requests: usize) -> usize {
    let statuses: Vec<_> = (0..requests)
        .map(|_| phone.status(&phone.request("OPTIONS")))
        .collect();
    let passing = statuses
        .iter()
        .take_while(|status| **status == Some(200))
        .count();
    let blocked = statuses[passing..].iter().all(Option::is_none);
    assert!(blocked, "{}: {statuses:?}", phone.local());
    passing
}

/// What is no request: keepalives of phones and proxies, STUN, and what is too short for one.
const KEEPALIVES: &[&[u8]] = &[
    b"",
    b"\r\n\r\n",
    b"\0\0\0\0",
    b"jaK",
    &[b'\n'; 40],
    b"\x00\x01\x00\x00\x21\x12\xa4\x42palisade-tid",
    b"\x01\x10\x02\x11\x13\xc4\x13\xc4\x7f\x00\x00\x01\x7f\x00\x00\x01",
];

/// What is long enough for a message, and never becomes one in a route.
const GARBAGE: &[&[u8]] = &[
    b"twenty bytes of it..",
    b"\x80\xff\xfe\x00 binary, with a zero in it \x00\x01",
    b"REGISTER sip:palisade.test SIP/2.0\r\nVia: ",
    b"OPTIONS sip:palisade.test SIP/9.9\r\nTo: x\r\n\r\n",
    b"HEP3\x00\x18\x00\x00\x00\x01\x00\x07\x02\x00\x00\x00\x02\x00\x07\x11\x00\x00\x00\x00",
    b"\x00\x01\x00\x04STUN of old, without a cookie.",
];
