//! What is wrong with an argument is said in one sentence, and nothing is done.

use super::{arguments, busy, call, timeless};
use crate::support::{Rpc, Server};
use serde_json::{Value, json};

/// Command, arguments, code, a part of the sentence.
const REFUSALS: &str = r#"
ban | [] | 400 | key: is missing
ban | [""] | 400 | key: is missing
ban | ["alice"] | 400 | key=alice: must be an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1
ban | [100] | 400 | key=100: must be an IPv4 or IPv6 address
ban | ["192.0.2.256"] | 400 | key=192.0.2.256: must be an IPv4 or IPv6 address
ban | ["192.0.2.0/24"] | 400 | key=192.0.2.0/24: must be an address or a /32
ban | ["2001:db8::/32"] | 400 | key=2001:db8::/32: must be an address or a /64
ban | ["192.0.2.1 "] | 400 | key=192.0.2.1 : must be
ban | ["\u0001\"\\\n"] | 400 | key=\x01\"\\\n: must be
ban | ["%s%n%n"] | 400 | key=%s%n%n: must be
ban | ["192.0.2.1", -1] | 400 | seconds=-1: must be a number between 0 and 315360000
ban | ["192.0.2.1", "-1"] | 400 | seconds=-1: must be a number
ban | ["192.0.2.1", "soon"] | 400 | seconds=soon: must be a number
ban | ["192.0.2.1", ""] | 400 | seconds=: must be a number
ban | ["192.0.2.1", "6 0"] | 400 | seconds=6 0: must be a number
ban | ["192.0.2.1", 315360001] | 400 | seconds=315360001: must be a number
ban | ["192.0.2.1", 99999999999] | 400 | seconds=99999999999: must be a number
ban | ["192.0.2.1", 60, ""] | 400 | reason=: must be 1 to 64 bytes of text
ban | ["192.0.2.1", 60, "x", "y"] | 400 | y: is one argument too many
ban | ["192.0.2.1", 60, "x", 1, 2, 3, 4, 5] | 400 | 1: is one argument too many
ban | ["127.0.0.9"] | 403 | key=127.0.0.9: is in a trusted network
ban | ["::ffff:127.0.0.9", 0] | 403 | key=127.0.0.9: is in a trusted network
ban | ["2001:db8:99:1::1"] | 403 | key=2001:db8:99:1::1: is in a trusted network
unban | [] | 400 | key: is missing
unban | ["alice"] | 400 | key=alice: must be an IPv4 or IPv6 address
unban | ["192.0.2.1", "x"] | 400 | x: is one argument too many
unban | ["192.0.2.77"] | 404 | key=192.0.2.77: is not banned
unban | ["2001:db8:7::1"] | 404 | key=2001:db8:7::/64: is not banned
unban_all | ["now"] | 400 | now: is one argument too many
bans | ["x"] | 400 | offset=x: must be a number between 0 and 9223372036854775807
bans | [-1] | 400 | offset=-1: must be a number
bans | ["9223372036854775808"] | 400 | : must be a number between 0 and
bans | [""] | 400 | offset=: must be a number
bans | [0, 0] | 400 | limit=0: must be a number between 1 and 4294967295
bans | [0, "all"] | 400 | limit=all: must be a number
bans | [0, 10, 1] | 400 | 1: is one argument too many
sources | ["COOL"] | 400 | status=COOL: must be one of ALL, WARM, HOT
sources | ["HOT", "x"] | 400 | offset=x: must be a number
sources | ["HOT", 0, 10, "y"] | 400 | y: is one argument too many
sources | [0, "HOT"] | 400 | limit=HOT: must be a number
sources | [""] | 400 | offset=: must be a number
auth | ["alice"] | 400 | offset=alice: must be a number
auth_clear | [] | 400 | user: is missing
auth_clear | ["nobody@r"] | 404 | user=nobody@r: has no failures
auth_clear | ["alice@r", "x"] | 400 | key=x: must be
auth_clear | ["alice@r", "192.0.2.1"] | 404 | user=alice@r: has no failures
auth_clear | ["alice@r", "127.0.0.7", 1] | 400 | 1: is one argument too many
show | [] | 400 | ip: is missing
show | ["alice"] | 400 | =alice: must be an IPv4 or IPv6 address
show | ["127.0.0.7", "x"] | 400 | x: is one argument too many
agents | ["x"] | 400 | offset=x: must be a number
stats | [1] | 400 | 1: is one argument too many
settings | ["trusted"] | 400 | trusted: is one argument too many
tables | ["bans"] | 400 | bans: is one argument too many
"#;

#[track_caller]
fn check(kam: &Server, via: Rpc, command: &str, params: &Value, code: i64, part: &str) {
    let method = format!("palisade.{command}");
    let what = format!("{via:?}: {method} {params}");
    let error = kam
        .rpc(via, &method, arguments(via, params))
        .expect_err(&what);
    assert_eq!(error.code, code, "{what}: {error}");
    assert!(error.message.contains(part), "{what}: {error}");
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte);
    assert!(error.message.bytes().all(is_plain), "{what}: {error}");
}

/// Asks all of it, and finds the server as it was.
#[track_caller]
fn check_unchanged(ask: impl FnOnce(&Server)) {
    let kam = busy();
    let state = || {
        ["bans", "auth", "sources"].map(|list| timeless(&call(&kam, Rpc::Http, list, json!([]))))
    };
    let before = state();
    ask(&kam);
    assert_eq!(state(), before);
    kam.assert_healthy();
}

#[test]
fn a_bad_argument_is_named_and_changes_nothing() {
    check_unchanged(|kam| {
        for line in REFUSALS.trim().lines() {
            let parts: Vec<&str> = line.splitn(4, " | ").collect();
            let [command, params, code, part] = parts[..] else {
                panic!("{line}")
            };
            let params: Value = serde_json::from_str(params).expect(line);
            for via in Rpc::ALL {
                check(kam, via, command, &params, code.parse().expect(line), part);
            }
        }
    });
}

/// What is allowed is still said when the value alone would fill the sentence.
#[test]
fn a_huge_argument_is_cut_and_the_rest_of_the_sentence_is_not() {
    check_unchanged(|kam| {
        for (command, before, allowed) in [
            (
                "ban",
                json!([]),
                ": must be an IPv4 or IPv6 address such as",
            ),
            (
                "ban",
                json!(["192.0.2.1"]),
                ": must be a number between 0 and",
            ),
            (
                "ban",
                json!(["192.0.2.1", 60]),
                ": must be 1 to 64 bytes of text",
            ),
            ("sources", json!([]), ": must be one of ALL, WARM, HOT"),
            (
                "bans",
                json!([0]),
                ": must be a number between 1 and 4294967295",
            ),
            ("auth_clear", json!([]), ": has no failures"),
            ("stats", json!([]), ": is one argument too many"),
        ] {
            for (filling, length) in [("x", 65), ("x", 500), ("9", 300), ("\u{1}", 500)] {
                // Of a list, nines are an offset, not a status.
                if command == "sources" && filling == "9" {
                    continue;
                }
                let mut params = before.clone();
                let all = params.as_array_mut().expect("an array");
                all.push(json!(filling.repeat(length)));
                let code = if command == "auth_clear" { 404 } else { 400 };
                for via in Rpc::ALL {
                    check(kam, via, command, &params, code, allowed);
                }
            }
            let params = json!(["x".repeat(600)]);
            for via in Rpc::ALL {
                check(kam, via, command, &params, 400, "an argument is too long");
            }
        }
    });
}

/// kamcmd has no way to send a structure.
#[test]
fn an_argument_that_is_neither_text_nor_number_is_refused() {
    let neither = "an argument is neither text nor number";
    check_unchanged(|kam| {
        for bad in ["{\"a\": 1}", "[1]", "null", "true", "{}", "[]"] {
            let bad: Value = serde_json::from_str(bad).expect(bad);
            for via in [Rpc::Fifo, Rpc::Datagram, Rpc::Http] {
                check(kam, via, "ban", &json!([bad]), 400, neither);
                check(kam, via, "ban", &json!(["192.0.2.50", bad]), 400, neither);
                check(
                    kam,
                    via,
                    "ban",
                    &json!(["192.0.2.50", 60, bad]),
                    400,
                    neither,
                );
                check(kam, via, "bans", &json!([0, bad]), 400, neither);
                check(kam, via, "stats", &json!([bad]), 400, neither);
            }
        }
    });
}

#[test]
fn a_command_that_does_not_exist_is_kamailios_to_refuse() {
    let kam = super::kamailio().start();
    for via in Rpc::ALL {
        for command in [
            "palisade.no_such",
            "palisade.",
            "palisade.stats2",
            "palisade.BANS",
        ] {
            let error = kam.rpc(via, command, json!([])).expect_err(command);
            let told = error.message.to_lowercase();
            assert!(told.contains("not found"), "{via:?}: {error}");
        }
    }
}
