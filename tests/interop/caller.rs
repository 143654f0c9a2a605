//! Whoever sends through Kamailio to Asterisk, by the tests' own phone: a request as a phone would send it, and what
//! becomes of it.

use super::asterisk::PASSWORD;
use crate::support::{Message, Phone, Reply, Request, Rpc, Server};
use serde_json::json;
use std::time::{Duration, Instant};

/// How long an answer may take that nobody stops.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(20);
/// How long Asterisk takes at most, mostly: after that, it is asked whether somebody is banned.
const PROMPT: Duration = Duration::from_millis(200);

/// What somebody tries.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub method: &'static str,
    pub user: String,
    /// The user of the credentials, if there are any, and the password.
    pub credentials: Option<(String, String)>,
    /// Whom it is to; of a REGISTER, who registers.
    pub number: String,
}

impl Attempt {
    pub fn new(method: &'static str, user: &str, number: &str) -> Attempt {
        Attempt {
            method,
            user: user.into(),
            credentials: None,
            number: number.into(),
        }
    }

    pub fn with(mut self, login: &str, password: &str) -> Attempt {
        self.credentials = Some((login.into(), password.into()));
        self
    }

    pub fn guess(self, password: &str) -> Attempt {
        let login = self.user.clone();
        self.with(&login, password)
    }

    pub fn right(self) -> Attempt {
        self.guess(PASSWORD)
    }

    /// Complete, as the method needs it.
    pub fn request(&self, phone: &Phone) -> Request {
        let request = phone.request_as(self.method, &self.user);
        let request = match self.method {
            "REGISTER" => return request.header("Expires", "60"),
            _ => {
                let uri = format!("sip:{}@palisade.test", self.number);
                request.uri(&uri).header("To", format!("<{uri}>"))
            }
        };
        match self.method {
            "INVITE" => request.body("application/sdp", sdp(phone)),
            "MESSAGE" => request.body("text/plain", "hello"),
            "SUBSCRIBE" => (request.header("Event", "presence").header("Expires", "60"))
                .header("Accept", "application/pidf+xml"),
            "PUBLISH" => (request.header("Event", "presence").header("Expires", "60"))
                .body("application/pidf+xml", PRESENCE),
            _ => request,
        }
    }
}

fn sdp(phone: &Phone) -> String {
    let ip = phone.local().ip();
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )
}

const PRESENCE: &str = "<?xml version=\"1.0\"?><presence xmlns=\"urn:ietf:params:xml:ns:pidf\" \
    entity=\"sip:101@palisade.test\"><tuple id=\"1\"><status><basic>open</basic></status></tuple></presence>";

pub struct Caller<'a> {
    pub kam: &'a Server,
    pub phone: Phone,
}

impl<'a> Caller<'a> {
    pub fn new(kam: &'a Server, source: &str) -> Caller<'a> {
        Caller {
            kam,
            phone: Phone::udp(kam, source),
        }
    }

    fn source(&self) -> String {
        self.phone.local().ip().to_string()
    }

    /// The last final response; a call that is answered is ended at once. None: Kamailio has banned who asks.
    pub fn attempt(&self, attempt: &Attempt) -> Option<Message> {
        let mut request = attempt.request(&self.phone);
        let mut answer = self.ask(&request)?;
        if let Some((user, password)) = &attempt.credentials
            && matches!(answer.status(), Some(401 | 407))
            && challenge(&answer).is_some()
        {
            request = request.authorize(&answer, user, password);
            answer = self.ask(&request)?;
        }
        if attempt.method == "INVITE" && answer.status() < Some(300) {
            self.hang_up(&request, &answer);
        }
        Some(answer)
    }

    pub fn status(&self, attempt: &Attempt) -> Option<u16> {
        self.attempt(attempt)?.status()
    }

    pub fn ask(&self, request: &Request) -> Option<Message> {
        self.phone.send(request);
        self.answer(request)
    }

    /// The final response to what was sent before.
    pub fn answer(&self, request: &Request) -> Option<Message> {
        let begin = Instant::now();
        loop {
            let received = self.phone.receive(LOOK);
            match received.filter(|message| message.is_final() && answers(message, request)) {
                Some(answer) => {
                    self.acknowledge(request, &answer);
                    return Some(answer);
                }
                None if begin.elapsed() > PROMPT && self.ban().is_some() => return None,
                None => assert!(
                    begin.elapsed() < PATIENCE,
                    "no answer to\n{}\n{}",
                    String::from_utf8_lossy(&request.bytes()),
                    self.kam.log()
                ),
            }
        }
    }

    /// The final responses to all of these, as they come.
    pub fn answers(&self, requests: &[Request]) -> Vec<Message> {
        let begin = Instant::now();
        let mut found = vec![];
        while found.len() < requests.len() {
            assert!(
                begin.elapsed() < PATIENCE,
                "{} of {} were answered\n{}",
                found.len(),
                requests.len(),
                self.kam.log()
            );
            let received = self.phone.receive(LOOK).filter(Message::is_final);
            let Some(answer) = received else { continue };
            if let Some(request) = requests.iter().find(|request| answers(&answer, request)) {
                self.acknowledge(request, &answer);
                let is_new = !found.iter().any(|known: &Message| answers(known, request));
                found.extend(is_new.then_some(answer));
            }
        }
        found
    }

    fn acknowledge(&self, request: &Request, answer: &Message) {
        if request.method == "INVITE" {
            let ack = request.acknowledge(answer);
            self.phone.send(&within(ack, answer));
        }
    }

    fn hang_up(&self, invite: &Request, answer: &Message) {
        let bye = (self.phone.request("BYE"))
            .header("Call-ID", invite.value("Call-ID"))
            .header("From", invite.value("From"))
            .header("To", answer.header("To").unwrap_or_default())
            .header("CSeq", "99 BYE");
        let answer = self
            .ask(&within(bye, answer))
            .expect("nobody is banned for it");
        assert_eq!(answer.status(), Some(200), "{answer}");
    }

    pub fn ban(&self) -> Option<String> {
        ban_of(self.kam, &self.source())
    }
}

/// In the dialog that a 2xx begins: to its Contact, by its route.
fn within(request: Request, answer: &Message) -> Request {
    let contact = answer.header("Contact").unwrap_or_default();
    let target = contact.split(['<', '>']).nth(1);
    match (target, answer.header("Record-Route")) {
        (Some(target), Some(route)) if answer.status() < Some(300) => {
            request.uri(target).header("Route", route)
        }
        _ => request,
    }
}

fn answers(message: &Message, request: &Request) -> bool {
    ["Call-ID", "CSeq"]
        .iter()
        .all(|name| message.header(name) == Some(&request.value(name)))
}

pub fn challenge(answer: &Message) -> Option<&str> {
    answer
        .header("WWW-Authenticate")
        .or(answer.header("Proxy-Authenticate"))
}

fn call(kam: &Server, command: &str) -> Reply {
    kam.rpc(Rpc::Kamcmd, &format!("palisade.{command}"), json!([]))
        .unwrap_or_else(|error| panic!("palisade.{command}: {error}\n{}", kam.log()))
}

/// The reason of a source's ban; `None`: it has none.
pub fn ban_of(kam: &Server, source: &str) -> Option<String> {
    let bans = call(kam, "bans").rows("rows");
    let ban = bans.into_iter().find(|ban| ban.text("key") == source)?;
    Some(ban.text("reason"))
}
