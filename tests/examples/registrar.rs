//! examples/kamailio.cfg and its twin in Lua: lists, scans, signals.

use super::{PATIENCE, ROOT, ban_of, call, example};
use crate::support::{Kamailio, Phone, Server, wait_until};
use serde_json::json;

const DOMAIN: &str = "example.com";

fn registrars() -> [(&'static str, Kamailio); 2] {
    ["kamailio.cfg", "kamailio-lua.cfg"].map(|name| (name, example(name)))
}

fn phone(kam: &Server, source: &str, user: &str) -> Phone {
    Phone::udp(kam, source).domain(DOMAIN).user(user)
}

/// The answer to a call without a password.
fn dial(phone: &Phone, number: &str) -> Option<u16> {
    phone.status(
        &phone
            .request("INVITE")
            .uri(&format!("sip:{number}@{DOMAIN}")),
    )
}

#[test]
fn the_lists_are_read_and_say_what_they_are_for() {
    for (name, kam) in registrars() {
        let kam = kam.start();
        let lists = call(&kam, "lists", json!([])).rows("rows");
        let shown: Vec<String> = lists
            .iter()
            .map(|list| {
                assert_eq!(list.number("bad_lines"), 0, "{name}: {list}");
                let [name, action] = ["name", "action"].map(|field| list.text(field));
                format!("{name} {action} {}", list.number("entries"))
            })
            .collect();
        let expected = ["carriers trust 1", "denied deny 1", "premium deny 7"];
        assert_eq!(shown, expected, "{name}");
        for (number, expected) in [
            ("+8816123456", None),
            ("008816123456", None),
            ("+979-1-23", None),
            ("+88021234", Some(407)), // Bangladesh is no satellite.
            ("+491234567", Some(407)),
            ("bob", Some(407)),
        ] {
            let alice = phone(&kam, "127.0.0.10", "alice");
            assert_eq!(dial(&alice, number), expected, "{name}: {number}");
        }
        kam.log()
            .expect("block key=127.0.0.10 reason=list list=premium entry=\"+881\" method=INVITE");
        kam.stop();
    }
}

#[test]
fn who_sends_what_is_malformed_is_banned_at_the_tenth() {
    for (name, kam) in registrars() {
        let kam = kam.start();
        let fuzzer = phone(&kam, "127.0.0.67", "fuzzer");
        let broken = || fuzzer.request("OPTIONS").header("CSeq", "1 INVITE");
        let sound = || fuzzer.request("OPTIONS").uri("sip:example.com");
        for _ in 0..9 {
            assert_eq!(fuzzer.status(&broken()), None, "{name}");
        }
        assert_eq!(fuzzer.status(&sound()), Some(200), "{name}");
        assert_eq!(fuzzer.status(&broken()), None, "{name}");
        assert_eq!(fuzzer.status(&sound()), None, "{name}");
        let reason = ban_of(&kam, "127.0.0.67");
        assert_eq!(reason.as_deref(), Some("malformed"), "{name}");
        kam.stop();
    }
}

#[test]
fn who_tries_users_is_banned_at_the_tenth() {
    for (name, kam) in registrars() {
        let kam = kam.start();
        let scanner = phone(&kam, "127.0.0.66", "scanner");
        let told: Vec<_> = (100..112)
            .map(|user| scanner.register(&user.to_string(), &user.to_string()))
            .collect();
        assert_eq!(told[..9], [Some(401); 9], "{name}");
        assert_eq!(told[10..], [None; 2], "{name}");
        let reason = ban_of(&kam, "127.0.0.66");
        assert_eq!(reason.as_deref(), Some("scan"), "{name}");
        let alice = phone(&kam, "127.0.0.10", "alice");
        assert_eq!(alice.register("alice", "secret"), Some(200), "{name}");
        kam.stop();
    }
}

/// That is how dial prefixes are tried at a gateway behind the registrar.
#[test]
fn a_number_that_is_not_there_counts_by_the_reply() {
    for (name, kam) in registrars() {
        let kam = kam.start();
        let alice = phone(&kam, "127.0.0.10", "alice");
        let bob = phone(&kam, "127.0.0.11", "bob");
        assert_eq!(bob.register("bob", "secret"), Some(200), "{name}");
        let invite = alice.request("INVITE").uri("sip:bob@example.com");
        let challenge = alice.ask(&invite).expect("a challenge");
        alice.send(&invite.authorize(&challenge, "alice", "secret"));
        let call_for_bob = bob.receive(PATIENCE).expect("the call");
        bob.respond(&call_for_bob, 404, "Not Found");
        let is_counted = || {
            let scans = call(&kam, "scans", json!([])).rows("rows");
            let row = scans.iter().find(|row| row.text("key") == "127.0.0.10");
            row.is_some_and(|row| row.number("destinations") == 1)
        };
        assert!(wait_until(is_counted, PATIENCE), "{name}");
    }
}

#[test]
fn with_countries_only_those_of_the_list_are_let_in() {
    for (name, kam) in registrars() {
        let dir = tempfile::tempdir().expect("a folder");
        let places = dir.path().join("places.csv");
        let text = "127.0.1.0,127.0.1.255,ES\n127.0.2.0,127.0.2.255,FR\n";
        std::fs::write(&places, text).expect("write places");
        let kam = kam
            .define("GEO", &format!("\"{}\"", places.display()))
            .start();
        // The last one is in no country that is known.
        for (source, expected) in [
            ("127.0.1.1", Some(200)),
            ("127.0.2.1", None),
            ("127.0.3.1", Some(200)),
        ] {
            let phone = phone(&kam, source, "alice");
            let request = phone.request("OPTIONS").uri("sip:example.com");
            assert_eq!(phone.status(&request), expected, "{name}: {source}");
        }
        kam.stop();
    }
}

/// In a folder of the operator's own; a command takes effect at once, and stays.
#[test]
fn a_list_is_changed_while_kamailio_runs() {
    for (name, kam) in registrars() {
        let dir = tempfile::tempdir().expect("a folder");
        for list in ["carriers", "denied", "premium"] {
            let file = format!("{list}.list");
            std::fs::copy(
                format!("{ROOT}/examples/lists/{file}"),
                dir.path().join(file),
            )
            .expect("copy a list");
        }
        let kam = kam
            .argument(&format!("--substdefs=!LISTDIR!{}!g", dir.path().display()))
            .start();
        let alice = phone(&kam, "127.0.0.10", "alice");
        for round in 0..3 {
            assert_eq!(dial(&alice, "0900123"), Some(407), "{name} {round}");
            call(&kam, "list_add", json!(["premium", "s:0900", 0, "ours"]));
            assert_eq!(dial(&alice, "0900123"), None, "{name} {round}");
            let file = std::fs::read_to_string(dir.path().join("premium.list"));
            assert!(file.expect("the list").contains("\n0900 # ours"), "{name}");
            call(&kam, "list_remove", json!(["premium", "s:0900"]));
        }
        kam.stop();
    }
}
