//! Whom a block covers, and when failures and blocks end.

use super::guesser::{Guesser, Manner};
use super::{PASSWORD, codes, recipe};
use crate::support::{Phone, Rpc, Server, wait_for, wait_until};
use serde_json::json;
use std::time::{Duration, Instant};

/// After three wrong passwords of alice from 127.0.0.66.
struct Scope {
    scope: &'static str,
    /// Who, from where, and what he gets for the right password.
    answers: [(&'static str, &'static str, Option<u16>); 4],
    is_banned: bool,
}

const SCOPES: &[Scope] = &[
    Scope {
        scope: "user_source",
        answers: [
            ("alice", "127.0.0.66", Some(403)),
            ("alice", "127.0.0.5", Some(200)),
            ("bob", "127.0.0.66", Some(200)),
            ("bob", "127.0.0.5", Some(200)),
        ],
        is_banned: false,
    },
    Scope {
        scope: "user",
        answers: [
            ("alice", "127.0.0.66", Some(403)),
            ("alice", "127.0.0.5", Some(403)),
            ("bob", "127.0.0.66", Some(200)),
            ("bob", "127.0.0.5", Some(200)),
        ],
        is_banned: false,
    },
    Scope {
        scope: "source",
        answers: [
            ("alice", "127.0.0.66", None),
            ("alice", "127.0.0.5", Some(200)),
            ("bob", "127.0.0.66", None),
            ("bob", "127.0.0.5", Some(200)),
        ],
        is_banned: true,
    },
];

#[test]
fn a_block_covers_what_its_scope_says() {
    for Scope {
        scope,
        answers,
        is_banned,
    } in SCOPES
    {
        let kam = recipe(&[("auth_scope", &format!("\"{scope}\""))]).start();
        Guesser::new(&kam, "127.0.0.66", "alice").attack(Manner::OneByOne, 3);
        for &(user, source, expected) in answers {
            let phone = Phone::udp(&kam, source).domain(super::DOMAIN);
            assert_eq!(
                phone.register(user, PASSWORD),
                expected,
                "{scope}: {user} at {source}"
            );
        }
        let shown = kam
            .rpc(Rpc::Http, "palisade.show", json!(["127.0.0.66"]))
            .expect("a reply");
        assert_eq!(shown.number("banned") == 1, *is_banned, "{scope}: {shown}");
        if *is_banned {
            assert_eq!(shown.text("ban.reason"), "auth", "{shown}");
            kam.log()
                .expect("palisade: ban key=127.0.0.66 reason=auth seconds=3600 count=1");
        }
    }
}

fn failing(kam: &Server) -> i64 {
    let rows = kam.rpc(Rpc::Datagram, "palisade.auth", json!([]));
    rows.expect("a reply").number("total")
}

/// Until `palisade.auth` has been empty for a while: a worker's clock ticks more coarsely.
fn wait_for_the_end(kam: &Server) {
    let mut empty_since = None;
    let is_over = || {
        if failing(kam) > 0 {
            return false;
        }
        empty_since.get_or_insert_with(Instant::now).elapsed() > Duration::from_millis(100)
    };
    assert!(
        wait_until(is_over, Duration::from_secs(30)),
        "it never ends"
    );
}

/// What an attempt has seen, which is None when it took longer than what it looks at lasts: on a busy machine it is
/// made again.
fn in_time<T>(attempt: impl Fn() -> Option<T>) -> T {
    wait_for(attempt, Duration::from_secs(120)).expect("a machine that is ever quick enough")
}

fn unless_late<T>(limit: Duration, look: impl FnOnce() -> T) -> Option<T> {
    let start = Instant::now();
    let seen = look();
    (start.elapsed() < limit).then_some(seen)
}

#[test]
fn failures_that_are_older_than_the_window_do_not_count() {
    const WINDOW: Duration = Duration::from_secs(4);
    let (failed, guessed) = in_time(|| {
        let kam = recipe(&[("auth_window", "4"), ("auth_user_max_failures", "0")]).start();
        let guesser = Guesser::new(&kam, "127.0.0.66", "alice");
        let failed = unless_late(WINDOW, || {
            guesser.attack(Manner::OneByOne, 2);
            failing(&kam)
        })?;
        wait_for_the_end(&kam);
        Some((failed, unless_late(WINDOW, || guesses_of(&kam, 4))?))
    });
    assert_eq!(failed, 1);
    assert_eq!(guessed, ["-2 1", "-2 1", "-2 -2", "blocked"]);
}

#[test]
fn a_block_ends_and_failures_begin_anew() {
    const BLOCK: Duration = Duration::from_secs(3);
    let (kam, while_blocked) = in_time(|| {
        let kam = recipe(&[("auth_ban_time", "3"), ("auth_user_max_failures", "0")]).start();
        let guesser = Guesser::new(&kam, "127.0.0.66", "alice");
        let while_blocked = unless_late(BLOCK, || {
            guesser.attack(Manner::OneByOne, 3);
            codes(guesser.phone.ask(&guesser.try_password(PASSWORD)))
        })?;
        Some((kam, while_blocked))
    });
    assert_eq!(while_blocked, "blocked");
    wait_for_the_end(&kam);
    assert_eq!(guesses_of(&kam, 2), ["-2 1", "-2 1"]);
    let guesser = Guesser::new(&kam, "127.0.0.66", "alice");
    assert_eq!(
        codes(guesser.phone.ask(&guesser.try_password(PASSWORD))),
        "1 1"
    );
}

/// With a nonce of their own.
fn guesses_of(kam: &Server, guesses: usize) -> Vec<String> {
    let guesser = Guesser::new(kam, "127.0.0.66", "alice");
    (0..guesses)
        .map(|_| codes(guesser.phone.ask(&guesser.guess())))
        .collect()
}
