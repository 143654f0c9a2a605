//! The life of a ban: hits, time left, its end, and what is remembered of it.

use super::{ban_of, is_answered, kamailio, rpc, script, server};
use crate::support::{Flood, Phone};
use serde_json::json;
use std::thread::scope;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[test]
fn a_ban_is_over_exact_to_the_second_and_the_log_tells() {
    let kam = server("");
    scope(|phones| {
        for (source, seconds) in [("127.0.0.7", 1), ("127.0.0.8", 2), ("127.0.0.9", 3)] {
            let kam = &kam;
            phones.spawn(move || {
                let (phone, time) = (Phone::udp(kam, source), Duration::from_secs(seconds));
                let asked = Instant::now();
                rpc(kam, "ban", json!([source, seconds])).expect(source);
                let done = Instant::now();
                let mut last_silent = asked;
                let answered = loop {
                    let sent = Instant::now();
                    if is_answered(&phone) {
                        break Instant::now();
                    }
                    last_silent = sent;
                };
                // The clock has milliseconds.
                assert!(
                    answered + Duration::from_millis(2) >= asked + time,
                    "{source}: too early"
                );
                assert!(last_silent <= done + time, "{source}: too late");
                assert!(
                    (0..5).all(|_| is_answered(&phone)),
                    "{source}: and for good"
                );
                kam.log()
                    .expect(&format!("palisade: unban key={source} reason=expired"));
                let told = kam.log().matching(source).len();
                assert_eq!(told, 2, "its ban, its end, and nothing of what it sent");
                rpc(kam, "ban", json!([source, 1000])).expect(source);
                assert_eq!(ban_of(kam, source).number("count"), 2, "it is remembered");
            });
        }
    });
    let stats = rpc(&kam, "stats", json!([])).expect("stats");
    assert_eq!(stats.number("bans_expired"), 3);
    kam.stop();
}

#[test]
fn a_ban_shows_its_hits_its_time_and_how_often_there_was_one() {
    let kam = server("");
    let (source, phone) = ("127.0.0.9", Phone::udp(&kam, "127.0.0.9"));
    for (count, hits) in [(1, 7), (2, 0), (3, 12)] {
        let begin = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970");
        rpc(&kam, "ban", json!([source, 1000, "why not"])).expect("ban");
        assert_eq!(
            Flood::on(&kam)
                .from(source)
                .requests(hits)
                .send()
                .answered(),
            0
        );
        let ban = ban_of(&kam, source);
        assert_eq!(
            (ban.number("count"), ban.number("hits")),
            (count, hits as i64),
            "{ban}"
        );
        let (since, until) = (ban.number("since"), ban.number("until"));
        let age = since - begin.as_secs() as i64;
        assert!((-1..100).contains(&age), "{ban}");
        // Each rounded by itself.
        assert!((999..=1001).contains(&(until - since)), "{ban}");
        assert!((900..=1000).contains(&ban.number("left")), "{ban}");
        let line = format!("ban key={source} reason=\"why not\" seconds=1000 count={count}");
        kam.log().expect(&line);

        // Banned again: a new end and a new reason for the same ban.
        rpc(&kam, "ban", json!([source, 2000])).expect("ban again");
        let renewed = ban_of(&kam, source);
        assert_eq!(
            ["hits", "count"].map(|name| renewed.text(name)),
            ["hits", "count"].map(|name| ban.text(name))
        );
        assert_eq!(renewed.text("reason"), "manual");
        assert!((1900..=2000).contains(&renewed.number("left")), "{renewed}");

        rpc(&kam, "unban", json!([source])).expect("unban");
        assert!(is_answered(&phone));
    }
    kam.stop();
}

#[test]
fn a_ban_of_zero_seconds_lasts_until_it_is_lifted() {
    let kam = server("");
    let (commander, source) = (Phone::udp(&kam, "127.0.0.1"), "127.0.0.9");
    let phone = Phone::udp(&kam, source);
    rpc(&kam, "ban", json!([source, 0])).expect("ban");
    let ban = ban_of(&kam, source);
    assert_eq!((ban.number("until"), ban.number("left")), (0, 0), "{ban}");
    // Through some of the ticks that end what is over.
    rpc(&kam, "ban", json!(["192.0.2.1", 1])).expect("ban");
    kam.log().expect("unban key=192.0.2.1 reason=expired");
    assert!(!is_answered(&phone));
    assert_eq!(script(&commander, "unban", &[source]), 1);
    assert!(is_answered(&phone));
    kam.stop();
}

#[test]
fn a_flooder_that_is_unbanned_starts_anew_and_is_banned_anew() {
    // A second worker could see what follows before the first one has set the ban.
    let kam = kamailio(
        r#"
        modparam("palisade", "reqs_density_per_unit", 5)
        modparam("palisade", "sampling_time_unit", 600)
        "#,
    )
    .workers(1)
    .start();
    let (commander, source) = (Phone::udp(&kam, "127.0.0.1"), "127.0.0.9");
    for count in 1..=3 {
        let tally = Flood::on(&kam).from(source).requests(20).send();
        assert_eq!(tally.answered(), 5, "flood {count}: {tally}");
        let ban = ban_of(&kam, source);
        assert_eq!(ban.number("count"), count, "{ban}");
        assert_eq!(ban.number("hits"), 20 - 6, "{ban}");
        match count {
            1 => assert_eq!(script(&commander, "unban", &[source]), 1),
            2 => assert_eq!(
                rpc(&kam, "unban", json!([source]))
                    .expect("unban")
                    .text("key"),
                source
            ),
            _ => assert_eq!(
                rpc(&kam, "unban_all", json!([]))
                    .expect("all")
                    .number("lifted"),
                1
            ),
        }
    }
    assert!(is_answered(&Phone::udp(&kam, source)));
    kam.stop();
}
