//! A PBX behind Kamailio: it answers what Asterisk's chan_sip or chan_pjsip has answered.

use crate::support::{Message, Phone, Rpc, Server, digest, unique};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

pub const PASSWORD: &str = "secret";
pub const REALM: &str = "asterisk";
/// How long it waits for a request before it looks whether it shall stop.
const LOOK: Duration = Duration::from_millis(50);

/// What a PBX answers: status, reason, and a challenge, or more parameters of the usual one.
pub type Answer = (u16, &'static str, Option<&'static str>);

/// The answer to a request, and whether its credentials were right (`None`: it has none).
pub type Manner = fn(&Message, Option<bool>) -> Answer;

const STALE: Answer = (401, "Unauthorized", Some(", stale=true"));
const DECLINED: Answer = (603, "Declined", None);

/// What real ones answered: `make interop` records it.
const CHAN_SIP: &str = include_str!("../data/interop/16-chan_sip-alwaysauthreject-no.tsv");
const CHAN_PJSIP: &str = include_str!("../data/interop/22-chan_pjsip.tsv");

/// To a request with this in it. One that does not ask for credentials does not look at them.
fn recorded(file: &'static str, method: &str, what: &str, is_right: Option<bool>) -> Answer {
    let credentials = match is_right {
        None => "none",
        Some(false) => "wrong",
        Some(true) => "right",
    };
    let row = |credentials: &str| {
        let begin = format!("{method}\t{what}\t{credentials}\t");
        file.lines().find_map(|line| line.strip_prefix(&begin))
    };
    let row = row(credentials).or_else(|| row("none"));
    let row = row.unwrap_or_else(|| panic!("{method} {what} {credentials} is not recorded"));
    let (answer, challenge) = match row.split_once('\t') {
        Some((answer, challenge)) => (answer, Some(challenge)),
        None => (row, None),
    };
    let (status, reason) = answer.split_once(' ').expect("a status and a reason");
    (status.parse().expect("a number"), reason, challenge)
}

/// Users 100 to 149 may register; 150 to 199 may not; the rest is unknown, but for those whose
/// name says what they get.
fn registration(file: &'static str, request: &Message, is_right: Option<bool>) -> Answer {
    let user = user_of(request.header("To").unwrap_or_default());
    let given = request.header("Authorization").unwrap_or_default();
    let is_anothers = digest::parameter(given, "username").is_some_and(|login| login != user);
    let what = match (user, user.parse()) {
        ("stale", _) if is_right.is_some() => return STALE,
        ("acl", _) => "address not allowed",
        ("busy", _) => return (503, "Service Unavailable", None),
        (_, Ok(100..=149)) if is_anothers => "another's login",
        ("stale", _) | (_, Ok(100..=149)) => "phone",
        (_, Ok(150..=199)) => "may not register",
        _ => "unknown",
    };
    recorded(file, "REGISTER", what, is_right)
}

/// Calls need no password, but for one.
fn call(file: &'static str, request: &Message, is_right: Option<bool>, is_overlap: bool) -> Answer {
    let number = user_of(request.start_line());
    let what = match number {
        "guarded" if is_right != Some(true) => {
            return recorded(file, "INVITE", "phone", is_right);
        }
        "ringing" => return (180, "Ringing", None),
        "carrier" => return (407, "Proxy Authentication Required", Some("carrier")),
        "600" if request.header("User-Agent") == Some("barred for once") => "barred number",
        "600" | "00491234" => "phone",
        _ if number.starts_with("0900") => "barred number",
        _ if number.starts_with('6') => return DECLINED,
        _ if number.starts_with('7') => "busy",
        _ if number.starts_with('8') => "no answer",
        _ if is_overlap && number.len() < 8 => "incomplete number",
        _ => "missing number",
    };
    recorded(file, "INVITE", what, Some(true))
}

/// `chan_sip` with `alwaysauthreject=no`: it says 403 to a wrong password, and 404 to who asks for
/// a user that is not there.
pub fn chan_sip(request: &Message, is_right: Option<bool>) -> Answer {
    match request.method() {
        Some("REGISTER") => registration(CHAN_SIP, request, is_right),
        _ => call(CHAN_SIP, request, is_right, true),
    }
}

/// `chan_pjsip`: it asks for credentials whoever it is, and once more where they are wrong.
pub fn chan_pjsip(request: &Message, is_right: Option<bool>) -> Answer {
    match request.method() {
        Some("REGISTER") => registration(CHAN_PJSIP, request, is_right),
        _ => call(CHAN_PJSIP, request, is_right, false),
    }
}

/// The user part of the first SIP URI in a text.
fn user_of(text: &str) -> &str {
    let after = text.split_once("sip:").map_or("", |(_, after)| after);
    after.split(['@', '>', ' ']).next().unwrap_or_default()
}

/// A PBX that runs until it is dropped.
pub struct Backend {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Backend {
    /// At this address; Kamailio finds it in `$shv(backend)`.
    #[track_caller]
    pub fn start(kam: &Server, address: &str, manner: Manner) -> Backend {
        let pbx = Phone::udp(kam, address).user("pbx");
        let uri = format!("sip:{}", pbx.local());
        kam.rpc(Rpc::Kamcmd, "pv.shvSet", json!(["backend", "str", uri]))
            .expect("pv.shvSet");
        Backend::serve(pbx, manner)
    }

    /// At the address of this one.
    pub fn serve(pbx: Phone, manner: Manner) -> Backend {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || {
            while !stopped.load(Relaxed) {
                if let Some(request) = pbx.receive(LOOK) {
                    answer(&pbx, &request, manner);
                }
            }
        });
        Backend {
            stop,
            thread: Some(thread),
        }
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(matches!(ended, Some(Ok(()))), "the PBX fell over");
    }
}

fn answer(pbx: &Phone, request: &Message, manner: Manner) {
    if request.method().is_none_or(|method| method == "ACK") {
        return;
    }
    let (status, reason, challenge) = manner(request, are_right(request));
    let response = request.response(status, reason, &format!("<sip:{}>", pbx.local()));
    // Another one each time: what `chan_pjsip` makes of the time has an `opaque` beside it.
    let nonce = format!("{:0>16}", unique());
    let header = match challenge {
        Some("carrier") => {
            format!("Proxy-Authenticate: Digest realm=\"carrier\", nonce=\"{nonce}\"\r\n")
        }
        Some(all) if all.starts_with("Digest ") => {
            format!("WWW-Authenticate: {}\r\n", fresh(all))
        }
        Some(more) => {
            format!("WWW-Authenticate: Digest realm=\"{REALM}\", nonce=\"{nonce}\"{more}\r\n")
        }
        None => String::new(),
    };
    let response = response.replace("Contact: ", &format!("{header}Contact: "));
    pbx.send_raw(response.as_bytes());
}

/// As the real ones: `chan_sip` has another nonce each time; behind a proxy `chan_pjsip` has the same
/// one for all in a second, and another opaque.
fn fresh(challenge: &str) -> String {
    static CHALLENGES: AtomicU64 = AtomicU64::new(1);
    let number = CHALLENGES.fetch_add(1, Relaxed);
    let name = match challenge.contains("opaque=\"") {
        true => "opaque=\"",
        false => "nonce=\"",
    };
    let (before, rest) = challenge.split_once(name).expect("a nonce");
    let (form, after) = rest.split_once('"').expect("a closing quote");
    let width = form.len();
    format!("{before}{name}{number:0width$x}\"{after}")
}

/// Are the credentials of the request those of its user?
fn are_right(request: &Message) -> Option<bool> {
    let given = request.header("Authorization")?;
    let method = request.method().unwrap_or_default();
    let is_ours = digest::parameter(given, "realm").as_deref() == Some(REALM);
    Some(is_ours && digest::is_right(given, method, PASSWORD))
}
