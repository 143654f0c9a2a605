//! What must work, and what Asterisk answers to single requests.

use super::asterisk::{Asterisk, PASSWORD};
use super::attack::METHODS;
use super::caller::{Attempt, Caller, challenge};
use crate::support::{Message, Request, Server, digest};
use std::collections::BTreeSet;

/// What somebody who may do so sends at once.
const BURST: usize = 10;

pub const BURSTS: [(&str, &str); 5] = [
    ("SUBSCRIBE", "102"),
    ("MESSAGE", "102"),
    ("INVITE", "4861"),
    ("INVITE", "4801"),
    ("OPTIONS", "600"),
];

/// All at once, from a phone that this Kamailio has not seen before. The answers.
pub fn burst(kam: &Server, method: &'static str, number: &str) -> Vec<u16> {
    let phone = Caller::new(kam, "127.0.0.5");
    let attempt = Attempt::new(method, "101", number).right();
    let requests: Vec<Request> = (0..BURST).map(|_| attempt.request(&phone.phone)).collect();
    let answers = at_once(&phone, &requests);
    let again = requests.into_iter().zip(answers).map(|(request, answer)| {
        let is_asked = challenge(&answer).is_some();
        match is_asked {
            true => request.authorize(&answer, "101", PASSWORD),
            false => request.next(),
        }
    });
    let again: Vec<Request> = again.collect();
    at_once(&phone, &again)
        .iter()
        .filter_map(Message::status)
        .collect()
}

/// Two phones are challenged in the same moment. What tells one challenge from another is asserted, and said: it is
/// never the same twice.
pub fn challenges(kam: &Server) -> String {
    let phones = ["127.0.0.5", "127.0.0.6"].map(|source| Caller::new(kam, source));
    let mut told: Vec<(String, String)> = vec![];
    for phone in &phones {
        let attempt = Attempt::new("REGISTER", "101", "");
        let requests: Vec<Request> = (0..BURST).map(|_| attempt.request(&phone.phone)).collect();
        let answers = at_once(phone, &requests);
        told.extend(answers.iter().map(|answer| {
            let challenge = challenge(answer).expect("a challenge");
            let part = |name| digest::parameter(challenge, name).unwrap_or_default();
            (part("nonce"), part("opaque"))
        }));
    }
    let distinct = |texts: Vec<&String>| texts.into_iter().collect::<BTreeSet<_>>().len();
    let nonces = distinct(told.iter().map(|(nonce, _)| nonce).collect());
    let opaques = distinct(told.iter().map(|(_, opaque)| opaque).collect());
    let both = told.iter().collect::<BTreeSet<_>>().len();
    assert_eq!(both, told.len(), "{told:?}");
    let of = told.len();
    format!(
        "of {of} challenges {nonces} nonces and {opaques} opaques differ, such as {:?}",
        told[0]
    )
}

fn at_once(phone: &Caller, requests: &[Request]) -> Vec<Message> {
    for request in requests {
        phone.phone.send(request);
    }
    let mut answers = phone.answers(requests);
    requests
        .iter()
        .map(|request| {
            let call = request.value("Call-ID");
            let at = answers
                .iter()
                .position(|answer| answer.header("Call-ID") == Some(&call));
            answers.swap_remove(at.expect("each is answered"))
        })
        .collect()
}

/// A request and what is in it, by the names that the recorded answers have.
#[derive(Clone)]
pub struct Case {
    pub method: &'static str,
    /// A user, or a number.
    pub what: &'static str,
    user: &'static str,
    login: &'static str,
    number: &'static str,
}

/// Of a user: without a password, with a wrong one, with the right one.
const USERS: &[(&str, &str, &str)] = &[
    ("phone", "101", "101"),
    ("unknown", "999", "999"),
    ("other login", "107", "login107"),
    ("another's login", "101", "102"),
    ("address not allowed", "104", "104"),
    ("contact not allowed", "105", "105"),
    ("may not register", "106", "106"),
];

/// Of a number, with the right password.
const NUMBERS: &[(&str, &str)] = &[
    ("missing number", "9001"),
    ("barred number", "09001"),
    ("incomplete number", "4841"),
    ("busy", "4861"),
    ("no answer", "4801"),
    ("not registered", "103"),
    ("congestion", "5031"),
];

fn cases() -> Vec<(Case, &'static [&'static str])> {
    let mut all: Vec<(Case, &'static [&'static str])> = vec![];
    for method in METHODS {
        let number = match method {
            "REGISTER" => "",
            "INVITE" | "OPTIONS" => "600",
            _ => "102",
        };
        for (what, user, login) in USERS {
            let case = Case {
                method,
                what,
                user,
                login,
                number,
            };
            all.push((case, &["none", "wrong", "right"]));
        }
    }
    for method in ["INVITE", "SUBSCRIBE", "OPTIONS"] {
        for (what, number) in NUMBERS {
            let case = Case {
                method,
                what,
                user: "101",
                login: "101",
                number,
            };
            all.push((case, &["right"]));
        }
    }
    all
}

/// What Asterisk itself answered: status and reason, and the challenge, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: String,
    pub challenge: String,
}

/// One line of the recorded answers.
pub struct Recorded {
    pub case: Case,
    pub credentials: &'static str,
    pub answer: Answer,
}

/// Each case at a Kamailio of its own, and each request of it from an address of its own, so that nothing adds up.
pub fn record(pbx: &Asterisk, start: impl Fn() -> Server) -> Vec<Recorded> {
    let mut recorded = vec![];
    for (case, credentials) in cases() {
        let kam = start();
        let mut answers = vec![];
        for (source, credentials) in credentials.iter().enumerate() {
            let caller = Caller::new(&kam, &format!("127.0.74.{}", source + 1));
            answers.extend(answer(&caller, pbx, &case, credentials).map(|it| (*credentials, it)));
        }
        for (credentials, answer) in answers {
            let case = case.clone();
            recorded.push(Recorded {
                case,
                credentials,
                answer,
            });
        }
    }
    recorded
}

/// What Asterisk answers to the last request; None: it does not ask for the credentials that this is about.
fn answer(caller: &Caller, pbx: &Asterisk, case: &Case, credentials: &str) -> Option<Answer> {
    let attempt = Attempt::new(case.method, case.user, case.number);
    let attempt = match credentials {
        "none" => attempt,
        "wrong" => attempt.with(case.login, "guess"),
        _ => attempt.with(case.login, PASSWORD),
    };
    let begin = pbx.mark();
    let told = caller.attempt(&attempt).expect("nobody is banned");
    let end = pbx.mark();
    let mut exchanges = pbx.exchanges(begin, end, &format!("127.0.0.1:{}", caller.kam.port()));
    exchanges.retain(|it| it.request.header("Call-ID") == told.header("Call-ID"));
    exchanges.retain(|it| it.request.method() == Some(case.method));
    let last = exchanges.last().expect("it was asked");
    let answer = last.answer.as_ref().expect("it answered");
    // What Kamailio says itself answers a request that Asterisk has not seen.
    assert_eq!(answer.header("CSeq"), told.header("CSeq"), "{told}");
    (credentials == "none" || last.has_credentials()).then(|| Answer {
        status: answer.start_line().trim_start_matches("SIP/2.0 ").into(),
        challenge: challenge(answer).map_or(String::new(), without_chance),
    })
}

/// What differs each time, by its form.
fn without_chance(challenge: &str) -> String {
    let form = |text: &str| -> String {
        text.chars()
            .map(|letter| match letter {
                '0'..='9' | 'a'..='f' => '0',
                other => other,
            })
            .collect()
    };
    let mut text = challenge.to_owned();
    for name in ["nonce=\"", "opaque=\""] {
        if let Some(at) = text.find(name) {
            let begin = at + name.len();
            let end = begin + text[begin..].find('"').expect("a closing quote");
            let value = form(&text[begin..end]);
            text.replace_range(begin..end, &value);
        }
    }
    text
}
