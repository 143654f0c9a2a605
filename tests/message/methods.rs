//! Kamailio ignores the case of letters in a method, and so does all that depends on one here: it asks
//! Kamailio what it takes the method for.

use crate::scan::backend::{self, Backend};
use crate::support::{Kamailio, Message, Phone, Rpc, Server};
use crate::torture::material;
use serde_json::json;

/// A method in capitals, in small and in mixed letters.
fn spellings(method: &str) -> [String; 3] {
    let mixed = |(at, letter): (usize, char)| match at % 2 {
        0 => letter.to_ascii_lowercase(),
        _ => letter,
    };
    let mixed = method.chars().enumerate().map(mixed).collect();
    [method.into(), method.to_ascii_lowercase(), mixed]
}

/// Those that Kamailio has a name for, and that matter to somebody here.
const METHODS: [&str; 14] = [
    "INVITE",
    "ACK",
    "BYE",
    "CANCEL",
    "REGISTER",
    "OPTIONS",
    "PRACK",
    "UPDATE",
    "INFO",
    "SUBSCRIBE",
    "NOTIFY",
    "MESSAGE",
    "REFER",
    "PUBLISH",
];

/// What Kamailio takes a request for, and what Palisade does, each in a line with the number of the
/// message.
fn witness() -> Kamailio {
    let asked: String = METHODS
        .iter()
        .map(|method| format!("if (is_method(\"{method}\")) $var(is) = \"{method}\";\n"))
        .collect();
    Kamailio::with(&format!(
        r#"
        loadmodule "palisade.so"
        request_route {{
            $var(is) = "other";
            {asked}
            palisade_check_agent("sipvicious $mi of $pp");
            xlog("L_NOTICE", "witness $mi of $pp: $var(is)\n");
        }}"#
    ))
    .workers(1)
}

/// The two agree on every message that reached the script; returns what they say.
fn agreed(kam: Server) -> Vec<String> {
    let log = kam.stop();
    let mut methods = vec![];
    for line in log.matching("witness ") {
        let (_, rest) = line.split_once("witness ").expect("it was found by that");
        let (id, kamailio) = rest.split_once(": ").expect("the script's own line");
        let ours = log.matching(&format!("agent=\"sipvicious {id}\""));
        let [ours] = &ours[..] else {
            panic!("{id}: {ours:?}")
        };
        let (_, ours) = ours.split_once(" method=").expect("a block line");
        let (ours, _) = ours.split_once(" proof=").expect("what it proves");
        match METHODS.contains(&kamailio) {
            true => assert_eq!(ours, kamailio),
            false => assert!(!METHODS.contains(&ours), "{kamailio}: {ours}"),
        }
        methods.push(kamailio.to_owned());
    }
    methods
}

#[test]
fn a_method_is_what_kamailio_takes_it_for_however_it_is_written() {
    let kam = witness().start();
    let phone = Phone::udp(&kam, "127.0.0.66");
    let mut expected = vec![];
    for method in METHODS {
        for spelling in spellings(method) {
            phone.send(&phone.request(&spelling));
            expected.push(method);
        }
    }
    for other in ["INVITES", "PRAC", "x-method", "GET"] {
        phone.send(&phone.request(other));
        expected.push("other");
    }
    kam.wait_idle();
    assert_eq!(agreed(kam), expected);
}

#[test]
fn in_all_of_rfc_4475_too() {
    let kam = witness().allow("ERROR: <core> [core/").start();
    let phone = Phone::udp(&kam, "127.0.0.66");
    for message in material::seeds() {
        phone.send_raw(&message);
    }
    kam.wait_idle();
    assert!(agreed(kam).len() > 30, "most of them reach the script");
}

/// Nobody and nothing is known to it.
fn knows_nobody(_: &Message, _: Option<bool>) -> backend::Answer {
    (404, "Not Found", None)
}

/// A failed registration is one, and so is a call that fails, in any letters.
#[test]
fn replies_to_any_spelling_count() {
    let kam = Kamailio::with(
        r#"
        loadmodule "palisade.so"
        modparam("pv", "shvset", "backend=s:none")
        request_route {
            $du = $shv(backend);
            t_on_reply("BACK");
            t_relay();
        }
        onreply_route[BACK] { palisade_reply(); }
        "#,
    )
    .start();
    let _pbx = Backend::start(&kam, "127.0.0.20", knows_nobody);
    let phone = Phone::udp(&kam, "127.0.0.66");
    for (method, kind) in [("INVITE", "destinations"), ("REGISTER", "users")] {
        for (at, method) in spellings(method).iter().enumerate() {
            let uri = format!("sip:someone{at}@palisade.test");
            let request = phone.request(method).uri(&uri);
            let answer = phone.status(&request.header("To", format!("<{uri}>")));
            assert_eq!(answer, Some(404), "{method}");
        }
        let scans = kam.rpc(Rpc::Kamcmd, "palisade.scans", json!([]));
        let row = scans.expect("palisade.scans").rows("rows").remove(0);
        assert_eq!(row.number(kind), 3, "{row}");
    }
}

/// A list of destinations sees every INVITE.
#[test]
fn a_list_of_destinations_sees_every_spelling() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("numbers");
    std::fs::write(&path, "+882\n").expect("write a list");
    let kam = Kamailio::with(&format!(
        r#"
        loadmodule "palisade.so"
        modparam("palisade", "list", "name=numbers;kind=destination;action=deny;file={}")
        request_route {{
            palisade_check();
            $var(code) = $retcode;
            sl_send_reply("200", "$var(code)");
        }}"#,
        path.display()
    ))
    .start();
    let phone = Phone::udp(&kam, "127.0.0.66");
    for method in spellings("INVITE") {
        let request = phone.request(&method).uri("sip:0088299@palisade.test");
        let answer = phone.ask(&request).expect("an answer");
        assert_eq!(answer.reason(), Some("-2"), "{method}");
    }
}
