//! Ten thousand bans, set by two RPC clients at once, and read page by page.

use super::server;
use crate::support::{Rpc, Server};
use serde_json::json;
use std::collections::BTreeSet;
use std::thread::scope;

const BANS: usize = 10_000;
/// Of these, both clients ban every one.
const BOTH: usize = 500;

fn key(number: usize) -> String {
    format!("10.1.{}.{}", number / 250, number % 250)
}

fn bans(kam: &Server, via: Rpc, numbers: impl Iterator<Item = usize>) {
    for number in numbers {
        let reply = kam.rpc(via, "palisade.ban", json!([key(number), 1000]));
        assert_eq!(reply.expect("ban").text("key"), key(number));
    }
}

/// The keys on all pages, and how many there were with those that came twice.
fn pages(kam: &Server, via: Rpc, rows: usize) -> (BTreeSet<String>, usize) {
    let page = |number: usize| {
        let page = kam
            .rpc(via, "palisade.bans", json!([number * rows, rows]))
            .expect("a page");
        assert_eq!(page.number("total"), BANS as i64);
        assert_eq!(page.rows("rows").len(), rows);
        page.rows("rows")
    };
    let all: Vec<_> = (0..BANS / rows)
        .flat_map(page)
        .map(|row| row.text("key"))
        .collect();
    let count = all.len();
    (all.into_iter().collect(), count)
}

#[test]
fn ten_thousand_bans_of_two_clients_at_once_are_all_there_on_whatever_pages() {
    let kam = server(r#"modparam("palisade", "log_level", 3)"#);
    scope(|clients| {
        clients.spawn(|| {
            bans(
                &kam,
                Rpc::Datagram,
                (0..BOTH).chain((BOTH..BANS).step_by(2)),
            )
        });
        clients.spawn(|| {
            bans(
                &kam,
                Rpc::Http,
                (0..BOTH).chain((BOTH + 1..BANS).step_by(2)),
            )
        });
    });
    let expected: BTreeSet<String> = (0..BANS).map(key).collect();
    for (via, rows) in [(Rpc::Datagram, 100), (Rpc::Http, 200)] {
        let (keys, count) = pages(&kam, via, rows);
        assert_eq!(count, BANS, "{via:?}");
        assert!(
            keys == expected,
            "{via:?}: not {:?}",
            keys.symmetric_difference(&expected)
        );
    }
    let beyond = kam
        .rpc(Rpc::Datagram, "palisade.bans", json!([BANS]))
        .expect("a page");
    assert_eq!(
        (beyond.number("total"), beyond.rows("rows")),
        (BANS as i64, vec![])
    );

    let lifted = kam
        .rpc(Rpc::Http, "palisade.unban_all", json!([]))
        .expect("unban_all");
    assert_eq!(lifted.number("lifted"), BANS as i64);
    let none = kam
        .rpc(Rpc::Http, "palisade.bans", json!([]))
        .expect("bans");
    assert_eq!((none.number("total"), none.rows("rows")), (0, vec![]));
    assert_eq!(
        kam.log().matching("ban key="),
        Vec::<String>::new(),
        "log_level hides them"
    );
    kam.stop();
}
