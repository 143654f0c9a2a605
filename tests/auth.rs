//! Wrong passwords, against a real Kamailio: who is stopped, after how many guesses, and who is not.

mod counting;
mod example;
mod guesser;
mod headers;
mod limits;
mod told;

use crate::support::{Kamailio, Log, Message, Phone, Rpc, stock};
use guesser::{Guesser, Manner};
use serde_json::json;
use std::fmt::Write;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A user of examples/dbtext, and of the stock recipe.
const USER: &str = "alice";
const PASSWORD: &str = stock::PASSWORD;
const DOMAIN: &str = "example.com";

/// So that the rate check leaves the guessers to the counter.
const UNLIMITED: u32 = 60_000;

/// The database of the examples, as a string of a config.
const USERS: &str = concat!(
    "\"text://",
    env!("CARGO_MANIFEST_DIR"),
    "/examples/dbtext\""
);

/// examples/kamailio.cfg as it stands, with so many requests in two seconds from one address.
fn edge(rate: u32) -> Kamailio {
    Kamailio::file("examples/kamailio.cfg")
        .define("LISTEN_PORT", "@PORT@")
        .define("CTL", r#""unix:@DIR@/ctl""#)
        .define("DBURL", USERS)
        .define("RATE", &rate.to_string())
        .define("LOG_LEVEL", "2")
}

/// The recommended way in a few lines, and all of it told: 200 with the code of `auth_check()`, what
/// `palisade_auth_result()` makes of it, and the process; 403 for who is blocked before.
fn recipe(parameters: &[(&str, &str)]) -> Kamailio {
    let mut config = format!(
        r#"
        alias="{DOMAIN}"
        loadmodule "db_text.so"
        loadmodule "auth.so"
        loadmodule "auth_db.so"
        loadmodule "cfgutils.so"
        loadmodule "palisade.so"
        modparam("auth", "auth_checks_register", 8)
        modparam("auth_db", "db_url", {USERS})
        modparam("auth_db", "calculate_ha1", 1)
        modparam("auth_db", "password_column", "password")
        "#
    );
    for (name, value) in parameters {
        writeln!(config, "modparam(\"palisade\", \"{name}\", {value})").expect("a String");
    }
    config += r#"
        request_route {
            if (palisade_auth_blocked()) {
                sl_send_reply("403", "blocked");
                exit;
            }
            if ($ua == "slow database") usleep("100000");
            if ($ua == "broken database") auth_check("example.com", "no_such_table", "1");
            else auth_check("example.com", "subscriber", "1");
            $var(code) = $rc;
            if (is_method("REGISTER")) xlog("L_NOTICE", "authentication from $si: $var(code)\n");
            palisade_auth_result("$var(code)");
            $var(verdict) = $rc;
            if ($var(code) == -5 && $ua != "no credentials") auth_challenge("example.com", "1");
            else sl_send_reply("200", "as $var(code) $var(verdict) $pp");
        }"#;
    Kamailio::with(&config)
}

/// What the recipe answers: `-2 1`, or the reason of another response.
fn codes(answer: Option<Message>) -> String {
    let Some(answer) = answer else {
        return "silence".into();
    };
    let reason = answer.reason().expect("a response");
    let codes = reason
        .strip_prefix("as ")
        .and_then(|all| all.rsplit_once(' '));
    codes.map_or(reason, |(codes, _process)| codes).into()
}

/// Passwords of the user that Kamailio has compared for addresses that begin so, right or wrong: by
/// the script's own lines, which stand at the auth function.
fn evaluated(log: &Log, sources: &str) -> usize {
    let stock = log.matching(&format!("evaluated {USER} from {sources}"));
    let lines = log.matching(&format!("authentication from {sources}"));
    let compared = |line: &&String| {
        [": -2", ": -3", ": -8", ": 1"]
            .iter()
            .any(|code| line.ends_with(code))
    };
    stock.len() + lines.iter().filter(compared).count()
}

fn registrations(alice: &Phone) -> usize {
    (0..6)
        .filter(|_| alice.register(USER, PASSWORD) == Some(200))
        .count()
}

struct OneAddress {
    name: &'static str,
    kamailio: fn() -> Kamailio,
    agent: &'static str,
    manner: Manner,
    evaluated: RangeInclusive<usize>,
    /// Of six.
    registered: usize,
}

const ONE_ADDRESS: &[OneAddress] = &[
    OneAddress {
        name: "the stock recipe locks out the real user",
        kamailio: || Kamailio::with(&stock::auth_count()),
        agent: "any",
        manner: Manner::OneByOne,
        evaluated: 3..=3,
        registered: 0,
    },
    OneAddress {
        name: "one by one",
        kamailio: || edge(UNLIMITED),
        agent: "any",
        manner: Manner::OneByOne,
        evaluated: 3..=3,
        registered: 6,
    },
    OneAddress {
        name: "after requests that can't be challenged",
        kamailio: || recipe(&[]),
        agent: "any",
        manner: Manner::AfterUnchallenged,
        evaluated: 3..=3,
        registered: 6,
    },
    OneAddress {
        name: "the same, to the example",
        kamailio: || edge(UNLIMITED),
        agent: "any",
        manner: Manner::AfterUnchallenged,
        evaluated: 3..=3,
        registered: 6,
    },
    OneAddress {
        name: "all at once, to eight workers",
        kamailio: || edge(UNLIMITED).define("WORKERS", "8"),
        agent: "any",
        manner: Manner::AtOnce,
        evaluated: 3..=3,
        registered: 6,
    },
    OneAddress {
        name: "all at once, to eight workers with a slow database",
        kamailio: || recipe(&[]).workers(8),
        agent: "slow database",
        manner: Manner::AtOnce,
        evaluated: 3..=3,
        registered: 6,
    },
    OneAddress {
        name: "the same, among requests without a password",
        kamailio: || recipe(&[]).workers(8),
        agent: "slow database",
        manner: Manner::AmongOthers,
        evaluated: 3..=3,
        registered: 6,
    },
];

#[test]
fn sixty_guesses_from_one_address_are_three_and_the_real_user_registers() {
    for case in ONE_ADDRESS {
        let kam = (case.kamailio)().start();
        let alice = Phone::udp(&kam, "127.0.0.5").domain(DOMAIN);
        assert_eq!(alice.register(USER, PASSWORD), Some(200), "{}", case.name);
        let mut guesser = Guesser::new(&kam, "127.0.0.66", USER);
        guesser.phone = guesser.phone.agent(case.agent);
        guesser.attack(case.manner, 60);
        let registered = registrations(&alice);
        let lucky = guesser.phone.status(&guesser.try_password(PASSWORD));
        assert_eq!(lucky, Some(403), "{}: the right one at last", case.name);
        let log = kam.stop();
        let evaluated = evaluated(&log, "127.0.0.66");
        assert!(
            case.evaluated.contains(&evaluated),
            "{}: {evaluated} evaluated\n{log}",
            case.name
        );
        assert_eq!(registered, case.registered, "{}\n{log}", case.name);
    }
}

/// The example in Lua logs no guess that is looked at: its answers tell.
#[test]
fn requests_that_cannot_be_challenged_open_no_door_in_lua() {
    let kam = example::lua().define("RATE", "60000").start();
    let guesser = Guesser::new(&kam, "127.0.0.66", USER);
    let answers = guesser.attack(Manner::AfterUnchallenged, 10);
    assert_eq!(answers[..3], [401, 401, 403], "{answers:?}");
    assert_eq!(answers[3..], [403; 7], "{answers:?}");
}

#[test]
fn twenty_guessers_together_get_fifteen_guesses_and_the_real_user_registers_meanwhile() {
    for manner in [Manner::OneByOne, Manner::AtOnce] {
        let kam = edge(UNLIMITED).start();
        let alice = Phone::udp(&kam, "127.0.0.5").domain(DOMAIN);
        assert_eq!(alice.register(USER, PASSWORD), Some(200));
        let sources = (1..=20).map(|n| format!("127.0.1.{n}"));
        let guessers: Vec<_> = sources.map(|at| Guesser::new(&kam, &at, USER)).collect();
        let registered = (0..6).map(|_| {
            for guesser in &guessers {
                match manner {
                    Manner::OneByOne => drop(guesser.attack(manner, 1)),
                    _ => guesser.phone.send(&guesser.guess()),
                }
            }
            alice.register(USER, PASSWORD)
        });
        assert_eq!(registered.collect::<Vec<_>>(), [Some(200); 6], "{manner:?}");
        // Under attack: an address that nobody knows has to wait, other users do not.
        let stranger = Phone::udp(&kam, "127.0.0.9").domain(DOMAIN);
        assert_eq!(stranger.register(USER, PASSWORD), Some(403), "{manner:?}");
        assert_eq!(stranger.register("bob", PASSWORD), Some(200), "{manner:?}");
        let log = kam.stop();
        let evaluated = evaluated(&log, "127.0.1.");
        assert!(
            (10..=15).contains(&evaluated),
            "{manner:?}: {evaluated} evaluated\n{log}"
        );
    }
}

#[test]
fn a_phone_that_is_known_is_not_made_to_wait() {
    let kam = recipe(&[]).workers(8).start();
    let alice = Guesser::new(&kam, "127.0.0.5", USER);
    assert_eq!(codes(alice.phone.ask(&alice.try_password(PASSWORD))), "1 1");
    for _ in 0..20 {
        let request = alice.try_password(PASSWORD).agent("slow database");
        alice.phone.send(&request);
    }
    kam.wait_idle();
    let answers = std::iter::from_fn(|| alice.phone.receive(Duration::ZERO));
    let answers: Vec<_> = answers.map(|answer| codes(Some(answer))).collect();
    assert_eq!(answers, ["1 1"; 20]);
}

#[test]
fn a_trusted_source_is_never_counted() {
    let kam = edge(10)
        .define("TRUSTED", r#""192.0.2.0/24, 127.0.0.77""#)
        .start();
    let carrier = Guesser::new(&kam, "127.0.0.77", USER);
    assert_eq!(carrier.attack(Manner::AtOnce, 60), [401; 60]);
    assert_eq!(
        carrier.phone.status(&carrier.try_password(PASSWORD)),
        Some(200)
    );
    for list in ["palisade.auth", "palisade.bans"] {
        let reply = kam.rpc(Rpc::Kamcmd, list, json!([])).expect(list);
        assert_eq!(reply.number("total"), 0, "{list}: {reply}");
    }
}

#[test]
fn several_workers_see_one_count() {
    let kam = recipe(&[
        ("auth_max_failures", "1000"),
        ("auth_user_max_failures", "0"),
    ])
    .workers(4)
    .start();
    let guesser = Guesser::new(&kam, "127.0.0.66", USER);
    let mut processes = std::collections::BTreeSet::new();
    let mut guesses = 0;
    while processes.len() < 2 {
        let answer = guesser.phone.ask(&guesser.guess()).expect("an answer");
        let reason = answer.reason().expect("a response").to_string();
        processes.insert(reason.strip_prefix("as -2 1 ").expect(&reason).to_string());
        guesses += 1;
        assert!(guesses < 500, "all answered by {processes:?}");
    }
    let counted = kam
        .rpc(Rpc::Kamcmd, "palisade.show", json!(["127.0.0.66"]))
        .expect("a reply");
    assert_eq!(
        counted.rows("auth")[0].number("failures"),
        guesses,
        "{processes:?}: {counted}"
    );
}
