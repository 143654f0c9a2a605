//! A request that is to be sent. Values are bytes: a test may put anything in.

use super::{Message, digest};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub uri: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

/// Who sends, and from where.
pub struct Sender<'a> {
    pub user: &'a str,
    pub domain: &'a str,
    pub agent: &'a str,
    pub local: SocketAddr,
    /// `UDP` or `TCP`.
    pub transport: &'a str,
}

impl Sender<'_> {
    /// A complete request, a dialog of its own; to himself unless [`Request::uri`] says otherwise.
    pub fn request(&self, method: &str) -> Request {
        let Sender {
            user,
            domain,
            agent,
            local,
            transport,
        } = self;
        let id = unique();
        let uri = match method {
            "REGISTER" => format!("sip:{domain}"),
            _ => format!("sip:{user}@{domain}"),
        };
        let parameter = match *transport {
            "TCP" => ";transport=tcp",
            _ => "",
        };
        Request::new(method, &uri)
            .header(
                "Via",
                format!("SIP/2.0/{transport} {local};rport;branch=z9hG4bK{id}"),
            )
            .header("Max-Forwards", "70")
            .header("From", format!("<sip:{user}@{domain}>;tag={id}"))
            .header("To", format!("<sip:{user}@{domain}>"))
            .header("Call-ID", format!("{id}@{}", local.ip()))
            .header("CSeq", format!("1 {method}"))
            .header("Contact", format!("<sip:{user}@{local}{parameter}>"))
            .header("User-Agent", agent)
    }
}

impl Request {
    /// With no header but Content-Length; [`Phone::request`](crate::support::Phone::request) gives
    /// a complete one.
    pub fn new(method: &str, uri: &str) -> Request {
        Request {
            method: method.into(),
            uri: uri.into(),
            headers: vec![],
            body: vec![],
        }
    }

    /// Sets the header, in the place of the first one of this name.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Request {
        let value = value.as_ref().to_vec();
        match self
            .headers
            .iter_mut()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            Some((_, old)) => *old = value,
            None => self.headers.push((name.into(), value)),
        }
        self
    }

    /// One more header, even if there is one of this name.
    pub fn another(mut self, name: &str, value: impl AsRef<[u8]>) -> Request {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub fn without(mut self, name: &str) -> Request {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    pub fn agent(self, agent: impl AsRef<[u8]>) -> Request {
        self.header("User-Agent", agent)
    }

    pub fn uri(mut self, uri: &str) -> Request {
        self.uri = uri.into();
        self
    }

    pub fn body(mut self, content_type: &str, body: impl AsRef<[u8]>) -> Request {
        self.body = body.as_ref().to_vec();
        self.header("Content-Type", content_type)
    }

    /// The next request of this dialog: the same Call-ID, the next CSeq, a new branch. Not a
    /// retransmission: for that, send the same request again.
    pub fn next(self) -> Request {
        let number: u32 = self
            .value("CSeq")
            .split(' ')
            .next()
            .and_then(|n| n.parse().ok())
            .unwrap_or(0);
        let cseq = format!("{} {}", number + 1, self.method);
        let via = self.value("Via");
        let via = via
            .split_once(";branch=")
            .map_or(&*via, |(sent_by, _)| sent_by)
            .to_string();
        self.header("CSeq", cseq)
            .header("Via", format!("{via};branch=z9hG4bK{}", unique()))
    }

    /// The request again, with the answer to the challenge in this 401 or 407.
    pub fn authorize(self, challenged: &Message, user: &str, password: &str) -> Request {
        let (challenge, header) = match challenged.header("WWW-Authenticate") {
            Some(challenge) => (challenge, "Authorization"),
            None => (
                challenged
                    .header("Proxy-Authenticate")
                    .expect("a challenge"),
                "Proxy-Authorization",
            ),
        };
        let answer = digest::answer(challenge, &self.method, &self.uri, user, password);
        self.next().header(header, answer)
    }

    /// The ACK for this INVITE's final response: for a failure with the INVITE's branch (RFC 3261,
    /// 17.1.1.3), for a success with one of its own (13.2.2.4).
    pub fn acknowledge(&self, answer: &Message) -> Request {
        let is_success = answer.status().is_some_and(|status| status < 300);
        let invite = if is_success {
            self.clone().next()
        } else {
            self.clone()
        };
        let cseq = self.value("CSeq").replace("INVITE", "ACK");
        let ack = invite
            .without("Contact")
            .without("Content-Type")
            .header("CSeq", cseq);
        let to = answer.header("To").unwrap_or_default();
        Request {
            method: "ACK".into(),
            body: vec![],
            ..ack
        }
        .header("To", to)
    }

    /// The header's value, empty when there is none.
    pub fn value(&self, name: &str) -> String {
        let value = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        value.map_or_else(String::new, |(_, value)| {
            String::from_utf8_lossy(value).into_owned()
        })
    }

    /// Content-Length is added unless it was set.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} SIP/2.0\r\n", self.method, self.uri).into_bytes();
        let length = (self.value("Content-Length").is_empty()).then(|| {
            (
                "Content-Length".to_string(),
                self.body.len().to_string().into_bytes(),
            )
        });
        for (name, value) in self.headers.iter().chain(&length) {
            bytes.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body);
        bytes
    }
}

/// The branch of a Via.
pub fn branch(via: &str) -> String {
    let branch = via.split_once("branch=").map_or("", |(_, branch)| branch);
    branch
        .split([';', ',', ' '])
        .next()
        .unwrap_or_default()
        .into()
}

/// Differs on every call, between processes too.
pub fn unique() -> String {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    format!("{:x}-{:x}", std::process::id(), CALLS.fetch_add(1, Relaxed))
}
