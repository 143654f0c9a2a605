//! A script may change a message and have Kamailio parse it anew, into the same memory: what was read of it
//! before is no longer what it says.

use super::code;
use crate::support::{Kamailio, Phone};

/// Checks, changes the message, checks again, and answers with the second code, or 99 if the first was not
/// that of a clean message.
fn route(change: &str) -> String {
    format!(
        r#"
        loadmodule "textopsx.so"
        loadmodule "palisade.so"
        modparam("palisade", "policy", "rate=off")
        modparam("palisade", "tcp_close", 0)
        tcp_clone_rcvbuf=1
        request_route {{
            palisade_check();
            $var(first) = $rc;
            {change}
            msg_apply_changes();
            palisade_check();
            $var(second) = $rc;
            if ($var(first) != 1) $var(second) = 99;
            sl_send_reply("200", "$var(second)");
        }}"#
    )
}

#[test]
fn a_message_that_the_script_has_changed_is_read_anew() {
    for (change, expected) in [
        ("", 1),
        // As long as before, so that all stands where it stood.
        (r#"subst("/<sip:phone@/<sip:a'--x@/g");"#, -2),
        (
            r#"append_hf("Authorization: Digest username=\"a\",foo\r\n");"#,
            -2,
        ),
        (
            r#"remove_hf("User-Agent"); append_hf("User-Agent: sipvicious\r\n");"#,
            -2,
        ),
        (r#"append_hf("X-Nothing: at all\r\n");"#, 1),
    ] {
        let kam = Kamailio::with(&route(change)).start();
        for phone in [
            Phone::udp(&kam, "127.0.0.66"),
            Phone::tcp(&kam, "127.0.0.67"),
        ] {
            let answer = phone.ask(&phone.request("REGISTER"));
            assert_eq!(code(answer), expected, "{change}");
        }
        kam.stop();
    }
}
