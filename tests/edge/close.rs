//! `tcp_close`: whoever is blocked does not keep its connection.

use super::{BANNED, LIMIT, PATIENCE, command, kamailio, passing};
use crate::support::{PHONE6, Phone, Server, wait_until};

/// Who is blocked, and what is done until it is: its next request is the one.
struct Case {
    source: &'static str,
    agent: &'static str,
    /// For what the source is, not for what its request is.
    closes: bool,
    prepare: fn(&Server, &Phone),
}

const CASES: &[Case] = &[
    Case {
        source: BANNED,
        agent: "Linphone",
        closes: true,
        prepare: |kam, _| command(kam, "ban", BANNED),
    },
    Case {
        source: PHONE6,
        agent: "Linphone",
        closes: true,
        prepare: |kam, _| command(kam, "ban", PHONE6),
    },
    Case {
        source: "127.0.0.67",
        agent: "friendly-scanner",
        closes: false,
        prepare: |_, _| {},
    },
    Case {
        source: "127.0.0.68",
        agent: "Linphone",
        closes: true,
        prepare: |_, phone| assert_eq!(passing(phone, LIMIT), LIMIT),
    },
];

/// One server, and after each case the phone that was blocked.
fn check(tcp_close: i32, after: impl Fn(&Server, &Phone, &Case)) {
    let parameter = format!("modparam(\"palisade\", \"tcp_close\", {tcp_close})");
    let kam = kamailio("bans", &parameter).start();
    let bystander = Phone::tcp(&kam, "127.0.0.5");
    assert_eq!(passing(&bystander, 1), 1);
    for case in CASES {
        let phone = Phone::tcp(&kam, case.source).agent(case.agent);
        (case.prepare)(&kam, &phone);
        assert!(!phone.is_closed(), "{}: too early", case.source);
        assert_eq!(phone.status(&phone.request("OPTIONS")), None);
        after(&kam, &phone, case);
    }
    assert!(!bystander.is_closed());
    assert_eq!(passing(&bystander, 1), 1, "on its first connection");
    kam.stop();
}

/// Others may share a connection, as an SBC's calls do.
#[test]
fn the_connection_of_a_source_is_closed_and_not_that_of_a_message() {
    check(1, |_, phone, case| {
        if case.closes {
            let closed = wait_until(|| phone.is_closed(), PATIENCE);
            assert!(closed, "{} {}", case.source, case.agent);
        } else {
            let request = phone.request("OPTIONS").agent("Linphone");
            let status = phone.status(&request);
            assert_eq!(status, Some(200), "{} on the same connection", case.source);
        }
    });
}

#[test]
fn with_tcp_close_0_it_stays_open() {
    check(0, |kam, phone, case| {
        if case.agent == "Linphone" {
            command(kam, "unban", case.source);
        }
        let request = phone.request("OPTIONS").agent("Linphone");
        let status = phone.status(&request);
        assert_eq!(status, Some(200), "{} on the same connection", case.source);
    });
}
