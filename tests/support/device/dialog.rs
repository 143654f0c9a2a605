//! A call, as one of its two ends knows it.

use crate::support::sip::{Message, Request};

#[derive(Clone, Debug)]
pub struct Dialog {
    pub call_id: String,
    local: String,
    remote: String,
    target: String,
    routes: String,
    cseq: u32,
}

impl Dialog {
    /// Of who called.
    pub fn of_caller(invite: &Request, answer: &Message) -> Dialog {
        let mut routes = record_route(answer);
        routes.reverse();
        Dialog {
            call_id: invite.value("Call-ID"),
            local: invite.value("From"),
            remote: answer.header("To").unwrap_or_default().into(),
            target: uri_in(answer.header("Contact").unwrap_or_default()),
            routes: routes.join(", "),
            cseq: number(&invite.value("CSeq")),
        }
    }

    /// Of who was called; `to` is what he answered.
    pub fn of_callee(invite: &Message, to: &str) -> Dialog {
        let header = |name| invite.header(name).unwrap_or_default();
        Dialog {
            call_id: header("Call-ID").into(),
            local: to.into(),
            remote: header("From").into(),
            target: uri_in(header("Contact")),
            routes: record_route(invite).join(", "),
            cseq: 0,
        }
    }

    /// The ACK of a 200 has the number of its INVITE, all else the next one.
    pub fn fill_in(&mut self, request: Request) -> Request {
        let method = request.method.clone();
        self.cseq += u32::from(method != "ACK");
        let request = (request.uri(&self.target))
            .header("From", &self.local)
            .header("To", &self.remote)
            .header("Call-ID", &self.call_id)
            .header("CSeq", format!("{} {method}", self.cseq));
        match self.routes.is_empty() {
            true => request,
            false => request.header("Route", &self.routes),
        }
    }
}

fn record_route(message: &Message) -> Vec<String> {
    let all = message
        .headers("Record-Route")
        .flat_map(|value| value.split(','));
    all.map(|route| route.trim().to_string()).collect()
}

fn number(cseq: &str) -> u32 {
    let number = cseq
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok());
    number.unwrap_or(0)
}

/// `sip:a@b` of `"x" <sip:a@b>;expires=1`.
pub fn uri_in(address: &str) -> String {
    let inside = address
        .split_once('<')
        .map_or(address, |(_, inside)| inside);
    inside.split('>').next().unwrap_or_default().into()
}
