//! The kinds of messages that cost most (`make bench`, benches/kamailio/worst.c): whatever they are made of,
//! `palisade_check()` and the auth functions together add one line to the log, at the most.

use super::CLEAN;
use crate::support::{Kamailio, Phone, Request, wait_for};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

const DIGEST: &str = r#"realm="x", nonce="6a", uri="sip:x", response="0""#;

fn credentials(request: Request, count: usize, filler: &str) -> Request {
    (0..count).fold(request, |request, index| {
        request.another(
            "Authorization",
            format!(r#"Digest username="{filler}{index}", {DIGEST}"#),
        )
    })
}

type Kind = fn(Request) -> Request;

const KINDS: [(&str, Kind); 14] = [
    ("a scanner's name, and no ASCII", |request| {
        request.header(
            "User-Agent",
            format!("friendly-scanner{}", "\u{e9}".repeat(15_000)),
        )
    }),
    ("contacts behind a To that can't be read", |request| {
        let request = request.header("To", "<sip:a@h%%%>");
        request.header("Contact", format!("{}<sip:a@h>", "sip:;;;,".repeat(3000)))
    }),
    ("contacts", |request| {
        request.header(
            "Contact",
            format!("{}<sip:a@h>", "<sip:%41@h>,".repeat(1000)),
        )
    }),
    ("contacts with long hosts", |request| {
        request.header(
            "Contact",
            format!(
                "{}<sip:a@h>",
                format!("<sip:{}>,", "%41".repeat(100)).repeat(15)
            ),
        )
    }),
    ("credentials", |request| {
        credentials(request, 3, &"%".repeat(110))
    }),
    ("many credentials", |request| {
        credentials(request, 49, "o'a")
    }),
    ("credentials that can't be read", |request| {
        (0..49).fold(request, |request, _| request.another("Authorization", "x"))
    }),
    ("quotes", |request| {
        let quotes = r#"x="","#.repeat(2000);
        request.header(
            "Authorization",
            format!(r#"Digest username="a",{quotes}{DIGEST}"#),
        )
    }),
    ("a From that can't be read", |request| {
        request.header("From", "<sip:alice@x.org;tag=1")
    }),
    ("a From user of escapes", |request| {
        request.header(
            "From",
            format!("<sip:{}@x.org>;tag=1", "%2527".repeat(1800)),
        )
    }),
    ("SQL", |request| {
        request.header("From", format!("<sip:{}@x.org>;tag=1", "/*a'--".repeat(80)))
    }),
    ("Record-Routes", |request| {
        request.header(
            "Record-Route",
            format!("{}<sip:a>", "<sip:192.0.2.1>,".repeat(1000)),
        )
    }),
    ("headers, and two of one that stands alone", |request| {
        let request = (0..500).fold(request, |request, _| request.another("a", "b"));
        request.another("Max-Forwards", "70")
    }),
    ("all at once", |request| {
        let request = request.header("From", "<sip:alice@x.org;tag=1");
        let request = request
            .header("Contact", "<sip:a@x.org")
            .another("Authorization", "x");
        request
            .header("Record-Route", "<nonsense")
            .another("Max-Forwards", "70")
    }),
];

#[test]
fn the_worst_messages_add_one_line_at_most() {
    let kam = Kamailio::with(
        r#"
        loadmodule "palisade.so"
        modparam("palisade", "policy", "rate=off malformed=block contact=block route=block")
        modparam("palisade", "signal_max", 1000)
        modparam("palisade", "auth_max_failures", 1000)
        modparam("palisade", "auth_user_max_failures", 0)
        request_route {
            palisade_check();
            $var(code) = $rc;
            palisade_auth_blocked();
            palisade_auth_result("-2");
            xlog("L_NOTICE", "checked: $var(code)\n");
        }"#,
    )
    .start();
    let phone = Phone::udp(&kam, "127.0.0.66");
    for method in ["REGISTER", "INVITE"] {
        for (name, kind) in KINDS {
            let (mark, seen) = (kam.log().mark(), kam.log().matching("checked: ").len());
            phone.send(&kind(phone.request(method)));
            let line = wait_for(
                || kam.log().matching("checked: ").into_iter().nth(seen),
                PATIENCE,
            );
            let line = line.expect("the script's line");
            assert!(
                !line.ends_with(&format!("checked: {CLEAN}")) || name == "credentials",
                "{name}: {line}"
            );
            // The script's line, and one of ours.
            let logged = kam.log().since(mark);
            assert!(logged.len() <= 2, "{name}: {logged:?}");
        }
    }
    kam.assert_healthy();
    kam.stop();
}
