//! What a backend's replies leave behind.

use super::*;

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
    for code in [200, 403, 404, 484, 603] {
        assert_eq!(calls(code), [false; 6], "{code}");
    }
    // Nobody has answered these yet.
    assert_eq!(calls(180)[3..], [true; 3]);
}
