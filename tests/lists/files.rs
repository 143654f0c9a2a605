//! What is in files, and what the script is told of it.

use super::{Lists, asked, call, row, shown, values};
use crate::support::Phone;
use serde_json::json;

#[test]
fn every_kind_is_asked_by_value_and_by_message() {
    let lists = Lists::new()
        .with(
            "networks",
            "a.list",
            "192.0.2.0/24\n198.51.100.1 - 198.51.100.9 # a range\n2001:db8::/32\n127.0.0.66\n",
            "kind=network;action=trust",
        )
        .with(
            "drop",
            "drop.json",
            "{\"cidr\":\"203.0.113.0/24\",\"sblid\":\"SBL1\"}\n{\"type\":\"metadata\"}\n",
            "kind=network;action=deny",
        )
        .with(
            "agents",
            "b.list",
            "sipvicious\nprefix:friendly\nregex:^sip(cli|sak)$\n",
            "kind=agent;action=deny",
        )
        .with(
            "users",
            "c.csv",
            "user,match,comment\nmallory,,x\nsuffix,suffix,y\n",
            "kind=user;action=deny",
        )
        .with(
            "domains",
            "d",
            "evil.example\n",
            "kind=domain;action=deny;match=suffix",
        )
        .with(
            "numbers",
            "e",
            "+44 20\n00882\n1900\n",
            "kind=destination;action=deny",
        )
        .with(
            "countries",
            "f",
            "de\nFR ; two\n",
            "kind=country;action=allow",
        )
        .with("systems", "g", "AS64500\n64501\n", "kind=asn;action=deny");
    let kam = lists.start();
    let phone = Phone::udp(&kam, "127.0.0.5")
        .agent("Friendly-Scanner")
        .user("Mallory")
        .domain("www.evil.example");
    for (list, value, expected) in [
        ("networks", Some("192.0.2.255"), 1),
        ("networks", Some("192.0.3.0"), -1),
        ("networks", Some("198.51.100.9"), 1),
        ("networks", Some("198.51.100.10"), -1),
        ("networks", Some("2001:db8:ffff::1"), 1),
        ("networks", Some("::ffff:192.0.2.1"), 1),
        ("networks", Some("alice"), -1),
        ("networks", None, -1),
        ("drop", Some("203.0.113.7"), 1),
        ("agents", Some("pplsip SIPVicious 0.3"), 1),
        ("agents", Some("xfriendly"), -1),
        ("agents", Some("SipCli"), 1),
        ("agents", Some("sipcli/1"), -1),
        ("agents", None, 1),
        ("users", Some("MALLORY"), 1),
        ("users", Some("mallory2"), -1),
        ("users", Some("a-suffix"), 1),
        ("users", None, 1),
        ("domains", Some("EVIL.example"), 1),
        ("domains", Some("evil.example.org"), -1),
        ("domains", None, 1),
        ("numbers", Some("+442079460000"), 1),
        ("numbers", Some("00442079460000"), 1),
        ("numbers", Some("442079460000"), 1),
        ("numbers", Some("+441"), -1),
        ("numbers", Some("+88216"), 1),
        ("numbers", Some("900"), -1),
        ("numbers", None, -1),
        ("countries", Some("De"), 1),
        ("countries", Some("GB"), -1),
        ("countries", Some("Germany"), -1),
        ("systems", Some("as64501"), 1),
        ("systems", Some("64502"), -1),
        ("no-such", Some("x"), -1),
        ("no-such", None, -1),
    ] {
        assert_eq!(asked(&phone, list, value), expected, "{list} {value:?}");
    }
    assert_eq!(asked(&Phone::udp(&kam, "127.0.0.66"), "networks", None), 1);
    kam.log()
        .expect("palisade_in_list: list=no-such: there is none of this name");
    // What the script found is counted.
    assert_eq!(row(&kam, "agents").number("hits"), 3);
    let drop = row(&kam, "drop");
    for (name, expected) in [
        ("kind", "network"),
        ("action", "deny"),
        ("source", &shown(&lists.path("drop.json"))),
        ("entries", "1"),
        ("last_error", ""),
        ("bad_lines", "0"),
    ] {
        assert_eq!(drop.text(name), expected, "{name}");
    }
    // Which lists hold a value, and by which entry.
    for (value, expected) in [
        (
            "198.51.100.3",
            &[("networks", "198.51.100.1 - 198.51.100.9", "a range")][..],
        ),
        ("192.0.2.0/25", &[("networks", "192.0.2.0/24", "")]),
        ("192.0.2.0/23", &[]),
        ("+442079", &[("numbers", "+44 20", "")]),
        ("fr", &[("countries", "FR", "two")]),
        ("mallory", &[("users", "mallory", "x")]),
        ("AS64500", &[("systems", "AS64500", "")]),
        ("nobody", &[]),
    ] {
        let found = call(&kam, "list_find", json!([value]));
        let rows: Vec<_> = found
            .rows("rows")
            .iter()
            .map(|row| ["list", "value", "comment"].map(|name| row.text(name)))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|&(list, value, comment)| [list, value, comment].map(str::to_owned))
            .collect();
        assert_eq!(rows, expected, "{value}");
        assert_eq!(found.number("total"), expected.len() as i64);
    }
    kam.stop();
}

#[test]
fn what_is_wrong_in_a_file_is_told_and_the_rest_loads() {
    let bad: String = (0..30)
        .map(|number| format!("no network {number}\n"))
        .collect();
    let content = format!(
        "{bad}192.0.2.1\n0.0.0.0/0\n10.0.0.0/8\n198.51.100.0/25\n203.0.113.7\n192.0.2.1 # twice\n\
         192.0.2.2\n192.0.2.3 # until=2001-01-01\nx\u{1}\"\r\n"
    );
    let lists = Lists::new()
        .with(
            "ours",
            "ours.list",
            "203.0.113.0/24\n",
            "kind=network;action=trust",
        )
        .with("bad", "bad.list", &content, "kind=network;action=deny")
        .with(
            "forced",
            "forced.list",
            &content,
            "kind=network;action=deny;force=1",
        )
        .parameter("trusted", "\"198.51.100.0/24\"");
    let kam = lists.start();
    let path = shown(&lists.path("bad.list"));
    for line in [
        format!(
            "list_bad_line name=bad file={path} line=1 text=\"no network 0\": must be an address"
        ),
        format!("list_bad_line name=bad file={path} line=20 text=\"no network 19\": must be"),
        format!("list_bad_lines name=bad file={path} count=31"),
        format!("list_refused name=bad file={path} line=32 text=\"0.0.0.0/0\": it is everybody"),
        format!(
            "list_refused name=bad file={path} line=33 text=\"10.0.0.0/8\": it has addresses of"
        ),
        format!(
            "list_refused name=bad file={path} line=34 text=\"198.51.100.0/25\": it is trusted"
        ),
        format!("list_refused name=bad file={path} line=35 text=\"203.0.113.7\": it is trusted"),
        "list_loaded name=bad entries=2 ms=".to_owned(),
        "bad=31 refused=4 duplicates=1".to_owned(),
        "list_loaded name=forced entries=6 ms=".to_owned(),
    ] {
        kam.log().expect(&line);
    }
    assert_eq!(kam.log().matching("list_bad_line name=bad").len(), 20);
    assert!(!kam.log().contains("list_refused name=forced"));
    assert_eq!(values(&kam, "bad"), ["192.0.2.1", "192.0.2.2"]);
    let bad = row(&kam, "bad");
    assert_eq!((bad.number("bad_lines"), bad.number("refused")), (31, 4));
    let one = Lists::new().with("one", "a", "x\u{1}\"\\\n", "kind=network;action=deny");
    one.start()
        .log()
        .expect("line=1 text=\"x\\x01\\\"\\\\\": must be an address");
    kam.stop();
}

#[test]
fn what_can_not_be_read_stops_the_start_only_where_it_is_required() {
    let lists = Lists::new();
    for (file, why) in [
        ("missing", "there is no such file"),
        (".", "is a directory"),
        ("fifo", "is no ordinary file"),
        ("huge", "has 1025 MB, more than lists_memory=1024"),
    ] {
        let path = lists.path(file);
        if file == "fifo" {
            let made = std::process::Command::new("mkfifo").arg(&path).status();
            assert!(made.expect("mkfifo").success());
        }
        if file == "huge" {
            let huge = std::fs::File::create(&path).expect("a file");
            huge.set_len((1 << 30) + 1).expect("a hole");
        }
        let config = |rest: &str| {
            crate::support::Kamailio::with(&format!(
                "loadmodule \"palisade.so\"\nmodparam(\"palisade\", \"list\", \
                 \"name=a;kind=user;action=deny;file={}{rest}\")\nrequest_route {{ exit; }}",
                path.display()
            ))
        };
        let kam = config("").start();
        let line = kam.log().expect("list_error name=a");
        assert!(line.contains(&shown(&path)) && line.contains(why), "{line}");
        let row = row(&kam, "a");
        assert!(row.text("last_error").ends_with(why), "{row}");
        assert_eq!((row.number("entries"), row.number("loaded")), (0, 0));
        assert_eq!(call(&kam, "list", json!(["a"])).number("total"), 0);
        kam.stop();
        let log = config(";required=1").expect_start_failure();
        assert_eq!(
            log.matching("no start: list=a is required").len(),
            1,
            "{log}"
        );
    }
}

#[test]
fn a_parameter_that_is_wrong_stops_the_start() {
    let log = Lists::new()
        .with("a", "a", "", "kind=agents;action=deny")
        .kamailio()
        .expect_start_failure();
    log.expect("list=a: kind=agents: must be one of network, agent, user,");
}
