//! What `palisade.show` and `palisade.sources` say of whom; and that nothing from the network
//! breaks a reply.

use super::{LIMIT, busy, call, kamailio};
use crate::support::{Flood, Kamailio, Phone, Rpc, wait_until};
use serde_json::json;
use std::time::Duration;

#[test]
fn shows_what_a_request_would_get_now() {
    let kam = busy();
    let cases = [
        // ip, key, now, trusted, banned, status, users with failures
        (
            "127.0.0.66",
            "127.0.0.66",
            "blocked: over the rate",
            0,
            0,
            Some("HOT"),
            0,
        ),
        ("127.0.0.5", "127.0.0.5", "pass", 0, 0, Some("WARM"), 0),
        (
            "::ffff:127.0.0.5",
            "127.0.0.5",
            "pass",
            0,
            0,
            Some("WARM"),
            0,
        ),
        ("127.0.0.7", "127.0.0.7", "pass", 0, 0, None, 2),
        ("127.0.0.9", "127.0.0.9", "pass: trusted", 1, 0, None, 0),
        (
            "127.0.0.44",
            "127.0.0.44",
            "blocked: banned, reason=x",
            0,
            1,
            None,
            0,
        ),
        (
            "192.0.2.1",
            "192.0.2.1",
            "blocked: banned, reason=\"toll fraud\"",
            0,
            1,
            None,
            0,
        ),
        (
            "2001:db8::ffff",
            "2001:db8::/64",
            "blocked: banned, reason=42",
            0,
            1,
            None,
            0,
        ),
        (
            "[2001:db8::1]",
            "2001:db8::/64",
            "blocked: banned, reason=42",
            0,
            1,
            None,
            0,
        ),
        (
            "2001:db8:99:5::1",
            "2001:db8:99:5::/64",
            "pass: trusted",
            1,
            0,
            None,
            0,
        ),
        ("::1", "::/64", "pass", 0, 0, Some("WARM"), 0),
        ("198.51.100.1", "198.51.100.1", "pass", 0, 0, None, 0),
        ("2001:db8:1::1", "2001:db8:1::/64", "pass", 0, 0, None, 0),
    ];
    for (ip, key, now, trusted, banned, status, users) in cases {
        for via in Rpc::ALL {
            let shown = call(&kam, via, "show", json!([ip]));
            let what = format!("{via:?} {ip}: {shown}");
            assert_eq!(
                (shown.text("key").as_str(), shown.text("now").as_str()),
                (key, now),
                "{what}"
            );
            assert_eq!(
                (shown.number("trusted"), shown.number("banned")),
                (trusted, banned),
                "{what}"
            );
            assert_eq!(shown.has("ban.reason"), banned == 1, "{what}");
            let rate = shown.has("rate.status").then(|| shown.text("rate.status"));
            assert_eq!(rate.as_deref(), status, "{what}");
            assert_eq!(shown.rows("auth").len(), users, "{what}");
        }
    }
}

#[test]
fn sources_are_listed_by_status() {
    let kam = busy();
    let mut trickle: Vec<String> = (1..=5).map(|n| format!("127.0.2.{n}")).collect();
    Flood::on(&kam).sources(&trickle).requests(5).send();
    trickle.extend(["127.0.0.5", "127.0.0.8", "::/64"].map(String::from));
    trickle.sort();
    let everybody = [trickle.clone(), vec!["127.0.0.66".into()]].concat();
    for via in Rpc::ALL {
        for (params, expected) in [
            (json!([]), everybody.clone()),
            (json!(["ALL"]), everybody.clone()),
            (json!(["all", 0, 200]), everybody.clone()),
            (json!(["HOT"]), vec!["127.0.0.66".to_string()]),
            (json!(["hot", "0", "1"]), vec!["127.0.0.66".to_string()]),
            (json!(["HOT", 1]), vec![]),
            (json!(["WARM"]), trickle.clone()),
        ] {
            let reply = call(&kam, via, "sources", params.clone());
            let mut keys: Vec<String> = reply
                .rows("rows")
                .iter()
                .map(|row| row.text("key"))
                .collect();
            keys.sort();
            let mut expected = expected;
            expected.sort();
            assert_eq!(keys, expected, "{via:?} {params}");
        }
        let two = call(&kam, via, "sources", json!(["WARM", 6, 3]));
        assert_eq!(
            (two.number("total"), two.rows("rows").len()),
            (8, 2),
            "{via:?}: {two}"
        );
        let hot = &call(&kam, via, "sources", json!(["HOT"])).rows("rows")[0];
        assert_eq!(
            (hot.number("hits_curr"), hot.number("hits_prev")),
            (LIMIT as i64 + 5, 0),
            "{hot}"
        );
    }
}

/// HOT, then COLD, then forgotten by the list.
#[test]
fn sources_cool_down() {
    let kam = Kamailio::with(
        r#"
        loadmodule "palisade.so"
        modparam("palisade", "sampling_time_unit", 1)
        modparam("palisade", "reqs_density_per_unit", 5)
        modparam("palisade", "remove_latency", 6)
        modparam("palisade", "rate_ban_time", 0)
        request_route {
            if (!palisade_check()) exit;
            sl_send_reply("200", "OK");
        }"#,
    )
    .start();
    Flood::on(&kam).from("127.0.0.66").requests(50).send();
    let mut seen = vec![];
    let is_forgotten = || {
        let rows = call(&kam, Rpc::Datagram, "sources", json!([])).rows("rows");
        if let Some(row) = rows.first() {
            let status = row.text("status");
            if seen.last() != Some(&status) {
                seen.push(status);
            }
        }
        rows.is_empty()
    };
    assert!(
        wait_until(is_forgotten, Duration::from_secs(30)),
        "{seen:?}"
    );
    // A machine that is very busy may miss a short one.
    let order = ["HOT", "WARM", "COLD"];
    let places: Vec<_> = seen
        .iter()
        .map(|status| order.iter().position(|s| s == status).expect(status))
        .collect();
    assert!(places.is_sorted() && places.last() == Some(&2), "{seen:?}");
    assert_eq!(
        call(&kam, Rpc::Datagram, "show", json!(["127.0.0.66"])).text("now"),
        "pass"
    );
}

#[test]
fn bytes_from_the_network_break_no_reply() {
    // The first that is odd stands for all that are: see docs/passwords.md.
    let users: &[(&[u8], &str)] = &[
        (br#"a"b\"#, r#"a\"b\\"#),
        (br#"}], "total": 9"#, r#"}], \"total\": 9"#),
        (b"tab\tbell\x07esc\x1b[2J", r"tab\tbell\x07esc\x1b[2J"),
        (b"\xff\xfe\xc3\x28", r"\xff\xfe\xc3("),
        (b"%s%n%x", "%s%n%x"),
        (b"\\u0041\\", r"\\u0041\\"),
        (b"<script>&lt;", "<script>&lt;"),
        (b"}", "}"),
        (b"key: value", "key: value"),
        (b"0100", "0100"),
    ];
    let kam = kamailio().start();
    let phone = Phone::udp(&kam, "127.0.0.7");
    for (user, shown) in users {
        phone.send(&phone.request("REGISTER").header("X-User", user));
        kam.wait_idle();
        for via in Rpc::ALL {
            let what = format!("{via:?} {shown}");
            let listed = call(&kam, via, "auth", json!([0, 200])).rows("rows");
            assert!(
                listed.iter().any(|row| row.text("user") == *shown),
                "{what}: {listed:?}"
            );
            let known = call(&kam, via, "show", json!(["127.0.0.7"])).rows("auth");
            assert!(
                known.iter().any(|row| row.text("user") == *shown),
                "{what}: {known:?}"
            );
        }
    }
    kam.assert_healthy();
}
