//! What a message itself gives away: SQL in its names, Contacts by address, Record-Routes of others.
//! Every part is read through Kamailio's own parser, over UDP and TCP, from kamailio.cfg and from Lua.

mod changed;
mod hostile;
mod methods;
mod unreadable;
mod worst;

use crate::support::{Kamailio, Message, Phone, Request, Rpc, Server};
use serde_json::json;

/// Answers with the code of the function that X-Call names.
const ROUTE: &str = r#"
request_route {
	if (method == "ACK") exit;
	switch ($hdr(X-Call)) {
		case "sqli":
			palisade_check_sqli();
			break;
		case "text":
			palisade_check_sqli("$hdr(X-Text)");
			break;
		case "contact":
			palisade_check_contact();
			break;
		case "route":
			palisade_check_route();
			break;
		default:
			palisade_check();
	}
	$var(code) = $retcode;
	sl_send_reply("200", "$var(code)");
}
"#;

const LUA: &str = r##"
function answer()
	local call = KSR.pv.getvs("$hdr(X-Call)", "")
	local code
	if call == "sqli" then code = KSR.palisade.check_sqli()
	elseif call == "text" then code = KSR.palisade.check_sqli_text(KSR.pv.getvs("$hdr(X-Text)", ""))
	elseif call == "contact" then code = KSR.palisade.check_contact()
	elseif call == "route" then code = KSR.palisade.check_route()
	else code = KSR.palisade.check() end
	KSR.sl.sl_send_reply(200, tostring(code))
end
"##;

const CLEAN: i32 = 1;
const FOUND: i32 = -2;

/// With a rate limit that no test here reaches.
fn config(policy: &str) -> String {
    format!(
        r#"
loadmodule "palisade.so"
modparam("palisade", "policy", "rate=off {policy}")
modparam("palisade", "tcp_close", 0)
modparam("palisade", "trusted", "127.0.0.99")
"#
    )
}

fn server(policy: &str) -> Server {
    Kamailio::with(&(config(policy) + ROUTE)).start()
}

fn code(answer: Option<Message>) -> i32 {
    let answer = answer.expect("an answer");
    let code = answer.reason().and_then(|reason| reason.parse().ok());
    code.unwrap_or_else(|| panic!("{answer}"))
}

type Change = fn(Request) -> Request;

/// SQL in a part of a message, and what the log says of it.
const ATTACKS: [(Change, &str); 11] = [
    (
        |request| request.uri("sip:100'%20or%20'1'='1@palisade.test"),
        r#"part=uri text="100'%20or%20'1'\x3d'1""#,
    ),
    (
        |request| request.uri("sip:admin%2527--@palisade.test;transport=udp"),
        r#"part=uri text="admin%2527--""#,
    ),
    (
        |request| request.header("From", "<sip:a%27%20or%201%3D1@x.org>;tag=1"),
        r#"part=from text="a%27%20or%201%3D1""#,
    ),
    (
        |request| request.header("From", "\"O'Brien\" <sip:%22@x.org>;tag=1"),
        r#"part=from text="%22""#,
    ),
    (
        |request| request.header("To", "<sip:1;sleep(5)'--@x.org>"),
        r#"part=to text="1;sleep(5)'--""#,
    ),
    (
        |request| {
            request.header(
                "Contact",
                "<sip:100%27@x.org:5060;transport=udp>;expires=60",
            )
        },
        r#"part=contact text="100%27""#,
    ),
    (
        |request| {
            request.header(
                "Contact",
                "<sip:a@x.org>, \"b\" <sip:b@x.org>;q=1, sip:%60@x.org",
            )
        },
        r#"part=contact text="%60""#,
    ),
    (
        |request| request.another("Contact", "<sip:x'--@x.org>"),
        r#"part=contact text="x'--""#,
    ),
    (
        |request| request.header("Authorization", credentials("a' or 1=1--@x")),
        r#"part=credentials text="a' or 1\x3d1--@x""#,
    ),
    (
        |request| request.header("Proxy-Authorization", credentials("a%22 or 1=1")),
        r#"part=credentials text="a%22 or 1\x3d1""#,
    ),
    (
        |request| {
            let request = request.header("Authorization", credentials("alice"));
            request.another("Authorization", credentials("a@x' union select 1"))
        },
        r#"part=credentials text="a@x' union select 1""#,
    ),
];

/// Messages of people and of phones.
const ORDINARY: [Change; 10] = [
    |request| request,
    |request| request.header("From", "\"Pat O'Brien -- home\" <sip:o'brien@x.org>;tag=1"),
    |request| request.header("From", "\"x' or '1'='1\" <sip:alice@x.org>;tag=1"),
    |request| request.header("Call-ID", "a--b'or'1=1"),
    |request| request.uri("sip:*31%23+4930123456;phone-context=+49@palisade.test;user=phone"),
    |request| request.uri("tel:+1-212-555-0101;isub=1411"),
    |request| request.header("To", "<sip:%2331%23030123456@x.org;transport=tcp>"),
    |request| request.header("Contact", "*"),
    |request| {
        request.header(
            "Contact",
            "\"d'Arcy\" <sip:a@x.org;line=a=1>;+sip.instance=\"<urn:uuid:0>\"",
        )
    },
    |request| request.header("Authorization", credentials("nicolo'@x.org")),
];

fn credentials(user: &str) -> String {
    format!(
        "Digest username=\"{user}\", realm=\"palisade.test\", nonce=\"n\", \
         uri=\"sip:palisade.test\", response=\"6629fae49393a05397450978507c4ef1\""
    )
}

/// A phone behind a name, so that the check of contacts has nothing to say.
fn request(phone: &Phone, change: Change) -> Request {
    change(
        phone
            .request("INVITE")
            .header("Contact", "<sip:a@phone.x.org>"),
    )
}

fn check_sqli(kam: &Server) {
    let open: [fn(&Server, &str) -> Phone; 2] = [Phone::udp, Phone::tcp];
    for (phone, source) in open.iter().zip(["127.0.0.66", "127.0.0.67"]) {
        let phone = phone(kam, source);
        for call in ["check", "sqli"] {
            for (change, told) in ATTACKS {
                let request = request(&phone, change).header("X-Call", call);
                assert_eq!(code(phone.ask(&request)), FOUND, "{call}: {told}");
                kam.log().expect(&format!(
                    "palisade: block key={source} reason=sqli {told} method=INVITE"
                ));
            }
            for (number, change) in ORDINARY.iter().enumerate() {
                let request = request(&phone, *change).header("X-Call", call);
                assert_eq!(code(phone.ask(&request)), CLEAN, "{call}: {number}");
            }
        }
        for (text, expected) in [("o'brien", CLEAN), ("0' or 1=1", FOUND), ("100", CLEAN)] {
            let request = phone.request("OPTIONS").header("X-Call", "text");
            let answer = phone.ask(&request.header("X-Text", text));
            assert_eq!(code(answer), expected, "{text}");
        }
    }
    let trusted = Phone::udp(kam, "127.0.0.99");
    let answer = trusted.ask(&request(&trusted, ATTACKS[0].0));
    assert_eq!(code(answer), CLEAN, "trusted");
}

#[test]
fn sql_in_any_name_is_found_and_no_ordinary_message_is_taken_for_it() {
    let kam = server("");
    check_sqli(&kam);
    let stats = kam
        .rpc(Rpc::Http, "palisade.stats", json!([]))
        .expect("stats");
    let each = ATTACKS.len() as i64 * 2 + 1;
    assert_eq!(stats.number("blocked_sqli"), each * 2);
    kam.stop();
}

#[test]
fn lua_has_the_same_functions() {
    let script = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&script, LUA).expect("a script");
    let kam = Kamailio::with(&format!(
        r#"
        loadmodule "app_lua.so"
        {}
        modparam("app_lua", "load", "{}")
        request_route {{ if (method != "ACK") lua_run("answer"); }}
        "#,
        config(""),
        script.path().display()
    ))
    .start();
    check_sqli(&kam);
    check_by_name(&Phone::udp(&kam, "127.0.0.66"));
    kam.stop();
}

/// Contacts, and Record-Routes of a message from 127.0.0.66: what each function says by its name.
const DIALOGS: [(&str, &str, &str, i32); 10] = [
    ("contact", "Contact", "<sip:alice@192.0.2.1>", FOUND),
    (
        "contact",
        "Contact",
        "<sip:alice@[2001:db8::1]:5060>",
        FOUND,
    ),
    (
        "contact",
        "Contact",
        "<sip:alice@x.org>, <sip:alice@192.0.2.1>",
        FOUND,
    ),
    ("contact", "Contact", "<sip:alice@x.org>", CLEAN),
    ("contact", "Contact", "*", CLEAN),
    ("route", "Record-Route", "<sip:192.0.2.1;lr>", FOUND),
    (
        "route",
        "Record-Route",
        "<sip:192.0.2.1;lr>, <sip:127.0.0.66;lr>",
        FOUND,
    ),
    (
        "route",
        "Record-Route",
        "<sip:127.0.0.66:5080;r2=on;lr>, <sip:192.0.2.1;lr>",
        CLEAN,
    ),
    ("route", "Record-Route", "<sip:proxy.x.org;lr>", CLEAN),
    ("route", "X-Nothing", "no Record-Route", CLEAN),
];

fn check_by_name(phone: &Phone) {
    for (call, header, value, expected) in DIALOGS {
        let request = phone.request("INVITE").header("X-Call", call);
        let answer = phone.ask(&request.header(header, value));
        assert_eq!(code(answer), expected, "{call}: {value}");
    }
}

#[test]
fn contacts_by_address_and_routes_of_others_pass_unless_the_policy_or_the_script_asks() {
    for (policy, checked) in [("", CLEAN), ("contact=block route=block", FOUND)] {
        let kam = server(policy);
        let phone = Phone::udp(&kam, "127.0.0.66");
        for (call, header, value, expected) in DIALOGS {
            let request = request(&phone, |request| request).header(header, value);
            let expected = if expected == FOUND { checked } else { CLEAN };
            assert_eq!(code(phone.ask(&request)), expected, "{call}: {value}");
        }
        check_by_name(&phone);
        let line =
            r#"block key=127.0.0.66 reason=contact contact="sip:alice@192.0.2.1" method=INVITE"#;
        kam.log().expect(line);
        let line = r#"block key=127.0.0.66 reason=route route="192.0.2.1" method=INVITE"#;
        kam.log().expect(line);
        kam.stop();
    }
}

#[test]
fn the_policy_bans_or_only_logs() {
    let kam = server("sqli=ban:1000");
    let phone = Phone::udp(&kam, "127.0.0.66");
    assert_eq!(code(phone.ask(&request(&phone, ATTACKS[0].0))), FOUND);
    kam.log()
        .expect("ban key=127.0.0.66 reason=sqli seconds=300 count=1 proof=no");
    assert_eq!(phone.status(&phone.request("OPTIONS")), None, "banned");
    kam.stop();

    let kam = server("sqli=log");
    let phone = Phone::udp(&kam, "127.0.0.66");
    assert_eq!(code(phone.ask(&request(&phone, ATTACKS[0].0))), CLEAN);
    kam.log()
        .expect("found key=127.0.0.66 reason=sqli part=uri");
    kam.stop();
}
