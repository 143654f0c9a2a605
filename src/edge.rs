//! The edge: what can be said of a datagram before it is parsed.
//!
//! Not a parser: it only tells keepalives and captured traffic from what wants to be SIP.

/// Bytes of the shortest datagram that Kamailio takes for a message: MIN_UDP_PACKET in
/// src/core/config.h. All below are keepalives (CRLF, zero bytes, nothing at all).
const SHORTEST_MESSAGE: usize = 20;

/// Does the datagram want to be a SIP request? Not so: keepalives, STUN (RFC 8489), HEP, which carries
/// captured traffic to a Homer, and replies: else whoever makes a phone send many would have the
/// phone banned.
#[must_use]
pub fn is_request(datagram: &[u8]) -> bool {
    datagram.len() >= SHORTEST_MESSAGE
        && !datagram
            .iter()
            .all(|&byte| byte == b'\r' || byte == b'\n' || byte == 0)
        && !datagram.starts_with(b"SIP/2.0 ")
        && !is_stun(datagram)
        && !is_hep(datagram)
}

/// RFC 8489, 5: two zero bits, fourteen of type, sixteen of length without the header of twenty
/// bytes, a multiple of four.
fn is_stun(datagram: &[u8]) -> bool {
    let [kind, _, high, low, ..] = *datagram else {
        return false;
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    kind < 0x40 && length.is_multiple_of(4) && length + 20 == datagram.len()
}

/// HEP 3 begins with its name; 1 and 2 with version, length of the header, address family (2, 10),
/// protocol (<https://github.com/sipcapture/HEP>).
fn is_hep(datagram: &[u8]) -> bool {
    datagram.starts_with(b"HEP3")
        || matches!(
            *datagram,
            [1 | 2, 16 | 28, 2, ..] | [1 | 2, 40 | 52, 10, ..]
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    const STUN: [u8; 28] = [
        0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x80, 0x22, 0,
        4, b't', b'e', b's', b't',
    ];

    #[test]
    fn what_wants_to_be_a_request() {
        let register = b"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP x\r\n\r\n";
        let mut long_stun = STUN.to_vec();
        long_stun.extend_from_slice(b"more than it says");
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
            (b"HEP3\x00\x40 captured traffic", false),
            (b"\x01\x10\x02\x11\x13\xc4 captured traffic", false),
            (b"\x02\x28\x0a\x11\x13\xc4 captured traffic", false),
        ] {
            assert_eq!(
                is_request(datagram),
                expected,
                "{:?}",
                datagram.escape_ascii().to_string()
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn no_datagram_panics(datagram: Vec<u8>) {
            let _either = is_request(&datagram);
        }
    }
}
