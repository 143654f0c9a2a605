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
    let request = sender.request(method);
    ["Via", "From", "Call-ID"]
        .into_iter()
        .fold(request, |request, name| {
            // Each ends with what must be its own: branch, tag, and all of it.
            let value = format!("{}{NUMBER}", request.value(name));
            request.header(name, value)
        })
}

/// Its n-th copy, different from the others where no two requests may be the same.
pub fn copy(letter: &Request, number: u64) -> Vec<u8> {
    let text = String::from_utf8(letter.bytes()).expect("letters are text");
    text.replace(NUMBER, &format!("x{number:x}")).into_bytes()
}
