//! A phone that is called answers over UDP: its replies pass the edge, too.

use super::{PATIENCE, count, kamailio};
use crate::support::{Phone, Server};

/// A call from one phone to another, through the server; the final status.
#[track_caller]
fn call(caller: &Phone, callee: &Phone) -> Option<u16> {
    let request = caller
        .request("MESSAGE")
        .header("X-To", format!("sip:{}", callee.local()));
    caller.send(&request);
    let arrived = callee.receive(PATIENCE).expect("the request arrives");
    callee.respond(&arrived, 180, "Ringing");
    callee.respond(&arrived, 200, "OK");
    loop {
        let answer = caller.receive(PATIENCE)?;
        if answer.is_final() {
            return answer.status();
        }
    }
}

#[track_caller]
fn check(kam: &Server, callers: &[&str], callee: &str) {
    let callee = Phone::udp(kam, callee);
    for source in callers {
        let caller = Phone::udp(kam, source);
        assert_eq!(call(&caller, &callee), Some(200), "from {source}");
    }
    assert_eq!(count(kam, "edge_dropped"), 0);
}

#[test]
fn replies_pass() {
    // At the edge that counts, a reply counts as well: two calls are four replies.
    for (edge, callers) in [
        (
            "bans",
            &["127.0.0.21", "127.0.0.22", "127.0.0.23", "127.0.0.24"][..],
        ),
        ("rate", &["127.0.0.21", "127.0.0.22"]),
    ] {
        let kam = kamailio(edge, "").start();
        check(&kam, callers, "127.0.0.9");
        kam.stop();
    }
}
