//! Messages whose parts can't be parsed, or are very many: they are empty then, and nobody crashes.

use super::{CLEAN, FOUND, code, config};
use crate::support::{Kamailio, Phone};

/// A header, and the code of `palisade_check_sqli()`.
const HEADERS: [(&str, &str, i32); 12] = [
    ("Contact", "<sip:a'--", CLEAN),
    ("Contact", "\"a'-- <sip:a@x.org>", CLEAN),
    ("Contact", "", CLEAN),
    ("Contact", ",,,", CLEAN),
    ("Contact", "<sip:a'--@x.org:99999999>", CLEAN),
    ("Contact", "<nonsense>, <sip:a'--@x.org>", FOUND),
    ("Record-Route", "<sip:1.2.3.4", CLEAN),
    ("Record-Route", "sip:1.2.3.4", CLEAN),
    ("Record-Route", "<nonsense>", CLEAN),
    ("Authorization", "Digest username=\"a'--", CLEAN),
    ("Authorization", "Digest username=\"\", realm=\"\"", CLEAN),
    ("Authorization", "Basic a'--", CLEAN),
];

#[test]
fn what_cannot_be_parsed_is_not_looked_at_and_hurts_nobody() {
    let kam = Kamailio::with(&format!(
        r#"{}
        request_route {{
            if (method == "ACK") exit;
            palisade_check_contact();
            palisade_check_route();
            palisade_check_sqli();
            $var(code) = $retcode;
            sl_send_reply("200", "$var(code)");
        }}"#,
        config("")
    ))
    .allow("ERROR: <core> [core/parser")
    .start();
    for phone in [
        Phone::udp(&kam, "127.0.0.66"),
        Phone::tcp(&kam, "127.0.0.66"),
    ] {
        for (header, value, expected) in HEADERS {
            let request = phone.request("INVITE").header(header, value);
            let answer = phone.ask(&request);
            assert!(answer.is_some(), "{header}: {value}");
            assert_eq!(code(answer), expected, "{header}: {value}");
        }
        // What stands behind so many is not looked at, and so is what stands behind an error.
        let many = "<sip:a@x.org>,".repeat(300);
        let longest = format!("{}<sip:a@x.org>", "<sip:o'neil@x.org>;a=\"b\",".repeat(300));
        for value in [many + "<sip:a'--@x.org", longest] {
            let request = phone.request("INVITE").header("Contact", value);
            assert_eq!(code(phone.ask(&request)), CLEAN);
        }
    }
    kam.assert_healthy();
    kam.stop();
}
