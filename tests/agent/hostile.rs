//! User-Agents that are made to break something: the log line, or the clock.

use super::{CLEAN, MATCHES, agent, hits, server};
use crate::support::{Phone, Rpc, Server};
use serde_json::json;

/// What is sent, and what is to be read between the quotes of the log line.
const LOGGED: [(&[u8], &str); 6] = [
    (b"sundayddr 1", "sundayddr 1"),
    (
        br#"sundayddr" method=OK palisade: unban key=1.2.3.4 "\"#,
        r#"sundayddr\" method\x3dOK palisade\x3a unban key\x3d1.2.3.4 \"\\"#,
    ),
    (
        b"sundayddr \x01\x1b[2J\x7f\t\xff\xc3\xa4 %s%n",
        r"sundayddr \x01\x1b\x5b2J\x7f\t\xff\xc3\xa4 %s%n",
    ),
    // A folded header is how a line end gets in (RFC 3261, 7.3.1).
    (
        b"sundayddr\r\n palisade: unban",
        r"sundayddr\r\n palisade\x3a unban",
    ),
    (b"sundayddr\x01one", r"sundayddr\x01one"),
    (&[b'x'; 400], ""), // see below
];

#[test]
fn what_is_logged_of_a_scanner_cannot_break_out_of_its_line() {
    let kam = server("");
    let phone = Phone::udp(&kam, "127.0.0.66");
    for (name, logged) in LOGGED {
        let (name, logged) = match logged {
            "" => (
                [b"sundayddr ", name].concat(),
                format!("sundayddr {}...", "x".repeat(246)),
            ),
            _ => (name.to_vec(), logged.to_string()),
        };
        let line = format!(
            r#"block key=127.0.0.66 reason=agent agent="{logged}" method=REGISTER proof=no"#
        );
        for _ in 0..3 {
            assert_eq!(agent(&phone, &name), MATCHES, "{logged}");
        }
        let told = kam.log().expect(&line);
        assert!(
            told.ends_with(&format!("WARNING: palisade: {line}")),
            "{told}"
        );
        assert_eq!(
            kam.log().matching(&line).len(),
            1,
            "the same again is not told"
        );
    }
    let told = kam.log().matching("sundayddr").len();
    assert_eq!(
        told,
        LOGGED.len(),
        "nothing else tells of it:\n{}",
        kam.log()
    );
    let stats = kam
        .rpc(Rpc::Http, "palisade.stats", json!([]))
        .expect("stats");
    assert_eq!(stats.number("blocked_agent"), 3 * LOGGED.len() as i64);
    assert_eq!(stats.number("log_suppressed"), 2 * LOGGED.len() as i64);
    kam.stop();
}

/// As long as is looked at: a backtracking matcher would need longer than the universe for it.
const LENGTH: usize = 2047;

#[test]
fn no_user_agent_is_too_long_for_any_pattern() {
    let patterns = ["(a+)+$", "^(a|aa)+!$", "(.*)*b(.*)*c", "(x+x+)+y"];
    let parameters =
        patterns.map(|pattern| format!("modparam(\"palisade\", \"agent_deny\", \"{pattern}\")\n"));
    let kam = server(&format!(
        "tcp_rd_buf_size=65536\nmodparam(\"palisade\", \"agent_builtin\", 0)\n\
         modparam(\"palisade\", \"tcp_close\", 0)\n{}",
        parameters.concat()
    ));
    let open: [fn(&Server, &str) -> Phone; 2] = [Phone::udp, Phone::tcp];
    for phone in open.map(|open| open(&kam, "127.0.0.66")) {
        for (letter, last, code, matching) in [
            ("a", "?", CLEAN, None),
            ("a", "a", MATCHES, Some("(a+)+$")),
            ("a", "!", MATCHES, Some("^(a|aa)+!$")),
            ("b", "?", CLEAN, None),
            ("b", "c", MATCHES, Some("(.*)*b(.*)*c")),
            ("x", "x", CLEAN, None),
        ] {
            let before = matching.map(|pattern| hits(&kam, pattern));
            // The answer comes within the phone's patience, 10 s.
            let got = agent(&phone, letter.repeat(LENGTH) + last);
            assert_eq!(got, code, "{letter}…{last}");
            let after = matching.map(|pattern| hits(&kam, pattern));
            assert_eq!(after, before.map(|hits| hits + 1), "{letter}…{last}");
        }
        // What is longer is none of a phone's, and is not looked at.
        assert_eq!(agent(&phone, "a".repeat(60_000) + "?"), MATCHES);
    }
    kam.stop();
}
