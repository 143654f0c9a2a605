//! The parameters of a challenge, or of credentials, of digest authentication (RFC 7616, 3.3 and 3.4).
//!
//! Reads what the host's parser does not: challenges, and what is not parsed yet.

/// The value of a parameter, without its quotes: of `realm`, `a` in `Digest realm="a", nonce="b"`.
#[must_use]
pub fn parameter<'a>(text: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (_scheme, rest) = cut(text.trim_ascii(), b' ');
    let found = pairs(rest).find(|(key, _)| key.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

/// What stands before each equals sign, and the value after it, without its quotes. A scheme belongs to
/// what it stands before.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (key, after) = cut(rest, b'=');
        let after = after.trim_ascii_start();
        let (value, after) = match after.strip_prefix(b"\"") {
            Some(quoted) => {
                let (value, after) = cut(quoted, b'"');
                (value, cut(after, b',').1)
            }
            None => cut(after, b','),
        };
        rest = after;
        Some((key.trim_ascii(), value.trim_ascii()))
    })
}

/// What stands before the first such byte, and what after it.
fn cut(text: &[u8], byte: u8) -> (&[u8], &[u8]) {
    let mut parts = text.splitn(2, |&here| here == byte);
    let mut next = || parts.next().unwrap_or_default();
    (next(), next())
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_a_challenge() {
        for (challenge, name, expected) in [
            (r#"Digest realm="a", nonce="b""#, "realm", Some("a")),
            (r#"Digest realm="a", nonce="b""#, "NONCE", Some("b")),
            (r#"Digest realm="a, stale=true", x=y"#, "stale", None),
            (
                r#"Digest  algorithm=MD5 , Stale = TRUE"#,
                "stale",
                Some("TRUE"),
            ),
            (r#"Digest stale="true""#, "stale", Some("true")),
            (r#"Digest stale"#, "stale", Some("")),
            (r#"Digest realm="unclosed"#, "realm", Some("unclosed")),
            ("Digest", "realm", None),
            ("Digest ,,,===\"\"\"", "realm", None),
            ("", "realm", None),
        ] {
            let found = parameter(challenge.as_bytes(), name.as_bytes());
            assert_eq!(found, expected.map(str::as_bytes), "{name} of {challenge}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_challenge_panics_or_hangs(challenge: Vec<u8>) {
            let _either = parameter(&challenge, b"stale");
        }
    }
}
