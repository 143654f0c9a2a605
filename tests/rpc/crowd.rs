//! Several operators at once, in the middle of a flood: every reply is whole and every row is true.

use super::call;
use crate::support::{Flood, Kamailio, Phone, Reply, Rpc, Server};
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

/// Addresses that are banned and unbanned all the time.
const BANNED: i64 = 40;
/// Addresses that send all the time.
const SENDERS: usize = 60;

/// A MESSAGE keeps its worker busy with bans, about a hundred thousand in a second. Every part of a
/// ban says which one it is.
const ROUTE: &str = r#"
request_route {
    if (!is_method("MESSAGE")) {
        if (!palisade_check()) exit;
        sl_send_reply("200", "OK");
        exit;
    }
    $var(i) = 0;
    while ($var(i) < 20000) {
        $var(n) = $var(i) mod 40 + 1;
        $var(s) = 1000000 * ($var(i) mod 9 + 1) + $var(n) * 10000;
        palisade_ban("198.51.100.$var(n)", "$var(s)", "n$var(n) for $var(s)");
        if ($var(i) mod 7 == 0) palisade_unban("198.51.100.$var(n)");
        $var(i) = $var(i) + 1;
    }
    sl_send_reply("200", "OK");
}"#;

/// A MESSAGE may drown in the flood.
fn change(kam: &Server, source: &str, over: &AtomicBool) -> usize {
    let phone = Phone::udp(kam, source);
    let mut answered = 0;
    while !over.load(Relaxed) {
        answered += usize::from(phone.status(&phone.request("MESSAGE")) == Some(200));
    }
    answered
}

/// A row of which one half is from one ban and one from another would not agree with itself.
#[track_caller]
fn check_ban(row: &Reply) {
    let key = row.text("key");
    let n = key
        .strip_prefix("198.51.100.")
        .unwrap_or_else(|| panic!("{row}"));
    let reason = row.text("reason");
    let (who, seconds) = reason
        .split_once(" for ")
        .unwrap_or_else(|| panic!("{row}"));
    let seconds: i64 = seconds.parse().unwrap_or_else(|_| panic!("{row}"));
    assert_eq!(who, format!("n{n}"), "{row}");
    assert!(
        (seconds - 5000..=seconds).contains(&row.number("left")),
        "{row}"
    );
    assert!(row.number("until") > row.number("since"), "{row}");
    assert!(
        row.number("count") >= 1 && row.text("origin") == "script",
        "{row}"
    );
}

#[track_caller]
fn check_source(row: &Reply) {
    let (key, status) = (row.text("key"), row.text("status"));
    assert!(key.starts_with("127.0.7."), "{row}");
    assert!(["HOT", "WARM"].contains(&status.as_str()), "{row}");
    assert_eq!(status == "HOT", row.number("hits_curr") > 100, "{row}");
}

fn ask(kam: &Server, via: Rpc, times: usize) {
    let mut checked = [0, 0];
    for time in 0..times {
        let bans = call(kam, via, "bans", json!([]));
        bans.rows("rows").iter().for_each(check_ban);
        checked[0] += bans.rows("rows").len();
        assert!(bans.number("total") <= BANNED, "{bans}");
        let n = time as i64 % BANNED + 1;
        let shown = call(kam, via, "show", json!([format!("198.51.100.{n}")]));
        if shown.number("banned") == 1 {
            check_ban(&shown.field("ban"));
        }
        if time % 10 == 0 {
            let sources = call(kam, via, "sources", json!([]));
            sources.rows("rows").iter().for_each(check_source);
            checked[1] += sources.rows("rows").len();
            let stats = call(kam, via, "stats", json!([]));
            assert_eq!(stats.number("faults"), 0, "{stats}");
            call(kam, via, "tables", json!([]));
        }
    }
    assert!(
        checked.iter().all(|&rows| rows > 50),
        "{via:?} saw {checked:?}"
    );
}

/// Who asks, and how often: two operators at kamcmd, and three programs.
const ASKING: [(Rpc, usize); 5] = [
    (Rpc::Kamcmd, 30),
    (Rpc::Kamcmd, 30),
    (Rpc::Fifo, 60),
    (Rpc::Datagram, 400),
    (Rpc::Http, 400),
];

#[test]
fn dumps_are_whole_while_everything_changes() {
    let kam = Kamailio::with(&format!(
        r#"
        max_while_loops=100000
        loadmodule "palisade.so"
        modparam("palisade", "sampling_time_unit", 3600)
        modparam("palisade", "reqs_density_per_unit", 100)
        modparam("palisade", "rate_ban_time", 0)
        modparam("palisade", "log_level", 3)
        {ROUTE}"#
    ))
    .workers(3)
    .start();
    let over = AtomicBool::new(false);
    let senders = || (1..=SENDERS).map(|n| format!("127.0.7.{n}"));
    let (kam, over) = (&kam, &over);
    thread::scope(|scope| {
        let changing =
            ["127.0.0.5", "127.0.0.6"].map(|source| scope.spawn(|| change(kam, source, over)));
        let sending = scope.spawn(|| {
            while !over.load(Relaxed) {
                let flood = Flood::on(kam).sources(senders());
                flood.requests(SENDERS * 5).send();
            }
        });
        let asking = ASKING.map(|(via, times)| scope.spawn(move || ask(kam, via, times)));
        let asked = asking.map(thread::ScopedJoinHandle::join);
        over.store(true, Relaxed);
        sending.join().expect("the flood");
        let changed = changing.map(|changing| changing.join().expect("the changes"));
        asked
            .into_iter()
            .for_each(|asked| asked.expect("every reply"));
        assert!(changed.iter().sum::<usize>() > 0, "nothing changed");
    });
    kam.assert_healthy();
}
