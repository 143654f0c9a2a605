//! The edge: what can be said of a datagram before it is parsed.
//!
//! Not a parser: it only tells keepalives, STUN and replies from what Kamailio may take for a request. When in doubt
//! it is one: what is counted here and never becomes a request costs its sender a little of its rate; what is not
//! counted here and does become one is a way around.

/// Bytes of the shortest datagram that Kamailio takes for a message: MIN_UDP_PACKET in
/// src/core/config.h. All below are keepalives (CRLF, zero bytes, nothing at all).
const SHORTEST_MESSAGE: usize = 20;

/// Does the datagram want to be a SIP request? Not so: keepalives, STUN, and replies: else whoever makes a phone send
/// many would have the phone banned. HEP, which carries captured traffic to a Homer, is one: Kamailio's parser takes
/// the bytes before a captured request for the beginning of its method.
#[must_use]
pub fn is_request(datagram: &[u8]) -> bool {
    datagram.len() >= SHORTEST_MESSAGE
        && !datagram
            .iter()
            .all(|&byte| byte == b'\r' || byte == b'\n' || byte == 0)
        && !datagram.starts_with(b"SIP/2.0 ")
        && (!is_stun(datagram) || has_request_line(datagram))
}

/// RFC 8489, 5: two zero bits, fourteen of type, sixteen of length without the header of twenty bytes, a multiple of
/// four, and the magic cookie. What carries none (RFC 3489) is not told from a request of two chosen bytes.
fn is_stun(datagram: &[u8]) -> bool {
    let [kind, _, high, low, 0x21, 0x12, 0xa4, 0x42, ..] = *datagram else {
        return false;
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    kind < 0x40 && length.is_multiple_of(4) && length + 20 == datagram.len()
}

/// May Kamailio read a request line here? Whatever bytes are before the first blank are a method, those before the
/// second a URI (parse_first_line() in src/core/parser/parse_fline.c), so that a request may begin with the whole
/// header of a STUN message.
fn has_request_line(datagram: &[u8]) -> bool {
    let end = datagram
        .iter()
        .position(|&byte| byte == b'\n' || byte == b'\r');
    end.is_some_and(|end| datagram[..end].iter().filter(|&&byte| byte == b' ').count() >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUN: [u8; 28] = [
        0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 0x80,
        0x22, 0, 4, b't', b'e', b's', b't',
    ];

    #[test]
    fn what_wants_to_be_a_request() {
        let register = b"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n";
        let long_stun = [&STUN[..], b"more than it says"].concat();
        let old_stun = [&STUN[..4], &[7; 24]].concat();
        let blanks_in_stun = stun(b"\x80\x22\0\x08a b c\n\0\0");
        let half_a_line = stun(b"\x80\x22\0\x08a bcd\n\0\0");
        for (datagram, expected) in [
            (&register[..], true),
            (b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x\r\n\r\n", false),
            (b"garbage that no parser likes \xff\xff", true),
            (&[0x01; 64], true),
            (&long_stun, true),
            (b"", false),
            (b"\r\n\r\n", false),
            (b"\0\0\0\0", false),
            (&[b'\n'; 400], false),
            (b"jaK keepalive", false),
            (&STUN, false),
            (&half_a_line, false),
            (&blanks_in_stun, true),
            (&old_stun, true),
            (&dressed_as_stun(register), true),
            (b"HEP3\x00\x1b captured traffic", true),
            (b"\x01\x10\x02\x11\x13\xc4 captured traffic", true),
            (b"\x02\x28\x0a\x11\x13\xc4 captured traffic", true),
        ] {
            assert_eq!(
                is_request(datagram),
                expected,
                "{:?}",
                datagram.escape_ascii().to_string()
            );
        }
    }

    /// A message with these attributes.
    fn stun(attributes: &[u8]) -> Vec<u8> {
        let length = u16::try_from(attributes.len()).unwrap().to_be_bytes();
        [&STUN[..2], &length, &STUN[4..20], attributes].concat()
    }

    /// A request, padded, that begins with the header of a STUN message which holds it.
    fn dressed_as_stun(request: &[u8]) -> Vec<u8> {
        let padding = vec![b'\n'; request.len().wrapping_neg() % 4];
        let size = u16::try_from(request.len() + padding.len()).unwrap();
        let header = [&[0x80, 0x22], &size.to_be_bytes()[..]].concat();
        stun(&[&header, request, &padding].concat())
    }

    proptest::proptest! {
        /// However it is dressed: what Kamailio's parser takes for a request line is one.
        #[test]
        fn a_request_line_is_a_request(
            method in "[^ \r\n]{1,40}",
            uri in "[^ \r\n]{1,40}",
            rest: Vec<u8>,
        ) {
            let line = format!("{method} {uri} SIP/2.0\r\n");
            let request = [line.as_bytes(), b"Via: SIP/2.0/UDP x\r\n", &rest].concat();
            proptest::prop_assert!(is_request(&request) || method == "SIP/2.0");
            // A length that has a newline in it ends the line for Kamailio, too.
            let dressed = dressed_as_stun(&request);
            let is_cut = dressed[..24].iter().any(|byte| b"\r\n".contains(byte));
            proptest::prop_assert!(is_cut || is_request(&dressed));
        }

        #[test]
        fn no_datagram_panics(datagram: Vec<u8>) {
            let _either = is_request(&datagram);
        }
    }
}
