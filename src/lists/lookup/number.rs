//! Telephone numbers: one form for all the ways to write one.
//!
//! Not a dial plan: which country a number without `+` or `00` is in is not known here.

/// Digits of a number at the most; E.164 knows 15, callers of devices send more. What is behind
/// them tells no destination.
pub const MAX_DIGITS: usize = 64;

/// A number's digits, `*` and `#` included, without `+` or `00` before them.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    digits: [u8; MAX_DIGITS],
    length: usize,
}

impl Number {
    /// The digits.
    #[must_use]
    pub fn digits(&self) -> &[u8] {
        self.digits.get(..self.length).unwrap_or_default()
    }
}

/// Reads a number as users and carriers write it: `+34 91…`, `0034…`, `+34-91-123.45(67)`,
/// `+3491;npdi`. Visual separators (RFC 3966, 5.1.1) and blanks are left out; parameters end it. `None`: it is
/// no number, and compares as a text.
#[must_use]
pub fn normalise(text: &[u8]) -> Option<Number> {
    let number = text.split(|&byte| byte == b';').next()?;
    let (is_global, rest) = match number.split_first() {
        Some((b'+', rest)) => (true, rest),
        _ => (false, number),
    };
    let digits = || {
        rest.iter()
            .copied()
            .filter(|byte| !b"-.() \t".contains(byte))
    };
    let is_digit = |byte: u8| byte.is_ascii_digit() || byte == b'*' || byte == b'#';
    if !digits().all(is_digit) {
        return None;
    }
    let is_dialled_global = !is_global && digits().take(2).eq(*b"00");
    let mut found = Number {
        digits: [0; MAX_DIGITS],
        length: 0,
    };
    let kept = digits().skip(if is_dialled_global { 2 } else { 0 });
    for (place, digit) in found.digits.iter_mut().zip(kept) {
        *place = digit;
        found.length += 1;
    }
    (found.length > 0).then_some(found)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_number() {
        for (text, expected) in [
            ("+34911234567", Some("34911234567")),
            ("0034911234567", Some("34911234567")),
            ("34911234567", Some("34911234567")),
            ("+34-91-123.45(67)", Some("34911234567")),
            ("00(34)911234567", Some("34911234567")),
            ("0-0-34", Some("34")),
            ("+34911234567;npdi;rn=1", Some("34911234567")),
            ("0911234567", Some("0911234567")),
            ("000972", Some("0972")),
            ("+0034", Some("0034")),
            ("*67#", Some("*67#")),
            ("112", Some("112")),
            ("00112", Some("112")),
            ("0*1", Some("0*1")),
            ("+34;", Some("34")),
            ("34+", None),
            ("0", Some("0")),
            ("000", Some("0")),
            ("-.()", None),
            ("alice", None),
            ("+34 91", Some("3491")),
            (" 00 34\t91 ", Some("3491")),
            ("34x", None),
            ("+", None),
            ("00", None),
            ("", None),
            (";user=phone", None),
            ("++34", None),
            ("\u{ff10}34", None),
        ] {
            let number = normalise(text.as_bytes());
            let digits = number.as_ref().map(Number::digits);
            assert_eq!(digits, expected.map(str::as_bytes), "{text}");
        }
    }

    #[test]
    fn a_number_without_end_is_cut() {
        let number = normalise(&[b'7'; 1000]).unwrap();
        assert_eq!(number.digits(), &[b'7'; MAX_DIGITS]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text: Vec<u8>) {
            let _either = normalise(&text);
        }
    }
}
