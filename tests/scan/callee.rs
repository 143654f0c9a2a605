//! Who is called has never seen the password that the server has looked at, and can ask for whatever it
//! likes: that is no wrong password of the caller's.

use super::backend::{Answer, Backend, PASSWORD};
use super::{LOADED, stat};
use crate::support::{Kamailio, Message, Phone};

const USER: &str = "alice";

/// Kamailio looks at the password; `palisade_reply()` stands in the route of this name. Who says so in
/// its User-Agent has its credentials sent on.
fn registrar(place: &str) -> Kamailio {
    let (set, name) = match place {
        "failure_route" => ("t_on_failure(\"BACK\");", "failure_route[BACK]"),
        _ => ("t_on_reply(\"BACK\");", "onreply_route[BACK]"),
    };
    Kamailio::with(&format!(
        r#"
        {LOADED}
        loadmodule "auth.so"
        request_route {{
            sl_send_reply("100", "Trying");
            if (palisade_auth_blocked()) {{
                sl_send_reply("403", "Blocked");
                exit;
            }}
            pv_auth_check("asterisk", "{PASSWORD}", "0", "0");
            $var(code) = $rc;
            palisade_auth_result("$var(code)");
            if ($var(code) < 0) {{
                auth_challenge("asterisk", "0");
                exit;
            }}
            if ($ua != "a PBX behind") consume_credentials();
            {set}
            $du = $shv(backend);
            t_relay();
        }}
        {name} {{ palisade_reply(); }}"#
    ))
}

fn asks_again(_: &Message, _: Option<bool>) -> Answer {
    (401, "Unauthorized", Some(""))
}

#[test]
fn no_callee_has_the_caller_blocked() {
    for place in ["onreply_route", "failure_route"] {
        let kam = registrar(place).start();
        let _callee = Backend::start(&kam, "127.0.0.50", asks_again);
        let alice = Phone::udp(&kam, "127.0.1.1").user(USER);
        for method in ["MESSAGE", "INVITE", "MESSAGE", "INVITE", "SUBSCRIBE"] {
            let request = alice.request(method).uri("sip:bob@palisade.test");
            let answer = alice.ask_as(&request, USER, PASSWORD);
            let status = answer.and_then(|answer| answer.status());
            assert_eq!(status, Some(401), "{place}, {method}");
        }
        assert_eq!(stat(&kam, "auth_failures"), 0, "{place}");
        assert!(stat(&kam, "auth_successes") >= 5, "{place}");
        // A PBX behind that is sent the credentials has looked at them.
        let alice = Phone::udp(&kam, "127.0.1.1")
            .user(USER)
            .agent("a PBX behind");
        let request = alice.request("MESSAGE").uri("sip:bob@palisade.test");
        alice.ask_as(&request, USER, PASSWORD);
        assert_eq!(stat(&kam, "auth_failures"), 1, "{place}");
        kam.stop();
    }
}
