//! The challenges of a reply: for which realms it asks for credentials.
//!
//! Not a verdict: it does not know what was offered. Panic-free, whatever the bytes.

use crate::digest::pairs;

/// Bodies of WWW-Authenticate and Proxy-Authenticate, parted by commas; each begins with its scheme.
#[derive(Clone, Copy, Debug)]
pub(super) struct Challenges<'a>(pub &'a [u8]);

/// One parameter of a challenge.
struct Parameter<'a> {
    /// A scheme stands before it: with it a challenge begins.
    is_first: bool,
    name: &'a [u8],
    value: &'a [u8],
}

impl<'a> Challenges<'a> {
    /// Does any ask for credentials of a realm, whichever?
    pub(super) fn has_realm(self) -> bool {
        self.realms().next().is_some()
    }

    /// Does any ask for credentials of this realm? pjsip compares realms without case.
    pub(super) fn asks_for(self, realm: &[u8]) -> bool {
        self.realms().any(|asked| Self::is_same(asked, realm))
    }

    /// Does one call the nonce too old, whose realm `is_meant`?
    pub(super) fn is_stale(self, is_meant: impl Fn(&[u8]) -> bool) -> bool {
        let (mut realm, mut is_stale, mut found) = (None, false, false);
        for it in self.parameters() {
            if it.is_first {
                found |= is_stale && realm.is_none_or(&is_meant);
                (realm, is_stale) = (None, false);
            }
            if it.name.eq_ignore_ascii_case(b"realm") {
                realm = Some(it.value);
            }
            is_stale |=
                it.name.eq_ignore_ascii_case(b"stale") && it.value.eq_ignore_ascii_case(b"true");
        }
        found || (is_stale && realm.is_none_or(is_meant))
    }

    /// Blanks around it, and its case, make no other realm of one.
    pub(super) fn is_same(asked: &[u8], offered: &[u8]) -> bool {
        asked.eq_ignore_ascii_case(offered.trim_ascii())
    }

    fn realms(self) -> impl Iterator<Item = &'a [u8]> {
        let realms = self
            .parameters()
            .filter(|it| it.name.eq_ignore_ascii_case(b"realm"));
        realms.map(|it| it.value)
    }

    fn parameters(self) -> impl Iterator<Item = Parameter<'a>> {
        pairs(self.0.trim_ascii()).map(|(key, value)| {
            let name = key.rsplit(u8::is_ascii_whitespace).next().unwrap_or(key);
            Parameter {
                is_first: name.len() < key.len(),
                name,
                value,
            }
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn realms_that_are_asked_for() {
        for (challenges, realm, expected) in [
            (r#"Digest realm="a", nonce="b""#, "a", true),
            (r#"Digest realm="a", nonce="b""#, " A\t", true),
            (r#"Digest realm="a", nonce="b""#, "b", false),
            (r#"Digest nonce="b",REALM = a"#, "a", true),
            (r#"Digest nonce="realm=c", realm=a"#, "c", false),
            (r#"Digest realm="a", Digest realm="b""#, "b", true),
            (r#"Digest realm="unclosed"#, "unclosed", true),
            (r#"Digest realm="","#, "", true),
            ("Digest realm", "", true),
            ("Digest", "", false),
            ("Digest ,,,===\"\"\"", "", false),
            ("", "", false),
        ] {
            let found = Challenges(challenges.as_bytes()).asks_for(realm.as_bytes());
            assert_eq!(found, expected, "{realm} of {challenges}");
        }
        assert!(!Challenges(b"Digest nonce=\"x\"").has_realm());
    }

    #[test]
    fn a_nonce_that_is_too_old_is_that_of_its_own_realm() {
        for (challenges, expected) in [
            (r#"Digest realm="a", stale=true"#, true),
            (r#"Digest  algorithm=MD5 , Stale = TRUE"#, true),
            (r#"Digest stale="true", realm=a"#, true),
            (r#"Digest realm="a, stale=true", x=y"#, false),
            (r#"Digest realm="a", stale=false"#, false),
            (r#"Digest realm="b", stale=true"#, false),
            (
                r#"Digest realm="b", stale=true, Digest realm="a", nonce=1"#,
                false,
            ),
            (
                r#"Digest realm="b", nonce=1, Digest realm="a", stale=true"#,
                true,
            ),
            (
                r#"Digest realm="a", stale=true, Digest realm="b", nonce=1"#,
                true,
            ),
        ] {
            let found = Challenges(challenges.as_bytes()).is_stale(|realm| realm == b"a");
            assert_eq!(found, expected, "{challenges}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_challenge_panics_or_hangs(challenges: Vec<u8>) {
            let challenges = Challenges(&challenges);
            let _either = challenges.asks_for(b"a") || challenges.is_stale(|_| true);
        }
    }
}
