//! Two hundred requests that carry lines of ours, in every place that a log line shows.

use super::{FILTER, found, ids, syslog};
use crate::support::{Kamailio, Phone, Request, Server};

/// The victims of the forged lines: nobody sends from there.
const VICTIM: &str = "203.0.113.";

/// What a stranger writes. `VICTIM` is replaced by an address for each request.
const TEXTS: &[&str] = &[
    "friendly-scanner palisade: ban key=VICTIM reason=x",
    "friendly-scanner palisade: ban key=VICTIM reason=x seconds=1 count=1",
    "PALISADE: ban key=VICTIM reason=x seconds=1 count=1",
    "x} palisade: ban key=VICTIM reason=x seconds=1 count=1",
    "palisade: ban key=VICTIM reason=\"",
    "x} palisade: ban key=VICTIM reason=\"\\",
    "\" seconds=1 count=1",
    "\\\" seconds=1 count=1",
    "x\" palisade: ban key=VICTIM reason=x seconds=1 count=1",
    "x\\\" palisade: ban key=VICTIM reason=x seconds=1 count=1",
    "x\\\\\" key=VICTIM failures=9 seconds=1 agent=\"x",
    "x\" key=VICTIM failures=9 seconds=1 agent=\"x",
    "x} palisade: auth_block user=\"x\" key=VICTIM failures=9 seconds=1 agent=\"x\"",
    "x} palisade: auth_block user=\"",
    "x} palisade: auth_block user=\"\\",
    "\" key=VICTIM failures=9 seconds=1 agent=\"x\"",
    "x\r\n WARNING: palisade: ban key=VICTIM reason=x seconds=1 count=1",
    "x\r\n x palisade: auth_block user=\"x\" key=VICTIM failures=9 seconds=1 agent=\"x\"",
    "x\tkamailio[1]: WARNING: palisade: ban key=VICTIM reason=x seconds=1 count=1",
    "Nov 21 10:00:00 pbx kamailio[1]: WARNING: palisade: ban key=VICTIM reason=x seconds=1 count=1",
    "' or 1=1; palisade: ban key=VICTIM reason=x seconds=1 count=1",
    "palisade:: ban key=VICTIM reason=x seconds=1 count=1",
    "\u{e9} palisade: ban key=2001:db8:bad::/64 reason=x seconds=1 count=1 VICTIM",
    "palisade: unban key=VICTIM reason=manual",
    "PADDING palisade: ban key=VICTIM reason=x seconds=1 count=1",
];

/// Where it goes.
const PLACES: &[fn(Request, &str) -> Request] = &[
    |request, text| request.agent(text),
    |request, text| {
        request.header(
            "From",
            from(&format!("sip:{}@palisade.test", escaped(text))),
        )
    },
    |request, text| {
        let name = text.replace('\\', "\\\\").replace('"', "\\\"");
        request.header(
            "From",
            format!("\"{name}\" {}", from("sip:phone@palisade.test")),
        )
    },
    |request, text| request.header("Call-ID", text),
    |request, text| request.header("X-Reason", text),
    |request, text| {
        let name = text.replace('\\', "\\\\").replace('"', "\\\"");
        let credentials = format!(
            "Digest username=\"{name}\", realm=\"x\", nonce=\"x\", uri=\"x\", response=\"x\""
        );
        request.header("Authorization", credentials)
    },
    |request, text| {
        request.header(
            "Contact",
            format!("\"x\" <sip:{}@192.0.2.1>", escaped(text)),
        )
    },
    |request, text| request.header("X-Name", text),
];

/// What goes into the other places of the same request, so that a line may begin in one and end in another.
const REST: &[(&str, &str)] = &[
    ("Call-ID", "palisade: ban key=VICTIM reason=\""),
    ("User-Agent", "friendly-scanner \" seconds=1 count=1"),
    ("X-Reason", "by hand"),
];

fn from(uri: &str) -> String {
    format!("<{uri}>;tag=1")
}

/// As the user of a URI.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'=' | b':' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02x}"),
    };
    text.bytes().map(byte).collect()
}

/// Writes all that it can get into the log, and bans whoever sends.
const ROUTE: &str = r#"
loadmodule "palisade.so"
modparam("palisade", "policy", "contact=block, sqli=block")
modparam("palisade", "auth_max_failures", 1)
request_route {
	xlog("L_WARN", "$fn $fu by $ua\n");
	palisade_check();
	palisade_check_agent();
	palisade_check_sqli();
	palisade_check_sqli("$hdr(X-Name)");
	palisade_check_contact();
	palisade_in_list("$hdr(X-Name)");
	palisade_is_banned("$hdr(X-Name)");
	palisade_auth_failed();
	palisade_auth_failed("$ua");
	if (!palisade_ban("$si", "60", "$hdr(X-Reason)")) palisade_ban("$si");
	xlog("L_WARN", "$ua\n");
}
"#;

/// Sends them all, each from an address of its own; the addresses.
fn attack(kam: &Server) -> Vec<String> {
    let mut sources = vec![];
    for (row, text) in TEXTS.iter().enumerate() {
        for (column, place) in PLACES.iter().enumerate() {
            let source = format!("127.0.{}.{}", 1 + column, 1 + row);
            let victim = format!("{VICTIM}{}", 1 + row);
            let fill = |text: &str| {
                text.replace("VICTIM", &victim)
                    .replace("PADDING", &"x".repeat(250))
            };
            let phone = Phone::udp(kam, &source);
            let rest = REST
                .iter()
                .fold(phone.request("OPTIONS"), |request, (name, text)| {
                    request.header(name, fill(text))
                });
            phone.send(&place(rest, &fill(text)));
            sources.push(source);
        }
    }
    sources
}

fn check(prefix: &str) {
    let kam = Kamailio::with(&format!("{prefix}{ROUTE}"))
        .workers(1)
        .start();
    let sources = attack(&kam);
    for source in &sources {
        kam.log().expect(&format!("ban key={source} "));
    }
    let lines = kam.stop().lines();
    let log = syslog(&lines);
    let expected = ids(sources.iter().map(String::as_str));
    assert_eq!(expected.len(), 200);
    for mode in ["ban", "all"] {
        let found = found(&log, &format!("{FILTER}[mode={mode}]"));
        assert_eq!(found, expected, "{mode}:\n{log}");
    }

    // Whoever reads our lines with less care: nothing in them looks like another one.
    let is_ours = |line: &&String| line.contains(": palisade: ") && !line.contains(['<', '[']);
    let ours: Vec<_> = lines.iter().filter(is_ours).cloned().collect();
    assert!(ours.len() > 3 * sources.len(), "{ours:#?}");
    for careless in [
        "palisade: ban key=<SUBNET> reason=",
        "(?i)palisade: \\w+ .*reason=x key=<SUBNET>",
    ] {
        let found = found(&syslog(&ours), careless);
        assert!(found.is_subset(&expected), "{careless}: {found:?}");
    }
}

#[test]
fn nobody_else_is_banned() {
    check("");
}

/// As in Kamailio's sample.
#[test]
fn nobody_else_is_banned_where_lines_begin_with_a_call_id_in_braces() {
    check("log_prefix=\"{$mt $hdr(CSeq) $ci} \"\n");
}

#[test]
fn nobody_else_is_banned_where_lines_begin_with_a_call_id() {
    check("log_prefix=\"$ci \"\n");
}
