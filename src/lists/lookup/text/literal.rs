//! Regular expressions that are plain texts: `sipvicious`, `^sip\.cli$`. Most of a list's are, and
//! as texts they can be very many.

use crate::lists::lookup::entry::Matching;

/// What the expression asks for, said without one. `None`: it takes an automaton.
pub fn plain(expression: &[u8]) -> Option<(Matching, Vec<u8>)> {
    let (is_prefix, rest) = match expression.split_first() {
        Some((b'^', rest)) => (true, rest),
        _ => (false, expression),
    };
    let mut text = Vec::with_capacity(rest.len());
    let mut is_suffix = false;
    let mut bytes = rest.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'$' if bytes.peek().is_none() => is_suffix = true,
            // An escaped punctuation mark is that mark (syntax of the regex crate).
            b'\\' => text.push(
                bytes
                    .next()
                    .filter(|byte| byte.is_ascii_punctuation() && !b"<>".contains(byte))?,
            ),
            byte if b".+*?()|[]{}^$".contains(&byte) || !byte.is_ascii() => return None,
            byte => text.push(byte),
        }
    }
    let matching = match (is_prefix, is_suffix) {
        // What is compared whole is compared with the entry's own text, which has the `^` and `$`.
        (true, true) => return None,
        (true, false) => Matching::Prefix,
        (false, true) => Matching::Suffix,
        (false, false) => Matching::Contains,
    };
    (!text.is_empty()).then_some((matching, text))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn which_expressions_are_plain_texts() {
        use Matching::{Contains, Prefix, Suffix};
        for (expression, expected) in [
            ("sipvicious", Some((Contains, "sipvicious"))),
            ("^sipcli", Some((Prefix, "sipcli"))),
            ("scan$", Some((Suffix, "scan"))),
            ("a b-c_d/1", Some((Contains, "a b-c_d/1"))),
            ("^ab$", None),
            (r"^1\.2\\\$", Some((Prefix, r"1.2\$"))),
            (r"a\$$", Some((Suffix, "a$"))),
            ("a.b", None),
            ("a$b", None),
            ("a^b", None),
            ("(a)", None),
            ("[ab]", None),
            ("a{2}", None),
            ("a|b", None),
            ("a?", None),
            (r"\bsv", None),
            (r"\d", None),
            (r"a\<", None),
            (r"a\", None),
            ("é", None),
            ("^", None),
            ("$", None),
            ("", None),
        ] {
            let expected = expected.map(|(matching, text)| (matching, text.as_bytes().to_vec()));
            assert_eq!(plain(expression.as_bytes()), expected, "{expression}");
        }
    }
}
