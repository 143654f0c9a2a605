//! A message that came in.

#[derive(Clone, Debug)]
pub struct Message {
    raw: Vec<u8>,
    start_line: String,
    headers: Vec<(String, String)>,
    body_at: usize,
}

/// RFC 3261, 20: the compact forms.
const COMPACT: &[(&str, &str)] = &[
    ("v", "Via"),
    ("f", "From"),
    ("t", "To"),
    ("i", "Call-ID"),
    ("m", "Contact"),
    ("l", "Content-Length"),
    ("c", "Content-Type"),
];

impl Message {
    /// None when the header part is not all there.
    pub fn parse(bytes: &[u8]) -> Option<Message> {
        let body_at = bytes.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&bytes[..body_at - 4]).into_owned();
        let mut lines = head.split("\r\n");
        let start_line = lines.next()?.to_string();
        let mut headers: Vec<(String, String)> = vec![];
        for line in lines {
            match (
                line.starts_with([' ', '\t']),
                headers.last_mut(),
                line.split_once(':'),
            ) {
                (true, Some((_, value)), _) => *value += line, // folded
                (_, _, Some((name, value))) => {
                    headers.push((long_name(name.trim()), value.trim().into()))
                }
                _ => {}
            }
        }
        Some(Message {
            raw: bytes.to_vec(),
            start_line,
            headers,
            body_at,
        })
    }

    pub fn start_line(&self) -> &str {
        &self.start_line
    }

    /// Of a response: 200.
    pub fn status(&self) -> Option<u16> {
        self.start_line
            .strip_prefix("SIP/2.0 ")?
            .get(..3)?
            .parse()
            .ok()
    }

    /// Of a response: `OK`.
    pub fn reason(&self) -> Option<&str> {
        self.start_line.strip_prefix("SIP/2.0 ")?.get(4..)
    }

    /// Of a request: `INVITE`.
    pub fn method(&self) -> Option<&str> {
        self.start_line.strip_suffix(" SIP/2.0")?.split(' ').next()
    }

    pub fn is_final(&self) -> bool {
        self.status().is_some_and(|status| status >= 200)
    }

    /// The first header of this name (long form, any case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    pub fn headers<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| &**value)
    }

    pub fn body(&self) -> &[u8] {
        &self.raw[self.body_at..]
    }

    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// A response to this request, without a body.
    pub fn response(&self, status: u16, reason: &str, contact: &str) -> String {
        let mut response = format!("SIP/2.0 {status} {reason}\r\n");
        for name in ["Via", "Record-Route", "From", "To", "Call-ID", "CSeq"] {
            for value in self.headers(name) {
                let tag = if name == "To" && !value.contains("tag=") {
                    ";tag=phone"
                } else {
                    ""
                };
                response += &format!("{name}: {value}{tag}\r\n");
            }
        }
        response + &format!("Contact: {contact}\r\nContent-Length: 0\r\n\r\n")
    }

    /// Does this answer the request with these?
    pub(in crate::support) fn answers(&self, call_id: &str, cseq: &str) -> bool {
        self.status().is_some()
            && self.header("Call-ID") == Some(call_id)
            && self.header("CSeq") == Some(cseq)
    }
}

fn long_name(name: &str) -> String {
    let compact = COMPACT
        .iter()
        .find(|(short, _)| short.eq_ignore_ascii_case(name));
    compact.map_or(name, |(_, long)| long).to_string()
}

impl std::fmt::Display for Message {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        String::from_utf8_lossy(&self.raw).fmt(out)
    }
}
