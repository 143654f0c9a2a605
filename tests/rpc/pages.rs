//! Lists come in pages, so that no reply is too big for any transport.

use super::{call, kamailio};
use crate::support::{Phone, Reply, Rpc, Server};
use serde_json::json;
use std::collections::BTreeSet;

/// As long as keys are.
fn key(number: usize) -> String {
    format!("2001:db8:2000:{:x}::/64", 0x1000 + number)
}

/// Bans so many addresses for this reason.
fn ban(kam: &Server, count: usize, reason: &str) {
    for number in 0..count {
        let key = key(number);
        call(kam, Rpc::Datagram, "ban", json!([key, 315_360_000, reason]));
    }
}

fn keys(reply: &Reply) -> Vec<String> {
    reply
        .rows("rows")
        .iter()
        .map(|row| row.text("key"))
        .collect()
}

#[test]
fn pages_add_up_to_the_list() {
    let kam = kamailio().start();
    ban(&kam, 250, "many");
    let all: BTreeSet<String> = (0..250).map(key).collect();
    assert_eq!(all.len(), 250);
    for via in Rpc::ALL {
        for (params, rows) in [
            (json!([]), 100),
            (json!([0]), 100),
            (json!([200]), 50),
            (json!(["200", "7"]), 7),
            (json!([0, 1]), 1),
            (json!([249, 100]), 1),
            (json!([250]), 0),
            (json!(["9223372036854775807", 200]), 0),
            (json!([0, 200]), 200),
            (json!([0, 1000]), 200),
        ] {
            let reply = call(&kam, via, "bans", params.clone());
            assert_eq!(reply.number("total"), 250, "{via:?} {params}");
            assert_eq!(keys(&reply).len(), rows, "{via:?} {params}");
        }
        let pages = [0, 100, 200].map(|offset| keys(&call(&kam, via, "bans", json!([offset]))));
        let together: Vec<String> = pages.concat();
        assert_eq!(together.len(), 250, "{via:?}: no row twice");
        assert_eq!(
            together.into_iter().collect::<BTreeSet<_>>(),
            all,
            "{via:?}"
        );
    }
}

/// The longest rows there are: every byte of a reason or of a user's name takes four to show, and
/// a fifth in JSON.
#[test]
fn the_largest_page_of_the_longest_rows_fits_through_every_transport() {
    let kam = kamailio().start();
    ban(&kam, 200, &"\u{1}".repeat(64));
    let phone = Phone::udp(&kam, "::1");
    for number in 0..100 {
        // 96 bytes are kept.
        let user = [&[1; 93], format!("{number:03}").as_bytes()].concat();
        phone.send(&phone.request("REGISTER").header("X-User", user));
    }
    kam.wait_idle();
    for via in Rpc::ALL {
        for (list, name, length) in [("bans", "reason", 64 * 4), ("auth", "user", 93 * 4 + 3)] {
            let page = call(&kam, via, list, json!([0, 200]));
            assert_eq!(page.number("total"), 200, "{via:?} {list}");
            assert_eq!(page.rows("rows").len(), 200, "{via:?} {list}");
            let is_whole = |row: &Reply| row.text(name).len() == length;
            assert!(
                page.rows("rows").iter().all(is_whole),
                "{via:?} {list}: {page}"
            );
        }
    }
    kam.assert_healthy();
}
