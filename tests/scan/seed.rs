//! The nine lines that people have fail2ban look for in Asterisk's log
//! (seeds/asterisk-fail2ban.txt), and what Palisade makes of the reply that stands for each.

use super::backend::{Backend, Manner, PASSWORD, chan_pjsip, chan_sip};
use super::{counts, proxy};
use crate::support::{Phone, Rpc, Server};
use serde_json::json;

/// What a guesser does to get the line.
#[derive(Clone, Copy, Debug)]
enum Tries {
    /// To register as this user with these credentials, however it is challenged.
    ToRegister(&'static str, Option<(&'static str, &'static str)>),
    /// To call this number, with credentials that are wrong.
    ToCall(&'static str),
}
use Tries::*;

struct Line {
    line: &'static str,
    pbx: &'static str,
    tries: Tries,
    /// The last reply.
    answer: u16,
    /// Failures of the auth counter, distinct users, distinct destinations.
    counted: [i64; 3],
}

/// Lines 6 to 8 are of `chan_iax2`, which is no SIP and does not come through Kamailio; what they say
/// of IAX2, lines 1 and 2 say of SIP.
const LINES: [Line; 10] = [
    Line {
        line: "Registration from '.*' failed for '<HOST>' - Wrong password",
        pbx: "chan_sip",
        tries: ToRegister("101", Some(("101", "wrong"))),
        answer: 403,
        counted: [1, 1, 0],
    },
    Line {
        line: "Registration from '.*' failed for '<HOST>' - Wrong password",
        pbx: "chan_pjsip",
        tries: ToRegister("101", Some(("101", "wrong"))),
        answer: 401,
        counted: [1, 1, 0],
    },
    Line {
        line: "Registration from '.*' failed for '<HOST>' - No matching peer found",
        pbx: "chan_sip",
        tries: ToRegister("999", None),
        answer: 404,
        counted: [0, 1, 0],
    },
    Line {
        line: "Registration from '.*' failed for '<HOST>' - No matching peer found",
        pbx: "chan_pjsip",
        tries: ToRegister("999", Some(("999", "any"))),
        answer: 401,
        counted: [1, 1, 0],
    },
    Line {
        line: "Registration from '.*' failed for '<HOST>' - Username/auth name mismatch",
        pbx: "chan_sip",
        tries: ToRegister("101", Some(("102", "any"))),
        answer: 404,
        counted: [1, 1, 0],
    },
    Line {
        line: "Registration from '.*' failed for '<HOST>' - Device does not match ACL",
        pbx: "chan_sip",
        tries: ToRegister("acl", None),
        answer: 404,
        counted: [0, 1, 0],
    },
    Line {
        line: "Registration from '.*' failed for '<HOST>' - Device does not match ACL",
        pbx: "chan_pjsip",
        tries: ToRegister("acl", Some(("acl", PASSWORD))),
        answer: 401,
        counted: [1, 1, 0],
    },
    Line {
        line: "Registration from '.*' failed for '<HOST>' - Peer is not supposed to register",
        pbx: "chan_sip",
        tries: ToRegister("150", None),
        answer: 403,
        counted: [0, 1, 0],
    },
    Line {
        line: "Failed to authenticate user .*@<HOST>.*",
        pbx: "chan_sip",
        tries: ToCall("guarded"),
        answer: 403,
        counted: [1, 1, 1],
    },
    Line {
        line: "Failed to authenticate user .*@<HOST>.*",
        pbx: "chan_pjsip",
        tries: ToCall("guarded"),
        answer: 401,
        counted: [1, 1, 0],
    },
];

fn try_it(phone: &Phone, tries: Tries) -> Option<u16> {
    match tries {
        ToRegister(user, None) => phone.status(&phone.request_as("REGISTER", user)),
        ToRegister(user, Some((name, password))) => phone
            .ask_as(&phone.request_as("REGISTER", user), name, password)?
            .status(),
        ToCall(number) => {
            let uri = format!("sip:{number}@palisade.test");
            let request = phone.request_as("INVITE", "101").uri(&uri);
            phone.ask_as(&request, "101", "wrong")?.status()
        }
    }
}

/// Failures of all users from this source.
fn failures(kam: &Server, source: &str) -> i64 {
    let auth = kam
        .rpc(Rpc::Kamcmd, "palisade.auth", json!([]))
        .expect("palisade.auth");
    let rows = auth.rows("rows").into_iter();
    rows.filter(|row| row.text("source") == source)
        .map(|row| row.number("failures"))
        .sum()
}

#[test]
fn every_line_of_the_log_has_a_reply_that_counts() {
    for (pbx, manner) in [("chan_sip", chan_sip as Manner), ("chan_pjsip", chan_pjsip)] {
        let kam = proxy("").start();
        let _pbx = Backend::start(&kam, "127.0.0.50", manner);
        for (number, line) in LINES.iter().enumerate().filter(|(_, line)| line.pbx == pbx) {
            let source = format!("127.0.1.{number}");
            let phone = Phone::udp(&kam, &source);
            let what = format!("{} at {pbx}", line.line);
            for _ in 0..2 {
                assert_eq!(try_it(&phone, line.tries), Some(line.answer), "{what}");
            }
            let [users, destinations, _] = counts(&kam, &source);
            let [failed, expected @ ..] = line.counted;
            assert_eq!([users, destinations], expected, "{what}");
            assert_eq!(failures(&kam, &source), 2 * failed, "{what}");
        }
        assert_eq!(kam.stop().matching("ban key=").len(), 0);
    }
}

/// What a guesser at one account meets, with no line of a script that counts but
/// `palisade_reply()`.
#[test]
fn the_fourth_guess_behind_a_backend_is_not_evaluated() {
    for (manner, wrong) in [(chan_sip as Manner, 403), (chan_pjsip, 401)] {
        let kam = proxy("").start();
        let _pbx = Backend::start(&kam, "127.0.0.50", manner);
        let (guesser, owner) = (
            Phone::udp(&kam, "127.0.0.66"),
            Phone::udp(&kam, "127.0.0.5"),
        );
        assert_eq!(owner.register("101", PASSWORD), Some(200));
        let told: Vec<_> = (0..3)
            .map(|guess| guesser.register("101", &format!("guess {guess}")))
            .collect();
        assert_eq!(told, [Some(wrong); 3]);
        kam.log()
            .expect("auth_block user=\"101@asterisk\" key=127.0.0.66 failures=3");
        assert_eq!(guesser.register("101", PASSWORD), Some(403));
        assert_eq!(owner.register("101", PASSWORD), Some(200));
        let log = kam.stop();
        // Of each of the five before the last guess, a challenge and what followed.
        assert_eq!(log.matching("taken ").len(), 10, "{log}");
        assert_eq!(log.matching("taken 200 REGISTER 101: 1").len(), 2, "{log}");
    }
}
