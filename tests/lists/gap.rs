//! Replacing a list: at no moment is it missing, and after the answer everybody uses the new one.

use super::{Lists, call, row};
use crate::support::{Flood, Phone, Server};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

const DENIED: &str = "127.0.0.66";

/// Some thousands beside the one that matters.
fn content() -> String {
    let others: String = (0..5000_u32)
        .map(|number| format!("{}\n", std::net::Ipv4Addr::from(0xc633_0000 + number)))
        .collect();
    format!("{others}{DENIED}\n")
}

#[test]
fn not_one_request_passes_while_the_list_is_reloaded_hundreds_of_times() {
    const RELOADS: i64 = 300;
    let lists = Lists::new().bad(content());
    let kam = lists.kamailio().workers(4).start();
    let reloading = AtomicBool::new(true);
    let (sent, passed) = std::thread::scope(|scope| {
        let flooder = scope.spawn(|| {
            let (mut sent, mut passed) = (0, 0);
            while reloading.load(Relaxed) {
                let tally = Flood::on(&kam)
                    .sources([DENIED, "127.0.0.5"])
                    .requests(400)
                    .send();
                let denied = tally.of(DENIED);
                sent += denied.outcomes.len();
                passed += denied.answered();
                // And nobody else is taken for it.
                let silent = tally.of("127.0.0.5").silent();
                assert!(silent as u64 <= tally.dropped, "{tally}");
            }
            (sent, passed)
        });
        let two =
            scope.spawn(|| (0..RELOADS / 2).for_each(|_| _ = call(&kam, "reload", json!(["bad"]))));
        (0..RELOADS / 2).for_each(|_| _ = call(&kam, "reload", json!([])));
        two.join().expect("two reloads at once");
        reloading.store(false, Relaxed);
        flooder.join().expect("the flood")
    });
    assert!(sent > 0);
    assert_eq!(passed, 0, "of {sent} requests");
    let stats = call(&kam, "stats", json!([]));
    assert_eq!(stats.number("list_loads"), RELOADS + 1);
    assert_eq!(row(&kam, "bad").text("last_error"), "");
    kam.stop();
}

/// How many of some requests are answered: so many that every worker has one.
#[track_caller]
fn answered(kam: &Server) -> usize {
    let tally = Flood::on(kam).from("127.0.0.77").requests(64).send();
    assert_eq!(tally.dropped, 0);
    tally.answered()
}

#[test]
fn the_first_request_after_the_answer_meets_the_new_list() {
    let lists = Lists::new().bad(content());
    let kam = lists.kamailio().workers(4).start();
    for round in 0..10 {
        call(&kam, "list_add", json!(["bad", "127.0.0.77"]));
        assert_eq!(answered(&kam), 0, "round {round}");
        call(&kam, "list_remove", json!(["bad", "127.0.0.77"]));
        assert_eq!(answered(&kam), 64, "round {round}");
    }
    kam.stop();
}

#[test]
fn an_entry_ends_when_its_time_is_over() {
    let lists = Lists::new().bad("");
    let kam = lists.start();
    let phone = Phone::udp(&kam, "127.0.0.77");
    let is_answered = || phone.status(&phone.request("OPTIONS")) == Some(200);
    call(&kam, "list_add", json!(["bad", "127.0.0.77", 4]));
    assert!(!is_answered());
    assert!(crate::support::wait_until(
        is_answered,
        std::time::Duration::from_secs(10)
    ));
    // It stands there yet; a reload leaves it out.
    assert!(lists.read("bad.list").starts_with("127.0.0.77 # until="));
    call(&kam, "reload", json!([]));
    assert_eq!(row(&kam, "bad").number("entries"), 0);
    kam.stop();
}
