//! What counts as a failure and what does not: one table of steps, through one `check`.

use super::guesser::challenge;
use super::{DOMAIN, PASSWORD, codes, recipe};
use crate::support::{Message, Phone, Request, Server};

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
    /// A nonce of the server that is not good any more, or here.
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
    /// A challenge whose nonce is good at another address alone.
    elsewhere: &'a Message,
    last: Option<Request>,
    tried: u32,
}

impl Caller<'_> {
    fn request(&mut self, step: Step) -> Request {
        self.tried += 1;
        let wrong = format!("guess {}", self.tried);
        let plain = |user| self.phone.request_as("REGISTER", user);
        let stranger = |name: &str, value: &str| {
            let header = format!(
                r#"Digest username="alice", realm="{DOMAIN}", nonce="6a", uri="sip:{DOMAIN}", response="{wrong:0>32}""#
            );
            let own = format!(r#"{name}="{value}""#);
            let other = format!(
                r#"{name}="{}""#,
                if name == "realm" { DOMAIN } else { "6a" }
            );
            plain("alice").header("Authorization", header.replace(&other, &own))
        };
        match step {
            Right => plain("alice").authorize(&challenge(&self.phone), "alice", PASSWORD),
            Wrong(user) => plain(user).authorize(&challenge(&self.phone), user, &wrong),
            Again => self.last.clone().expect("a request before"),
            Hidden => {
                let last = self.last.clone().expect("a request before");
                let cseq = last.value("CSeq");
                let other = last.authorize(&challenge(&self.phone), "alice", &wrong);
                other.header("CSeq", cseq)
            }
            Missing => plain("alice").agent("no credentials"),
            OtherRealm => stranger("realm", "other").agent("no credentials"),
            Stale => plain("alice").authorize(self.elsewhere, "alice", PASSWORD),
            Forged => stranger("nonce", "bm9uY2U"),
            BrokenDatabase => plain("alice")
                .authorize(&challenge(&self.phone), "alice", &wrong)
                .agent("broken database"),
            Unchecked(method) => self.phone.request_as(method, "alice"),
        }
    }

    fn take(&mut self, step: Step) -> String {
        let request = self.request(step);
        let answer = codes(self.phone.ask(&request));
        self.last = Some(request);
        answer
    }
}

#[test]
fn what_counts_and_what_does_not() {
    let kam = recipe(&[("auth_user_max_failures", "0")]).start();
    let elsewhere = challenge(&Phone::udp(&kam, "127.0.0.4").domain(DOMAIN));
    let complaints: Vec<String> = (0..CASES.len())
        .flat_map(|number| check(&kam, number, &elsewhere))
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// One case, from an address of its own; answers where it goes another way.
fn check(kam: &Server, number: usize, elsewhere: &Message) -> Option<String> {
    let (name, steps) = CASES[number];
    let phone = Phone::udp(kam, &format!("127.0.2.{number}")).domain(DOMAIN);
    let mut caller = Caller {
        phone,
        elsewhere,
        last: None,
        tried: 0,
    };
    let mut steps = steps.iter().enumerate();
    steps.find_map(|(number, &(step, expected))| {
        let answer = caller.take(step);
        (answer != expected)
            .then(|| format!("{name}: step {number}, {step:?}: {answer:?} instead of {expected:?}"))
    })
}
