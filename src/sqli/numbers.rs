//! What goes on in SQL behind a number, where a query takes a name for one: `1 or id`, `1||1`.

use super::{VALUES, after_any, is_blank, split_word};

/// Words between an operand and another.
const OPERATORS: [&[u8]; 12] = [
    b"is", b"in", b"like", b"rlike", b"regexp", b"between", b"div", b"mod", b"not", b"or", b"and",
    b"xor",
];

/// Is this a number, and a condition joined to it?
pub(super) fn go_on(text: &[u8]) -> bool {
    let number = after_any(text, |byte| is_blank(byte) || b"(-".contains(&byte));
    let behind = after_any(number, |byte| byte.is_ascii_digit() || byte == b'.');
    if behind.len() == number.len() {
        return false;
    }
    let joined = after_any(behind, |byte| is_blank(byte) || byte == b')');
    if let [b'|', b'|', rest @ ..] | [b'&', b'&', rest @ ..] = joined {
        return !after_any(rest, is_blank).is_empty();
    }
    let (word, rest) = split_word(joined);
    let is_apart = joined.len() < behind.len();
    is_apart && [&b"or"[..], b"and", b"xor"].contains(&word) && is_condition(rest, word != b"and")
}

/// `id`, `not x`, `~0`, `1 is true`, `0x1`; `may_be_number`: or any number. `5 and 6` is none.
fn is_condition(text: &[u8], may_be_number: bool) -> bool {
    let text = after_any(text, |byte| is_blank(byte) || byte == b'(');
    if let [b'~' | b'!' | b'-' | b'.', rest @ ..] = text {
        let rest = after_any(rest, |byte| is_blank(byte) || b"~!-(".contains(&byte));
        return rest.first().is_some_and(u8::is_ascii_alphanumeric);
    }
    let (word, rest) = split_word(text);
    if !word.first().is_some_and(u8::is_ascii_digit) {
        return VALUES.contains(&word);
    }
    let rest = after_any(rest, |byte| is_blank(byte) || byte == b')');
    let (next, _) = split_word(rest);
    let is_hexadecimal = word.starts_with(b"0x");
    is_hexadecimal || OPERATORS.contains(&next) || (rest.is_empty() && may_be_number)
}
