//! The example configs as they stand, with their own limits: phones are served, nobody else is.

use super::guesser::{Guesser, Manner};
use super::{DOMAIN, PASSWORD, USER, USERS, edge};
use crate::support::{Flood, Kamailio, Message, Phone, Request, Rpc, Server};
use serde_json::json;
use std::sync::mpsc;
use std::time::Duration;

const SCRIPT: &str = concat!("\"", env!("CARGO_MANIFEST_DIR"), "/examples/kamailio.lua\"");
const PATIENCE: Duration = Duration::from_secs(10);

/// Routed in Lua.
pub fn lua() -> Kamailio {
    Kamailio::file("examples/kamailio-lua.cfg")
        .define("LISTEN_PORT", "@PORT@")
        .define("CTL", r#""unix:@DIR@/ctl""#)
        .define("DBURL", USERS)
        .define("SCRIPT", SCRIPT)
}

/// Routed in Kamailio's own language, and in Lua.
fn examples() -> [(&'static str, Kamailio); 2] {
    [("kamailio.cfg", edge(30)), ("kamailio.lua", lua())]
}

fn phone(kam: &Server, source: &str, user: &str) -> Phone {
    Phone::udp(kam, source).domain(DOMAIN).user(user)
}

/// A request of the dialog that this 200 has set up.
fn within(invite: &Request, answer: &Message, method: &str) -> Request {
    let contact = answer.header("Contact").expect("a contact");
    let mut request = invite.clone().next().uri(contact.trim_matches(['<', '>']));
    if method == "ACK" {
        request = request.header("CSeq", invite.value("CSeq"));
    }
    request.method = method.into();
    let cseq = request.value("CSeq").replace("INVITE", method);
    let route = answer.header("Record-Route").expect("a route");
    (request.without("Proxy-Authorization").header("CSeq", cseq))
        .header("To", answer.header("To").expect("a To"))
        .header("Route", route)
}

#[test]
fn two_phones_register_and_call_each_other() {
    for (name, kam) in examples() {
        let kam = kam.start();
        let alice = phone(&kam, "127.0.0.10", "alice");
        let bob = phone(&kam, "127.0.0.11", "bob");
        assert_eq!(alice.register("alice", PASSWORD), Some(200), "{name}");
        assert_eq!(bob.register("bob", PASSWORD), Some(200), "{name}");
        let (talks, talking) = mpsc::channel();
        std::thread::scope(|scope| {
            let answers = scope.spawn(move || {
                let arrived = |method| {
                    let request = bob.receive(PATIENCE).expect(method);
                    assert_eq!(request.method(), Some(method), "{request}");
                    assert_eq!(request.header("Route"), None, "{request}");
                    assert_eq!(request.header("Proxy-Authorization"), None, "{request}");
                    request
                };
                bob.respond(&arrived("INVITE"), 200, "OK");
                arrived("ACK");
                talks.send(()).expect("alice waits for it");
                bob.respond(&arrived("BYE"), 200, "OK");
            });
            let invite = alice.request("INVITE").uri("sip:bob@example.com");
            let challenged = alice.ask(&invite).expect("a challenge");
            let invite = invite.authorize(&challenged, "alice", PASSWORD);
            alice.send(&invite);
            let answer = std::iter::from_fn(|| alice.receive(PATIENCE)).find(Message::is_final);
            let answer = answer.expect("an answer");
            assert_eq!(answer.status(), Some(200), "{name}: {answer}");
            alice.send(&within(&invite, &answer, "ACK"));
            talking.recv_timeout(PATIENCE).expect("bob has the ACK");
            assert_eq!(
                alice.status(&within(&invite, &answer, "BYE")),
                Some(200),
                "{name}"
            );
            answers.join().expect("bob");
        });
        kam.assert_healthy();
    }
}

/// From a phone at an address of its own; what it gets.
struct Stranger {
    name: &'static str,
    request: fn(&Phone) -> Request,
    status: Option<u16>,
}

const STRANGERS: &[Stranger] = &[
    Stranger {
        name: "is anybody there?",
        request: |phone| phone.request("OPTIONS").uri("sip:example.com"),
        status: Some(200),
    },
    Stranger {
        name: "a call without a password",
        request: |phone| phone.request("INVITE").uri("sip:bob@example.com"),
        status: Some(407),
    },
    Stranger {
        name: "a call to another domain",
        request: |phone| phone.request("INVITE").uri("sip:1900@pstn.example.net"),
        status: Some(403),
    },
    Stranger {
        name: "a call in the name of another domain",
        request: |phone| {
            (phone.request("INVITE").uri("sip:bob@example.com"))
                .header("From", "<sip:bob@example.net>;tag=1")
        },
        status: Some(403),
    },
    Stranger {
        name: "a registration in another domain",
        request: |phone| {
            phone
                .request("REGISTER")
                .header("From", "<sip:alice@example.net>;tag=1")
        },
        status: Some(403),
    },
    Stranger {
        name: "a call that says it exists",
        request: |phone| {
            (phone.request("INVITE").uri("sip:bob@127.0.0.11:5060"))
                .header("To", "<sip:bob@example.com>;tag=1")
        },
        status: Some(481),
    },
    Stranger {
        name: "a call that says it exists, with a route",
        request: |phone| {
            (phone.request("INVITE").uri("sip:bob@127.0.0.11:5060"))
                .header("To", "<sip:bob@example.com>;tag=1")
                .header("Route", "<sip:example.com;lr>")
        },
        status: Some(481),
    },
    Stranger {
        name: "a method whose password Kamailio never checks",
        request: |phone| phone.request("PRACK").uri("sip:bob@example.com"),
        status: Some(481),
    },
    Stranger {
        name: "an ACK of nothing",
        request: |phone| phone.request("ACK").uri("sip:bob@example.com"),
        status: None,
    },
    Stranger {
        name: "a CANCEL of nothing",
        request: |phone| phone.request("CANCEL").uri("sip:bob@example.com"),
        status: None,
    },
    Stranger {
        name: "no SIP",
        request: |phone| phone.request("OPTIONS").header("CSeq", "1 INVITE"),
        status: None,
    },
    Stranger {
        name: "too many hops",
        request: |phone| phone.request("OPTIONS").header("Max-Forwards", "0"),
        status: Some(483),
    },
    Stranger {
        name: "a scanner",
        request: |phone| phone.request("OPTIONS").agent("friendly-scanner"),
        status: None,
    },
];

#[test]
fn strangers_get_nothing_but_what_is_due_to_them() {
    for (name, kam) in examples() {
        let kam = kam.start();
        for (number, stranger) in STRANGERS.iter().enumerate() {
            let phone = phone(&kam, &format!("127.0.6.{number}"), "alice");
            let answer = phone.ask(&(stranger.request)(&phone));
            let status = answer.as_ref().and_then(Message::status);
            assert_eq!(status, stranger.status, "{name}: {}", stranger.name);
            for header in ["Server", "User-Agent", "Warning"] {
                let leak = answer.as_ref().and_then(|answer| answer.header(header));
                assert_eq!(leak, None, "{name}: {}", stranger.name);
            }
        }
        kam.assert_healthy();
    }
}

#[test]
fn attackers_are_stopped_and_the_phone_beside_them_is_not() {
    for (name, kam) in examples() {
        let kam = kam.start();
        let alice = phone(&kam, "127.0.0.10", "alice");
        assert_eq!(alice.register("alice", PASSWORD), Some(200), "{name}");
        let flood = Flood::on(&kam).from("127.0.0.66").requests(200);
        let flood = flood.each(|phone, _| phone.request("OPTIONS").uri("sip:example.com"));
        let tally = flood.send();
        assert_eq!(tally.answered(), 30, "{name}: {tally}");
        let guesser = Guesser::new(&kam, "127.0.0.68", USER);
        let guesses = guesser.attack(Manner::OneByOne, 10);
        assert_eq!(guesses[..2], [401; 2], "{name}");
        assert_eq!(guesses[2..], [403; 8], "{name}");
        assert_eq!(alice.register("alice", PASSWORD), Some(200), "{name}");
        kam.log()
            .expect("palisade: ban key=127.0.0.66 reason=rate seconds=300 count=1");
        kam.log()
            .expect(r#"palisade: auth_block user="alice@example.com" key=127.0.0.68"#);
    }
}

/// What a guesser might try to be counted as somebody else, or not at all, between his guesses.
#[test]
fn a_guesser_cannot_start_anew() {
    for (name, kam) in examples() {
        let kam = kam.start();
        let guesser = Guesser::new(&kam, "127.0.0.68", USER);
        let phone = &guesser.phone;
        let elsewhere = |request: Request, part: &str| {
            let other = request.value(part).replace(DOMAIN, "example.net");
            request.header(part, other)
        };
        assert_eq!(
            phone.status(&elsewhere(guesser.guess(), "From")),
            Some(403),
            "{name}"
        );
        assert_eq!(phone.status(&guesser.guess()), Some(401), "{name}");
        for method in ["ACK", "CANCEL", "PRACK"] {
            let unchecked = phone.request_as(method, USER).uri("sip:bob@example.com");
            phone.status(&unchecked);
        }
        let realm = elsewhere(guesser.guess(), "Authorization");
        assert_eq!(
            phone.status(&realm),
            Some(401),
            "{name}: no password for our realm"
        );
        assert_eq!(phone.status(&guesser.guess()), Some(401), "{name}");
        assert_eq!(
            phone.status(&guesser.guess()),
            Some(403),
            "{name}: the third"
        );
        assert_eq!(
            phone.status(&guesser.try_password(PASSWORD)),
            Some(403),
            "{name}"
        );
    }
}

/// A datagram's sender is easily forged, the challenge that goes to it not easily read.
#[test]
fn nobody_fails_in_the_name_of_anothers_address() {
    for (name, kam) in examples() {
        let kam = kam.start();
        let attacker = Guesser::new(&kam, "127.0.0.66", USER);
        let forged = phone(&kam, "127.0.0.10", "alice");
        for _ in 0..5 {
            let nonce = attacker.guess().value("Authorization");
            let guess = forged.request("REGISTER").header("Authorization", nonce);
            let answer = forged.ask(&guess).expect("an answer");
            assert_eq!(answer.status(), Some(401), "{name}: {answer}");
            let challenge = answer.header("WWW-Authenticate").expect("a challenge");
            assert!(challenge.contains("stale=true"), "{name}: {challenge}");
        }
        let failing = kam
            .rpc(Rpc::Kamcmd, "palisade.auth", json!([]))
            .expect("a reply");
        assert_eq!(failing.number("total"), 0, "{name}: {failing}");
        assert_eq!(forged.register("alice", PASSWORD), Some(200), "{name}");
    }
}
