//! `palisade_check()` under a flood: the flooder is banned, or only blocked; the phone beside it is
//! answered; several workers see one count.

use super::code;
use crate::support::{Flood, Kamailio, Phone, Rpc, Server};
use serde_json::json;
use std::collections::HashSet;
use std::thread::scope;
use std::time::Duration;

const FLOODER: &str = "127.0.0.66";

/// Blocked requests are not answered; the answer tells the worker's process id.
fn server(parameters: &str) -> Kamailio {
    Kamailio::with(&format!(
        r#"
loadmodule "palisade.so"
{parameters}
request_route {{
	if (!palisade_check()) exit;
	sl_send_reply("200", "$pp");
}}
"#
    ))
}

fn bans(kam: &Server) -> i64 {
    kam.rpc(Rpc::Kamcmd, "palisade.bans", json!([]))
        .expect("bans")
        .number("total")
}

#[test]
fn a_flooder_is_banned_and_the_phone_beside_it_is_answered_every_time() {
    let kam = server(r#"modparam("palisade", "reqs_density_per_unit", 20)"#).start();
    let phone = Phone::udp(&kam, "127.0.0.5");
    let tally = scope(|traffic| {
        let flood = traffic.spawn(|| {
            Flood::on(&kam)
                .from(FLOODER)
                .requests(600)
                .per_second(300.0)
                .send()
        });
        while !flood.is_finished() {
            assert_eq!(phone.status(&phone.request("OPTIONS")), Some(200));
            std::thread::sleep(Duration::from_millis(150)); // 13 a window
        }
        flood.join().expect("the flood")
    });
    assert_eq!((tally.answered(), tally.dropped), (20, 0), "{tally}");

    let ban = kam.log().expect("ban key=");
    assert!(
        ban.ends_with("palisade: ban key=127.0.0.66 reason=rate seconds=300 count=1 proof=no"),
        "{ban}"
    );
    assert_eq!(kam.log().matching(FLOODER), [ban], "and not a word more");
    let bans = kam
        .rpc(Rpc::Kamcmd, "palisade.bans", json!([]))
        .expect("bans");
    assert_eq!(bans.number("total"), 1, "{bans}");
    let ban = &bans.rows("rows")[0];
    let text = |name| ban.text(name);
    assert_eq!(
        ["key", "reason", "origin"].map(text),
        [FLOODER, "rate", "check"]
    );
    assert_eq!(ban.number("count"), 1);
    assert!((200..=300).contains(&ban.number("left")), "{ban}");

    let stats = kam
        .rpc(Rpc::Kamcmd, "palisade.stats", json!([]))
        .expect("stats");
    let of = |name| stats.number(name);
    assert_eq!(["rate_hot", "bans_rate"].map(of), [1, 1]);
    // The one that it was banned for, and what another worker had while the ban was being set; the
    // rest was dropped at the edge, or had passed it by then.
    let (rate, banned) = (of("blocked_rate"), of("blocked_ban") + of("edge_dropped"));
    assert!(rate >= 1, "{stats}");
    assert_eq!(
        (rate + banned, ban.number("hits")),
        (600 - 20, banned),
        "{stats}"
    );
    kam.stop();
}

#[test]
fn without_a_ban_a_flooder_is_blocked_while_it_is_over_and_told_of_once() {
    let kam = server(
        r#"
        modparam("palisade", "reqs_density_per_unit", 5)
        modparam("palisade", "sampling_time_unit", 60)
        modparam("palisade", "rate_ban_time", 0)
        "#,
    )
    .workers(1)
    .start();
    let tally = Flood::on(&kam).from(FLOODER).requests(100).send();
    assert_eq!(
        (tally.answered(), tally.first_silent()),
        (5, Some(5)),
        "{tally}"
    );
    assert_eq!(bans(&kam), 0);
    let line = kam.log().expect(FLOODER);
    assert!(
        line.ends_with("palisade: block key=127.0.0.66 reason=rate proof=no"),
        "{line}"
    );
    assert_eq!(kam.log().matching(FLOODER).len(), 1);
    let hot = kam
        .rpc(Rpc::Kamcmd, "palisade.sources", json!(["HOT"]))
        .expect("sources");
    assert_eq!(hot.rows("rows")[0].text("key"), FLOODER);
    assert_eq!(
        hot.rows("rows")[0].number("hits_curr"),
        100,
        "blocked ones count"
    );
    let show = kam
        .rpc(Rpc::Kamcmd, "palisade.show", json!([FLOODER]))
        .expect("show");
    assert_eq!(show.text("now"), "blocked: over the rate");
    kam.stop();
}

#[test]
fn several_workers_see_one_count() {
    // While a worker sleeps, only another one can take the next request.
    let kam = Kamailio::with(
        r#"
loadmodule "cfgutils.so"
loadmodule "palisade.so"
modparam("palisade", "reqs_density_per_unit", 100)
modparam("palisade", "sampling_time_unit", 60)
request_route {
	usleep("500");
	if (!palisade_check()) exit;
	sl_send_reply("200", "$pp");
}
"#,
    )
    .workers(4)
    .start();
    let phone = Phone::udp(&kam, FLOODER);
    // One request may be lost in the instant in which two processes see a new source at once
    // (src/rate.rs): this one makes it known.
    let first = code(&phone, &phone.request("OPTIONS"));
    for _ in 0..300 {
        phone.send(&phone.request("OPTIONS"));
    }
    kam.wait_idle();
    let answers = std::iter::from_fn(|| phone.receive(Duration::ZERO));
    let mut pids: Vec<i32> = answers
        .map(|answer| {
            answer
                .reason()
                .and_then(|pid| pid.parse().ok())
                .expect("a pid")
        })
        .collect();
    pids.push(first);
    assert_eq!((pids.len(), kam.dropped()), (100, 0));
    let workers: HashSet<i32> = kam.workers().iter().map(|worker| worker.pid).collect();
    let counted: HashSet<i32> = pids.into_iter().collect();
    assert!(
        counted.len() >= 2 && counted.is_subset(&workers),
        "{counted:?} of {workers:?}"
    );
    assert_eq!(bans(&kam), 1);
    kam.stop();
}
