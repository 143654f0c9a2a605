//! A PBX behind Kamailio: it answers as Asterisk's chan_sip or chan_pjsip does.

use crate::support::{Message, Phone, Rpc, Server, digest, unique};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

pub const PASSWORD: &str = "secret";
pub const REALM: &str = "asterisk";
/// How long it waits for a request before it looks whether it shall stop.
const LOOK: Duration = Duration::from_millis(50);

/// What a PBX answers: status, reason, and parameters of a challenge.
pub type Answer = (u16, &'static str, Option<&'static str>);

/// The answer to a request, and whether its credentials were right (`None`: it has none).
pub type Manner = fn(&Message, Option<bool>) -> Answer;

const UNAUTHORIZED: Answer = (401, "Unauthorized", Some(""));
const STALE: Answer = (401, "Unauthorized", Some(", stale=true"));
const NOT_FOUND: Answer = (404, "Not Found", None);
const FORBIDDEN: Answer = (403, "Forbidden", None);
const DECLINED: Answer = (603, "Declined", None);
const OK: Answer = (200, "OK", None);

/// Users 100 to 149 may register; 150 to 199 may not; the rest is unknown, but for those whose
/// name says what they get.
fn registration(
    request: &Message,
    is_right: Option<bool>,
    wrong: Answer,
    unknown: Answer,
) -> Answer {
    let user = user_of(request.header("To").unwrap_or_default());
    match (user, user.parse(), is_right) {
        ("stale", ..) if is_right.is_some() => STALE,
        ("busy", ..) => (503, "Service Unavailable", None),
        (_, Ok(150..=199), _) => FORBIDDEN,
        (_, Ok(100..=149), Some(true)) => OK,
        (_, Ok(100..=149), Some(false)) | ("stale", ..) if is_right.is_some() => wrong,
        (_, Ok(100..=149), _) | ("stale", ..) => UNAUTHORIZED,
        _ => unknown,
    }
}

fn call(request: &Message, is_right: Option<bool>, prefix_is_known: bool) -> Answer {
    let number = user_of(request.start_line());
    match number {
        "guarded" if is_right != Some(true) => UNAUTHORIZED,
        "600" if request.header("User-Agent") == Some("barred for once") => FORBIDDEN,
        "600" | "00491234" => OK,
        "ringing" => (180, "Ringing", None),
        "carrier" => (407, "Proxy Authentication Required", Some("carrier")),
        _ if number.starts_with("0900") => FORBIDDEN,
        _ if number.starts_with('6') => DECLINED,
        _ if number.starts_with('7') => (486, "Busy Here", None),
        _ if number.starts_with('8') => (480, "Temporarily Unavailable", None),
        _ if !prefix_is_known && number.len() < 8 => (484, "Address Incomplete", None),
        _ => NOT_FOUND,
    }
}

/// `chan_sip` with `alwaysauthreject=no`: it says 403 to a wrong password, and 404 to who asks for
/// a user that is not there.
pub fn chan_sip(request: &Message, is_right: Option<bool>) -> Answer {
    match request.method() {
        Some("REGISTER") => {
            let wrong = (403, "Forbidden (Bad auth)", None);
            registration(request, is_right, wrong, NOT_FOUND)
        }
        _ => call(request, is_right, false),
    }
}

/// `chan_pjsip`: it asks for credentials whoever it is, and once more where they are wrong.
pub fn chan_pjsip(request: &Message, is_right: Option<bool>) -> Answer {
    match request.method() {
        Some("REGISTER") => registration(request, is_right, UNAUTHORIZED, UNAUTHORIZED),
        _ => call(request, is_right, true),
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
        Some(more) => {
            format!("WWW-Authenticate: Digest realm=\"{REALM}\", nonce=\"{nonce}\"{more}\r\n")
        }
        None => String::new(),
    };
    let response = response.replace("Contact: ", &format!("{header}Contact: "));
    pbx.send_raw(response.as_bytes());
}

/// Are the credentials of the request those of its user? They have no qop, so that there is one
/// right answer.
fn are_right(request: &Message) -> Option<bool> {
    let given = request.header("Authorization")?;
    let part = |name| digest::parameter(given, name).unwrap_or_default();
    let nonce = part("nonce");
    let challenge = format!("Digest realm=\"{REALM}\", nonce=\"{nonce}\"");
    let method = request.method().unwrap_or_default();
    let right = digest::answer(
        &challenge,
        method,
        &part("uri"),
        &part("username"),
        PASSWORD,
    );
    Some(Some(part("response")) == digest::parameter(&right, "response"))
}
