//! Texts that hide from a list: behind percent signs, behind decoys, in a dialog that is none.

use super::{DENIED, Lists, PASS, ROUTE, asked};
use crate::scan::backend::{self, Backend};
use crate::support::{Phone, Request, wait_for};
use std::time::Duration;

const TO: &str = "<sip:bob@palisade.test>";

fn lists() -> Lists {
    Lists::new()
        .list("numbers", "kind=destination;action=deny", "00883\n")
        .list("users", "kind=user;action=deny", "evil\n")
        .list("domains", "kind=domain;action=deny", "evil.example\n")
        .list("names", "kind=name;action=deny", "Evil\n")
}

type Change = fn(Request) -> Request;

fn credentials(user: &str) -> String {
    format!("Digest username=\"{user}\", realm=\"x\", nonce=\"6a\", uri=\"sip:x\", response=\"0\"")
}

/// A request that one of the lists denies, whatever else is in it.
const HIDDEN: [(&str, Change); 18] = [
    ("INVITE", |request| request.uri("sip:%30%30883123@x.org")),
    ("INVITE", |request| request.uri("sip:0%308%383123@x.org")),
    ("INVITE", |request| request.uri("sip:+883-12.3@x.org")),
    ("INVITE", |request| request.uri("sip:%2b883123@x.org")),
    ("INVITE", |request| request.uri("sip:00883123%20@x.org")),
    ("INVITE", |request| request.uri("sip:00%20883123@x.org")),
    ("REGISTER", |request| {
        request.header("From", "<sip:evil;x=y@x.org>;tag=1")
    }),
    ("REGISTER", |request| {
        request.header("Contact", "<sip:%65vil;x=y@x.org>")
    }),
    ("REGISTER", |request| {
        request.header("From", "<sip:a@evil.example.>;tag=1")
    }),
    ("REGISTER", |request| {
        request.header("Contact", "<sip:a@EVIL.example.:5060>")
    }),
    ("REGISTER", |request| {
        request.header("Contact", "<sip:%65vil@x.org>")
    }),
    ("REGISTER", |request| {
        request.header("Contact", "<sip:EV%49L@x.org>")
    }),
    ("REGISTER", |request| {
        request.header("Contact", "<sip:a@x.org>, <sip:evil@x.org>, <sip:b@x.org>")
    }),
    ("REGISTER", |request| {
        let request = request.header("Contact", "<sip:a@x.org>");
        request.another("Contact", "\"Evil\" <sip:c@x.org>")
    }),
    ("REGISTER", |request| {
        let request = request.header("Contact", "<sip:a@x.org>");
        request.another("m", "<sip:c@evil.example>")
    }),
    ("REGISTER", |request| {
        let request = request.header("Authorization", credentials("good"));
        request.another("Authorization", credentials("evil"))
    }),
    ("REGISTER", |request| {
        let request = request.header("Authorization", credentials("good"));
        request.another("Proxy-Authorization", credentials("evil@x.org"))
    }),
    ("REGISTER", |request| {
        request.header("From", "<sip:e%76il@x.org>;tag=1")
    }),
];

#[test]
fn every_value_is_looked_at_as_it_is_meant() {
    let kam = lists().start();
    let phone = Phone::udp(&kam, "127.0.1.1").user("alice");
    for (method, change) in HIDDEN {
        let request = change(phone.request(method).header("To", TO));
        assert_eq!(asked(&phone, &request), DENIED, "{request:?}");
    }
    for (method, change) in [
        ("INVITE", (|r| r.uri("sip:%30%30884@x.org")) as Change),
        ("REGISTER", |r| r.header("Contact", "<sip:%65vi%6@x.org>")),
        ("REGISTER", |r| r.header("Contact", "<sip:%2565vil@x.org>")),
    ] {
        let request = change(phone.request(method).header("To", TO));
        assert_eq!(asked(&phone, &request), PASS, "{request:?}");
    }
    // The functions that the script calls by name decode, too.
    let by_name = phone.request("OPTIONS").header("X-Ask", "destination of");
    for (number, expected) in [("%30%30883", DENIED), ("%30%30884", PASS)] {
        let request = by_name.clone().header("X-Value", number).next();
        assert_eq!(asked(&phone, &request), expected, "{number}");
    }
    kam.stop();
}

/// A call to a number that is denied, with this To tag.
fn within(call: &Request, tag: &str) -> Request {
    let request = call.clone().next().uri("sip:00883123@palisade.test");
    request.header("To", format!("{TO};tag={tag}"))
}

#[test]
fn a_to_tag_alone_is_no_dialog() {
    for (parameters, expected) in [("0", DENIED), ("1", PASS)] {
        let kam = lists().parameter("trust_to_tag", parameters).start();
        let phone = Phone::udp(&kam, "127.0.1.1").user("alice");
        let call = phone.request("INVITE").header("To", TO);
        assert_eq!(asked(&phone, &within(&call, "1")), expected, "{parameters}");
        kam.stop();
    }
}

#[test]
fn the_dialog_module_knows_which_dialogs_there_are() {
    let relaying = ROUTE.replace(
        "request_route {",
        r#"request_route {
            if (is_method("ACK")) exit;
            if (is_method("INVITE") && !has_totag()) {
                dlg_manage();
                $du = $shv(backend);
                t_relay();
                exit;
            }"#,
    );
    let modules = r#"
        loadmodule "rr.so"
        loadmodule "dialog.so"
        modparam("pv", "shvset", "backend=s:none")
    "#;
    // What the parameter says counts only without the module.
    let lists = lists().parameter("trust_to_tag", "1");
    let kam = lists.start_with(modules, &relaying);
    let _pbx = Backend::start(&kam, "127.0.1.20", backend::chan_sip);
    let phone = Phone::udp(&kam, "127.0.1.1").user("alice");
    let call = phone.request("INVITE").uri("sip:600@palisade.test");
    let call = call.header("To", TO);
    let answer = phone.ask(&call).expect("an answer");
    assert_eq!(answer.status(), Some(200));
    let to = answer.header("To").expect("a To");
    let (_, tag) = to.split_once(";tag=").expect("a tag");
    for (tag, expected) in [(tag, PASS), ("1", DENIED)] {
        assert_eq!(asked(&phone, &within(&call, tag)), expected, "{tag}");
    }
    // A call that has not been answered has no tag of the callee yet, and any would do.
    let ringing = phone.request("INVITE").uri("sip:ringing@palisade.test");
    let ringing = ringing.header("To", TO);
    phone.send(&ringing);
    let rings = || {
        let answer = phone.receive(Duration::from_millis(50))?;
        (answer.status() == Some(180)).then_some(())
    };
    wait_for(rings, Duration::from_secs(10)).expect("it rings");
    assert_eq!(asked(&phone, &within(&ringing, "1")), DENIED);
    // Of another call, the tag says nothing.
    let other = phone.request("INVITE").header("To", TO);
    assert_eq!(asked(&phone, &within(&other, tag)), DENIED);
    kam.stop();
}
