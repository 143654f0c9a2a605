//! What is reckoned behind a text that has ended: `'a'-0-'b'` is a number, and every name is zero.

use super::{after_any, comments, is_blank};

/// What stands before an apostrophe in names: `l'amico`, `citta' dell'arte`.
const ARTICLES: [&[u8]; 22] = [
    b"l", b"d", b"o", b"s", b"c", b"j", b"m", b"t", b"un", b"all", b"qu", b"dell", b"nell",
    b"dall", b"sull", b"coll", b"degl", b"negl", b"quell", b"quest", b"sant", b"mc",
];

/// Words that are one with the text behind them (`x'41'`, `date'2026-01-01'`), or work on it.
const OF_TEXTS: [&[u8]; 14] = [
    b"binary",
    b"date",
    b"time",
    b"timestamp",
    b"interval",
    b"not",
    b"and",
    b"xor",
    b"div",
    b"mod",
    b"like",
    b"rlike",
    b"regexp",
    b"collate",
];

/// Is it that, what stands behind the sign of an operator? It goes on to another quote, or ends in a
/// comment.
pub(super) fn is_reckoned(rest: &[u8]) -> bool {
    ends_query(rest) || (rest.contains(&b'\'') && !is_name(rest))
}

/// `#`, `/*`, `;` at the end or before a NUL: what the query says behind its quote is no more.
fn ends_query(rest: &[u8]) -> bool {
    let mut bytes = rest.iter().enumerate();
    let is_end = |at: usize| rest.get(at + 1).is_none_or(|&byte| byte == 0);
    comments(rest)
        || bytes.any(|(at, byte)| match byte {
            b'#' => true,
            b'/' => rest.get(at + 1) == Some(&b'*'),
            b';' => is_end(at),
            _ => false,
        })
}

/// More of a name, in which every quote is an apostrophe: `nicolo'-d'angelo`, `boys'/girls'`. Where SQL
/// goes on, a sign stands before the next quote.
fn is_name(rest: &[u8]) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80;
    let is_of_name = |byte: u8| is_letter(byte) || is_blank(byte) || b"-/&,.'".contains(&byte);
    if !rest.iter().all(|&byte| is_of_name(byte)) {
        return false;
    }
    let mut quotes = memchr::memchr_iter(b'\'', rest);
    quotes.all(|at| {
        let before = &rest[..at];
        let begin = before.iter().rposition(|&byte| !is_letter(byte));
        let word = &before[begin.map_or(0, |begin| begin + 1)..];
        match rest.get(at + 1) {
            Some(&byte) if is_letter(byte) => ARTICLES.contains(&word),
            Some(_) => false,
            None => word.len() > 2 && !OF_TEXTS.contains(&word),
        }
    })
}

/// The operator that a text begins with is left out.
pub(super) fn behind_operator(text: &[u8]) -> Option<&[u8]> {
    let text = after_any(text, |byte| {
        (byte != b'+' && is_blank(byte)) || byte == b')'
    });
    match text {
        [b'+' | b'-' | b'/' | b'%' | b'&' | b',', rest @ ..] => Some(rest),
        _ => None,
    }
}
