//! What follows from failures, replies and signals, with a clock that stands still and a log that
//! is read.

use crate::clock::manual::Manual;
use crate::message::{NoMessage, Part};
use crate::policy::tests::{Parts, logged, sink};
use crate::policy::{Answer, AuthResult, Firewall, Verdict};
use crate::scan::Signal;
use crate::settings::Settings;
use crate::source::Address;

fn parts(parts: &[(Part, &str)]) -> Parts {
    let with = |all: Parts, &(part, text): &(Part, &str)| all.with(part, text);
    parts.iter().fold(Parts::default(), with)
}

/// A REGISTER; with credentials of the realm `r`, if there is a response for them.
fn register(user: &str, response: Option<&str>) -> Parts {
    let mut all = vec![
        (Part::Method, "REGISTER"),
        (Part::ToUser, user),
        (Part::FromUser, user),
        (Part::CallId, response.unwrap_or("0")),
    ];
    if let Some(response) = response {
        all.extend([
            (Part::Credentials, response),
            (Part::AuthUser, user),
            (Part::AuthRealm, "r"),
        ]);
    }
    parts(&all)
}

fn invite(number: &str) -> Parts {
    parts(&[(Part::Method, "INVITE"), (Part::UriUser, number)])
}

fn address(text: &str) -> Address {
    Address::parse(text.as_bytes()).unwrap()
}

const SOURCE: &str = "192.0.2.66";
const BACKEND: &str = "198.51.100.7";

fn firewall(policy: &str) -> Firewall<Manual> {
    firewall_with(|settings| settings.set_text("policy", policy.as_bytes()).unwrap())
}

fn firewall_with(set: impl FnOnce(&mut Settings)) -> Firewall<Manual> {
    let mut settings = Settings::default();
    for table in ["sources_max", "bans_max", "users_max", "scans_max"] {
        settings.set_number(table, 100).unwrap();
    }
    settings.set_text("trusted", b"198.51.100.0/24").unwrap();
    set(&mut settings);
    logged();
    Firewall::with_clock(settings, sink, |_| Manual::default()).unwrap()
}

impl Firewall<Manual> {
    fn reply(&self, code: i32, challenge: &str, request: &Parts) -> Verdict {
        let answer = Answer {
            code,
            challenge: challenge.as_bytes(),
            is_matched: true,
            replier: None,
        };
        self.take_reply(address(SOURCE), answer, request)
    }

    /// Distinct users and destinations.
    fn counts(&self) -> [u64; 2] {
        let (source, _) = self.locate(address(SOURCE));
        let row = self.scans.get(source, &self.clock);
        row.map_or([0; 2], |row| [row.users, row.destinations])
    }
}

#[test]
fn ten_users_that_fail_are_a_ban_and_the_window_after_it_is_new() {
    let firewall = firewall("scan=ban:60");
    for round in 1..=2 {
        let verdicts: Vec<_> = (0..11)
            .map(|user| {
                let request = register(&format!("{user}"), Some(&format!("{round} {user}")));
                firewall.auth_failed(address(SOURCE), None, &request)
            })
            .collect();
        assert_eq!(verdicts[..9], [Verdict::Pass; 9]);
        assert_eq!(verdicts[9..], [Verdict::NewlyBlocked, Verdict::Blocked]);
        assert!(firewall.is_banned(address(SOURCE)));
        let key = "key=192.0.2.66 reason=scan";
        assert_eq!(
            logged(),
            [
                format!("palisade: block {key} users=10 destinations=0 method=REGISTER proof=no"),
                format!("palisade: ban {key} seconds=60 count={round} proof=no"),
            ]
        );
        firewall.clock.advance(61_000);
        firewall.tick();
        assert_eq!(firewall.counts(), [0, 0]);
        assert_eq!(logged(), ["palisade: unban key=192.0.2.66 reason=expired"]);
    }
}

#[test]
fn consequences() {
    use Verdict::{Blocked, NewlyBlocked, Pass};
    for (policy, tenth, eleventh, counted) in [
        ("scan=off", Pass, Pass, 0),
        ("scan=log", Pass, Pass, 11),
        ("scan=block", NewlyBlocked, Blocked, 11),
        ("scan=ban:60", NewlyBlocked, Blocked, 11),
    ] {
        let firewall = firewall(policy);
        let verdicts: Vec<_> = (0..11)
            .map(|user| firewall.reply(404, "", &register(&format!("{user}"), None)))
            .collect();
        assert_eq!(verdicts[9..], [tenth, eleventh], "{policy}");
        assert_eq!(firewall.counts(), [counted, 0], "{policy}");
        let is_banned = firewall.is_banned(address(SOURCE));
        assert_eq!(is_banned, policy == "scan=ban:60", "{policy}");
    }
}

#[test]
fn whom_a_success_or_an_old_password_takes_out() {
    let firewall = firewall("");
    let fails = |user: &str, guess: &str| {
        firewall.auth_failed(address(SOURCE), None, &register(user, Some(guess)));
        firewall.counts()[0]
    };
    assert_eq!(fails("a", "1"), 1);
    assert_eq!(fails("a", "2"), 1, "the same user");
    assert_eq!(fails("A", "3"), 1, "in capitals");
    assert_eq!(fails("b", "4"), 2);
    let success = register("b", Some("5")).connected();
    firewall.auth_result(address(SOURCE), AuthResult::Success, None, &success);
    assert_eq!(firewall.counts()[0], 1);
    assert_eq!(fails("b", "6"), 1, "known by now");
    let named = Some(&b"c@r"[..]);
    firewall.auth_failed(address(SOURCE), named, &NoMessage);
    assert_eq!(firewall.counts()[0], 2);
    firewall.auth_ok(address(SOURCE), Some(b"c@r"), &NoMessage);
    assert_eq!(firewall.counts()[0], 1);
}

const CHALLENGE: &str = "Digest realm=\"r\", nonce=\"n\"";

#[test]
fn replies() {
    let firewall = firewall("");
    let right = register("a", Some("right"));
    for (code, challenge, request, counts) in [
        (401, CHALLENGE, register("a", None), [0, 0]),
        (
            401,
            "Digest realm=\"other\"",
            register("a", Some("1")),
            [1, 0],
        ),
        (
            401,
            "Digest realm=\"r\", stale=true",
            register("a", Some("2")),
            [1, 0],
        ),
        (401, CHALLENGE, register("a", Some("4")), [1, 0]),
        (404, "", invite("00491"), [1, 1]),
        (404, "", invite("00491"), [1, 1]),
        (403, "", invite("00492"), [1, 2]),
        (603, "", invite("00493"), [1, 2]),
        (486, "", invite("00494"), [1, 2]),
        (200, "", invite("00492"), [1, 1]),
        (404, "", parts(&[(Part::Method, "INVITE")]), [1, 1]),
        (403, "", register("c", None), [2, 1]),
        (200, "", register("c", None), [1, 1]),
        (200, "", right, [0, 1]),
    ] {
        let verdict = firewall.reply(code, challenge, &request);
        assert_eq!(verdict, Verdict::Pass, "{code} {challenge}");
        assert_eq!(firewall.counts(), counts, "{code} {challenge}");
    }
}

#[test]
fn wrong_credentials_in_replies_block_the_pair() {
    let firewall = firewall("");
    let guess = |number: u8| {
        let request = register("alice", Some(&number.to_string()));
        firewall.reply(403, "", &request)
    };
    assert_eq!([guess(1), guess(1), guess(2)], [Verdict::Pass; 3]);
    assert_eq!(guess(3), Verdict::NewlyBlocked);
    assert_eq!(guess(4), Verdict::Blocked);
    let right = register("alice", Some("right"));
    assert_eq!(firewall.reply(200, "", &right), Verdict::Blocked);
    assert_eq!(logged().len(), 1);
}

#[test]
fn a_reply_that_nobody_vouches_for_does_not_count() {
    for (stateless, replier, counted) in [
        (0, Some(BACKEND), 0),
        (0, None, 0),
        (1, None, 0),
        (1, Some(SOURCE), 0),
        (1, Some("203.0.113.1"), 0),
        (1, Some(BACKEND), 1),
    ] {
        let firewall = firewall_with(|settings| {
            settings.set_number("stateless_replies", stateless).unwrap();
        });
        let answer = Answer {
            code: 404,
            challenge: b"",
            is_matched: false,
            replier: replier.map(address),
        };
        firewall.take_reply(address(SOURCE), answer, &invite("1"));
        assert_eq!(firewall.counts(), [0, counted], "{replier:?}");
    }
}

#[test]
fn a_trusted_source_is_never_counted() {
    let firewall = firewall("");
    let signal = Signal::parse(b"odd").unwrap();
    for number in 0..30 {
        let answer = Answer {
            code: 404,
            challenge: b"",
            is_matched: true,
            replier: None,
        };
        let request = invite(&number.to_string());
        let verdict = firewall.take_reply(address(BACKEND), answer, &request);
        assert_eq!(verdict, Verdict::Pass);
        let verdict = firewall.signal(address(BACKEND), &signal, 100, &request);
        assert_eq!(verdict, Verdict::Pass);
    }
    assert_eq!(firewall.scans.rows(&firewall.clock).count(), 0);
}

#[test]
fn signals() {
    let firewall = firewall("");
    let signal = |reason: &str, weight| {
        let signal = Signal::parse(reason.as_bytes()).unwrap();
        firewall.signal(address(SOURCE), &signal, weight, &invite("1"))
    };
    assert_eq!(signal("odd", 4), Verdict::Pass);
    assert_eq!(signal("no-via", 6), Verdict::NewlyBlocked);
    assert_eq!(signal("odd", 1), Verdict::Blocked);
    let key = "key=192.0.2.66 reason=malformed";
    assert_eq!(
        logged(),
        [
            format!("palisade: block {key} signal=no-via method=INVITE proof=no"),
            format!("palisade: ban {key} seconds=300 count=1 proof=no"),
        ]
    );
}
