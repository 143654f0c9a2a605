//! The User-Agent filter: who is blocked for what he calls himself, what is counted, logged and
//! banned for it, and that no text makes it slow.

mod hostile;

use crate::support::{Kamailio, Message, Phone, Reply, Rpc, Server};
use serde_json::json;

/// The code of `palisade_check()`, or of `palisade_check_agent()` about the text in X-Text.
const ROUTE: &str = r#"
request_route {
	if ($hdr(X-Text) != $null) {
		palisade_check_agent("$hdr(X-Text)");
		$var(code) = $retcode;
	} else {
		palisade_check();
		$var(code) = $retcode;
	}
	sl_send_reply("200", "$var(code)");
}
"#;

const CLEAN: i32 = 1;
const MATCHES: i32 = -2;

/// With a rate limit that no test here reaches.
fn server(parameters: &str) -> Server {
    Kamailio::with(&format!(
        r#"
loadmodule "palisade.so"
modparam("palisade", "reqs_density_per_unit", 10000)
{parameters}
{ROUTE}"#
    ))
    .start()
}

fn code(answer: Option<Message>) -> i32 {
    let answer = answer.expect("an answer");
    let code = answer.reason().and_then(|reason| reason.parse().ok());
    code.unwrap_or_else(|| panic!("{answer}"))
}

/// A request with this User-Agent.
#[track_caller]
fn agent(phone: &Phone, agent: impl AsRef<[u8]>) -> i32 {
    code(phone.ask(&phone.request("REGISTER").agent(agent)))
}

/// A pattern's hits.
fn hits(kam: &Server, pattern: &str) -> i64 {
    let agents = kam
        .rpc(Rpc::Http, "palisade.agents", json!([]))
        .expect("agents");
    let rows = agents.rows("rows");
    let row = rows.iter().find(|row| row.text("pattern") == pattern);
    row.unwrap_or_else(|| panic!("no {pattern:?} in {agents}"))
        .number("hits")
}

fn bans(kam: &Server) -> Vec<Reply> {
    kam.rpc(Rpc::Http, "palisade.bans", json!([]))
        .expect("bans")
        .rows("rows")
}

/// A config, what each User-Agent gets there, and how often each pattern has matched in the end.
struct Case {
    parameters: &'static str,
    codes: &'static [(&'static str, i32)],
    hits: &'static [(&'static str, i64)],
}

const PHONES: [&str; 6] = [
    "Linphone/5.0",
    "Yealink SIP-T46S 66.84.0.15",
    "Asterisk PBX 18.10",
    "eyeBeam release 3006o",
    "a friendly phone, no scanner at all",
    "\u{263a}",
];

const CASES: [Case; 4] = [
    Case {
        parameters: "",
        codes: &[
            ("friendly-scanner", MATCHES),
            ("Friendly-Scanner 2.0", MATCHES),
            ("sipcli/v1.8", MATCHES),
            ("not sipcli", CLEAN),
            ("VaxSIPUserAgent/3.1", MATCHES),
            ("my svcrack and svmap", MATCHES),
            ("pplsip", MATCHES),
            ("BadPhone", CLEAN),
        ],
        hits: &[
            ("friendly-scanner", 2),
            (r"^sipcli\b", 1),
            (r"\bsv(map|war|crack|crash)\b", 1),
            ("sundayddr", 0),
        ],
    },
    Case {
        parameters: r#"
            modparam("palisade", "agent_deny", "^badphone\b")
            modparam("palisade", "agent_deny", "(?-i)Worse")
            modparam("palisade", "agent_deny", "scanner$")
            "#,
        codes: &[
            ("BadPhone/2", MATCHES),
            ("BadPhones", CLEAN),
            ("much Worse", MATCHES),
            ("much worse", CLEAN),
            ("friendly-scanner", MATCHES),
        ],
        hits: &[
            (r"^badphone\b", 1),
            ("(?-i)Worse", 1),
            ("scanner$", 1),
            ("friendly-scanner", 1),
        ],
    },
    Case {
        parameters: r#"
            modparam("palisade", "agent_builtin", 0)
            modparam("palisade", "agent_deny", "^badphone\b")
            "#,
        codes: &[
            ("friendly-scanner", CLEAN),
            ("sipvicious", CLEAN),
            ("badphone", MATCHES),
        ],
        hits: &[(r"^badphone\b", 1)],
    },
    Case {
        parameters: r#"modparam("palisade", "agent_builtin", 0)"#,
        codes: &[("friendly-scanner", CLEAN)],
        hits: &[],
    },
];

#[test]
fn scanners_are_blocked_phones_are_not_and_each_pattern_is_counted() {
    for case in CASES {
        let kam = server(case.parameters);
        let phone = Phone::udp(&kam, "127.0.0.5");
        for name in PHONES {
            assert_eq!(agent(&phone, name), CLEAN, "{name}");
        }
        let request = phone.request("REGISTER").without("User-Agent");
        assert_eq!(code(phone.ask(&request)), CLEAN, "without a User-Agent");
        assert_eq!(agent(&phone, ""), CLEAN, "with an empty one");
        for (name, code) in case.codes {
            assert_eq!(agent(&phone, name), *code, "{name}");
        }
        for (pattern, expected) in case.hits {
            assert_eq!(hits(&kam, pattern), *expected, "{pattern}");
        }
        assert_eq!(bans(&kam), [], "agent_ban_time is 0");
        kam.stop();
    }
}

#[test]
fn with_agent_ban_time_the_source_is_banned_too() {
    let kam = server(
        r#"
        modparam("palisade", "agent_ban_time", 1000)
        modparam("palisade", "trusted", "127.0.0.99")
        "#,
    );
    let scanner = Phone::udp(&kam, "127.0.0.66");
    assert_eq!(agent(&scanner, "friendly-scanner"), MATCHES);
    let harmless = scanner.request("REGISTER").agent("Linphone");
    assert_eq!(scanner.status(&harmless), None, "for where it comes from");
    assert_eq!(agent(&Phone::udp(&kam, "127.0.0.5"), "Linphone"), CLEAN);
    assert_eq!(
        agent(&Phone::udp(&kam, "127.0.0.99"), "friendly-scanner"),
        CLEAN,
        "trusted"
    );

    let [ban] = &bans(&kam)[..] else {
        panic!("not one ban")
    };
    let text = ["key", "reason", "origin", "hits"].map(|name| ban.text(name));
    assert_eq!(text, ["127.0.0.66", "agent", "check", "1"]);
    assert!((200..=300).contains(&ban.number("left")), "{ban}");
    for line in [
        r#"block key=127.0.0.66 reason=agent agent="friendly-scanner" method=REGISTER proof=no"#,
        "ban key=127.0.0.66 reason=agent seconds=300 count=1 proof=no",
    ] {
        kam.log().expect(&format!("palisade: {line}"));
    }
    assert_eq!(kam.log().matching("127.0.0.66").len(), 2);
    kam.stop();
}

#[test]
fn the_script_may_ask_about_any_text() {
    let kam = server("");
    let phone = Phone::udp(&kam, "127.0.0.66");
    for (text, expected) in [
        ("friendly-scanner", MATCHES),
        ("Linphone", CLEAN),
        ("sipcli", MATCHES),
        ("0", CLEAN),
    ] {
        // Whatever the message calls itself.
        let request = phone.request("OPTIONS").header("X-Text", text);
        assert_eq!(
            code(phone.ask(&request.agent("sipvicious"))),
            expected,
            "{text}"
        );
    }
    assert_eq!(
        (hits(&kam, "friendly-scanner"), hits(&kam, "sipvicious")),
        (1, 0)
    );
    let line = r#"block key=127.0.0.66 reason=agent agent="sipcli" method=OPTIONS"#;
    kam.log().expect(line);
    kam.stop();
}
