//! What a forger writes: requests as the phone at that address would send them, as far as somebody
//! knows who has never seen one of its own: user, domain and address, no Call-ID, tag or nonce.

use super::world::DOMAIN;
use crate::support::{Request, Sender};
use std::net::SocketAddrV4;

/// Stands for what makes each message another one.
const NUMBER: &str = "@NUMBER@";

/// A request in the name of this user at this address.
pub fn letter(method: &str, user: &str, from: SocketAddrV4) -> Request {
    let sender = Sender {
        user,
        domain: DOMAIN,
        agent: "Palisade-Test",
        local: from.into(),
        transport: "UDP",
    };
    (sender.request(method))
        .header(
            "Via",
            format!("SIP/2.0/UDP {from};rport;branch=z9hG4bK{NUMBER}"),
        )
        .header("From", format!("<sip:{user}@{DOMAIN}>;tag={NUMBER}"))
        .header("Call-ID", NUMBER)
}

/// Its n-th copy, different from the others where no two requests may be the same.
pub fn copy(letter: &Request, number: u64) -> Vec<u8> {
    let text = String::from_utf8(letter.bytes()).expect("letters are text");
    text.replace(NUMBER, &format!("f{:x}x{number:x}", std::process::id()))
        .into_bytes()
}
