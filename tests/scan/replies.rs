//! Which replies count: those that a transaction vouches for, in every route; and none that an
//! attacker has made up.

use super::backend::{Backend, chan_pjsip, chan_sip};
use super::{LOADED, banned, call, counts, proxy, stat};
use crate::support::{Kamailio, NETWORK6, PHONE6, Phone, Rpc, Server, wait_until};
use serde_json::json;
use std::time::Duration;

/// Routes before a PBX in which `palisade_reply()` stands elsewhere.
const PLACES: [(&str, &str); 3] = [
    (
        "failure_route",
        r#"
        request_route {
            if (!palisade_check()) exit;
            sl_send_reply("100", "Trying");
            t_on_failure("BACK");
            $du = $shv(backend);
            t_relay();
        }
        failure_route[BACK] { palisade_reply(); }"#,
    ),
    (
        "reply_route, and a failure_route too",
        r#"
        request_route {
            if (!palisade_check()) exit;
            sl_send_reply("100", "Trying");
            t_on_failure("BACK");
            $du = $shv(backend);
            t_relay();
        }
        failure_route[BACK] { palisade_reply(); }
        reply_route { palisade_reply(); }"#,
    ),
    (
        "stateless",
        r#"
        modparam("palisade", "trusted", "127.0.0.50")
        modparam("palisade", "stateless_replies", 1)
        request_route {
            if (!palisade_check()) exit;
            sl_send_reply("100", "Trying");
            $du = $shv(backend);
            forward();
        }
        reply_route { palisade_reply(); }"#,
    ),
];

#[test]
fn a_reply_counts_in_whichever_route_it_is_taken() {
    for (place, routes) in PLACES {
        let kam = Kamailio::with(&format!("{LOADED}{routes}")).start();
        let _pbx = Backend::start(&kam, "127.0.0.50", chan_sip);
        for source in ["127.0.1.1", PHONE6] {
            let phone = Phone::udp(&kam, source);
            for number in ["100009999", "100009999", "200009999", "300"] {
                assert!(call(&phone, number) >= Some(404), "{place}");
            }
            let unknown = phone.request_as("REGISTER", "999");
            assert_eq!(phone.status(&unknown), Some(404), "{place}");
            let key = if source == PHONE6 { NETWORK6 } else { source };
            assert_eq!(counts(&kam, key), [1, 3, 0], "{place}, {source}");
        }
        let tcp = Phone::tcp(&kam, "127.0.1.2");
        assert_eq!(call(&tcp, "100009999"), Some(404), "{place}");
        assert_eq!(counts(&kam, "127.0.1.2"), [0, 1, 0], "{place}, TCP");
        assert_eq!(counts(&kam, "127.0.0.50"), [0; 3], "{place}, the PBX");
        kam.stop();
    }
}

#[test]
fn what_says_nothing_of_the_password_counts_nothing() {
    for routes in [super::ROUTES, PLACES[0].1] {
        let kam = Kamailio::with(&format!("{LOADED}{routes}")).start();
        let _pbx = Backend::start(&kam, "127.0.0.50", chan_pjsip);
        let phone = Phone::udp(&kam, "127.0.1.1");
        assert_eq!(phone.register("101", super::backend::PASSWORD), Some(200));
        for _ in 0..5 {
            // A challenge, a nonce that is too old, a backend in trouble.
            let plain = phone.request_as("REGISTER", "101");
            let challenge = phone.ask(&plain).expect("a challenge");
            assert_eq!(challenge.status(), Some(401));
            let old = phone.request_as("REGISTER", "stale");
            let old = old.authorize(&challenge, "101", "any");
            assert_eq!(phone.status(&old), Some(401));
            assert_eq!(phone.register("busy", "x"), Some(500)); // tm makes 500 of 503
            // A carrier's challenge to a call that has our credentials, where that user has registered;
            // in a failure_route nobody hears of it.
            if routes != super::ROUTES {
                continue;
            }
            let call = phone.request_as("INVITE", "101");
            let call = call.uri("sip:carrier@palisade.test");
            let call = call.authorize(&challenge, "101", "any");
            assert_eq!(phone.status(&call), Some(407));
        }
        assert_eq!(stat(&kam, "auth_failures"), 0);
        assert_eq!(counts(&kam, "127.0.1.1"), [0; 3]);
        assert_eq!(banned(&kam), []);
    }
}

/// A reply that nobody asked for: to a call from the victim, if its Via were true.
fn forged(kam: &Server, number: usize, status: &str) -> Vec<u8> {
    let port = kam.port();
    format!(
        "SIP/2.0 {status}\r\n\
         Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bKforged{number}\r\n\
         Via: SIP/2.0/UDP 127.0.0.5:5060;received=127.0.0.5;branch=z9hG4bKvictim{number}\r\n\
         From: <sip:victim@palisade.test>;tag=1\r\n\
         To: <sip:{number}@palisade.test>;tag=2\r\n\
         Call-ID: forged{number}\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
    )
    .into_bytes()
}

/// A carrier's addresses are public, and forged as any other.
#[test]
fn a_reply_that_nobody_asked_for_counts_for_nobody() {
    let routes = r#"
        modparam("palisade", "trusted", "127.0.0.50")
        modparam("palisade", "reqs_density_per_unit", 30)
        request_route { exit; }
        reply_route { palisade_reply(); drop; }"#;
    let kam = Kamailio::with(&format!("{LOADED}{routes}")).start();
    let carrier = Phone::udp(&kam, "127.0.0.50");
    for number in 0..40 {
        for status in ["404 Not Found", "403 Forbidden", "180 Ringing"] {
            carrier.send_raw(&forged(&kam, number, status));
        }
    }
    kam.wait_idle();
    assert_eq!(counts(&kam, "127.0.0.5"), [0; 3]);
    assert_eq!(stat(&kam, "replies_unmatched"), 120);
    assert_eq!(banned(&kam), []);
}

/// A ban by hand stays what it is, whatever its source sends.
#[test]
fn replies_of_a_banned_source_are_blocked_and_change_no_ban() {
    let routes = r#"
        modparam("palisade", "reqs_density_per_unit", 30)
        request_route { exit; }
        reply_route { palisade_reply(); drop; }"#;
    let kam = Kamailio::with(&format!("{LOADED}{routes}")).start();
    let ban = |seconds| {
        kam.rpc(Rpc::Kamcmd, "palisade.ban", json!(["127.0.0.66", seconds]))
            .expect("a ban")
    };
    let flooder = Phone::tcp(&kam, "127.0.0.66");
    ban(0);
    for number in 0..100 {
        flooder.send_raw(&forged(&kam, number, "200 OK"));
    }
    let is_read = || stat(&kam, "replies_unmatched") == 100;
    assert!(wait_until(is_read, Duration::from_secs(20)));
    assert_eq!(stat(&kam, "blocked_ban"), 100);
    assert_eq!(banned(&kam), [("127.0.0.66".into(), "manual".into())]);
}

#[test]
fn without_transactions_a_reply_counts_only_from_a_trusted_source() {
    let routes = r#"
        modparam("palisade", "trusted", "127.0.0.50")
        modparam("palisade", "stateless_replies", 1)
        request_route { exit; }
        reply_route { palisade_reply(); drop; }"#;
    let kam = Kamailio::with(&format!("{LOADED}{routes}")).start();
    let (attacker, backend) = (
        Phone::udp(&kam, "127.0.0.66"),
        Phone::udp(&kam, "127.0.0.50"),
    );
    for number in 0..25 {
        attacker.send_raw(&forged(&kam, number, "404 Not Found"));
    }
    kam.wait_idle();
    assert_eq!(stat(&kam, "replies_unmatched"), 25);
    assert_eq!(counts(&kam, "127.0.0.5"), [0; 3]);
    assert_eq!(banned(&kam), []);
    for number in 0..3 {
        backend.send_raw(&forged(&kam, number, "404 Not Found"));
        backend.send_raw(&forged(&kam, number, "180 Ringing"));
    }
    kam.wait_idle();
    assert_eq!(counts(&kam, "127.0.0.5"), [0, 3, 0]);
    assert_eq!(
        (stat(&kam, "replies"), stat(&kam, "replies_unmatched")),
        (3, 25)
    );
}

/// Replies that can't be read, in every way that comes to mind.
#[test]
fn a_reply_that_is_no_reply_harms_nobody() {
    let routes = r#"
        modparam("palisade", "trusted", "127.0.0.0/8")
        request_route { exit; }
        reply_route { palisade_reply(); drop; }"#;
    let kam = Kamailio::with(&format!("{LOADED}{routes}")).start();
    let sender = Phone::udp(&kam, "127.0.0.66");
    let whole = String::from_utf8(forged(&kam, 1, "404 Not Found")).expect("ASCII");
    let replace = |from: &str, to: &str| whole.replace(from, to);
    let mut replies = vec![
        replace("received=127.0.0.5", "received=nowhere"),
        replace("received=127.0.0.5;", "").replace("127.0.0.5:5060", "some.name:5060"),
        replace("To: <sip:1@palisade.test>", "To: <nothing>"),
        replace("To: <sip:1@palisade.test>", "To: "),
        replace("CSeq: 1 INVITE", "CSeq: INVITE"),
        replace("CSeq: 1 INVITE", "CSeq: 1 "),
        replace("CSeq: 1 INVITE", "CSeq: 1 REGISTER\r\nWWW-Authenticate: "),
        replace("404 Not Found", "401 U").replace(
            "Call-ID",
            "WWW-Authenticate: Digest realm=\"\r\nProxy-Authenticate: x=\"\r\nCall-ID",
        ),
        replace("404", "999"),
        whole
            .lines()
            .filter(|line| !line.contains("victim0"))
            .collect(),
    ];
    replies.extend(
        (0..whole.len())
            .step_by(17)
            .map(|cut| whole[..cut].to_owned()),
    );
    for reply in &replies {
        sender.send_raw(reply.as_bytes());
    }
    kam.wait_idle();
    assert_eq!(stat(&kam, "faults"), 0);
    kam.assert_healthy();
}

/// tm holds a transaction for as long as a process refers to it: with a reference too many it would
/// stay for ever.
#[test]
fn a_reply_that_is_dropped_leaves_no_transaction_behind() {
    let routes = r#"
        modparam("tm", "wt_timer", 100)
        modparam("tm", "fr_timer", 300)
        modparam("tm", "fr_inv_timer", 300)
        request_route {
            sl_send_reply("100", "Trying");
            $du = $shv(backend);
            t_relay();
        }
        reply_route {
            palisade_reply();
            if ($rm == "OPTIONS") drop;
        }"#;
    let kam = Kamailio::with(&format!("{LOADED}{routes}")).start();
    let _pbx = Backend::start(&kam, "127.0.0.50", chan_sip);
    let phone = Phone::udp(&kam, "127.0.1.1");
    for number in 0..5 {
        let uri = format!("sip:{number}00009999@palisade.test");
        phone.send(&phone.request("OPTIONS").uri(&uri));
        assert_eq!(call(&phone, &format!("{number}00009999")), Some(404));
    }
    let current = || {
        let stats = kam.rpc(Rpc::Kamcmd, "tm.stats", json!([]));
        stats.expect("tm.stats").number("current")
    };
    let gone = wait_until(|| current() == 0, Duration::from_secs(20));
    assert!(gone, "{} transactions are left", current());
    assert_eq!(counts(&kam, "127.0.1.1"), [0, 5, 0]);
}

#[test]
fn a_number_that_works_after_all_is_no_failure() {
    let kam = proxy("").start();
    let _pbx = Backend::start(&kam, "127.0.0.50", chan_sip);
    let source = "127.0.1.1";
    let barred = Phone::udp(&kam, source).agent("barred for once");
    assert_eq!(call(&barred, "600"), Some(403));
    assert_eq!(call(&barred, "0049"), Some(484));
    assert_eq!(counts(&kam, source), [0, 2, 0]);
    assert_eq!(call(&Phone::udp(&kam, source), "600"), Some(200));
    assert_eq!(counts(&kam, source), [0, 1, 0]);
}

/// Who declines, is busy or does not answer is there.
#[test]
fn calls_that_are_declined_ban_nobody() {
    let kam = proxy("").start();
    let _pbx = Backend::start(&kam, "127.0.0.50", chan_sip);
    let caller = Phone::udp(&kam, "127.0.1.1");
    for number in 0..25 {
        assert_eq!(call(&caller, &format!("6{number:02}1")), Some(603));
        assert_eq!(call(&caller, &format!("7{number:02}1")), Some(486));
        assert_eq!(call(&caller, &format!("8{number:02}1")), Some(480));
    }
    assert_eq!(counts(&kam, "127.0.1.1"), [0; 3]);
    assert_eq!(banned(&kam), []);
}
