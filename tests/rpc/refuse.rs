//! What is wrong with an argument is said in one sentence, and nothing is done.

use super::{arguments, busy, call, timeless};
use crate::support::Rpc;
use serde_json::{Value, json};

/// Transports that can send a structure.
const JSON: [Rpc; 3] = [Rpc::Fifo, Rpc::Datagram, Rpc::Http];

/// A command, its arguments, the code, and a part of the sentence.
type Refusal = (&'static str, Value, i64, &'static str);

const ADDRESS: &str = ": must be an IPv4 or IPv6 address such as 192.0.2.1 or 2001:db8::1";

fn refusals() -> Vec<Refusal> {
    let text = |byte: &str, count| json!([byte.repeat(count)]);
    vec![
        ("ban", json!([]), 400, "key: is missing"),
        ("ban", json!([""]), 400, "key: is missing"),
        ("ban", json!(["alice"]), 400, "key=alice: must be an IPv4 or IPv6 address"),
        ("ban", json!([100]), 400, "key=100: must be an IPv4 or IPv6 address"),
        ("ban", json!(["192.0.2.256"]), 400, "key=192.0.2.256: must be an IPv4"),
        ("ban", json!(["192.0.2.0/24"]), 400, "key=192.0.2.0/24: must be an address or a /32"),
        ("ban", json!(["2001:db8::/32"]), 400, "must be an address or a /64"),
        ("ban", json!(["192.0.2.1 "]), 400, "key=192.0.2.1 : must be"),
        ("ban", json!(["\u{1}\"\\\n"]), 400, r#"key=\x01\"\\\n: must be"#),
        ("ban", json!(["%s%n%n"]), 400, "key=%s%n%n: must be"),
        ("ban", text("x", 500), 400, ADDRESS),
        ("ban", text("\u{1}", 500), 400, ADDRESS),
        ("ban", text("x", 600), 400, "an argument is too long"),
        ("ban", json!(["192.0.2.1", -1]), 400, "seconds=-1: must be a number between 0 and 315360000"),
        ("ban", json!(["192.0.2.1", "-1"]), 400, "seconds=-1: must be a number"),
        ("ban", json!(["192.0.2.1", "soon"]), 400, "seconds=soon: must be a number"),
        ("ban", json!(["192.0.2.1", ""]), 400, "seconds=: must be a number"),
        ("ban", json!(["192.0.2.1", "6 0"]), 400, "seconds=6 0: must be a number"),
        ("ban", json!(["192.0.2.1", 315_360_001]), 400, "seconds=315360001: must be"),
        ("ban", json!(["192.0.2.1", 99_999_999_999_u64]), 400, "seconds=99999999999: must be"),
        ("ban", json!(["192.0.2.1", "9".repeat(300)]), 400, ": must be a number between 0 and"),
        ("ban", json!(["192.0.2.1", 60, ""]), 400, "reason=: must be 1 to 64 bytes of text"),
        ("ban", json!(["192.0.2.1", 60, "x".repeat(65)]), 400, ": must be 1 to 64 bytes of text"),
        ("ban", json!(["192.0.2.1", 60, "x", "y"]), 400, "y: is one argument too many"),
        ("ban", json!(["192.0.2.1", 60, "x", 1, 2, 3, 4, 5]), 400, "1: is one argument too many"),
        ("ban", json!(["127.0.0.9"]), 403, "key=127.0.0.9: is in a trusted network"),
        ("ban", json!(["::ffff:127.0.0.9", 0]), 403, "key=127.0.0.9: is in a trusted network"),
        ("ban", json!(["2001:db8:99:1::1"]), 403, "is in a trusted network"),
        ("unban", json!([]), 400, "key: is missing"),
        ("unban", json!(["alice"]), 400, "key=alice: must be"),
        ("unban", json!(["192.0.2.1", "x"]), 400, "x: is one argument too many"),
        ("unban", json!(["192.0.2.77"]), 404, "key=192.0.2.77: is not banned"),
        ("unban", json!(["2001:db8:7::1"]), 404, "key=2001:db8:7::/64: is not banned"),
        ("unban_all", json!(["now"]), 400, "now: is one argument too many"),
        ("bans", json!(["x"]), 400, "offset=x: must be a number between 0 and 9223372036854775807"),
        ("bans", json!([-1]), 400, "offset=-1: must be a number"),
        ("bans", json!(["9223372036854775808"]), 400, ": must be a number between 0 and"),
        ("bans", json!([""]), 400, "offset=: must be a number"),
        ("bans", json!([0, 0]), 400, "limit=0: must be a number between 1 and 200"),
        ("bans", json!([0, 201]), 400, "limit=201: must be a number between 1 and 200"),
        ("bans", json!([0, "all"]), 400, "limit=all: must be a number"),
        ("bans", json!([0, 10, 1]), 400, "1: is one argument too many"),
        ("sources", json!(["COOL"]), 400, "status=COOL: must be one of ALL, WARM, HOT"),
        ("sources", text("x", 500), 400, ": must be one of ALL, WARM, HOT"),
        ("sources", json!(["HOT", "x"]), 400, "offset=x: must be a number"),
        ("sources", json!(["HOT", 0, 10, "y"]), 400, "y: is one argument too many"),
        ("sources", json!([0, "HOT"]), 400, "limit=HOT: must be a number"),
        ("sources", json!([""]), 400, "offset=: must be a number"),
        ("auth", json!(["alice"]), 400, "offset=alice: must be a number"),
        ("auth_clear", json!([]), 400, "user: is missing"),
        ("auth_clear", json!(["nobody@r"]), 404, "user=nobody@r: has no failures"),
        ("auth_clear", json!(["alice@r", "x"]), 400, "key=x: must be"),
        ("auth_clear", json!(["alice@r", "192.0.2.1"]), 404, "user=alice@r: has no failures"),
        ("auth_clear", json!(["alice@r", "127.0.0.7", 1]), 400, "1: is one argument too many"),
        ("show", json!([]), 400, "ip: is missing"),
        ("show", json!(["alice"]), 400, "=alice: must be an IPv4 or IPv6 address"),
        ("show", json!(["127.0.0.7", "x"]), 400, "x: is one argument too many"),
        ("agents", json!(["x"]), 400, "offset=x: must be a number"),
        ("stats", json!([1]), 400, "1: is one argument too many"),
        ("settings", json!(["trusted"]), 400, "trusted: is one argument too many"),
        ("tables", json!(["bans"]), 400, "bans: is one argument too many"),
    ]
}

#[test]
fn a_bad_argument_is_named_and_changes_nothing() {
    let kam = busy();
    let state = |via| ["bans", "auth", "sources"].map(|list| timeless(&call(&kam, via, list, json!([]))));
    let before = state(Rpc::Http);
    let check = |via: Rpc, command: &str, params: &Value, code, part: &str| {
        let method = format!("palisade.{command}");
        let what = format!("{via:?}: {method} {params}");
        let error = kam.rpc(via, &method, arguments(via, params)).expect_err(&what);
        assert_eq!(error.code, code, "{what}: {error}");
        assert!(error.message.contains(part), "{what}: {error}");
        assert!(error.message.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{what}: {error}");
    };
    for (command, params, code, part) in refusals() {
        for via in Rpc::ALL {
            check(via, command, &params, code, part);
        }
    }
    let neither = "an argument is neither text nor number";
    for bad in [json!({"a": 1}), json!([1]), json!(null), json!(true), json!({}), json!([])] {
        for via in JSON {
            check(via, "ban", &json!([bad]), 400, neither);
            check(via, "ban", &json!(["192.0.2.50", bad]), 400, neither);
            check(via, "ban", &json!(["192.0.2.50", 60, bad]), 400, neither);
            check(via, "bans", &json!([0, bad]), 400, neither);
            check(via, "stats", &json!([bad]), 400, neither);
        }
    }
    assert_eq!(state(Rpc::Http), before);
    kam.assert_healthy();
}

#[test]
fn a_command_that_does_not_exist_is_kamailios_to_refuse() {
    let kam = super::kamailio().start();
    for via in Rpc::ALL {
        for command in ["palisade.no_such", "palisade.", "palisade.stats2", "palisade.BANS"] {
            let error = kam.rpc(via, command, json!([])).expect_err(command);
            assert!(error.message.to_lowercase().contains("not found"), "{via:?}: {error}");
        }
    }
}
