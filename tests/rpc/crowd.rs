//! Several operators at once, in the middle of a flood: every reply is whole and every row is true.

use super::call;
use crate::support::{Flood, Kamailio, Reply, Rpc, Server};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

/// Addresses that are banned and unbanned all the time.
const BANNED: i64 = 40;
/// Addresses that send all the time.
const SENDERS: usize = 60;

/// The arguments of the n-th address's ban in this round: every part says which one it is.
fn ban_of(n: i64, round: i64) -> Value {
    let seconds = 1_000_000 * (round % 9 + 1) + n * 10_000;
    json!([format!("198.51.100.{n}"), seconds, format!("n{n} for {seconds}")])
}

fn change(kam: &Server, over: &AtomicBool) {
    for round in 0.. {
        for n in 1..=BANNED {
            if over.load(Relaxed) {
                return;
            }
            if (n + round) % 3 == 0 {
                let _either = kam.rpc(Rpc::Datagram, "palisade.unban", json!([format!("198.51.100.{n}")]));
            } else {
                call(kam, Rpc::Datagram, "ban", ban_of(n, round));
            }
        }
    }
}

/// A row of which one half is from one ban and one from another would not agree with itself.
#[track_caller]
fn check_ban(row: &Reply) {
    let key = row.text("key");
    let n = key.strip_prefix("198.51.100.").unwrap_or_else(|| panic!("{row}"));
    let reason = row.text("reason");
    let (who, seconds) = reason.split_once(" for ").unwrap_or_else(|| panic!("{row}"));
    let seconds: i64 = seconds.parse().unwrap_or_else(|_| panic!("{row}"));
    assert_eq!(who, format!("n{n}"), "{row}");
    assert!((seconds - 5000..=seconds).contains(&row.number("left")), "{row}");
    assert!(row.number("until") > row.number("since"), "{row}");
    assert!(row.number("count") >= 1 && row.text("origin") == "rpc", "{row}");
}

#[track_caller]
fn check_source(row: &Reply) {
    let (key, status) = (row.text("key"), row.text("status"));
    assert!(key.starts_with("127.0.7."), "{row}");
    assert!(["HOT", "WARM"].contains(&status.as_str()), "{row}");
    assert_eq!(status == "HOT", row.number("hits_curr") > 100, "{row}");
}

fn ask(kam: &Server, via: Rpc, times: usize) {
    let mut checked = 0;
    for time in 0..times {
        let bans = call(kam, via, "bans", json!([]));
        bans.rows("rows").iter().for_each(check_ban);
        let sources = call(kam, via, "sources", json!([]));
        sources.rows("rows").iter().for_each(check_source);
        checked += bans.rows("rows").len() + sources.rows("rows").len();
        assert!(bans.number("total") <= BANNED, "{bans}");
        let n = time as i64 % BANNED + 1;
        let shown = call(kam, via, "show", json!([format!("198.51.100.{n}")]));
        if shown.number("banned") == 1 {
            check_ban(&shown.field("ban"));
        }
        let stats = call(kam, via, "stats", json!([]));
        assert_eq!(stats.number("faults"), 0, "{stats}");
        call(kam, via, "tables", json!([]));
    }
    assert!(checked > 0, "{via:?} saw no row");
}

#[test]
fn dumps_are_whole_while_everything_changes() {
    let kam = Kamailio::with(
        r#"
        loadmodule "palisade.so"
        modparam("palisade", "sampling_time_unit", 3600)
        modparam("palisade", "reqs_density_per_unit", 100)
        modparam("palisade", "rate_ban_time", 0)
        modparam("palisade", "log_level", 3)
        request_route {
            if (!palisade_check()) exit;
            sl_send_reply("200", "OK");
        }"#,
    )
    .start();
    let over = AtomicBool::new(false);
    let senders = || (1..=SENDERS).map(|n| format!("127.0.7.{n}"));
    thread::scope(|scope| {
        let changing = scope.spawn(|| change(&kam, &over));
        let sending = scope.spawn(|| {
            while !over.load(Relaxed) {
                Flood::on(&kam).sources(senders()).requests(SENDERS * 20).send();
            }
        });
        let asking = [(Rpc::Kamcmd, 25), (Rpc::Kamcmd, 25), (Rpc::Fifo, 25), (Rpc::Datagram, 60), (Rpc::Http, 60)]
            .map(|(via, times)| scope.spawn({ let kam = &kam; move || ask(kam, via, times) }));
        let asked = asking.map(thread::ScopedJoinHandle::join);
        over.store(true, Relaxed);
        sending.join().expect("the flood");
        changing.join().expect("the changes");
        asked.into_iter().for_each(|asked| asked.expect("every reply"));
    });
    kam.assert_healthy();
}
