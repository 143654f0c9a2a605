//! examples/asterisk.cfg: a PBX behind Kamailio knows the passwords; who guesses or scans is found by
//! what it answers, while phones register and call through.

use super::{PATIENCE, ban_of, call, example, relayed, relayed_as};
use crate::scan::backend::{Answer, Backend, Manner, PASSWORD, chan_pjsip, chan_sip};
use crate::support::{Kamailio, Message, Phone, Port, Request, Server};
use serde_json::json;

/// The PBX's address.
const PBX: &str = "127.0.7.1";
const SCANNER: &str = "127.0.0.66";

/// With a port for the PBX.
fn edge() -> (Kamailio, Port) {
    let port = Port::reserve();
    let kam = example("asterisk.cfg")
        .define("BACKEND_IP", &format!("\"{PBX}\""))
        .define("BACKEND_PORT", &format!("\"{}\"", port.number));
    (kam, port)
}

fn pbx(kam: &Server, port: &Port) -> Phone {
    Phone::udp(kam, &format!("{PBX}:{}", port.number)).user("pbx")
}

fn serve(kam: &Server, port: &Port, manner: Manner) -> Backend {
    Backend::serve(pbx(kam, port), manner)
}

fn register(phone: &Phone, user: &str, password: &str) -> Option<u16> {
    relayed_as(phone, &phone.request_as("REGISTER", user), user, password)
}

fn dial(phone: &Phone, number: &str, password: &str) -> Option<u16> {
    let uri = format!("sip:{number}@palisade.test");
    let invite = phone.request_as("INVITE", "101").uri(&uri);
    relayed_as(phone, &invite, "101", password)
}

/// Whoever has sent a request can reckon the branch that tm makes of it, and answer in the PBX's place.
#[test]
fn who_was_not_asked_has_nothing_to_say() {
    let (kam, port) = edge();
    let kam = kam.start();
    let (pbx, guesser) = (pbx(&kam, &port), Phone::udp(&kam, SCANNER));
    let credentials = |guess: usize| {
        format!(
            "Digest username=\"101\", realm=\"asterisk\", nonce=\"0123456789\", uri=\"sip:pbx\", \
             response=\"{guess:032}\""
        )
    };
    let challenge =
        "WWW-Authenticate: Digest realm=\"asterisk\", nonce=\"a-nonce-of-his-own\"\r\nContact: ";
    for guess in 0..3 {
        let request = guesser.request_as("REGISTER", "101");
        let request = request.header("Authorization", credentials(guess));
        guesser.send(&request);
        let relayed = pbx.receive(PATIENCE).expect("the guess");
        // A success of his own making, and a challenge.
        let made_up = relayed.response(200, "OK", "<sip:x>");
        guesser.send_raw(made_up.as_bytes());
        let made_up = relayed.response(401, "Unauthorized", "<sip:x>");
        guesser.send_raw(made_up.replace("Contact: ", challenge).as_bytes());
        kam.wait_idle();
        let refused = relayed.response(403, "Forbidden", "<sip:x>");
        pbx.send_raw(refused.as_bytes());
        let answer = guesser.receive(PATIENCE).expect("the PBX's own answer");
        assert_eq!(answer.status(), Some(403), "{guess}");
    }
    let stats = call(&kam, "stats", json!([]));
    let counted = [
        "auth_failures",
        "auth_blocks",
        "auth_successes",
        "replies_unmatched",
    ];
    assert_eq!(counted.map(|name| stats.number(name)), [3, 1, 0, 6]);
    kam.stop();
}

/// Waits for nothing but Kamailio itself: it does not ask the PBX.
fn is_silent(phone: &Phone) -> bool {
    phone.status(&phone.request_as("REGISTER", "101")).is_none()
}

fn blocks(kam: &Server) -> i64 {
    let stats = call(kam, "stats", json!([]));
    stats.number("auth_blocks")
}

/// With `chan_sip` they are told apart by their 404; with `chan_pjsip`, which asks everybody for a
/// password, by the passwords.
#[test]
fn who_tries_users_is_banned_while_phones_go_on() {
    for manner in [chan_sip as Manner, chan_pjsip] {
        let (kam, port) = edge();
        let kam = kam.start();
        let _pbx = serve(&kam, &port, manner);
        let (scanner, phone) = (Phone::udp(&kam, SCANNER), Phone::udp(&kam, "127.0.0.5"));
        for user in 900..910 {
            assert!(register(&scanner, &user.to_string(), "1234") >= Some(401));
            assert_eq!(register(&phone, "101", PASSWORD), Some(200));
        }
        assert!(is_silent(&scanner));
        assert_eq!(ban_of(&kam, SCANNER).as_deref(), Some("scan"));
        assert_eq!(register(&phone, "101", PASSWORD), Some(200));
        assert_eq!(dial(&phone, "600", PASSWORD), Some(200));
        assert_eq!(ban_of(&kam, PBX), None);
        kam.stop();
    }
}

#[test]
fn who_tries_numbers_is_banned() {
    let (kam, port) = edge();
    // So that he is not banned for his haste.
    let kam = kam.define("RATE", "60000").start();
    let _pbx = serve(&kam, &port, chan_sip);
    let scanner = Phone::udp(&kam, SCANNER);
    for prefix in 0..20 {
        let number = format!("9{prefix:02}00972599123");
        assert_eq!(dial(&scanner, &number, "any"), Some(404));
    }
    assert!(is_silent(&scanner));
    assert_eq!(ban_of(&kam, SCANNER).as_deref(), Some("scan"));
}

/// At the fourth the PBX is not even asked.
#[test]
fn three_guesses_and_the_user_is_blocked_at_that_address() {
    for (manner, answer) in [(chan_sip as Manner, 403), (chan_pjsip, 401)] {
        let (kam, port) = edge();
        let kam = kam.start();
        let _pbx = serve(&kam, &port, manner);
        let (guesser, owner) = (Phone::udp(&kam, SCANNER), Phone::udp(&kam, "127.0.0.5"));
        let told: Vec<_> = (0..3)
            .map(|guess| register(&guesser, "101", &format!("guess{guess}")))
            .collect();
        assert_eq!(told, [Some(answer); 3]);
        assert_eq!(blocks(&kam), 1);
        assert_eq!(register(&guesser, "101", PASSWORD), Some(403));
        assert_eq!(dial(&guesser, "600", PASSWORD), Some(403));
        // A To tag and a Route of his own are no way past it.
        let port = kam.port();
        let within = (guesser.request_as("REGISTER", "101"))
            .header("To", "<sip:101@palisade.test>;tag=1")
            .header("Route", format!("<sip:127.0.0.1:{port};lr>"));
        assert_eq!(relayed(&guesser, &within).status(), Some(403));
        assert_eq!(register(&owner, "101", PASSWORD), Some(200));
        kam.stop();
    }
}

/// 403 to a wrong password, as `chan_sip` and FreeSWITCH answer calls; and to barred numbers.
fn forbids(request: &Message, is_right: Option<bool>) -> Answer {
    let is_barred = request.start_line().contains("sip:0900");
    match (request.method(), is_right) {
        (_, None) => (401, "Unauthorized", Some("")),
        (Some("INVITE"), Some(right)) if is_barred || !right => (403, "Forbidden", None),
        _ => (200, "OK", None),
    }
}

/// Where a phone has registered, 403 is a number that it may not call; elsewhere, a wrong password.
#[test]
fn a_403_to_a_call_is_a_wrong_password_where_nobody_has_registered() {
    let (kam, port) = edge();
    let kam = kam.start();
    let _pbx = serve(&kam, &port, forbids);
    let phone = Phone::udp(&kam, "127.0.0.5");
    assert_eq!(register(&phone, "101", PASSWORD), Some(200));
    for _ in 0..5 {
        assert_eq!(dial(&phone, "09001", PASSWORD), Some(403));
    }
    assert_eq!(blocks(&kam), 0);
    assert_eq!(dial(&phone, "600", PASSWORD), Some(200));

    let guesser = Phone::udp(&kam, "127.0.0.66");
    for _ in 0..3 {
        assert_eq!(dial(&guesser, "600", "guess"), Some(403));
    }
    assert_eq!(blocks(&kam), 1);
    assert_eq!(dial(&guesser, "600", PASSWORD), Some(403));
    assert_eq!(dial(&phone, "600", PASSWORD), Some(200));
}

/// Any answer ends an attempt: a phone that nobody knows yet stands in no line behind itself.
#[test]
fn requests_with_the_right_password_are_let_through_one_after_the_other() {
    let (kam, port) = edge();
    let kam = kam.start();
    let _pbx = serve(&kam, &port, forbids);
    for (source, method) in [("127.0.0.5", "SUBSCRIBE"), ("127.0.0.6", "MESSAGE")] {
        let phone = Phone::udp(&kam, source);
        for _ in 0..10 {
            let request = phone.request_as(method, "101");
            let answer = relayed_as(&phone, &request, "101", PASSWORD);
            assert_eq!(answer, Some(200), "{method}");
        }
    }
}

/// `chan_sip` says 403 to a wrong password in a SUBSCRIBE.
#[test]
fn guesses_by_any_method_are_counted() {
    fn forbids_all(_: &Message, is_right: Option<bool>) -> Answer {
        match is_right {
            None => (401, "Unauthorized", Some("")),
            Some(true) => (200, "OK", None),
            Some(false) => (403, "Forbidden", None),
        }
    }
    for method in [
        "REGISTER",
        "INVITE",
        "SUBSCRIBE",
        "MESSAGE",
        "PUBLISH",
        "OPTIONS",
    ] {
        let (kam, port) = edge();
        let kam = kam.start();
        let _pbx = serve(&kam, &port, forbids_all);
        let guesser = Phone::udp(&kam, SCANNER);
        for guess in 0..4 {
            let request = guesser.request_as(method, "101");
            let answer = relayed_as(&guesser, &request, "101", &guess.to_string());
            assert_eq!(answer, Some(403), "{method}");
        }
        assert_eq!(blocks(&kam), 1, "{method}");
        let request = guesser.request_as(method, "101");
        assert_eq!(
            relayed_as(&guesser, &request, "101", PASSWORD),
            Some(403),
            "{method}"
        );
        kam.stop();
    }
}

/// `chan_sip` does not look at the realm, nor at whose nonce it is: credentials of any realm are
/// evaluated, and answered with a challenge of its own.
#[test]
fn guesses_for_another_realm_are_counted() {
    for method in ["REGISTER", "INVITE", "SUBSCRIBE"] {
        let (kam, port) = edge();
        let kam = kam.start();
        let _pbx = serve(&kam, &port, |_, _| (401, "Unauthorized", Some("")));
        let guesser = Phone::udp(&kam, SCANNER);
        let ask = |guess: usize| {
            let credentials = format!(
                "Digest username=\"102\", realm=\"x\", nonce=\"made-up\", uri=\"sip:pbx\", \
                 response=\"{guess:032}\""
            );
            let request = guesser.request_as(method, "102");
            relayed(&guesser, &request.header("Authorization", credentials)).status()
        };
        assert_eq!([ask(1), ask(2), ask(3)], [Some(401); 3], "{method}");
        // From here on their sender is asked anew: what he offers is not evaluated.
        assert_eq!([ask(4), ask(5)], [Some(401); 2], "{method}");
        let stats = call(&kam, "stats", json!([]));
        let counted = ["auth_blocks", "auth_failures"].map(|name| stats.number(name));
        assert_eq!(counted, [1, 3], "{method}");
        kam.stop();
    }
}

/// A PBX that answers whoever calls says nothing of the password by it: neither to a call in a name
/// that counts as the victim's, nor to an OPTIONS.
#[test]
fn no_call_that_is_answered_clears() {
    let (kam, port) = edge();
    let kam = kam.start();
    let _pbx = serve(&kam, &port, chan_pjsip);
    let guesser = Phone::udp(&kam, SCANNER);
    let call = |method, user: &str| {
        let credentials = format!(
            "Digest username=\"{user}\", realm=\"asterisk\", nonce=\"1\", uri=\"sip:pbx\", response=\"1\""
        );
        let request = guesser
            .request_as(method, user)
            .uri("sip:600@palisade.test");
        relayed(&guesser, &request.header("Authorization", credentials)).status()
    };
    for guess in 0..4 {
        let expected = if guess < 3 { 401 } else { 403 };
        let found = register(&guesser, "101", &format!("guess {guess}"));
        assert_eq!(found, Some(expected), "{guess}");
        if guess < 2 {
            for (method, user) in [("INVITE", "101%20"), ("INVITE", "101"), ("OPTIONS", "101")] {
                assert_eq!(call(method, user), Some(200), "{guess}: {method} {user}");
            }
        }
    }
    assert_eq!(blocks(&kam), 1);
    kam.stop();
}

/// chan_pjsip compares realms without case, chan_sip not at all: a set without a user, or with another
/// one's, beside the guess hides nothing.
#[test]
fn a_decoy_hides_no_guess() {
    for realm in ["ASTERISK", "asterisk ", "x"] {
        let (kam, port) = edge();
        let kam = kam.start();
        let _pbx = serve(&kam, &port, |_, _| (401, "Unauthorized", Some("")));
        let ask = |guess: usize| {
            let guesser = Phone::udp(&kam, SCANNER);
            let set = |user: &str, realm: &str| {
                format!(
                    "Digest username=\"{user}\", realm=\"{realm}\", nonce=\"1\", uri=\"sip:pbx\", \
                     response=\"{guess:032}\""
                )
            };
            let request = guesser.request_as("REGISTER", "101");
            let request = request.another("Authorization", set("101", realm));
            let request = request.another("Authorization", set("", "asterisk"));
            relayed(&guesser, &request).status()
        };
        let found = [ask(1), ask(2), ask(3), ask(4)];
        assert_eq!(
            found,
            [Some(401), Some(401), Some(401), Some(403)],
            "{realm}"
        );
        kam.stop();
    }
}

/// What the PBX is sent next.
#[track_caller]
fn arrived(pbx: &Phone, method: &str) -> Message {
    let request = pbx.receive(PATIENCE).expect(method);
    assert_eq!(request.method(), Some(method), "{request}");
    request
}

/// A call in both directions, each end at its own address.
#[test]
fn the_pbx_calls_a_phone_the_way_it_registered() {
    let (kam, port) = edge();
    let kam = kam.start();
    let (pbx, phone) = (pbx(&kam, &port), Phone::udp(&kam, "127.0.0.5").user("101"));
    // From behind a NAT: nobody can send to its Contact.
    let contact = "sip:101@192.0.2.1:5060";
    let register = phone.request("REGISTER");
    phone.send(&register.header("Contact", format!("<{contact}>")));
    let registration = arrived(&pbx, "REGISTER");
    let path = registration.header("Path").expect("a Path").to_owned();
    pbx.respond(&registration, 200, "OK");
    let answer = phone.receive(PATIENCE).expect("an answer");
    assert_eq!(answer.status(), Some(200), "{answer}");

    let invite = pbx.request("INVITE").uri(contact).header("Route", path);
    pbx.send(&invite);
    let ringing = arrived(&phone, "INVITE");
    assert!(ringing.start_line().contains(contact), "{ringing}");
    phone.respond(&ringing, 200, "OK");
    let mut answers = std::iter::from_fn(|| pbx.receive(PATIENCE));
    let answer = answers.find(Message::is_final).expect("an answer");
    assert_eq!(answer.status(), Some(200), "{answer}");
    let target = format!("sip:101@{}", phone.local());
    let route = answer.header("Record-Route").expect("a route");
    let ack = invite.acknowledge(&answer).uri(&target);
    pbx.send(&ack.header("Route", route));
    arrived(&phone, "ACK");

    // The phone hangs up.
    let (to, from) = (ringing.header("From"), answer.header("To"));
    let mut bye = (phone.request("BYE").uri(&format!("sip:{}", pbx.local())))
        .header("Call-ID", invite.value("Call-ID"))
        .header("From", from.expect("a To"))
        .header("To", to.expect("a From"))
        .header("Route", ringing.header("Record-Route").expect("a route"));
    // What ends a call is no way to try passwords.
    for guess in 0..5 {
        let credentials = format!(
            r#"Digest username="102", realm="asterisk", nonce="1", uri="sip:x", response="{guess}""#
        );
        phone.send(&bye.clone().header("Authorization", credentials));
        let request = arrived(&pbx, "BYE");
        let is_tried = request.header("Authorization").is_some();
        assert_eq!(is_tried, guess < 3, "{request}");
        let challenge = "WWW-Authenticate: Digest realm=\"asterisk\", nonce=\"1\"\r\nContact: ";
        let answer = request.response(401, "Unauthorized", "<sip:pbx>");
        pbx.send_raw(answer.replace("Contact: ", challenge).as_bytes());
        let answer = phone.receive(PATIENCE).expect("an answer");
        assert_eq!(answer.status(), Some(401), "{answer}");
        bye = bye.next();
    }
    phone.send(&bye);
    pbx.respond(&arrived(&pbx, "BYE"), 200, "OK");
    let answer = phone.receive(PATIENCE).expect("an answer");
    assert_eq!(answer.status(), Some(200), "{answer}");
    kam.stop();
}

#[test]
fn nobody_reaches_anything_but_the_pbx() {
    let (kam, port) = edge();
    let kam = kam.start();
    let (pbx, elsewhere) = (pbx(&kam, &port), Phone::udp(&kam, "127.0.0.99"));
    let target = format!("sip:9@{}", elsewhere.local());
    let own = format!("<sip:127.0.0.1:{};lr>", kam.port());
    let tricks: [fn(Request, &str, &str) -> Request; 5] = [
        |request, target, _| request.uri(target),
        |request, target, _| request.header("Route", format!("<{target};lr>")),
        |request, target, own| request.header("Route", format!("{own}, <{target};lr>")),
        |request, target, own| {
            let route = format!("{own}, <{target};lr>");
            (request.header("Route", route)).header("To", "<sip:9@palisade.test>;tag=1")
        },
        |request, target, own| {
            let route = own.replace(">", &format!(";received={target}>"));
            (request.header("Route", route)).header("To", "<sip:9@palisade.test>;tag=1")
        },
    ];
    for (number, trick) in tricks.into_iter().enumerate() {
        let attacker = Phone::udp(&kam, "127.0.0.66");
        attacker.send(&trick(attacker.request("OPTIONS"), &target, &own));
        let request = arrived(&pbx, "OPTIONS");
        let answer = request.response(404, "Not Found", "<sip:pbx>");
        let answer = answer.replace("Contact", "Server: Asterisk PBX 18.4\r\nContact");
        pbx.send_raw(answer.as_bytes());
        let answer = attacker.receive(PATIENCE).expect("an answer");
        assert_eq!(answer.status(), Some(404), "{number}: {answer}");
        assert_eq!(answer.header("Server"), None, "{number}: {answer}");
    }
    kam.wait_idle();
    assert!(elsewhere.receive(std::time::Duration::ZERO).is_none());
}
