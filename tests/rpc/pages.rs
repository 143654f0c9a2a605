//! Lists come in pages, so that no reply is too big for any transport.

use super::{call, kamailio};
use crate::support::{Reply, Rpc, Server};
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
    reply.rows("rows").iter().map(|row| row.text("key")).collect()
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
            (json!(["9223372036854775807", 1000]), 0),
        ] {
            let reply = call(&kam, via, "bans", params.clone());
            assert_eq!(reply.number("total"), 250, "{via:?} {params}");
            assert_eq!(keys(&reply).len(), rows, "{via:?} {params}");
        }
        let pages = [0, 100, 200].map(|offset| keys(&call(&kam, via, "bans", json!([offset]))));
        let together: Vec<String> = pages.concat();
        assert_eq!(together.len(), 250, "{via:?}: no row twice");
        assert_eq!(together.into_iter().collect::<BTreeSet<_>>(), all, "{via:?}");
    }
}

/// The longest rows there are: every byte of the reason takes four to show, and a fifth in JSON.
#[test]
fn a_page_of_the_longest_rows_fits_through_every_transport() {
    let kam = kamailio().start();
    let reason = "\u{1}".repeat(64);
    ban(&kam, 1000, &reason);
    for via in Rpc::ALL {
        let page = call(&kam, via, "bans", json!([]));
        assert_eq!(keys(&page).len(), 100, "{via:?}");
        assert!(page.rows("rows").iter().all(|row| row.text("reason") == r"\x01".repeat(64)), "{via:?}");
        // More than that may not fit; then that is said, and nothing is cut off.
        match kam.rpc(via, "palisade.bans", json!([0, 1000])) {
            Ok(page) => assert_eq!(keys(&page).len(), 1000, "{via:?}"),
            Err(error) => {
                eprintln!("XX {via:?}: {error}");
                assert_eq!((error.code, error.message.as_str()), (500, "the reply does not fit: ask for fewer rows"), "{via:?}");
            }
        }
    }
    kam.assert_healthy();
}
