//! What must work, and what Asterisk answers to single requests.

use super::asterisk::Asterisk;
use super::caller::{Attempt, Caller, challenge};
use crate::support::{Message, Request, Server};

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
            true => request.authorize(&answer, "101", super::asterisk::PASSWORD),
            false => request.next(),
        }
    });
    let again: Vec<Request> = again.collect();
    at_once(&phone, &again)
        .iter()
        .filter_map(Message::status)
        .collect()
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
pub struct Case {
    pub method: &'static str,
    /// A user, or a number.
    pub what: &'static str,
    user: &'static str,
    number: &'static str,
}

const fn case(
    method: &'static str,
    what: &'static str,
    user: &'static str,
    number: &'static str,
) -> Case {
    Case {
        method,
        what,
        user,
        number,
    }
}

pub const CASES: &[Case] = &[
    case("REGISTER", "phone", "101", ""),
    case("REGISTER", "unknown", "999", ""),
    case("REGISTER", "other login", "107", ""),
    case("REGISTER", "address not allowed", "104", ""),
    case("REGISTER", "contact not allowed", "105", ""),
    case("REGISTER", "may not register", "106", ""),
    case("INVITE", "phone", "101", "600"),
    case("INVITE", "unknown", "999", "600"),
    case("INVITE", "address not allowed", "104", "600"),
    case("INVITE", "missing number", "101", "9001"),
    case("INVITE", "barred number", "101", "09001"),
    case("INVITE", "incomplete number", "101", "4841"),
    case("INVITE", "busy", "101", "4861"),
    case("INVITE", "not registered", "101", "103"),
    case("INVITE", "congestion", "101", "5031"),
    case("SUBSCRIBE", "phone", "101", "102"),
    case("SUBSCRIBE", "unknown", "999", "102"),
    case("SUBSCRIBE", "missing number", "101", "9001"),
    case("MESSAGE", "phone", "101", "102"),
    case("MESSAGE", "unknown", "999", "102"),
    case("OPTIONS", "phone", "101", "600"),
    case("OPTIONS", "unknown", "999", "600"),
    case("OPTIONS", "missing number", "101", "9001"),
    case("PUBLISH", "phone", "101", "102"),
    case("PUBLISH", "unknown", "999", "102"),
];

/// What Asterisk itself answered: status and reason, and the challenge, if there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: String,
    pub challenge: String,
}

/// One line of the recorded answers.
pub struct Recorded {
    pub case: &'static Case,
    pub credentials: &'static str,
    pub answer: Answer,
}

/// Each from an address of its own, so that nothing adds up.
pub fn record(kam: &Server, pbx: &Asterisk) -> Vec<Recorded> {
    let mut recorded = vec![];
    let mut source = 0;
    for case in CASES {
        for credentials in ["none", "wrong", "right"] {
            source += 1;
            let caller = Caller::new(kam, &format!("127.0.74.{source}"));
            let attempt = Attempt::new(case.method, case.user, case.number);
            let attempt = match credentials {
                "none" => attempt,
                "wrong" => attempt.with("guess"),
                _ => attempt.right(),
            };
            let begin = pbx.mark();
            let told = caller.attempt(&attempt).expect("nobody is banned");
            let end = pbx.mark();
            let call = told.header("Call-ID");
            let mut exchanges = pbx.exchanges(begin, end, &format!("127.0.0.1:{}", kam.port()));
            exchanges.retain(|it| it.request.header("Call-ID") == call);
            exchanges.retain(|it| it.request.method() == Some(case.method));
            let last = exchanges.last().expect("it was asked");
            if credentials != "none" && !last.has_credentials() {
                continue; // It does not ask for any.
            }
            let answer = last.answer.as_ref().expect("it answered");
            recorded.push(Recorded {
                case,
                credentials,
                answer: Answer {
                    status: answer.start_line().trim_start_matches("SIP/2.0 ").into(),
                    challenge: challenge(answer).map_or(String::new(), without_chance),
                },
            });
        }
    }
    recorded
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
