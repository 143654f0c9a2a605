//! Who may be cut off: strangers and customers at one address.

use super::*;
use crate::ban::Against;
use crate::message::Datagram;

const SOURCE: &str = "192.0.2.1";
const PHONE: u16 = 5061;
const OTHER: u16 = 40_000;

/// Three requests in a window are fine, and one more for each user.
fn office() -> Firewall<Manual> {
    firewall(|settings| settings.set_number("reqs_per_user", 1).unwrap())
}

/// A request as it came, from this port.
fn request(port: u16, method: &str, call: &str, more: &str) -> Parts {
    let contact = match method {
        "REGISTER" => "Contact: <sip:alice@10.0.0.5>\r\n",
        _ => "",
    };
    let bytes =
        format!("{method} sip:example.com SIP/2.0\r\nCall-ID: {call}\r\n{contact}{more}\r\n");
    Parts::default()
        .with(Part::Method, method)
        .with(Part::Uri, "sip:example.com")
        .came_as(port, &bytes)
}

fn with_nonce(port: u16, nonce: &str) -> Parts {
    let credentials = format!("Digest username=\"alice\", nonce=\"{nonce}\"");
    let header = format!("Authorization: {credentials}\r\n");
    request(port, "REGISTER", "a-phones-call-id", &header)
        .with(Part::AuthUser, "alice")
        .with(Part::AuthRealm, "example.com")
        .with(Part::Credentials, &credentials)
}

fn challenge(firewall: &Firewall<Manual>, nonce: &str, to: &str) {
    let reply =
        format!("SIP/2.0 401 Unauthorized\r\nWWW-Authenticate: Digest nonce=\"{nonce}\"\r\n\r\n");
    firewall.hand_challenge(address(to), reply.as_bytes());
}

fn registers(firewall: &Firewall<Manual>, nonce: &str) {
    challenge(firewall, nonce, SOURCE);
    let register = with_nonce(PHONE, nonce);
    firewall.auth_result(address(SOURCE), AuthResult::Success, None, &register);
}

fn flood(firewall: &Firewall<Manual>, port: u16) {
    for number in 0..20 {
        // Never the same twice.
        let call = format!("flood-{}-{number:08}", firewall.clock.coarse_ms());
        firewall.check(address(SOURCE), &request(port, "OPTIONS", &call, ""));
    }
}

fn passes(firewall: &Firewall<Manual>, request: &Parts) -> bool {
    firewall.check(address(SOURCE), request) == Verdict::Pass
}

#[test]
fn a_flood_in_a_phones_name_closes_its_address_to_strangers_alone() {
    for port in [PHONE, OTHER] {
        let firewall = office();
        registers(&firewall, "nonce-of-alice");
        flood(&firewall, port);
        let (source, hash) = firewall.locate(address(SOURCE));
        let ban = firewall.bans.get(source, hash, &firewall.clock);
        // From its very port, the request that went over the rate was taken for its own.
        let against = (port == OTHER).then_some(Against::Strangers);
        assert_eq!(ban.map(|ban| ban.against), against);
        assert!(!passes(
            &firewall,
            &request(OTHER, "OPTIONS", "strange-call", "")
        ));
        // Its nonce, from whatever port; the Call-ID of its registration; its flow, unless it is full.
        assert!(passes(&firewall, &with_nonce(1234, "nonce-of-alice")));
        assert!(passes(
            &firewall,
            &request(1234, "REGISTER", "a-phones-call-id", "")
        ));
        let new_call = request(PHONE, "INVITE", "another-call-id", "");
        assert_eq!(passes(&firewall, &new_call), port == OTHER, "{port}");
    }
}

#[test]
fn what_was_handed_to_others_proves_nothing() {
    for (owners, is_proven) in [
        (&[SOURCE][..], true),
        (&[SOURCE, SOURCE], true),
        (&["198.51.100.9"], false),
        (&[SOURCE, "198.51.100.9"], false),
        (&["198.51.100.9", SOURCE], false),
        (&[], false),
    ] {
        let firewall = office();
        for owner in owners {
            challenge(&firewall, "a-nonce-of-ours", owner);
        }
        flood(&firewall, OTHER);
        assert!(firewall.is_banned(address(SOURCE)));
        let passed = passes(&firewall, &with_nonce(PHONE, "a-nonce-of-ours"));
        assert_eq!(passed, is_proven, "{owners:?}");
    }
}

#[test]
fn the_first_success_ends_a_ban_that_anybody_can_have_set() {
    let firewall = office();
    flood(&firewall, OTHER);
    let ban = |firewall: &Firewall<Manual>| {
        let (source, hash) = firewall.locate(address(SOURCE));
        firewall.bans.get(source, hash, &firewall.clock)
    };
    assert_eq!(
        ban(&firewall).map(|ban| ban.against),
        Some(Against::Strangers)
    );
    // While the flood goes on, strangers are kept out as before.
    registers(&firewall, "nonce-of-alice");
    assert!(ban(&firewall).is_some());
    assert!(!passes(
        &firewall,
        &request(OTHER, "OPTIONS", "strange-call", "")
    ));
    firewall.clock.advance(5000);
    registers(&firewall, "the-next-nonce");
    assert_eq!(ban(&firewall), None);
    // A ban by hand does not end.
    let banned = firewall.ban(address(SOURCE), 60, BanReason::MANUAL, Origin::Rpc);
    assert_eq!(banned, Ok(()));
    registers(&firewall, "another-nonce");
    assert_eq!(
        ban(&firewall).map(|ban| ban.against),
        Some(Against::Everybody)
    );
    assert!(!passes(&firewall, &with_nonce(PHONE, "another-nonce")));
}

#[test]
fn who_proves_and_floods_is_banned_where_nobody_is_known() {
    for (is_known, is_banned) in [(false, true), (true, false)] {
        let firewall = office();
        challenge(&firewall, "nonce-of-alice", SOURCE);
        if is_known {
            registers(&firewall, "nonce-of-alice");
        }
        let passed = (0..40)
            .filter(|_| passes(&firewall, &with_nonce(PHONE, "nonce-of-alice")))
            .count();
        // As any source, and then as many as one token may.
        assert!((6..=8).contains(&passed), "{passed}");
        let (source, hash) = firewall.locate(address(SOURCE));
        let ban = firewall.bans.get(source, hash, &firewall.clock);
        let against = ban.map(|ban| ban.against);
        assert_eq!(against == Some(Against::Everybody), is_banned);
    }
}

#[test]
fn a_stranger_has_to_send_the_same_again_as_a_phone_does() {
    for (waits_ms, expected) in [
        (&[0, 500][..], 1),
        (&[0, 500, 1000, 2000, 4000], 3),
        (&[0, 2, 500], 1),
        (&[0, 100, 500], 0),
        (&[0, 500, 100, 500], 1),
        (&[0, 41_000], 0),
    ] {
        let firewall = office();
        let bytes = b"REGISTER sip:example.com SIP/2.0\r\nCall-ID: a-new-phone\r\n\r\n";
        let datagram = Datagram { port: PHONE, bytes };
        let mut passed = 0;
        for &wait_ms in waits_ms {
            firewall.clock.advance(wait_ms);
            // Closed all the time.
            flood(&firewall, OTHER);
            passed +=
                usize::from(firewall.check_datagram(address(SOURCE), &datagram) != AtEdge::Drop);
        }
        assert_eq!(passed, expected, "{waits_ms:?}");
    }
}

#[test]
fn what_the_edge_has_let_through_is_not_judged_again() {
    let firewall = office();
    challenge(&firewall, "nonce-of-alice", SOURCE);
    flood(&firewall, OTHER);
    let register = with_nonce(PHONE, "nonce-of-alice");
    let datagram = Datagram {
        port: PHONE,
        bytes: register.bytes(),
    };
    let mut passed = 0;
    for _ in 0..3 {
        let at_edge = firewall.check_datagram(address(SOURCE), &datagram);
        assert_eq!(at_edge, AtEdge::Spared);
        let stranger = request(PHONE, "OPTIONS", "strange-call", "").spared();
        passed += usize::from(passes(&firewall, &stranger));
    }
    assert_eq!(passed, 3);
    assert_eq!(firewall.counters.total(Counter::SparedNonce), 3);
}

/// Guesses with a nonce of the guesser's own.
#[test]
fn a_guess_in_anothers_name_blocks_no_one_but_its_like() {
    let firewall = office();
    let source = address(SOURCE);
    registers(&firewall, "nonce-of-alice");
    for number in 0..12 {
        let nonce = "nonce-of-mallory";
        let guess = with_nonce(OTHER, nonce).with(Part::CallId, &number.to_string());
        firewall.auth_result(source, AuthResult::Failure, None, &guess);
    }
    let admission = |nonce| firewall.auth_admission(source, None, &with_nonce(PHONE, nonce));
    assert_eq!(admission("nonce-of-mallory"), Admission::Unproven);
    assert_eq!(admission("nonce-of-alice"), Admission::Admitted);
    let lines = logged();
    let blocks = lines.iter().filter(|line| line.contains("auth_block"));
    assert!(
        blocks.clone().count() > 0 && blocks.clone().all(|line| line.ends_with(" proof=no")),
        "{lines:?}"
    );
    // The real one's own mistakes count for him.
    for number in 0..3 {
        let wrong = with_nonce(PHONE, "nonce-of-alice").with(Part::CallId, &format!("w{number}"));
        firewall.auth_result(source, AuthResult::Failure, None, &wrong);
    }
    assert_eq!(admission("nonce-of-alice"), Admission::Blocked);
    assert_eq!(admission("nonce-of-mallory"), Admission::Blocked);
}
