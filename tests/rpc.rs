//! The RPC commands, through every transport that operators use: the same question, the same
//! answer.

mod change;
mod crowd;
mod every;
mod http;
mod numbers;
mod pages;
mod refuse;
mod show;

use crate::support::{Flood, Kamailio, Phone, Reply, Request, Rpc, Server};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

/// Requests from 127.0.0.66 are over the rate, and stay so for a minute.
const LIMIT: usize = 20;

/// Every REGISTER is a wrong password, of the user in X-User if there is one.
fn kamailio() -> Kamailio {
    Kamailio::with(&format!(
        r#"
        loadmodule "palisade.so"
        modparam("palisade", "sampling_time_unit", 60)
        modparam("palisade", "reqs_density_per_unit", {LIMIT})
        modparam("palisade", "scan_max_users", 0)
        modparam("palisade", "rate_ban_time", 0)
        modparam("palisade", "trusted", "127.0.0.9, 2001:db8:99::/48")
        modparam("palisade", "agent_deny", "^\"quoted\" [[:alpha:]]+ é$")
        request_route {{
            if (is_method("REGISTER")) {{
                if (is_present_hf("X-User")) palisade_auth_failed("$hdr(X-User)");
                else palisade_auth_failed();
                exit;
            }}
            if (!palisade_check()) exit;
            sl_send_reply("200", "OK");
        }}"#
    ))
    .workers(1) // counts are exact: two workers may lose a new source's second request
}

/// A server that has seen some of everything.
fn busy() -> Server {
    let kam = kamailio().start();
    Flood::on(&kam)
        .from("127.0.0.66")
        .requests(LIMIT + 5)
        .send();
    Flood::on(&kam)
        .sources(["127.0.0.5", "::1", "127.0.0.9"])
        .requests(9)
        .send();
    let scanner = Phone::udp(&kam, "127.0.0.8").agent("friendly-scanner");
    assert_eq!(scanner.status(&scanner.request("OPTIONS")), None);
    let guesser = Phone::udp(&kam, "127.0.0.7");
    for _ in 0..3 {
        guesser.send(&credentials(&guesser, "alice"));
    }
    guesser.send(&guesser.request("REGISTER").header("X-User", "100"));
    kam.wait_idle();
    for (key, seconds, reason) in [
        ("192.0.2.1", 3600, "toll fraud"),
        ("2001:db8::1", 0, "42"),
        ("127.0.0.44", 60, "x"),
    ] {
        call(&kam, Rpc::Datagram, "ban", json!([key, seconds, reason]));
    }
    kam
}

/// A REGISTER with credentials of this user in the realm r.
fn credentials(phone: &Phone, user: &str) -> Request {
    let digest = format!(
        r#"Digest username="{user}", realm="r", nonce="n", uri="sip:r", response="{:032}""#,
        0
    );
    phone.request("REGISTER").header("Authorization", digest)
}

/// What this transport sends so that these very arguments arrive. kamcmd makes an int of all that
/// looks like one, and takes what begins with a minus for an option.
fn arguments(via: Rpc, params: &Value) -> Value {
    let typed = |param: &Value| match param {
        Value::Number(number) if number.as_i64().is_some_and(|n| (0..1 << 31).contains(&n)) => {
            param.clone()
        }
        Value::Number(number) => json!(format!("s:{number}")),
        Value::String(text) => json!(format!("s:{text}")),
        other => panic!("kamcmd sends no {other}"),
    };
    match (via, params) {
        (Rpc::Kamcmd, Value::Array(all)) => all.iter().map(typed).collect(),
        _ => params.clone(),
    }
}

#[track_caller]
fn call(kam: &Server, via: Rpc, command: &str, params: Value) -> Reply {
    let answer = kam.rpc(via, &format!("palisade.{command}"), arguments(via, &params));
    answer.unwrap_or_else(|error| panic!("{via:?}: palisade.{command} {params}: {error}"))
}

/// Without the fields that may differ between two calls, and with numbers as texts, as kamcmd
/// prints them.
fn timeless(value: &Value) -> Value {
    const TIMES: [&str; 6] = ["since", "until", "left", "first", "last", "last_seen"];
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter(|(name, _)| !TIMES.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), timeless(value)))
            .collect(),
        // kamcmd's output does not tell an empty list from an empty struct.
        Value::Array(all) if all.is_empty() => json!({}),
        Value::Array(all) => all.iter().map(timeless).collect(),
        leaf => json!(Reply(leaf.clone()).as_text()),
    }
}

fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("a clock past 1970").as_secs().cast_signed()
}

/// A command, its arguments, what its reply consists of, and what each of its rows consists of.
/// `#` marks a number.
type Shape = (&'static str, Value, &'static str, &'static str);

fn shapes() -> [Shape; 14] {
    let (list, none) = ("total# rows", json!([]));
    let bans = "key reason since# until# left# hits# count# origin against";
    let sources = "key hits_prev# hits_curr# status last_seen# by";
    let auth = "user source failures# first# last# blocked# left# proof#";
    let tables = "table capacity# used# evictions# bytes#";
    let settings = "sampling_time_unit# reqs_density_per_unit# remove_latency# rate_ban_time# \
                    ipv4_prefix# ipv6_prefix# trusted sources_max# bans_max# users_max# \
                    auth_max_failures# auth_window# auth_ban_time# auth_scope \
                    auth_user_max_failures# auth_known_time# agent_deny agent_builtin# \
                    agent_ban_time# log_level# on_fault";
    let stats = "checked# trusted# passed# blocked_ban# blocked_rate# blocked_agent# rate_hot# \
                 bans_rate# bans_agent# bans_auth# bans_manual# bans_refused_trusted# bans_refused_own# \
                 bans_refused_full# unbans# bans_expired# auth_failures# auth_retransmissions# \
                 auth_successes# auth_blocks# auth_under_attack# auth_blocked# auth_uncounted# \
                 faults# log_suppressed# rate_uncounted# shared_bytes#";
    let show = "ip key now trusted# banned# limit# proven# auth";
    let show_rate = "ip key now trusted# banned# rate limit# proven# auth";
    let show_ban = "ip key now trusted# banned# ban limit# proven# auth";
    [
        ("stats", none.clone(), stats, ""),
        ("bans", none.clone(), list, bans),
        ("bans", json!([1, 1]), list, bans),
        ("sources", none.clone(), list, sources),
        ("sources", json!(["HOT"]), list, sources),
        ("sources", json!(["warm", 0, 2]), list, sources),
        ("auth", none.clone(), list, auth),
        ("agents", none.clone(), list, "pattern hits#"),
        ("show", json!(["127.0.0.66"]), show_rate, ""),
        ("show", json!(["127.0.0.44"]), show_ban, ""),
        ("show", json!(["127.0.0.7"]), show, ""),
        ("show", json!(["198.51.100.1"]), show, ""),
        ("settings", none.clone(), settings, ""),
        ("tables", none, list, tables),
    ]
}

/// These fields, and in JSON of these types. A reply may have more, but not a row.
#[track_caller]
fn check_fields(what: &str, via: Rpc, reply: &Reply, fields: &str, is_row: bool) {
    let known = reply
        .as_object()
        .unwrap_or_else(|| panic!("{what}: no struct: {reply}"));
    let expected: Vec<&str> = fields
        .split(' ')
        .map(|name| name.trim_end_matches('#'))
        .collect();
    let missing = expected.iter().find(|name| !known.contains_key(**name));
    assert_eq!(missing, None, "{what}: {reply}");
    assert!(!is_row || known.len() == expected.len(), "{what}: {reply}");
    for name in fields.split(' ').filter_map(|name| name.strip_suffix('#')) {
        assert!(reply.number(name) >= 0, "{what}: {name} in {reply}");
        assert!(
            via == Rpc::Kamcmd || reply[name].is_i64(),
            "{what}: {name} in {reply}"
        );
    }
    for name in fields.split(' ').filter(|name| !name.ends_with('#')) {
        assert!(!reply[name].is_number(), "{what}: {name} in {reply}");
    }
}

#[test]
fn every_command_answers_the_same_through_every_transport() {
    let kam = busy();
    for (command, params, fields, row_fields) in shapes() {
        let mut first = None;
        for via in Rpc::ALL {
            let what = format!("{via:?}: palisade.{command} {params}");
            let reply = call(&kam, via, command, params.clone());
            check_fields(&what, via, &reply, fields, false);
            if !row_fields.is_empty() {
                let rows = reply.rows("rows");
                assert!(!rows.is_empty(), "{what}: {reply}");
                rows.iter()
                    .for_each(|row| check_fields(&what, via, row, row_fields, true));
            }
            let seen = timeless(&reply);
            assert_eq!(*first.get_or_insert_with(|| seen.clone()), seen, "{what}");
        }
    }
    kam.assert_healthy();
}

#[test]
fn numbers_are_those_of_what_happened() {
    let kam = busy();
    let stats = call(&kam, Rpc::Http, "stats", json!([]));
    let limit = LIMIT as i64;
    for (name, expected) in [
        ("checked", limit + 5 + 9 + 1),
        ("trusted", 3),
        ("passed", limit + 9),
        ("blocked_rate", 5),
        ("blocked_agent", 1),
        ("rate_hot", 1),
        ("bans_manual", 3),
        ("auth_failures", 4),
        ("auth_blocks", 1),
        ("faults", 0),
    ] {
        assert_eq!(stats.number(name), expected, "{name}: {stats}");
    }
    let tables = call(&kam, Rpc::Http, "tables", json!([])).rows("rows");
    let row = |name| {
        tables
            .iter()
            .find(|row| row.text("table") == name)
            .expect(name)
    };
    for (name, capacity, used) in [("sources", 262_144, 4), ("bans", 65_536, 3)] {
        assert_eq!(
            (row(name).number("capacity"), row(name).number("used")),
            (capacity, used)
        );
    }
    let bytes: i64 = tables.iter().map(|row| row.number("bytes")).sum();
    assert!(
        (bytes..bytes + (8 << 20)).contains(&stats.number("shared_bytes")),
        "{stats}"
    );
    let hits = call(&kam, Rpc::Http, "agents", json!([])).rows("rows");
    let hit: Vec<_> = hits.iter().filter(|row| row.number("hits") > 0).collect();
    assert_eq!(
        (hit.len(), hit[0].text("pattern").as_str()),
        (1, "friendly-scanner")
    );
    assert!(
        hits.iter()
            .any(|row| row.text("pattern") == "^\"quoted\" [[:alpha:]]+ é$")
    );
}

#[test]
fn times_are_those_of_the_wall_clock() {
    let before = now_s();
    let kam = busy();
    let bans = call(&kam, Rpc::Http, "bans", json!([])).rows("rows");
    let auth = call(&kam, Rpc::Http, "auth", json!([])).rows("rows");
    let sources = call(&kam, Rpc::Http, "sources", json!([])).rows("rows");
    // A window of 60 s tells when a source was last seen to two seconds.
    let lately = before - 3..=now_s() + 3;
    let times = [
        (&bans, "since"),
        (&auth, "first"),
        (&auth, "last"),
        (&sources, "last_seen"),
    ];
    for (rows, name) in times {
        for row in rows {
            assert!(
                lately.contains(&row.number(name)),
                "{name} of {row}: not in {lately:?}"
            );
        }
    }
    for ban in bans.iter().filter(|ban| ban.number("until") > 0) {
        let seconds = if ban.text("key") == "192.0.2.1" {
            3600
        } else {
            60
        };
        let lasts = ban.number("until") - ban.number("since");
        assert!((seconds - 1..=seconds + 1).contains(&lasts), "{ban}");
        assert!((1..=seconds).contains(&ban.number("left")), "{ban}");
    }
}
