//! `action=limit`: networks with a rate of their own, for carriers and PBXs that should not be exempt.

use super::{Lists, rpc};
use crate::support::{Flood, Rpc, Server};
use serde_json::json;

const ROUTE: &str = r#"
request_route {
    if (!palisade_check()) exit;
    sl_send_reply("200", "OK");
}
"#;

fn answered(kam: &Server, source: &str, requests: usize) -> usize {
    let flood = Flood::on(kam).from(source).requests(requests).send();
    flood.answered()
}

#[test]
fn a_network_with_a_limit_of_its_own_is_blocked_above_it_and_never_banned() {
    let lists = Lists::new()
        .parameter("sampling_time_unit", "60")
        .list(
            "carriers",
            "kind=network;action=limit;limit=100/60",
            "127.0.1.0/24\n",
        )
        .list(
            "small",
            "kind=network;action=limit;limit=10/1",
            "127.0.1.9\n",
        );
    let kam = lists.start_with("", ROUTE);
    assert_eq!(answered(&kam, "127.0.1.1", 80), 80);
    assert_eq!(
        rpc(&kam, "show", "127.0.1.1").field("rate").text("status"),
        "WARM"
    );
    assert_eq!(answered(&kam, "127.0.1.1", 50), 20);
    // The longest match: ten a second.
    assert_eq!(answered(&kam, "127.0.1.9", 700), 600);
    // Anybody else.
    assert_eq!(answered(&kam, "127.0.2.1", 50), 30);
    let bans = kam
        .rpc(Rpc::Datagram, "palisade.bans", json!([]))
        .expect("bans");
    let banned: Vec<String> = bans
        .rows("rows")
        .iter()
        .map(|row| row.text("key"))
        .collect();
    assert_eq!(banned, ["127.0.2.1"]);
    let shown = rpc(&kam, "show", "127.0.1.1");
    assert_eq!(shown.field("rate").text("status"), "HOT");
    assert_eq!(shown.text("now"), "blocked: over the rate");
    assert_eq!(shown.rows("lists")[0].text("action"), "limit");
    kam.log().expect("block key=127.0.1.1 reason=rate");
}

/// A list that is loaded anew is in force at once: for who was below the old limit, and for who was not.
#[test]
fn a_limit_can_be_lifted_while_kamailio_runs() {
    let lists = Lists::new()
        .parameter("sampling_time_unit", "60")
        .parameter("policy", "\"rate=block\"")
        .list(
            "carriers",
            "kind=network;action=limit;limit=100/60",
            "127.0.1.1\n",
        );
    let kam = lists.start_with("", ROUTE);
    assert_eq!(answered(&kam, "127.0.1.2", 50), 30);
    kam.rpc(
        Rpc::Datagram,
        "palisade.list_add",
        json!(["carriers", "127.0.1.2"]),
    )
    .expect("list_add");
    assert_eq!(
        answered(&kam, "127.0.1.2", 100),
        50,
        "20 of those blocked were counted"
    );
}
