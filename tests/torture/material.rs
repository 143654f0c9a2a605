//! What is made torture of: RFC 4475's messages, some of our own, and the largest that fit.

use super::random::Random;
use std::path::{Path, PathBuf};

/// A UDP datagram holds no more.
pub const LONGEST: usize = 65_000;

/// Messages that go through all of a parser, with credentials.
const OWN: &[&str] = &[
    "REGISTER sip:palisade.test SIP/2.0\r\n\
     Via: SIP/2.0/UDP 127.0.0.10:5060;branch=z9hG4bKtorture;rport\r\n\
     Max-Forwards: 70\r\n\
     From: \"Alice\" <sip:alice@palisade.test>;tag=1\r\n\
     To: <sip:alice@palisade.test>\r\n\
     Call-ID: torture@127.0.0.10\r\n\
     CSeq: 1 REGISTER\r\n\
     Contact: <sip:alice@127.0.0.10>;expires=60\r\n\
     User-Agent: friendly-scanner\r\n\
     Authorization: Digest username=\"alice\", realm=\"palisade.test\", nonce=\"x\", \
     uri=\"sip:palisade.test\", response=\"d41d8cd98f00b204e9800998ecf8427e\", algorithm=MD5, \
     cnonce=\"y\", qop=auth, nc=00000001\r\n\
     Content-Length: 0\r\n\r\n",
    "INVITE sip:bob@palisade.test SIP/2.0\r\n\
     Via: SIP/2.0/UDP 127.0.0.10:5060;branch=z9hG4bKtorture2;rport\r\n\
     Max-Forwards: 70\r\n\
     From: sip:alice@palisade.test;tag=2\r\n\
     To: sip:bob@palisade.test\r\n\
     Call-ID: torture2@127.0.0.10\r\n\
     CSeq: 2 INVITE\r\n\
     Contact: sip:alice@127.0.0.10\r\n\
     User-Agent: Linphone/5.0\r\n\
     Proxy-Authorization: Digest username=\"alice@palisade.test\", realm=\"x\", nonce=\"x\", \
     uri=\"sip:bob@palisade.test\", response=\"0\"\r\n\
     Subject: sipvicious\r\n\
     Content-Type: application/sdp\r\n\
     Content-Length: 5\r\n\r\nv=0\r\n",
    "SIP/2.0 401 Unauthorized\r\n\
     Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKtorture3\r\n\
     From: <sip:alice@palisade.test>;tag=3\r\n\
     To: <sip:alice@palisade.test>;tag=4\r\n\
     Call-ID: torture3@127.0.0.10\r\n\
     CSeq: 3 REGISTER\r\n\
     Server: sipvicious\r\n\
     User-Agent: sundayddr\r\n\
     Content-Length: 0\r\n\r\n",
    "INVITE sip:100'%20or%20'1'='1:x@palisade.test;maddr=127.0.0.1?a=b SIP/2.0\r\n\
     Via: SIP/2.0/UDP 127.0.0.10:5060;branch=z9hG4bKtorture4;rport\r\n\
     Record-Route: <sip:127.0.0.14;lr>, \"a'--\" <sip:[::1]:5060;r2=on>;x=y\r\n\
     Record-Route: <sip:%27@nonsense>\r\n\
     Max-Forwards: 70\r\n\
     From: \"x' or 1=1--\" <sip:%2527%2520or%25201=1--@palisade.test>;tag=5\r\n\
     To: \"O'Brien\" <sip:a`;drop%20table%20x/**/--@palisade.test>\r\n\
     Call-ID: a--b'or'1=1@127.0.0.10\r\n\
     CSeq: 4 INVITE\r\n\
     Contact: \"a\\\"'\" <sip:x'--@127.0.0.10>;q=1;a=\"b\", sip:%60@[::1], *\r\n\
     Contact: <tel:1' union select 1>\r\n\
     User-Agent: Linphone/5.0\r\n\
     Authorization: Digest username=\"a' or 1=1--@x\", realm=\"'\", nonce=\"x\", \
     uri=\"sip:'@x\", response=\"0\"\r\n\
     Content-Length: 0\r\n\r\n",
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/rfc4475")
}

/// The message of RFC 4475 with this name.
pub fn rfc4475(name: &str) -> Vec<u8> {
    std::fs::read(folder().join(name).with_extension("dat")).expect(name)
}

/// Our own, then all of RFC 4475.
pub fn seeds() -> Vec<Vec<u8>> {
    let folder = folder();
    let files = folder.read_dir().expect("RFC 4475's messages");
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 49, "all of RFC 4475, 3");
    let mut seeds: Vec<Vec<u8>> = OWN.iter().map(|text| text.as_bytes().to_vec()).collect();
    seeds.extend(
        paths
            .iter()
            .map(|path| std::fs::read(path).expect("a message")),
    );
    seeds
}

/// Messages that are as long as they can be: in headers, in one header, in what the agent filter
/// reads.
pub fn largest() -> Vec<Vec<u8>> {
    let own = |extra: &[u8]| {
        let (line, rest) = OWN[0].split_once("\r\n").expect("a request line");
        let mut message = [line.as_bytes(), b"\r\n", extra, rest.as_bytes()].concat();
        message.truncate(LONGEST);
        message
    };
    let mut random = Random(0);
    let mut text = |bytes: usize| -> Vec<u8> {
        (0..bytes)
            .map(|_| 0x20 + random.below(0xdf) as u8)
            .collect()
    };
    vec![
        own(&b"X:\r\n".repeat(15_000)),
        own(&[&b"User-Agent: "[..], &text(60_000), b"\r\n"].concat()),
        own(&[
            &b"Contact: "[..],
            &b"<sip:a@b>,".repeat(6000),
            b"<sip:a@b>\r\n",
        ]
        .concat()),
        own(&[
            &b"Contact: "[..],
            &b"<sip:o'a%27@b>,".repeat(4000),
            b"<sip:a@b>\r\n",
        ]
        .concat()),
        own(&[
            &b"Record-Route: "[..],
            &b"<sip:127.0.0.1;lr>,".repeat(3000),
            b"<sip:a@b>\r\n",
        ]
        .concat()),
        own(&[&b"To: <sip:"[..], &b"%2527".repeat(12_000), b"@b>\r\n"].concat()),
        own(&[&b"Contact: <sip:a@b>"[..], &b";a".repeat(30_000), b"\r\n"].concat()),
        own(&[&b"From: <sip:a@b>"[..], &b";a".repeat(30_000), b"\r\n"].concat()),
        own(&[&b"Via: SIP/2.0/UDP a"[..], &b";a".repeat(30_000), b"\r\n"].concat()),
    ]
}
