//! What a backend's replies leave behind.

use super::*;
use crate::source::Source;

const SOURCE: &str = "192.0.2.1";
const CHALLENGE: &[u8] = br#"Digest realm="example.com", nonce="1""#;

fn answer(code: i32, challenge: &[u8]) -> Answer<'_> {
    Answer {
        code,
        challenge,
        is_matched: true,
        replier: None,
    }
}

fn register(first: [&str; 2], second: [&str; 2]) -> Parts {
    guess(first[0], "1", "the same")
        .with(Part::AuthRealm, first[1])
        .with(Part::Method, "REGISTER")
        .with_nth(Part::AuthUser, 1, second[0])
        .with_nth(Part::AuthRealm, 1, second[1])
        .with_nth(Part::Credentials, 1, "this one")
}

/// Which users' failures are counted, and how many.
fn failures(firewall: &Firewall<Manual>) -> Vec<(String, u64)> {
    let rows = firewall.auth.failing(&firewall.clock);
    let of_source = rows.filter(|row| row.source != Source::NONE);
    let mut found: Vec<_> = of_source
        .map(|row| {
            (
                String::from_utf8_lossy(row.user()).into_owned(),
                row.failures,
            )
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_reply_counts_whom_the_backend_may_have_looked_at() {
    let (alice, junk) = (["alice", "example.com"], ["junk", "other"]);
    for (first, second, challenge, expected) in [
        (
            junk,
            alice,
            CHALLENGE,
            &["alice@example.com", "junk@other"][..],
        ),
        (alice, junk, CHALLENGE, &["alice@example.com", "junk@other"]),
        (junk, alice, b"", &["alice@example.com", "junk@other"]),
        // What servers compare in other ways than we do.
        (
            ["alice", "EXAMPLE.COM "],
            ["", "example.com"],
            CHALLENGE,
            &["alice@EXAMPLE.COM "],
        ),
        (["alice", "x"], ["", "example.com"], CHALLENGE, &["alice@x"]),
        // One user, one failure.
        (["alice", "x"], alice, CHALLENGE, &["alice@x"]),
        (alice, ["alice", "x"], CHALLENGE, &["alice@example.com"]),
        (["alice", "x"], alice, b"", &["alice@x"]),
        (junk, ["", "other"], b"", &["junk@other"]),
        (
            ["junk", "example.com"],
            alice,
            CHALLENGE,
            &["alice@example.com", "junk@example.com"],
        ),
    ] {
        let firewall = firewall(|_| ());
        let code = if challenge.is_empty() { 403 } else { 401 };
        let request = register(first, second);
        assert!(!firewall.auth_blocked(address(SOURCE), None, &request));
        firewall.take_reply(address(SOURCE), answer(code, challenge), &request);
        let expected: Vec<_> = expected
            .iter()
            .map(|user| ((*user).to_owned(), 1))
            .collect();
        assert_eq!(failures(&firewall), expected, "{first:?} {second:?} {code}");
    }
}

/// Where another server evaluates one of them, it is not known which.
#[test]
fn several_credentials_that_nobody_here_has_evaluated() {
    let firewall = firewall(|_| ());
    let source = address("192.0.2.1");
    let decoy_first = |n: i32| {
        guess(&format!("junk{n}"), "1", "the same")
            .with_nth(Part::AuthUser, 1, "alice")
            .with_nth(Part::AuthRealm, 1, "example.com")
            .with_nth(Part::Credentials, 1, &format!("guess {n}"))
    };
    for n in 0..2 {
        firewall.auth_failed(source, None, &decoy_first(n));
    }
    // That it is right says nothing of alice.
    firewall.auth_result(source, AuthResult::Success, None, &decoy_first(2));
    firewall.auth_failed(source, None, &decoy_first(3));
    assert!(firewall.auth_blocked(source, Some(b"alice@example.com"), &NoMessage));
}

#[test]
fn who_registers_beside_another_name_clears_nobody() {
    let firewall = firewall(|_| ());
    let source = address(SOURCE);
    for n in 0..2 {
        firewall.auth_failed(source, None, &guess("alice", &n.to_string(), "x"));
    }
    let own = register(["alice", "other"], ["mallory", "example.com"]);
    firewall.take_reply(source, answer(200, b""), &own);
    assert_eq!(failures(&firewall), [("alice@example.com".to_owned(), 2)]);
    let same = register(["alice", "other"], ["alice", "example.com"]);
    firewall.take_reply(source, answer(200, b""), &same);
    assert_eq!(failures(&firewall), []);
}

#[test]
fn a_callee_has_nobody_blocked_who_has_authenticated() {
    for (is_known, is_in_dialog, expected) in [
        (true, true, false),
        (true, false, true),
        (false, true, true),
    ] {
        let firewall = firewall(|_| ());
        let source = address(SOURCE);
        if is_known {
            firewall.auth_ok(
                source,
                Some(b"alice@example.com"),
                &Parts::default().connected(),
            );
        }
        for n in 0..8 {
            let info = guess("alice", &n.to_string(), "right").with(Part::Method, "INFO");
            let info = if is_in_dialog {
                info.within_dialog()
            } else {
                info
            };
            // 407, or, as chan_sip says it, 403.
            let answer = [answer(407, CHALLENGE), answer(403, b"")][n % 2];
            firewall.take_reply(source, answer, &info);
        }
        let is_blocked = firewall.auth_blocked(source, Some(b"alice@example.com"), &NoMessage);
        assert_eq!(
            is_blocked, expected,
            "known {is_known}, in a dialog {is_in_dialog}"
        );
    }
}

/// The sender's own account beside the victim: an answer, be it repeated, frees no further guess.
#[test]
fn of_several_sets_no_answer_clears_the_way() {
    let firewall = firewall(|_| ());
    let source = address(SOURCE);
    let asks = |number: usize| {
        let guess = guess("alice", &number.to_string(), "wrong");
        firewall.auth_blocked(source, None, &guess)
    };
    assert_eq!([asks(1), asks(2), asks(3)], [false; 3]);
    for method in ["INVITE", "SUBSCRIBE"] {
        let both = register(["mallory", "example.com"], ["alice", "example.com"]);
        let both = both.with(Part::Method, method);
        for code in [200, 200, 486] {
            firewall.take_reply(source, answer(code, b""), &both);
        }
    }
    assert!(asks(4), "three are under way");
}

/// A set without a user, in the realm of the PBX, hides nobody: however it is spelled.
#[test]
fn a_nameless_set_hides_no_guess() {
    for realm in ["EXAMPLE.COM", "example.com ", "x"] {
        let firewall = firewall(|_| ());
        let source = address(SOURCE);
        for n in 0..3 {
            let guess = guess("alice", &n.to_string(), &n.to_string())
                .with(Part::AuthRealm, realm)
                .with(Part::Method, "INVITE")
                .with_nth(Part::AuthUser, 1, "")
                .with_nth(Part::AuthRealm, 1, "example.com")
                .with_nth(Part::Credentials, 1, "decoy");
            firewall.take_reply(source, answer(401, CHALLENGE), &guess);
        }
        let is_blocked = firewall.auth_blocked(source, Some(b"alice@example.com"), &NoMessage);
        assert!(is_blocked, "{realm:?}");
    }
}

/// Of a reply with several challenges, any may be for what was offered: here a phone that knows the
/// password of a carrier behind, and a wrong one of ours.
#[test]
fn every_challenge_of_a_reply_counts() {
    for (challenges, expected) in [
        (&br#"Digest realm="carrier", nonce="1""#[..], 0),
        (
            br#"Digest realm="carrier", nonce="1", Digest realm="Example.com", nonce="2""#,
            1,
        ),
        (
            br#"Digest realm="carrier", nonce="1", Digest realm="example.com", nonce="2", stale=true"#,
            0,
        ),
    ] {
        let firewall = firewall(|_| ());
        let source = address(SOURCE);
        firewall.auth_ok(source, Some(b"alice@example.com"), &Parts::default().connected());
        let call = guess("alice", "1", "x").with(Part::Method, "INVITE");
        firewall.take_reply(source, answer(407, challenges), &call);
        assert_eq!(failures(&firewall).len(), expected);
    }
}

/// Who answers whoever calls has looked at no password: not a call of another's name, not the user's own.
#[test]
fn only_a_registration_clears() {
    for method in ["INVITE", "OPTIONS", "MESSAGE", "SUBSCRIBE"] {
        let firewall = firewall(|_| ());
        let source = address(SOURCE);
        for n in 0..2 {
            firewall.auth_failed(source, None, &guess("alice", &n.to_string(), "x"));
        }
        for from in ["alice", "alice%20"] {
            let call = guess(from, "3", "x")
                .with(Part::Method, method)
                .with(Part::FromUser, from);
            firewall.take_reply(source, answer(200, b""), &call);
        }
        let two = ("alice@example.com".to_owned(), 2);
        assert_eq!(failures(&firewall), [two], "{method}");
    }
}

#[test]
fn an_answer_to_options_takes_no_number_out_of_the_scan() {
    let firewall = firewall(set("scan_max_destinations", 5));
    let mut verdicts = (0..8).map(|number| {
        let to = |method| {
            Parts::default()
                .with(Part::Method, method)
                .with(Part::UriUser, &format!("{number}00"))
        };
        let source = address(SOURCE);
        let verdict = firewall.take_reply(source, answer(404, b""), &to("INVITE"));
        firewall.take_reply(source, answer(200, b""), &to("OPTIONS"));
        verdict
    });
    assert_eq!(verdicts.position(|it| it != Verdict::Pass), Some(4));
}

/// However many sources share the work, and whatever decoy stands before the guess.
#[test]
fn a_user_as_a_whole_fails_in_the_realm_that_is_asked_for() {
    let firewall = firewall(set("auth_user_max_failures", 4));
    let from = |number: u8| address(&format!("192.0.2.{number}"));
    for number in 1..=4 {
        let decoy = format!("made up {number}");
        let both = register(["alice", &decoy], ["alice", "example.com"]);
        firewall.take_reply(from(number), answer(401, CHALLENGE), &both);
    }
    let decoy_first = register(["alice", "x"], ["alice", "example.com"]);
    assert!(firewall.auth_blocked(from(5), None, &decoy_first));
    assert!(firewall.auth_blocked(from(6), None, &guess("alice", "1", "x")));
}

/// A phone that answers a proxy and a PBX at once has one attempt under way, not two.
#[test]
fn one_user_in_several_realms_is_one_attempt() {
    let firewall = firewall(|_| ());
    let source = address(SOURCE);
    let both = |n: usize| {
        let both = register(["alice", "proxy"], ["alice", "example.com"]);
        both.with(Part::CallId, &n.to_string())
    };
    let asks = |n| firewall.auth_blocked(source, None, &both(n));
    firewall.take_reply(source, answer(403, b""), &both(0));
    assert_eq!([1, 2, 3].map(asks), [false, false, true]);
}

/// Who is blocked beside others takes none of the failures that they have left.
#[test]
fn a_set_that_is_refused_holds_up_no_other() {
    let firewall = firewall(|_| ());
    let source = address(SOURCE);
    for n in 0..3 {
        let call_id = n.to_string();
        assert!(!firewall.auth_blocked(source, None, &guess("bob", &call_id, "x")));
    }
    let both = register(["alice", "example.com"], ["bob", "example.com"]);
    for _ in 0..5 {
        assert!(firewall.auth_blocked(source, None, &both));
    }
    assert!(!firewall.auth_blocked(source, None, &guess("alice", "1", "x")));
}

/// Calls with a password, each asked about before it is relayed, and answered so.
fn calls(code: i32) -> Vec<bool> {
    let firewall = firewall(|settings| {
        settings.set_number("scan_max_destinations", 0).unwrap();
    });
    let source = address("192.0.2.1");
    let answer = Answer {
        code,
        challenge: b"",
        is_matched: true,
        replier: None,
    };
    let call = |number: usize| {
        let invite = guess("alice", &number.to_string(), "right").with(Part::Method, "INVITE");
        let is_blocked = firewall.auth_blocked(source, None, &invite);
        firewall.take_reply(source, answer, &invite);
        is_blocked
    };
    (0..6).map(call).collect()
}

#[test]
fn a_call_that_has_been_answered_waits_in_line_no_longer() {
    for code in [200, 302, 404, 480, 484, 486, 503, 603] {
        assert_eq!(calls(code), [false; 6], "{code}");
    }
    // Whom nobody knows here, with the wrong password.
    assert_eq!(calls(403)[3..], [true; 3]);
    // Nobody has answered these yet.
    assert_eq!(calls(180)[3..], [true; 3]);
}

#[test]
fn a_refused_guess_gives_back_one_place() {
    let firewall = firewall(|_| ());
    let source = address("192.0.2.1");
    let guess = |call_id: &str| guess("alice", call_id, call_id).with(Part::Method, "REGISTER");
    let is_blocked = |call_id| firewall.auth_blocked(source, None, &guess(call_id));
    assert_eq!(
        ["1", "2", "3", "4"].map(is_blocked),
        [false, false, false, true]
    );
    let verdict = firewall.take_reply(source, answer(403, b""), &guess("1"));
    assert_eq!((verdict, is_blocked("5")), (Verdict::Pass, true));
}

#[test]
fn who_offers_no_credentials_guesses_no_password() {
    let firewall = firewall(set("scan_max_users", 5));
    let mut verdicts = (0..12).map(|number| {
        let message = Parts::default()
            .with(Part::Method, "REGISTER")
            .with(Part::ToUser, &format!("user{number}"))
            .with(Part::FromUser, "alice")
            .with(Part::FromHost, "example.com");
        firewall.take_reply(address("192.0.2.1"), answer(404, b""), &message)
    });
    let first = verdicts.position(|it| it != Verdict::Pass);
    assert_eq!(first, Some(4), "a scan");
    let failures = Counter::AuthFailures;
    assert_eq!(firewall.counters.total(failures), 0);
}
