//! What of a message only they know who have received something: nonces, the Call-ID, the Contact.
//! Read from its bytes, before or without a parser.
//!
//! Not a parser, and its reading decides no question of SIP: to know a secret is the proof, wherever it
//! stands in the message. What is missed (a folded line, what stands far behind) proves nothing.

use crate::digest::parameter;
use crate::hash::Hash;

/// Bytes of a message that are looked at.
const BYTES: usize = 4096;

/// Lines that are looked at.
const LINES: usize = 64;

/// Bytes of a secret that nobody guesses, and of one that is looked at.
const LENGTHS: std::ops::RangeInclusive<usize> = 8..=256;

/// Challenges or sets of credentials of one message that are looked at.
pub const TOKENS: usize = 2;

/// The secrets of a message, hashed; of those that it has none of, zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Nonce and opaque of each set of credentials, or of each challenge.
    pub tokens: [u64; TOKENS],
    /// Its Call-ID.
    pub call: u64,
    /// The URI of its first Contact.
    pub contact: u64,
}

/// A header whose value is looked at.
#[derive(Clone, Copy)]
enum Header {
    Call,
    Contact,
    Digest,
}

/// RFC 3261, 20: names in any case, and their compact forms.
const HEADERS: [(&[u8], Header); 8] = [
    (b"Call-ID", Header::Call),
    (b"i", Header::Call),
    (b"Contact", Header::Contact),
    (b"m", Header::Contact),
    (b"Authorization", Header::Digest),
    (b"Proxy-Authorization", Header::Digest),
    (b"WWW-Authenticate", Header::Digest),
    (b"Proxy-Authenticate", Header::Digest),
];

impl Secrets {
    /// Of a message, request or reply.
    #[must_use]
    pub fn of(message: &[u8], hash: &Hash) -> Self {
        let mut secrets = Self::default();
        let mut rest = &message[..message.len().min(BYTES)];
        for _ in 0..LINES {
            let Some(end) = memchr::memchr(b'\n', rest) else {
                break;
            };
            let line = rest[..end].trim_ascii_end();
            rest = &rest[end + 1..];
            if line.is_empty() {
                break;
            }
            if let Some((header, value)) = header_of(line) {
                secrets.take(header, value, hash);
            }
        }
        secrets
    }

    /// Those of its tokens that there are.
    pub fn each_token(&self) -> impl Iterator<Item = u64> {
        self.tokens.into_iter().filter(|&token| token != 0)
    }

    fn take(&mut self, header: Header, value: &[u8], hash: &Hash) {
        match header {
            Header::Call if self.call == 0 => self.call = secret(b"call", value, b"", hash),
            Header::Contact if self.contact == 0 => {
                self.contact = secret(b"contact", uri_of(value), b"", hash);
            }
            Header::Digest => {
                let nonce = parameter(value, b"nonce").unwrap_or_default();
                let opaque = parameter(value, b"opaque").unwrap_or_default();
                if let Some(room) = self.tokens.iter_mut().find(|token| **token == 0) {
                    *room = secret(b"nonce", nonce, opaque, hash);
                }
            }
            Header::Call | Header::Contact => {}
        }
    }
}

fn header_of(line: &[u8]) -> Option<(Header, &[u8])> {
    // Most lines are none of these: their first letter says so.
    if !b"cCiImMaApPwW".contains(&line[0]) {
        return None;
    }
    let (name, value) = line.split_at(memchr::memchr(b':', line)?);
    let name = name.trim_ascii_end();
    let found = HEADERS
        .iter()
        .find(|(one, _)| one.eq_ignore_ascii_case(name));
    found.map(|&(_, header)| (header, value[1..].trim_ascii()))
}

/// `sip:a@h` of `"A" <sip:a@h>;expires=60`.
fn uri_of(contact: &[u8]) -> &[u8] {
    let inside = memchr::memchr(b'<', contact).map(|at| &contact[at + 1..]);
    let (uri, end) = match inside {
        Some(inside) => (inside, b'>'),
        None => (contact, b';'),
    };
    &uri[..memchr::memchr(end, uri).unwrap_or(uri.len())]
}

/// Zero when it is too short to be one, or too long.
fn secret(kind: &[u8], text: &[u8], more: &[u8], hash: &Hash) -> u64 {
    match LENGTHS.contains(&text.len()) {
        true => hash.texts(&[kind, text, more]).max(1),
        false => 0,
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn of(text: &str) -> Secrets {
        Secrets::of(text.as_bytes(), &Hash::keyed([1, 2, 3, 4]))
    }

    #[test]
    fn a_secret_is_the_same_however_its_header_is_written() {
        let request = of("REGISTER sip:h SIP/2.0\r\n\
             Call-ID: 0123456789@host\r\n\
             Contact: \"A\" <sip:alice@192.0.2.7:5061>;expires=60\r\n\
             Authorization: Digest username=\"a\", nonce=\"0123456789ab\", cnonce=\"zzzzzzzzzzz\", opaque=\"op\"\r\n\
             \r\n");
        assert!(request.call != 0 && request.contact != 0);
        assert_eq!(request.each_token().count(), 1);
        for other in [
            "INVITE sip:b@h SIP/2.0\ni:0123456789@host \nm: <sip:alice@192.0.2.7:5061>\n\
             PROXY-authorization :Digest opaque=op,Nonce=0123456789ab\n\nbody",
            "SIP/2.0 401 Unauthorized\r\nCall-ID:  0123456789@host\r\n\
             m: sip:alice@192.0.2.7:5061;expires=9\r\n\
             WWW-Authenticate: Digest realm=\"a, nonce=\\\"x\", nonce=\"0123456789ab\", opaque=\"op\"\r\n\r\n",
        ] {
            assert_eq!(of(other), request, "{other}");
        }
    }

    #[test]
    fn what_is_no_secret() {
        for text in [
            "",
            "\r\n\r\n",
            "Call-ID: 0123456789",
            "Call-ID: 1234567\r\n",
            "Contact: *\r\n",
            "Authorization: Digest cnonce=\"0123456789ab\", opaque=\"0123456789\"\r\n",
            "Authorization: Digest nonce=\"\", opaque=\"0123456789\"\r\n",
            "X-Call-ID: 0123456789\r\nCall-IDs: 0123456789\r\nCall-ID\r\n",
            "a: b\r\n\r\nCall-ID: 0123456789\r\n",
        ] {
            assert_eq!(of(text), Secrets::default(), "{text}");
        }
        let far = format!("{}Call-ID: 0123456789\r\n", "a: b\r\n".repeat(64));
        assert_eq!(of(&far), Secrets::default());
        let long = format!("Call-ID: {}\r\n", "x".repeat(257));
        assert_eq!(of(&long), Secrets::default());
    }

    #[test]
    fn the_first_of_each_counts() {
        let first = of("Call-ID: 0123456789\r\n");
        assert_eq!(of("Call-ID: 0123456789\r\ni: abcdefghij\r\n"), first);
        let tokens = of("Authorization: Digest nonce=\"00000000\"\r\n\
             Authorization: Digest nonce=\"11111111\"\r\n\
             Proxy-Authorization: Digest nonce=\"22222222\"\r\n");
        let both = of("Authorization: Digest nonce=\"00000000\"\r\n\
             Proxy-Authorization: Digest nonce=\"11111111\"\r\n");
        assert_eq!(tokens, both);
        assert_eq!(tokens.each_token().count(), 2);
        assert_ne!(
            of("Authorization: Digest nonce=\"00000000\", opaque=\"1\"\r\n").tokens,
            of("Authorization: Digest nonce=\"00000000\", opaque=\"2\"\r\n").tokens
        );
    }

    proptest::proptest! {
        #[test]
        fn no_message_panics(message: Vec<u8>) {
            let _any = Secrets::of(&message, &Hash::keyed([1, 2, 3, 4]));
        }
    }
}
