//! Attempts that are under way, several credentials in one message, and how long things last.

use super::*;

const SOURCE: &str = "192.0.2.1";
const ALICE: Option<&[u8]> = Some(b"alice@example.com");

/// Two sets of credentials: of Alice, and of Bob.
fn of_two(call_id: &str) -> Parts {
    guess("alice", call_id, "wrong")
        .with_nth(Part::AuthUser, 1, "bob")
        .with_nth(Part::AuthRealm, 1, "example.com")
        .with_nth(Part::Credentials, 1, "wrong, too")
}

/// How many of ten attempts are let through, if that comes of each.
fn admitted(firewall: &Firewall<Manual>, message: &Parts, result: Option<AuthResult>) -> usize {
    let ask = |_: &usize| {
        let is_blocked = firewall.auth_blocked(address(SOURCE), ALICE, message);
        if let (Some(result), false) = (result, is_blocked) {
            firewall.auth_result(address(SOURCE), result, ALICE, message);
        }
        !is_blocked
    };
    (0..10).filter(ask).count()
}

#[test]
fn an_attempt_is_under_way_until_it_comes_back() {
    let neither = Some(AuthResult::Neither);
    for (message, result, expected) in [
        (guess("alice", "1", "wrong"), None, 3),
        (guess("alice", "1", "wrong"), neither, 10),
        // Nothing is evaluated, so nothing comes back.
        (Parts::default(), None, 10),
        (of_two("1"), None, 3),
        (of_two("1"), neither, 10),
    ] {
        let firewall = firewall(|_| ());
        let got = admitted(&firewall, &message, result);
        assert_eq!(got, expected, "{result:?} {:?}", message.0);
        let blocked = firewall.counters.total(Counter::AuthBlocked);
        assert_eq!(blocked, 10 - expected as u64);
    }
}

/// What the script says counts where the credentials beside the first name nobody.
#[test]
fn credentials_without_a_user_do_not_speak_against_the_script() {
    let firewall = firewall(set("auth_max_failures", 1));
    let (source, carol) = (address(SOURCE), Some(&b"carol@example.com"[..]));
    let message = guess("alice", "1", "wrong").with_nth(Part::Credentials, 1, "nobody's");
    firewall.auth_failed(source, carol, &message.evaluated());
    let blocked = [carol, ALICE].map(|user| firewall.auth_blocked(source, user, &NoMessage));
    assert_eq!(blocked, [true, false]);
}

#[test]
fn a_request_without_credentials_gives_back_nobody_elses_place() {
    let firewall = firewall(|_| ());
    let guess = guess("alice", "1", "wrong");
    assert_eq!(admitted(&firewall, &guess, None), 3);
    let (source, neither) = (address(SOURCE), AuthResult::Neither);
    firewall.auth_result(source, neither, ALICE, &Parts::default());
    assert_eq!(admitted(&firewall, &guess, None), 0);
}

#[test]
fn the_request_that_was_one_too_many_is_blocked_when_it_comes_again() {
    let firewall = firewall(|_| ());
    let verdicts = ["1", "2", "3", "3"].map(|call_id| {
        firewall.auth_failed(address(SOURCE), None, &guess("alice", call_id, "wrong"))
    });
    let expected = [Verdict::NewlyBlocked, Verdict::Blocked];
    assert_eq!(verdicts[2..], expected);
}

#[test]
fn what_cannot_be_read_is_blocked_but_from_who_is_trusted() {
    let unreadable = || {
        let message = guess("alice", "1", r#"Digest username="a" or 1=1--""#);
        message.with(Part::Uri, "sip:example.com")
    };
    let many = || guess("alice", "1", "x").with_nth(Part::Credentials, 31, "x");
    for (policy, message, is_blocked) in [
        ("malformed=block", unreadable(), true),
        ("malformed=off", unreadable(), false),
        ("malformed=off", many(), true),
    ] {
        for (from, is_blocked) in [(SOURCE, is_blocked), (TRUSTED, false)] {
            let firewall =
                firewall(|settings| settings.set_text("policy", policy.as_bytes()).unwrap());
            let got = firewall.auth_blocked(address(from), None, &message);
            assert_eq!(got, is_blocked, "{policy} {from} {:?}", message.0);
        }
    }
}

#[test]
fn a_user_under_attack_bans_nobody() {
    let firewall = firewall(|settings| {
        settings.set_text("policy", b"auth=ban:60").unwrap();
        settings.set_number("auth_user_max_failures", 2).unwrap();
    });
    let verdicts = ["192.0.2.1", "192.0.2.2"]
        .map(|from| firewall.auth_failed(address(from), None, &guess("alice", from, "wrong")));
    assert_eq!(verdicts, [Verdict::Pass, Verdict::NewlyBlocked]);
    assert!(!firewall.is_banned(address("192.0.2.2")));
    let counted = [Counter::AuthUnderAttack, Counter::AuthBlocks];
    assert_eq!(counted.map(|it| firewall.counters.total(it)), [1, 0]);
}

#[test]
fn times_are_seconds() {
    let fail = |firewall: &Firewall<Manual>, from: &str, call_id: &str| {
        firewall.auth_failed(address(from), None, &guess("alice", call_id, "wrong"))
    };
    let is_blocked =
        |firewall: &Firewall<Manual>, from| firewall.auth_blocked(address(from), ALICE, &NoMessage);
    // `auth_window`: 900.
    for (wait_ms, expected) in [(899_000, Verdict::NewlyBlocked), (900_000, Verdict::Pass)] {
        let firewall = firewall(|_| ());
        fail(&firewall, SOURCE, "1");
        fail(&firewall, SOURCE, "2");
        firewall.clock.advance(wait_ms);
        assert_eq!(fail(&firewall, SOURCE, "3"), expected, "{wait_ms}");
        // `auth_ban_time`: 3600.
        firewall.clock.advance(3_599_999);
        let was_blocked = expected == Verdict::NewlyBlocked;
        assert_eq!(is_blocked(&firewall, SOURCE), was_blocked, "{wait_ms}");
        firewall.clock.advance(1);
        assert!(!is_blocked(&firewall, SOURCE));
    }
    // `auth_known_time`: 604800.
    let firewall = firewall(set("auth_user_max_failures", 1));
    let right = AuthResult::Success;
    let proven = guess("alice", "1", "right").connected();
    firewall.auth_result(address(SOURCE), right, ALICE, &proven);
    firewall.clock.advance(604_799_000);
    fail(&firewall, "192.0.2.2", "2");
    assert!(is_blocked(&firewall, "192.0.2.3") && !is_blocked(&firewall, SOURCE));
    firewall.clock.advance(1000);
    assert!(is_blocked(&firewall, SOURCE));
}

/// `sampling_time_unit`: 2.
#[test]
fn a_window_lasts_as_long_as_it_says() {
    for (wait_ms, expected) in [(1999, Verdict::NewlyBlocked), (2000, Verdict::Pass)] {
        let firewall = firewall(|_| ());
        let check = || firewall.check(address(FLOODER), &NoMessage);
        (0..3).for_each(|_| assert_eq!(check(), Verdict::Pass));
        firewall.clock.advance(wait_ms);
        assert_eq!(check(), expected, "{wait_ms}");
        let passed = if expected == Verdict::Pass { 4 } else { 3 };
        assert_eq!(firewall.counters.total(Counter::Passed), passed);
    }
}
