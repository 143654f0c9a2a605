//! SQL injection: is there SQL in the user part of a URI, or of credentials?
//!
//! A pure function over bytes. Not a parser of SQL: it knows what an injection can't do without. A
//! user's name stands between quotes in a query, so whoever wants out of there has to close them and
//! go on in SQL; what goes on without a quote (a comment, a statement, a function) is looked for as
//! well, for queries that take a name for a number.
//!
//! What is legal in a user part (RFC 3261, 25.1) and in use passes: an apostrophe that touches a
//! letter is a name (`o'brien`, `nicolo'`, `'s-gravenhage`), as long as no SQL follows it, and so are
//! feet and inches (`6'2`, `5' 10"`); `#`, `+`, `*`, `=`, `;`, `$` and `--` between or behind letters are
//! nothing by themselves.

mod decode;
mod numbers;
mod reckoning;
mod statements;

use decode::Window;
use memchr::memmem;

/// Is there nothing in it that SQL could begin with? Most names are so, and are done with here.
#[must_use]
pub fn is_plain(text: &[u8]) -> bool {
    let mut before = 0;
    !text.iter().enumerate().any(|(at, &byte)| {
        let pair = (core::mem::replace(&mut before, byte), byte);
        // Most bytes are done with at the first look.
        SIGNS[usize::from(byte)]
            && match byte {
                b'+' => at > 0, // A number may begin with a plus.
                b'-' => pair == (b'-', b'-'),
                b'*' => pair == (b'/', b'*'),
                b'|' | b'&' => pair.0 == byte,
                _ => true,
            }
    })
}

/// Bytes that SQL could begin with, by themselves or behind another.
const SIGNS: [bool; 256] = {
    let mut signs = [false; 256];
    let mut byte = 0;
    while byte <= b' ' {
        signs[byte as usize] = true;
        byte += 1;
    }
    let others = b"'\"`%\\(=;+-*|&\xa0\xef";
    let mut at = 0;
    while at < others.len() {
        signs[others[at] as usize] = true;
        at += 1;
    }
    signs
};

/// Is there SQL in it, as it stands, or percent-encoded once or twice?
#[must_use]
pub fn holds(text: &[u8]) -> bool {
    !is_plain(text) && decode::windows(text).any(|part| is_sql(Window::read(part).as_bytes()))
}

/// Of a text that is decoded, in small letters. It may be plain now.
fn is_sql(text: &[u8]) -> bool {
    !is_plain(text) && is_statement(text)
}

fn is_statement(text: &[u8]) -> bool {
    ends_a_quote(text) || comments(text) || statements::any(text) || numbers::go_on(text)
}

/// Does a quote in it end one of the query's?
fn ends_a_quote(text: &[u8]) -> bool {
    let is_quoted = matches!(text, [b'"', name @ .., b'"'] if !name.is_empty());
    let name = if is_quoted {
        &text[1..text.len() - 1] // a phone's mistake, and nothing is closed
    } else {
        text
    };
    // These are in no name, and illegal in a user part unless they are escaped.
    if memchr::memchr2_iter(b'"', b'`', name).any(|at| !is_of_inches(name, at)) {
        return true;
    }
    let is_own = |at| is_apostrophe(name, at) || is_of_feet(name, at);
    let mut quotes = memchr::memchr_iter(b'\'', name);
    quotes.any(|at| !is_own(at) || goes_on(&name[at + 1..]))
}

/// `6'2` and `5' 10"`: nothing follows that a query could go on with.
fn is_of_feet(text: &[u8], at: usize) -> bool {
    let rest = after_any(&text[at + 1..], is_blank);
    let end = after_any(rest, |byte| byte.is_ascii_digit());
    ends_in_digit(&text[..at]) && end.len() < rest.len() && matches!(end, [] | [b'"'])
}

/// `room 5"` and `5' 10"`: at the end, behind a number of its own.
fn is_of_inches(text: &[u8], at: usize) -> bool {
    let number = text[..at].iter().rev();
    let before = number.into_iter().find(|byte| !byte.is_ascii_digit());
    text[at..] == *b"\""
        && ends_in_digit(&text[..at])
        && before.is_some_and(|&byte| is_blank(byte) || byte == b'\'')
}

fn ends_in_digit(text: &[u8]) -> bool {
    text.last().is_some_and(u8::is_ascii_digit)
}

/// Does the quote at this place touch a letter, and no other quote?
fn is_apostrophe(text: &[u8], at: usize) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80;
    let before = at.checked_sub(1).and_then(|at| text.get(at)).copied();
    let after = text.get(at + 1).copied();
    let is_escaped = before == Some(b'\\');
    let is_doubled = before == Some(b'\'') || after == Some(b'\'');
    !is_escaped && !is_doubled && (before.is_some_and(is_letter) || after.is_some_and(is_letter))
}

/// Words that go on with an expression where a text has ended.
const GO_ON: [&[u8]; 33] = [
    b"or",
    b"and",
    b"xor",
    b"not",
    b"like",
    b"rlike",
    b"regexp",
    b"is",
    b"in",
    b"between",
    b"div",
    b"mod",
    b"having",
    b"where",
    b"limit",
    b"group",
    b"order",
    b"union",
    b"select",
    b"into",
    b"insert",
    b"update",
    b"delete",
    b"drop",
    b"isnull",
    b"notnull",
    b"collate",
    b"sounds",
    b"ilike",
    b"glob",
    b"similar",
    b"procedure",
    b"returning",
];

/// Words that such an expression has, if it has no sign.
const PARTS: [&[u8]; 12] = [
    b"by",
    b"null",
    b"true",
    b"false",
    b"select",
    b"from",
    b"table",
    b"like",
    b"exists",
    b"not",
    b"outfile",
    b"dumpfile",
];

/// Is what follows a quote SQL?
fn goes_on(rest: &[u8]) -> bool {
    if reckoning::behind_operator(rest).is_some_and(reckoning::is_reckoned) {
        return true;
    }
    let rest = after_any(rest, |byte| is_blank(byte) || byte == b')');
    let is_operator = matches!(
        rest,
        [
            b'=' | b'<' | b'>' | b'!' | b'|' | b'^' | b'*' | b';' | b'#',
            ..,
        ] | [b'-', b'-', ..]
            | [b'/', b'*', ..]
            | [b'&', b'&', ..]
    );
    let (word, rest) = split_word(rest);
    let begins_expression = rest
        .first()
        .is_some_and(|&byte| is_blank(byte) || b"'\"(=<>!~".contains(&byte));
    let locks = || {
        let (next, rest) = split_word(after_any(rest, is_blank));
        word == b"for" && [&b"update"[..], b"share"].contains(&next) && is_expression(rest)
    };
    is_operator || (begins_expression && GO_ON.contains(&word) && is_expression(rest)) || locks()
}

/// Is this, behind `or` and its like, an expression? `d'or` and `l'union locale` are none.
fn is_expression(rest: &[u8]) -> bool {
    let has_sign = || rest.iter().any(|byte| b"=<>()'#;|".contains(byte)) || comments(rest);
    let has_word = || statements::words(rest).any(|word| PARTS.contains(&&rest[word]));
    has_sign() || has_word()
}

/// Does it hold a comment, or does one end it?
fn comments(text: &[u8]) -> bool {
    let is_enclosed = || {
        let begin = memmem::find(text, b"/*")?;
        memmem::find(&text[begin + 2..], b"*/")
    };
    is_enclosed().is_some() || ends_in_dashes(text)
}

/// `--` is a comment before a blank, or at the end; between letters it is a name's, and so it is behind a
/// single word (`lobby-- front`) and by itself.
fn ends_in_dashes(text: &[u8]) -> bool {
    let mut dashes = 0;
    for (at, &byte) in text.iter().enumerate() {
        if byte == b'-' {
            dashes += 1;
        } else if dashes >= 2 && is_blank(byte) && !is_word(&text[..at - dashes]) {
            return true;
        } else {
            dashes = 0;
        }
    }
    dashes >= 2 && dashes < text.len() && !is_word(&text[..text.len() - dashes])
}

/// What a query may compare with itself, or takes for a value.
const VALUES: [&[u8]; 8] = [
    b"id",
    b"true",
    b"false",
    b"null",
    b"not",
    b"user",
    b"username",
    b"password",
];

/// Words that are no numbers, and nothing that SQL could begin with: two in a row are none.
fn is_word(text: &[u8]) -> bool {
    let text = text.trim_ascii_end();
    let is_blank = |byte: &u8| *byte == b' ';
    let is_one = !text.iter().any(is_blank);
    let is_plain_word = |word: &[u8]| {
        let is_sql = || GO_ON.contains(&word) || PARTS.contains(&word) || SINGLE.contains(&word);
        !VALUES.contains(&word)
            && word.first().is_some_and(u8::is_ascii_alphabetic)
            && word.iter().all(|&byte| statements::is_of_word(byte))
            && (is_one || !is_sql())
    };
    text.split(is_blank).all(is_plain_word)
}

/// Words before a single value.
const SINGLE: [&[u8]; 6] = [b"binary", b"distinct", b"all", b"any", b"some", b"interval"];

/// What separates words: `+` is a space in a form of the web's, where these attacks come from.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, 0..=b' ' | b'+' | 0xa0)
}

fn after_any(text: &[u8], skipped: impl Fn(u8) -> bool) -> &[u8] {
    let begin = text.iter().position(|&byte| !skipped(byte));
    &text[begin.unwrap_or(text.len())..]
}

/// The word that a text begins with, and the rest.
fn split_word(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|&byte| !statements::is_of_word(byte));
    text.split_at(end.unwrap_or(text.len()))
}

#[cfg(test)]
mod tests;
