//! A full table: the ban that ends first makes room, and it is counted and told; one that would end
//! before all others is refused.

use super::{bans, is_answered, rpc, script, server};
use crate::support::{Phone, Server};
use serde_json::json;

const MAX: usize = 8;

fn keys(kam: &Server) -> Vec<String> {
    let mut keys: Vec<String> = bans(kam).iter().map(|ban| ban.text("key")).collect();
    keys.sort();
    keys
}

/// Evictions that are counted.
fn evictions(kam: &Server) -> i64 {
    let tables = rpc(kam, "tables", json!([])).expect("tables");
    let rows = tables.rows("rows");
    let bans = rows
        .iter()
        .find(|row| row.text("table") == "bans")
        .expect("the table of bans");
    assert_eq!(
        (bans.number("capacity"), bans.number("used")),
        (MAX as i64, MAX as i64),
        "{bans}"
    );
    bans.number("evictions")
}

#[test]
fn in_a_full_table_the_ban_that_ends_first_makes_room() {
    let kam = server(&format!(r#"modparam("palisade", "bans_max", {MAX})"#));
    let source = |number: usize| format!("127.0.1.{number}");
    // The third ends first.
    let seconds = [5000, 3000, 1000, 7000, 0, 8000, 4000, 6000];
    for (number, seconds) in (1..).zip(seconds) {
        rpc(&kam, "ban", json!([source(number), seconds])).expect("a place");
    }
    let mut expected: Vec<String> = (1..=MAX).map(source).collect();
    assert_eq!((keys(&kam), evictions(&kam)), (expected.clone(), 0));
    assert!(!is_answered(&Phone::udp(&kam, &source(3))));

    // Before all others.
    let phone = Phone::udp(&kam, "127.0.0.99");
    let refused = rpc(&kam, "ban", json!([source(9), 500])).expect_err("no place");
    assert_eq!(refused.code, 500, "{refused}");
    assert!(
        refused
            .message
            .contains("all 8 bans of the full table (bans_max)"),
        "{refused}"
    );
    assert_eq!(script(&phone, "ban", &[&source(9), "500"]), -1);
    assert_eq!((keys(&kam), evictions(&kam)), (expected.clone(), 0));
    assert!(is_answered(&Phone::udp(&kam, &source(9))));
    kam.log().expect("palisade: ban_table_full bans_max=8:");
    let stats = rpc(&kam, "stats", json!([])).expect("stats");
    assert_eq!(stats.number("bans_refused_full"), 2);

    // Who is in it already needs no place.
    rpc(&kam, "ban", json!([source(4), 7500])).expect("its own place");
    assert_eq!((keys(&kam), evictions(&kam)), (expected.clone(), 0));

    // Each goes in the order of its end.
    for (newcomer, evicted, seconds) in [(9, 3, 2000), (10, 9, 0), (11, 2, 100_000)] {
        rpc(&kam, "ban", json!([source(newcomer), seconds])).expect("a place");
        expected.retain(|key| *key != source(evicted));
        expected.push(source(newcomer));
        expected.sort();
        assert_eq!(keys(&kam), expected, "{newcomer} for {evicted}");
        assert!(is_answered(&Phone::udp(&kam, &source(evicted))));
        assert!(!is_answered(&Phone::udp(&kam, &source(newcomer))));
    }
    assert_eq!(evictions(&kam), 3);
    kam.log()
        .expect("palisade: ban_evicted bans_max=8 evicted=1:");
    kam.stop();
}
