//! What Kamailio can't read is not absent: the server behind may read it. Such a request is blocked,
//! and who goes on sending them is banned; no legitimate message is taken for one.

use super::{CLEAN, FOUND};
use crate::scan::backend::{self, Backend};
use crate::support::{Kamailio, Phone, Request, Rpc, Server, wait_for};
use crate::torture::material;
use serde_json::json;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(10);

/// A message that can't be read has no answer, but a line in the log.
const ROUTE: &str = r#"
request_route {
    palisade_check();
    xlog("L_NOTICE", "checked: $rc\n");
}
"#;

/// What `palisade_check()` answers to this request, which is the next one that it sees.
fn verdict(kam: &Server, phone: &Phone, request: &Request) -> i32 {
    let seen = kam.log().matching("checked: ").len();
    phone.send(request);
    let line = wait_for(
        || kam.log().matching("checked: ").into_iter().nth(seen),
        PATIENCE,
    );
    let line = line.expect("the script's line");
    let (_, code) = line.split_once("checked: ").expect("it was found by that");
    code.parse().expect(&line)
}

fn server(policy: &str) -> Server {
    Kamailio::with(&format!(
        r#"
        loadmodule "palisade.so"
        modparam("palisade", "policy", "rate=off {policy}")
        modparam("palisade", "signal_max", 1000)
        modparam("palisade", "tcp_close", 0)
        modparam("palisade", "trusted", "127.0.0.99")
        {ROUTE}"#
    ))
    .start()
}

const DIGEST: &str = r#"Digest username="alice", realm="x", nonce="6a", uri="sip:x", response="0""#;

type Change = fn(Request) -> Request;

/// What is wrong, and what the log says of it.
const UNREADABLE: [(Change, &str); 36] = [
    (
        |request| request.header("Authorization", format!("{DIGEST},foo")),
        "credentials",
    ),
    (
        |request| request.header("Authorization", format!("{DIGEST},foo=")),
        "credentials",
    ),
    (
        |request| request.header("Proxy-Authorization", format!("{DIGEST}, ")),
        "credentials",
    ),
    (
        |request| {
            request.header(
                "Authorization",
                r#"Digest username="a" or 1=1--", realm="x", nonce="1", uri="u", response="0""#,
            )
        },
        "credentials",
    ),
    (
        |request| {
            let request = request.header("Authorization", DIGEST);
            request.another("Authorization", format!("{DIGEST},foo"))
        },
        "credentials",
    ),
    (
        |request| request.header("From", "<sip:alice@x.org;tag=1"),
        "from",
    ),
    (
        |request| request.header("From", "<sip:alice@x.org:99999999>;tag=1"),
        "from",
    ),
    (|request| request.header("To", "<sip:@>"), "to"),
    (
        |request| request.header("Contact", "<sip:a@x.org"),
        "contact",
    ),
    (
        |request| request.header("Contact", "<sip:a@x.org:99999999>"),
        "contact",
    ),
    (|request| request.uri("sip:a@palisade.test:99999999"), "uri"),
    (|request| request.another("Max-Forwards", "70"), "headers"),
    (|request| headers(request, 250), "many_headers"),
    // What only other servers read: pjsip and Sofia end a line at a CR, pjsip a header at an &,
    // others a text at a NUL.
    (
        |request| request.header("X-Odd", format!("a\rAuthorization: {DIGEST}")),
        "headers",
    ),
    (
        |request| {
            let value = format!("application/sdp & authorization : {DIGEST}");
            request.header("Content-Type", value)
        },
        "headers",
    ),
    (
        |request| request.header("Expires", "60&From: <sip:mallory@x.org>"),
        "headers",
    ),
    // Where lines are folded, too, and in the compact form.
    (
        |request| request.header("Min-Expires", format!("60&\r\n Authorization: {DIGEST}")),
        "headers",
    ),
    (
        |request| {
            let value = format!("timer&Proxy-Authorization\r\n : {DIGEST}");
            request.header("Supported", value)
        },
        "headers",
    ),
    (
        |request| request.header("Expires", "60&f:<sip:mallory@x.org>"),
        "headers",
    ),
    (
        |request| request.header("Expires", "60& \r\n\tM\r\n\t:<sip:mallory@x.org>"),
        "headers",
    ),
    (
        |request| request.header("Supported", "timer&i: another call"),
        "headers",
    ),
    (|request| request.header("X-Odd", "&".repeat(65)), "headers"),
    (|request| request.header("X-Odd", "a\0b"), "headers"),
    // chan_sip and FreeSWITCH do not look at the scheme, and chan_sip finds names anywhere.
    (
        |request| request.header("Authorization", DIGEST.replace("Digest", "Bearer")),
        "credentials",
    ),
    (
        |request| {
            let value = DIGEST
                .replace("Digest ", "")
                .replace("username=", "UserName =");
            request.header("Proxy-Authorization", value)
        },
        "credentials",
    ),
    (
        |request| request.header("Authorization", format!("{DIGEST}, username =\"bob\"")),
        "credentials",
    ),
    (
        |request| {
            request.header(
                "Authorization",
                format!("{DIGEST}, opaque=\", username=bob,\""),
            )
        },
        "credentials",
    ),
    // chan_pjsip asks for a password whatever the method.
    (
        |mut request| {
            request.method = "FOO".into();
            request
                .header("CSeq", "1 FOO")
                .another("C%6Fntact", "x")
                .another("Authorization", DIGEST)
        },
        "headers,credentials",
    ),
    // What Kamailio's parser takes long for.
    (
        |request| request.header("From", format!("<sip:a@x.org>;tag=1{}", ";a".repeat(33))),
        "from",
    ),
    (
        |request| request.header("From", format!("<sip:a@x.org>;tag={}", "1".repeat(1024))),
        "from",
    ),
    (
        |request| request.header("To", format!("<sip:a@x.org;{}>", "a".repeat(1024))),
        "to",
    ),
    (
        |request| request.header("Contact", format!("<sip:a@x.org>{}", ";a".repeat(65))),
        "many_contacts",
    ),
    (
        |request| {
            let value = format!("<sip:a@x.org>;a={}", "a".repeat(1100));
            (0..4).fold(request.without("Contact"), |request, _| {
                request.another("Contact", &value)
            })
        },
        "many_contacts",
    ),
    (
        |request| {
            let value = format!("<sip:a@x.org>{}", ";a".repeat(20));
            (0..4).fold(request.without("Contact"), |request, _| {
                request.another("Contact", &value)
            })
        },
        "many_contacts",
    ),
    (|request| request.agent("a".repeat(2049)), "long_name"),
    // pjsip takes an R-URI in angle brackets.
    (|request| request.uri("<sip:a@palisade.test>"), "uri"),
];

fn headers(request: Request, count: usize) -> Request {
    (0..count).fold(request, |request, _| request.another("X", "y"))
}

#[test]
fn a_header_that_matters_and_cannot_be_read_blocks_the_request() {
    let kam = server("");
    for phone in [
        Phone::udp(&kam, "127.0.0.66"),
        Phone::tcp(&kam, "127.0.0.67"),
    ] {
        let source = phone.local().ip();
        for (change, what) in UNREADABLE {
            let mark = kam.log().mark();
            let request = change(phone.request("REGISTER"));
            assert_eq!(
                verdict(&kam, &phone, &request),
                FOUND,
                "{what}: {request:?}"
            );
            // The script's line, and one of ours at the most: that not twice in ten seconds.
            let logged = kam.log().since(mark);
            assert!(logged.len() <= 2, "{what}: {logged:?}");
            let line = format!("block key={source} reason=malformed unreadable={what}");
            kam.log().expect(&line);
        }
        assert_eq!(verdict(&kam, &phone, &phone.request("REGISTER")), CLEAN);
    }
    let trusted = Phone::udp(&kam, "127.0.0.99");
    for (change, what) in UNREADABLE {
        let request = change(trusted.request("REGISTER"));
        assert_eq!(verdict(&kam, &trusted, &request), CLEAN, "{what}");
    }
    kam.stop();
}

#[test]
fn who_goes_on_is_banned_unless_the_policy_says_otherwise() {
    for (policy, expected, is_banned) in [
        ("", &[-2, -2, -2][..], true),
        ("malformed=block", &[-2, -2, -2, -1, -1], false),
        ("malformed=log", &[1; 5], false),
        ("malformed=off", &[1; 5], false),
    ] {
        let kam = Kamailio::with(&format!(
            r#"
            loadmodule "palisade.so"
            modparam("palisade", "policy", "rate=off {policy}")
            modparam("palisade", "signal_max", 3)
            {ROUTE}"#
        ))
        .start();
        let phone = Phone::udp(&kam, "127.0.0.66");
        let bad = || phone.request("REGISTER").header("Contact", "<sip:a@x.org");
        let codes: Vec<_> = expected
            .iter()
            .map(|_| verdict(&kam, &phone, &bad()))
            .collect();
        assert_eq!(codes, expected, "{policy}");
        let bans = kam.rpc(Rpc::Kamcmd, "palisade.bans", json!([]));
        let bans = bans.expect("palisade.bans").rows("rows");
        assert_eq!(bans.len(), usize::from(is_banned), "{policy}");
        assert!(bans.iter().all(|row| row.text("reason") == "malformed"));
        kam.stop();
    }
}

/// 3.1.1: valid messages, however odd; and 3.3: what a server may be asked that it does not know.
const VALID: [&str; 22] = [
    "wsinv",
    "intmeth",
    "esc01",
    "escnull",
    "esc02",
    "lwsdisp",
    "longreq",
    "dblreq",
    "semiuri",
    "transports",
    "mpart01",
    "unreason",
    "noreason",
    "unkscm",
    "novelsc",
    "unksm2",
    "bext01",
    "invut",
    "sdp01",
    "inv2543",
    "cparam01",
    "cparam02",
];

/// The answer to any of them is CLEAN, or that of Kamailio's own parser, which is asked first.
#[test]
fn no_valid_message_is_taken_for_one() {
    let kam = Kamailio::with(
        r#"
        loadmodule "palisade.so"
        modparam("palisade", "policy", "rate=off sqli=off agent=off")
        request_route {
            palisade_check();
            xlog("L_NOTICE", "checked $rc $ci\n");
        }"#,
    )
    .allow("ERROR: <core> [core/")
    .start();
    let phone = Phone::udp(&kam, "127.0.0.66");
    for name in VALID {
        phone.send_raw(&material::rfc4475(name));
    }
    let ordinary = phone.request("REGISTER");
    for request in [
        ordinary.clone().header("Contact", "*"),
        // As phones of several makers list what they know.
        ordinary.clone().header(
            "Contact",
            "<sip:a@x.org>;methods=\"INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, MESSAGE, SUBSCRIBE, NOTIFY, \
             PRACK, UPDATE, REFER\", <sip:a@x.org;transport=tcp>;q=0.5;methods=\"INVITE, ACK, BYE, CANCEL, \
             OPTIONS, INFO, MESSAGE, SUBSCRIBE, NOTIFY, PRACK, UPDATE, REFER\"",
        ),
        ordinary.clone().header("Contact", "<urn:uuid:0>"),
        ordinary.clone().header("Authorization", "Bearer 6a.6b.6c"),
        ordinary
            .clone()
            .header("Authorization", "NTLM realm=\"x\", targetname=\"y\""),
        ordinary
            .clone()
            .header("To", "<tel:+4930123;phone-context=x.org>"),
        ordinary
            .clone()
            .header("User-Agent", "AT&T: Q&A: from: us & to: you"),
        ordinary
            .clone()
            .header("Alert-Info", format!("<http://x.org/?a=b{}>", "&f=g&t=h".repeat(30))),
        ordinary
            .clone()
            .header("User-Agent", "&".repeat(100)),
        ordinary
            .clone()
            .header("Contact", "<sip:a@x.org?Subject=a&From=b&To=%3Csip:c%40x.org%3E>"),
        ordinary.clone().header(
            "Authorization",
            r#"Digest username="username", realm="username", nonce="username", uri="sip:x;username@x""#,
        ),
        ordinary.clone().without("Contact").uri("tel:+4930123"),
        headers(ordinary, 240),
    ] {
        phone.send(&request.next());
    }
    kam.wait_idle();
    let log = kam.stop();
    let wrong: Vec<_> = log.matching("reason=malformed");
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(log.matching("checked 1 ").len() > 20, "{log}");
}

/// chan_sip and chan_pjsip evaluate such credentials; the replies to them count.
#[test]
fn guesses_in_credentials_that_cannot_be_read_are_counted_behind_a_pbx() {
    for (policy, reply_counts) in [("", false), ("malformed=off", true)] {
        let kam = Kamailio::with(&format!(
            r#"
            loadmodule "palisade.so"
            modparam("palisade", "policy", "rate=off {policy}")
            modparam("palisade", "signal_max", 5)
            modparam("pv", "shvset", "backend=s:none")
            request_route {{
                if (!palisade_check()) exit;
                if (palisade_auth_blocked()) {{
                    sl_send_reply("403", "blocked");
                    exit;
                }}
                $du = $shv(backend);
                t_on_reply("BACK");
                t_relay();
            }}
            onreply_route[BACK] {{ palisade_reply(); }}
            "#
        ))
        .start();
        let pbx = Backend::start(&kam, "127.0.0.20", backend::chan_pjsip);
        let phone = Phone::udp(&kam, "127.0.0.66").user("100");
        let challenge = phone.ask(&phone.request("REGISTER")).expect("a challenge");
        let mut looked_at = 0;
        for guess in 0..20 {
            let request = phone.request("REGISTER");
            let request = request.authorize(&challenge, "100", &format!("guess {guess}"));
            let value = request.value("Authorization") + ",foo";
            let answer = phone.status(&request.header("Authorization", value));
            looked_at += usize::from(answer == Some(401));
        }
        assert!(looked_at <= 3, "{policy}: {looked_at} of 20 looked at");
        assert_eq!(looked_at > 0, reply_counts, "{policy}");
        drop(pbx);
        kam.stop();
    }
}
