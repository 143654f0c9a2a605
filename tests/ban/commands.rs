//! Bans by RPC and from the script: what is answered, and what then stands in the table.

use super::{ban_of, bans, is_answered, rpc, script, server};
use crate::support::{PHONE6, Phone};
use serde_json::{Value, json};

const TRUSTED: &str = r#"modparam("palisade", "trusted", "198.51.100.0/24, 127.0.0.99")"#;

#[test]
fn the_script_bans_and_lifts_with_these_codes() {
    let kam = server(TRUSTED);
    let phone = Phone::udp(&kam, "127.0.0.1");
    let long = "x".repeat(65);
    let cases: &[(&str, &[&str], i32)] = &[
        ("is_banned", &["192.0.2.1"], -1),
        ("ban", &["192.0.2.1"], 1),
        ("is_banned", &["192.0.2.1"], 1),
        ("is_banned", &["::ffff:192.0.2.1"], 1),
        ("is_banned", &["192.0.2.2"], -1),
        ("ban", &["192.0.2.2", "60"], 1),
        ("ban", &["192.0.2.3", "60", "toll fraud"], 1),
        ("ban", &["192.0.2.4", "0"], 1),
        ("ban", &["192.0.2.4", "70"], 1),
        // No key.
        ("ban", &["alice"], -1),
        ("ban", &["192.0.2.256"], -1),
        ("ban", &["192.0.2.0/24"], -1),
        ("ban", &["192.0.2.9 192.0.2.10", "60"], -1),
        ("unban", &["alice"], -1),
        ("is_banned", &["alice"], -1),
        // No seconds, no reason.
        ("ban", &["192.0.2.9", "-1"], -1),
        ("ban", &["192.0.2.9", "soon"], -1),
        ("ban", &["192.0.2.9", "315360001"], -1),
        ("ban", &["192.0.2.9", "60", &long], -1),
        ("is_banned", &["192.0.2.9"], -1),
        // Trusted.
        ("ban", &["198.51.100.7"], -3),
        ("ban", &["198.51.100.7", "60"], -3),
        ("ban", &["::ffff:198.51.100.7", "0", "because"], -3),
        ("is_banned", &["198.51.100.7"], -1),
        // Lifted.
        ("ban", &["192.0.2.5", "60"], 1),
        ("unban", &["192.0.2.5"], 1),
        ("unban", &["192.0.2.5"], -1),
        ("is_banned", &["192.0.2.5"], -1),
        // An IPv6 address stands for its /64.
        ("ban", &["2001:db8::1", "60"], 1),
        ("is_banned", &["2001:db8::ffff"], 1),
        ("is_banned", &["2001:db8:0:1::1"], -1),
        ("ban", &["2001:db8:0:2::/64", "60"], 1),
        ("is_banned", &["[2001:db8:0:2::1]"], 1),
        ("unban", &["2001:db8:0:2::/64"], 1),
    ];
    for (function, arguments, code) in cases {
        assert_eq!(
            script(&phone, function, arguments),
            *code,
            "{function} {arguments:?}"
        );
    }
    for (key, reason, seconds) in [
        ("192.0.2.1", "manual", 300),
        ("192.0.2.2", "manual", 60),
        ("192.0.2.3", "toll fraud", 60),
        ("192.0.2.4", "manual", 70),
        ("2001:db8::/64", "manual", 60),
    ] {
        let ban = ban_of(&kam, key);
        assert_eq!(
            (ban.text("reason"), ban.text("origin")),
            (reason.into(), "script".into())
        );
        assert!(
            (seconds - 50..=seconds).contains(&ban.number("left")),
            "{ban}"
        );
    }
    assert_eq!(bans(&kam).len(), 5);
    for line in [
        r#"ban key=192.0.2.3 reason="toll fraud" seconds=60 count=1"#,
        "ban key=192.0.2.4 reason=manual seconds=0 count=1",
        "unban key=192.0.2.5 reason=script",
        "ERROR: palisade: key=alice: must be an IPv4 or IPv6 address",
        "ERROR: palisade: seconds=-1: must be between 0 and 315360000",
    ] {
        kam.log().expect(line);
    }
    kam.stop();
}

/// A reply, or an error's code and a part of its sentence.
type Answer = Result<Value, (i64, &'static str)>;

#[test]
fn rpc_bans_and_lifts_with_these_answers() {
    let kam = server(TRUSTED);
    let cases: &[(&str, Value, Answer)] = &[
        (
            "ban",
            json!(["192.0.2.1"]),
            Ok(json!({"key": "192.0.2.1", "seconds": 300})),
        ),
        (
            "ban",
            json!(["192.0.2.2", 60]),
            Ok(json!({"key": "192.0.2.2", "seconds": 60})),
        ),
        (
            "ban",
            json!(["::ffff:192.0.2.3", 0, "toll fraud"]),
            Ok(json!({"key": "192.0.2.3", "seconds": 0})),
        ),
        (
            "ban",
            json!(["2001:db8::1", "60", "x"]),
            Ok(json!({"key": "2001:db8::/64", "seconds": 60})),
        ),
        ("ban", json!([]), Err((400, "key: is missing"))),
        (
            "ban",
            json!(["alice"]),
            Err((400, "key=alice: must be an IPv4 or IPv6 address")),
        ),
        (
            "ban",
            json!(["192.0.2.0/24"]),
            Err((400, "key=192.0.2.0/24: must be an address")),
        ),
        (
            "ban",
            json!(["192.0.2.9", -1]),
            Err((400, "must be a number between 0 and 315360000")),
        ),
        (
            "ban",
            json!(["192.0.2.9", "soon"]),
            Err((400, "seconds=soon: must be a number")),
        ),
        (
            "ban",
            json!(["192.0.2.9", 60, "x".repeat(65)]),
            Err((400, "must be 1 to 64 bytes")),
        ),
        (
            "ban",
            json!(["192.0.2.9", 60, "x", "y"]),
            Err((400, "y: is one argument too many")),
        ),
        (
            "ban",
            json!(["198.51.100.7"]),
            Err((403, "key=198.51.100.7: is in a trusted network")),
        ),
        (
            "unban",
            json!(["192.0.2.1"]),
            Ok(json!({"key": "192.0.2.1"})),
        ),
        (
            "unban",
            json!(["192.0.2.1"]),
            Err((404, "key=192.0.2.1: is not banned")),
        ),
        (
            "unban",
            json!(["alice"]),
            Err((400, "key=alice: must be an IPv4 or IPv6 address")),
        ),
        (
            "unban",
            json!(["2001:db8::2"]),
            Ok(json!({"key": "2001:db8::/64"})),
        ),
        (
            "unban_all",
            json!(["now"]),
            Err((400, "now: is one argument too many")),
        ),
    ];
    for (command, arguments, expected) in cases {
        match (rpc(&kam, command, arguments.clone()), expected) {
            (Ok(reply), Ok(expected)) => assert_eq!(reply.0, *expected),
            (Err(error), Err((code, text))) => {
                assert_eq!(error.code, *code, "{command} {arguments}: {error}");
                assert!(
                    error.message.contains(text),
                    "{command} {arguments}: {error}"
                );
            }
            (got, _) => panic!("{command} {arguments}: {got:?}"),
        }
    }
    let mut left: Vec<_> = bans(&kam)
        .iter()
        .map(|ban| ["key", "reason", "origin"].map(|name| ban.text(name)))
        .collect();
    left.sort();
    assert_eq!(
        left,
        [
            ["192.0.2.2", "manual", "rpc"],
            ["192.0.2.3", "toll fraud", "rpc"]
        ]
    );
    kam.log().expect("unban key=192.0.2.1 reason=rpc");
    kam.stop();
}

#[test]
fn a_ban_silences_the_source_however_it_was_written_and_no_other() {
    // A script that a banned source's datagram can reach.
    let kam = server(&format!(
        "{TRUSTED}\nmodparam(\"palisade\", \"edge\", \"off\")"
    ));
    let commander = Phone::udp(&kam, "127.0.0.1");
    for (banned, source, silenced) in [
        ("127.0.0.9", "127.0.0.9", true),
        ("127.0.0.10", "127.0.0.11", false),
        ("::ffff:127.0.0.12", "127.0.0.12", true),
        ("2001:db8:5060::2", PHONE6, true),
        ("2001:db8::1", PHONE6, false),
    ] {
        let phone = Phone::udp(&kam, source);
        assert!(is_answered(&phone), "{source} before");
        rpc(&kam, "ban", json!([banned])).expect(banned);
        assert_eq!(
            is_answered(&phone),
            !silenced,
            "{source} while {banned} is banned"
        );
        // Which the script may ask without blocking.
        let code = if silenced { 1 } else { -1 };
        assert_eq!(script(&phone, "is_banned", &[]), code, "{source}");
        rpc(&kam, "unban", json!([banned])).expect(banned);
        assert!(is_answered(&phone), "{source} after");
    }
    // Trusted, and therefore neither banned nor asked.
    assert!(is_answered(&Phone::udp(&kam, "127.0.0.99")));
    assert_eq!(script(&commander, "ban", &["127.0.0.99"]), -3);
    assert_eq!(
        rpc(&kam, "ban", json!(["127.0.0.99"]))
            .expect_err("trusted")
            .code,
        403
    );
    assert!(is_answered(&Phone::udp(&kam, "127.0.0.99")));
    kam.stop();
}
