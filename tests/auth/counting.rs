//! What counts as a failure and what does not: one table of steps, through one `check`.

use super::{DOMAIN, PASSWORD, users};
use crate::support::{Kamailio, Message, Phone, Request, Rpc, Server};
use serde_json::json;
use std::fmt::Write;

/// The recipe with everything told: 200 with the code of `auth_check()`, what
/// `palisade_auth_result()` answers to it, and the process; 403 for who is blocked before.
pub fn recipe(parameters: &[(&str, &str)]) -> Kamailio {
    let mut config = format!(
        r#"
        alias="{DOMAIN}"
        loadmodule "db_text.so"
        loadmodule "auth.so"
        loadmodule "auth_db.so"
        loadmodule "palisade.so"
        modparam("auth", "nonce_expire", 2)
        modparam("auth_db", "db_url", {})
        modparam("auth_db", "calculate_ha1", 1)
        modparam("auth_db", "password_column", "password")
        modparam("palisade", "reqs_density_per_unit", 60000)
        "#,
        users()
    );
    for (name, value) in parameters {
        writeln!(config, "modparam(\"palisade\", \"{name}\", {value})").expect("a String");
    }
    config += r#"
        request_route {
            if (palisade_auth_blocked()) {
                sl_send_reply("403", "blocked");
                exit;
            }
            if ($ua == "broken database") auth_check("example.com", "no_such_table", "1");
            else auth_check("example.com", "subscriber", "1");
            $var(code) = $rc;
            palisade_auth_result("$var(code)");
            $var(verdict) = $rc;
            if ($var(code) == -5 && $ua != "no credentials") auth_challenge("example.com", "1");
            else sl_send_reply("200", "as $var(code) $var(verdict) $pp");
        }"#;
    Kamailio::with(&config)
}

/// One request of a phone, or the same once more.
#[derive(Clone, Copy, Debug)]
enum Step {
    Right,
    /// As this user.
    Wrong(&'static str),
    /// The last request again, as it was.
    Again,
    /// The Call-ID and CSeq of the last request, another password.
    Hidden,
    Missing,
    OtherRealm,
    /// A nonce of the server that has expired.
    Stale,
    /// A nonce that the server never gave.
    Forged,
    BrokenDatabase,
    /// Kamailio never checks the password of this method, and says that it is right.
    Unchecked(&'static str),
}
use Step::*;

const CASES: &[(&str, &[(Step, &str)])] = &[
    (
        "wrong passwords count, and at the limit not even the right one helps",
        &[
            (Wrong("alice"), "-2 1"),
            (Wrong("alice"), "-2 1"),
            (Wrong("alice"), "-2 -2"),
            (Wrong("alice"), "blocked"),
            (Right, "blocked"),
        ],
    ),
    (
        "an unknown user counts",
        &[
            (Wrong("nobody"), "-3 1"),
            (Wrong("nobody"), "-3 1"),
            (Wrong("nobody"), "-3 -2"),
            (Wrong("nobody"), "blocked"),
        ],
    ),
    (
        "the case of letters makes no other user",
        &[
            (Wrong("alice"), "-2 1"),
            (Wrong("Alice"), "-2 1"),
            (Wrong("ALICE"), "-2 -2"),
            (Right, "blocked"),
        ],
    ),
    (
        "another user does not suffer",
        &[
            (Wrong("bob"), "-2 1"),
            (Wrong("bob"), "-2 1"),
            (Wrong("bob"), "-2 -2"),
            (Wrong("bob"), "blocked"),
            (Right, "1 1"),
        ],
    ),
    (
        "a retransmission is no second failure, and costs the real user nothing",
        &[
            (Wrong("alice"), "-2 1"),
            (Again, "-2 1"),
            (Again, "-2 1"),
            (Again, "-2 1"),
            (Right, "1 1"),
        ],
    ),
    (
        "a guess behind the Call-ID and CSeq of another is a failure",
        &[
            (Wrong("alice"), "-2 1"),
            (Hidden, "-2 1"),
            (Hidden, "-2 -2"),
            (Hidden, "blocked"),
        ],
    ),
    (
        "success clears",
        &[
            (Wrong("alice"), "-2 1"),
            (Wrong("alice"), "-2 1"),
            (Right, "1 1"),
            (Wrong("alice"), "-2 1"),
            (Wrong("alice"), "-2 1"),
            (Wrong("alice"), "-2 -2"),
        ],
    ),
    (
        "what says nothing of the password bans nobody",
        &[
            (Missing, "-5 1"),
            (Missing, "-5 1"),
            (Missing, "-5 1"),
            (Missing, "-5 1"),
            (OtherRealm, "-5 1"),
            (OtherRealm, "-5 1"),
            (OtherRealm, "-5 1"),
            (OtherRealm, "-5 1"),
            (Stale, "-4 1"),
            (Stale, "-4 1"),
            (Stale, "-4 1"),
            (Stale, "-4 1"),
            (Forged, "-1 1"),
            (Forged, "-1 1"),
            (Forged, "-1 1"),
            (Forged, "-1 1"),
            (BrokenDatabase, "-1 1"),
            (BrokenDatabase, "-1 1"),
            (BrokenDatabase, "-1 1"),
            (BrokenDatabase, "-1 1"),
            (Right, "1 1"),
        ],
    ),
    (
        "nor does it clear",
        &[
            (Wrong("alice"), "-2 1"),
            (Missing, "-5 1"),
            (Stale, "-4 1"),
            (BrokenDatabase, "-1 1"),
            (Wrong("alice"), "-2 1"),
            (Unchecked("PRACK"), "1 1"),
            (Wrong("alice"), "-2 -2"),
            (Unchecked("PRACK"), "blocked"),
            (Right, "blocked"),
        ],
    ),
];

/// A phone with what it knows of the server.
struct Caller<'a> {
    phone: Phone,
    /// A challenge whose nonce is older than `nonce_expire`.
    expired: &'a Message,
    last: Option<Request>,
    tried: u32,
}

impl Caller<'_> {
    fn challenge(&self) -> Message {
        let answer = self.phone.ask(&self.phone.request_as("REGISTER", "carol"));
        answer.expect("a challenge")
    }

    fn request(&mut self, step: Step) -> Request {
        self.tried += 1;
        let wrong = format!("guess {}", self.tried);
        let plain = |user| self.phone.request_as("REGISTER", user);
        let stranger = |name: &str, value: &str| {
            let header = format!(r#"Digest username="alice", realm="{DOMAIN}", nonce="6a", uri="sip:{DOMAIN}", response="{wrong:0>32}""#);
            let own = format!(r#"{name}="{value}""#);
            let other = format!(r#"{name}="{}""#, if name == "realm" { DOMAIN } else { "6a" });
            plain("alice").header("Authorization", header.replace(&other, &own))
        };
        match step {
            Right => plain("alice").authorize(&self.challenge(), "alice", PASSWORD),
            Wrong(user) => plain(user).authorize(&self.challenge(), user, &wrong),
            Again => self.last.clone().expect("a request before"),
            Hidden => {
                let last = self.last.clone().expect("a request before");
                let cseq = last.value("CSeq");
                let other = last.authorize(&self.challenge(), "alice", &wrong);
                other.header("CSeq", cseq)
            }
            Missing => plain("alice").agent("no credentials"),
            OtherRealm => stranger("realm", "other").agent("no credentials"),
            Stale => plain("alice").authorize(self.expired, "alice", PASSWORD),
            Forged => stranger("nonce", "bm9uY2U"),
            BrokenDatabase => plain("alice")
                .authorize(&self.challenge(), "alice", &wrong)
                .agent("broken database"),
            Unchecked(method) => self.phone.request_as(method, "alice"),
        }
    }

    fn take(&mut self, step: Step) -> String {
        let request = self.request(step);
        let answer = self.phone.ask(&request);
        self.last = Some(request);
        let reason = answer.as_ref().and_then(Message::reason).unwrap_or("silence");
        let codes = reason.strip_prefix("as ").and_then(|codes| codes.rsplit_once(' '));
        codes.map_or(reason, |(codes, _process)| codes).into()
    }
}

#[test]
fn what_counts_and_what_does_not() {
    let kam = recipe(&[("auth_user_max_failures", "0")]).start();
    let old = Phone::udp(&kam, "127.0.0.4").domain(DOMAIN);
    let expired = old.ask(&old.request_as("REGISTER", "alice")).expect("a challenge");
    let is_expired = || {
        let request = old.request_as("REGISTER", "alice");
        let answer = old.ask(&request.authorize(&expired, "alice", PASSWORD));
        answer.is_some_and(|answer| answer.reason().is_some_and(|reason| reason.starts_with("as -4")))
    };
    assert!(crate::support::wait_until(is_expired, std::time::Duration::from_secs(20)));
    for (number, (name, steps)) in CASES.iter().enumerate() {
        check(&kam, name, &format!("127.0.2.{number}"), &expired, steps);
    }
}

#[track_caller]
fn check(kam: &Server, name: &str, source: &str, expired: &Message, steps: &[(Step, &str)]) {
    let phone = Phone::udp(kam, source).domain(DOMAIN);
    let mut caller = Caller { phone, expired, last: None, tried: 0 };
    for (number, &(step, expected)) in steps.iter().enumerate() {
        assert_eq!(caller.take(step), expected, "{name}: step {number}, {step:?}");
    }
}
