//! What Asterisk's own log says that it was sent, and answered: `pjsip set logger on`, `sip set debug on`.

use crate::support::Message;

/// A request and the final response to it.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub request: Message,
    pub answer: Option<Message>,
}

impl Exchange {
    pub fn status(&self) -> Option<u16> {
        self.answer.as_ref()?.status()
    }

    pub fn has_credentials(&self) -> bool {
        has_credentials(&self.request)
    }
}

pub fn has_credentials(request: &Message) -> bool {
    ["Authorization", "Proxy-Authorization"]
        .iter()
        .any(|name| request.header(name).is_some())
}

/// Those with this address (`127.0.0.1:5060`), each once, without what belongs to a call or ends it.
pub fn exchanges(wire: &str, address: &str) -> Vec<Exchange> {
    let mut found: Vec<Exchange> = vec![];
    for message in messages(wire, address) {
        let same =
            |exchange: &&mut Exchange| transaction(&exchange.request) == transaction(&message);
        let known = found.iter_mut().find(same);
        match (message.method(), known) {
            (Some("ACK" | "BYE" | "CANCEL"), _) | (Some(_), Some(_)) => {}
            (Some(_), None) => found.push(Exchange {
                request: message,
                answer: None,
            }),
            (None, Some(exchange)) if message.is_final() => exchange.answer = Some(message),
            (None, _) => {}
        }
    }
    found
}

/// RFC 3261, 17.1.3: the branch of the topmost Via, and the CSeq.
fn transaction(message: &Message) -> (Option<&str>, Option<&str>) {
    let via = message.header("Via").unwrap_or_default();
    let parameters = via.split([';', ',']).map(str::trim);
    let branch = parameters
        .filter_map(|it| it.strip_prefix("branch="))
        .next();
    (branch, message.header("CSeq"))
}

/// Requests that came from there, responses that went there.
fn messages<'a>(wire: &'a str, address: &'a str) -> impl Iterator<Item = Message> + 'a {
    let end = format!("{address} --->");
    let mut pieces = wire.split("<--- ");
    pieces.next();
    pieces.filter_map(move |piece| {
        let (title, text) = piece.split_once('\n')?;
        let is_theirs = title.trim_end().ends_with(&end);
        let is_request = text.lines().next()?.trim_end().ends_with(" SIP/2.0");
        let came = title.starts_with("Received") || title.starts_with("SIP read");
        (is_theirs && is_request == came && !title.starts_with("Retransmitting"))
            .then(|| parse(text))?
    })
}

/// The lines up to the first empty one.
fn parse(text: &str) -> Option<Message> {
    let lines = text.lines().map(str::trim_end);
    let head: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    Message::parse((head.join("\r\n") + "\r\n\r\n").as_bytes())
}
