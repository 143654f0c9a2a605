//! What is SQL without any quote: statements, functions, and tables that only an attacker asks for.

use std::ops::Range;

use super::is_blank;

/// Words that follow each other with nothing but blanks, stars and brackets between them.
const PAIRS: [(&[u8], &[&[u8]]); 9] = [
    (b"union", &[b"select", b"all", b"distinct"]),
    (b"insert", &[b"into"]),
    (b"delete", &[b"from"]),
    (b"drop", &[b"table", b"database", b"schema"]),
    (b"truncate", &[b"table"]),
    (b"alter", &[b"table"]),
    (b"waitfor", &[b"delay"]),
    (b"into", &[b"outfile", b"dumpfile"]),
    (b"exec", &[b"master", b"xp_cmdshell", b"sp_configure"]),
];

/// Statements that may follow a semicolon, which by itself begins a parameter.
const VERBS: [&[u8]; 10] = [
    b"select",
    b"insert",
    b"update",
    b"delete",
    b"drop",
    b"truncate",
    b"alter",
    b"exec",
    b"declare",
    b"waitfor",
];

/// Functions: of time, of errors that tell, and of text put together from numbers.
const FUNCTIONS: [&[u8]; 14] = [
    b"sleep",
    b"benchmark",
    b"pg_sleep",
    b"extractvalue",
    b"updatexml",
    b"load_file",
    b"concat",
    b"concat_ws",
    b"group_concat",
    b"char",
    b"chr",
    b"substring",
    b"substr",
    b"randomblob",
];

const TABLES: [&[u8]; 4] = [
    b"information_schema",
    b"sqlite_master",
    b"pg_catalog",
    b"xp_cmdshell",
];

pub(super) const fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Where the words of a text are.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let is_word = |place: &usize| text.get(*place).copied().is_some_and(is_of_word);
        let begin = (at..text.len()).find(is_word)?;
        at = (begin..text.len())
            .find(|place| !is_word(place))
            .unwrap_or(text.len());
        Some(begin..at)
    })
}

/// Is there one?
pub(super) fn any(text: &[u8]) -> bool {
    let mut before: Option<Range<usize>> = None;
    let mut is_selecting = false;
    for place in words(text) {
        let word = &text[place.clone()];
        let gap = &text[before.as_ref().map_or(0, |word| word.end)..place.start];
        let is_next = before.is_some()
            && gap
                .iter()
                .all(|&byte| is_blank(byte) || b"*()".contains(&byte));
        let previous = before.map_or(&b""[..], |word| &text[word]);
        // Words of one letter are none of SQL's, and digits are only compared.
        let is_word = word.len() > 1;
        let is_pair = is_next
            && is_word
            && previous.len() > 1
            && PAIRS
                .iter()
                .any(|(first, second)| *first == previous && second.contains(&word));
        is_selecting = word == b"select" || (is_selecting && is_of_columns(gap));
        let found = is_pair
            || (is_selecting && word == b"from")
            || (follows_semicolon(gap) && VERBS.contains(&word) && is_followed(text, place.end))
            || (is_word && text.get(place.end) == Some(&b'(') && FUNCTIONS.contains(&word))
            || (is_word && TABLES.contains(&word))
            || (is_next && is_always(previous, &text[place.start..]));
        if found {
            return true;
        }
        before = Some(place);
    }
    false
}

/// Is this between the words of a list of columns?
fn is_of_columns(gap: &[u8]) -> bool {
    gap.iter()
        .all(|&byte| is_blank(byte) || b"*(),".contains(&byte))
}

fn follows_semicolon(gap: &[u8]) -> bool {
    let last = gap.iter().rev().find(|&&byte| !is_blank(byte));
    last == Some(&b';')
}

fn is_followed(text: &[u8], at: usize) -> bool {
    text.get(at).copied().is_some_and(is_blank)
}

/// Behind this word, is this a comparison of two numbers: `or 1=1`?
fn is_always(word: &[u8], rest: &[u8]) -> bool {
    let number = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let joins = [&b"or"[..], b"and", b"xor", b"having", b"where"].contains(&word);
    if !joins || number(rest) == 0 {
        return false;
    }
    let rest = super::after_any(&rest[number(rest)..], is_blank);
    let compared = super::after_any(rest, |byte| b"=<>!".contains(&byte));
    compared.len() < rest.len() && number(super::after_any(compared, is_blank)) > 0
}
