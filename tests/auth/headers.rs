//! Several sets of credentials in one request: which one Kamailio evaluates is not the sender's
//! choice, and it is the one that counts.

use super::guesser::{Guesser, Manner};
use super::{PASSWORD, USER, codes, recipe};
use crate::support::{Request, Server};

const MALLORY: &str = r#"Digest username="mallory", realm="other", nonce="6a", uri="sip:example.com", response="00000000000000000000000000000000""#;
const NAMELESS: &str = r#"Digest realm="other", nonce="6a""#;
const OURS_NAMELESS: &str = r#"Digest realm="example.com", nonce="6a""#;
const NO_DIGEST: &str = "Basic YWxpY2U6c2VjcmV0";
/// What the real header says.
const SAME: &str = "the same";

/// Headers around the real ones: before, after.
struct Case {
    name: &'static str,
    before: &'static [(&'static str, &'static str)],
    after: &'static [(&'static str, &'static str)],
    /// What five guesses get.
    answers: [&'static str; 5],
}

const STOPPED: [&str; 5] = ["-2 1", "-2 1", "-2 -2", "blocked", "blocked"];

const CASES: &[Case] = &[
    Case {
        name: "alone",
        before: &[],
        after: &[],
        answers: STOPPED,
    },
    Case {
        name: "another realm first",
        before: &[("Authorization", MALLORY)],
        after: &[],
        answers: STOPPED,
    },
    Case {
        name: "another realm last",
        before: &[],
        after: &[("Authorization", MALLORY)],
        answers: STOPPED,
    },
    Case {
        name: "Proxy-Authorization too",
        before: &[("Proxy-Authorization", MALLORY)],
        after: &[],
        answers: STOPPED,
    },
    Case {
        name: "the same in both headers",
        before: &[("Proxy-Authorization", SAME)],
        after: &[],
        answers: STOPPED,
    },
    Case {
        name: "as many as are looked at, the real one last",
        before: &[("Authorization", MALLORY); 2],
        after: &[],
        answers: STOPPED,
    },
    Case {
        name: "more than anybody looks at",
        before: &[("Authorization", MALLORY); 20],
        after: &[],
        answers: ["blocked"; 5],
    },
    Case {
        name: "a hundred that are none",
        before: &[("Authorization", NO_DIGEST); 100],
        after: &[],
        answers: ["blocked"; 5],
    },
    Case {
        name: "a nameless one between",
        before: &[("Authorization", MALLORY), ("Authorization", NAMELESS)],
        after: &[],
        answers: STOPPED,
    },
    Case {
        name: "no digest first",
        before: &[("Authorization", NO_DIGEST)],
        after: &[],
        answers: STOPPED,
    },
    Case {
        name: "a nameless one of our realm first: Kamailio takes it, and looks at no other",
        before: &[("Authorization", OURS_NAMELESS)],
        after: &[],
        answers: ["-1 1"; 5],
    },
];

#[test]
fn no_header_hides_the_credentials_that_are_evaluated() {
    let kam = recipe(&[("auth_user_max_failures", "0")]).start();
    let complaints: Vec<String> = (0..CASES.len())
        .filter_map(|number| check(&kam, number))
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

fn check(kam: &Server, number: usize) -> Option<String> {
    let case = &CASES[number];
    let alice = Guesser::new(kam, &format!("127.0.4.{number}"), USER);
    let right: Vec<String> = (0..6)
        .map(|_| case.ask(&alice, alice.try_password(PASSWORD)))
        .collect();
    // Kamailio takes it for right where it compares it at all.
    let is_let_in = right.iter().all(|answer| answer == "1 1") == (case.answers == STOPPED);

    let guesser = Guesser::new(kam, &format!("127.0.3.{number}"), USER);
    let guesses: Vec<String> = (0..5)
        .map(|_| case.ask(&guesser, guesser.guess()))
        .collect();
    // However it is dressed, the right one tells nothing once the user is blocked.
    guesser.attack(Manner::OneByOne, 3);
    let lucky = case.ask(&guesser, guesser.try_password(PASSWORD));
    let is_stopped = guesses == case.answers && !lucky.starts_with("1 ");
    (!is_let_in || !is_stopped)
        .then(|| format!("{}: {right:?}, {guesses:?}, then {lucky:?}", case.name))
}

impl Case {
    /// With the other headers around its own, whose user is another with each guess: else he would be
    /// blocked for the one that is evaluated.
    fn ask(&self, guesser: &Guesser, request: Request) -> String {
        let real = request.value("Authorization");
        let real = [("Authorization", real.as_str())];
        let all = self.before.iter().chain(&real).chain(self.after);
        let (_, response) = real[0].1.split_once("response=\"").expect("a digest");
        let mallory = format!("mallory{}", &response[..8]);
        let all = all.map(|(name, value)| {
            let value = value.replace("mallory", &mallory);
            (name, value.replace(SAME, real[0].1))
        });
        let bare = request.without("Authorization");
        let request = all.fold(bare, |request, (name, value)| request.another(name, value));
        codes(guesser.phone.ask(&request))
    }
}
