//! The same floods against pike, against the recipe of pike and htable, and against Palisade, from
//! one table.

use crate::support::{Flood, Kamailio, Phone, Server, stock};
use std::ops::RangeInclusive;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const LIMIT: usize = 20;
const WINDOW: Duration = Duration::from_secs(2);
/// Seconds.
const BAN: u32 = 5;
const FLOOD: usize = 200;
/// How often a source comes that keeps to the limit.
const BURSTS: usize = 4;
const POLL: Duration = Duration::from_millis(250);

struct Subject {
    name: &'static str,
    config: String,
    /// Of a flood, counted from 1.
    first_blocked: RangeInclusive<usize>,
    /// Seconds from the flood until a request is answered again. The end leaves room for a machine
    /// that has more to do.
    unblocked_after: RangeInclusive<f64>,
    /// Answers to one request less than the limit, in one burst a window and a bit more: pike's
    /// timer may be late.
    just_under: RangeInclusive<usize>,
    /// Answers to exactly the limit, in one burst a window: as often as is allowed.
    at_the_limit: RangeInclusive<usize>,
    /// Answers to exactly the limit, evenly spread over the window.
    evenly: RangeInclusive<usize>,
}

const UNDER: usize = BURSTS * (LIMIT - 1);
const AT: usize = BURSTS * LIMIT;

fn subjects() -> [Subject; 7] {
    let (limit, window) = (LIMIT as u32, WINDOW.as_secs() as u32);
    let pike = stock::pike(limit, window);
    [
        Subject {
            name: "pike",
            config: pike.clone(),
            // 27 when it has seen nobody yet, 20 when it has: its tree is coarse at first.
            first_blocked: 20..=60,
            // By where its timer falls.
            unblocked_after: 2.0..=6.0,
            just_under: UNDER..=UNDER,
            // The 20th is one too many.
            at_the_limit: 0..=AT - 1,
            // By where its timer falls, and how late the requests are.
            evenly: LIMIT - 1..=AT,
        },
        Subject {
            name: "pike and htable",
            config: stock::pike_ipban(limit, window, BAN),
            first_blocked: 20..=60,
            // Whole seconds of the wall clock.
            unblocked_after: f64::from(BAN) - 1.0..=f64::from(BAN) + 3.0,
            just_under: UNDER..=UNDER,
            at_the_limit: 0..=AT - 1,
            evenly: LIMIT - 1..=AT,
        },
        // The first window, and one that begins with the first poll after it.
        palisade("pike's config with palisade.so", palisade_as(&pike), 4.0),
        palisade("palisade_check()", checked(0, "bans"), 4.0),
        palisade(
            "palisade_check() with a ban",
            checked(BAN, "bans"),
            BAN.into(),
        ),
        palisade("palisade_check() behind the edge", checked(0, "rate"), 4.0),
        palisade("pike's config behind the edge", at_the_edge(&pike), 4.0),
    ]
}

/// All of them alike: the limit is exact, and who keeps to it is never blocked.
fn palisade(name: &'static str, config: String, unblocked_after: f64) -> Subject {
    Subject {
        name,
        config,
        first_blocked: LIMIT + 1..=LIMIT + 1,
        unblocked_after: unblocked_after..=unblocked_after + 2.0,
        just_under: UNDER..=UNDER,
        at_the_limit: AT..=AT,
        evenly: AT..=AT,
    }
}

pub fn palisade_as(pike: &str) -> String {
    pike.replace("pike.so", "palisade.so")
        .replace(r#"modparam("pike""#, r#"modparam("palisade""#)
}

fn at_the_edge(pike: &str) -> String {
    let route = r#"
modparam("palisade", "edge", "rate")
modparam("palisade", "rate_ban_time", 0)
request_route"#;
    palisade_as(pike).replacen("request_route", route, 1)
}

fn checked(ban: u32, edge: &str) -> String {
    format!(
        r#"
loadmodule "palisade.so"
modparam("palisade", "sampling_time_unit", {})
modparam("palisade", "reqs_density_per_unit", {LIMIT})
modparam("palisade", "rate_ban_time", {ban})
modparam("palisade", "edge", "{edge}")
request_route {{
	if (!palisade_check()) exit;
	sl_send_reply("200", "OK");
}}
"#,
        WINDOW.as_secs()
    )
}

#[test]
fn the_same_floods_against_pike_the_recipe_and_palisade() {
    scope(|all| {
        for subject in subjects() {
            all.spawn(move || check(&subject));
        }
    });
}

/// All at once, each from an address of its own.
fn check(subject: &Subject) {
    let kam = Kamailio::with(&subject.config).workers(1).start();
    scope(|scenarios| {
        scenarios.spawn(|| floods(subject, &kam));
        scenarios.spawn(|| {
            let answered = in_bursts(&kam, "127.0.0.19", LIMIT - 1, WINDOW * 5 / 4);
            expect(
                subject,
                "just under the limit",
                &subject.just_under,
                answered,
            );
        });
        scenarios.spawn(|| {
            let answered = in_bursts(&kam, "127.0.0.20", LIMIT, WINDOW);
            expect(subject, "at the limit", &subject.at_the_limit, answered);
        });
        scenarios.spawn(|| {
            let answered = evenly(&kam, "127.0.0.21");
            expect(subject, "at the limit, evenly", &subject.evenly, answered);
        });
    });
    kam.stop();
}

fn expect(subject: &Subject, what: &str, expected: &RangeInclusive<usize>, got: usize) {
    assert!(
        expected.contains(&got),
        "{}, {what}: {got} answered, not {expected:?}",
        subject.name
    );
}

fn floods(subject: &Subject, kam: &Server) {
    let source = "127.0.0.66";
    let begin = Instant::now();
    let tally = Flood::on(kam).from(source).requests(FLOOD).send();
    let end = begin + tally.outcomes[FLOOD - 1].sent;
    let first_blocked = tally.first_silent().map_or(0, |index| index + 1);
    assert!(
        subject.first_blocked.contains(&first_blocked),
        "{}, flood: blocked from {first_blocked} on, not {:?}: {tally}",
        subject.name,
        subject.first_blocked
    );
    assert_eq!(tally.silent(), FLOOD + 1 - first_blocked, "and for good");

    // One at a time, which still counts.
    let phone = Phone::udp(kam, source);
    let mut last_blocked = end;
    loop {
        let sent = Instant::now();
        if phone.status(&phone.request("OPTIONS")) == Some(200) {
            break;
        }
        last_blocked = sent;
        sleep(POLL);
    }
    // Whatever this machine was busy with meanwhile, it was unblocked between these two.
    let from = last_blocked.duration_since(end).as_secs_f64();
    let to = begin.elapsed().as_secs_f64();
    assert!(
        *subject.unblocked_after.end() >= from && *subject.unblocked_after.start() <= to,
        "{}, flood: unblocked between {from:.2} s and {to:.2} s after it, not {:?}",
        subject.name,
        subject.unblocked_after
    );
}

/// With this pause between one burst's last answer and the next.
fn in_bursts(kam: &Server, source: &str, requests: usize, pause: Duration) -> usize {
    let burst = |number| {
        if number > 0 {
            sleep(pause);
        }
        Flood::on(kam)
            .from(source)
            .requests(requests)
            .send()
            .answered()
    };
    (0..BURSTS).map(burst).sum()
}

/// Each a pause after the answer to the one before: never more than the limit in one window.
fn evenly(kam: &Server, source: &str) -> usize {
    let phone = Phone::udp(kam, source);
    let ask = |_: &usize| {
        let answered = phone.status(&phone.request("OPTIONS")).is_some();
        sleep(WINDOW / LIMIT as u32);
        answered
    };
    (0..AT).filter(ask).count()
}
