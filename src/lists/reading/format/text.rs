//! One value a line. A comment begins with `#` or `;`, at the beginning of a line or after a blank,
//! and with the word `until=…` it says when the entry ends.

use std::borrow::Cow;

use crate::lists::reading::until;

use super::{BadLine, NewRecord, Record, UNTIL, lines};

pub fn each<'a>(
    bytes: &'a [u8],
    from: usize,
    mut take: impl FnMut(Result<Record<'a>, BadLine<'a>>),
) {
    for (line, span) in lines(bytes, from) {
        let text = bytes[span.clone()].trim_ascii();
        let (value, comment) = split(text);
        if value.is_empty() {
            continue;
        }
        let (until_s, comment) = match ending(comment) {
            Ok(found) => found,
            Err(why) => {
                let why = Cow::Borrowed(why);
                take(Err(BadLine { line, text, why }));
                continue;
            }
        };
        take(Ok(Record {
            line,
            span,
            value: Cow::Borrowed(value),
            matching: None,
            until_s,
            comment: Cow::Borrowed(comment),
        }));
    }
}

/// The value, and what stands behind the sign of a comment.
fn split(text: &[u8]) -> (&[u8], &[u8]) {
    let is_sign = |at: usize| {
        matches!(text[at], b'#' | b';')
            && at
                .checked_sub(1)
                .is_none_or(|before| is_blank(text[before]))
    };
    match (0..text.len()).find(|&at| is_sign(at)) {
        Some(at) => (text[..at].trim_ascii(), text[at + 1..].trim_ascii()),
        None => (text, &[]),
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The end that a comment tells of, and the rest of the comment.
fn ending(comment: &[u8]) -> Result<(Option<u64>, &[u8]), &'static str> {
    let Some(rest) = comment.strip_prefix(b"until=") else {
        return Ok((None, comment));
    };
    let end = rest.iter().position(|&byte| is_blank(byte));
    let (time, rest) = rest.split_at(end.unwrap_or(rest.len()));
    let until_s = until::parse(time).ok_or(UNTIL)?;
    Ok((Some(until_s), rest.trim_ascii()))
}

pub fn write(record: NewRecord<'_>) -> Result<Vec<u8>, &'static str> {
    let is_line = |text: &[u8]| !text.iter().any(|byte| matches!(byte, b'\n' | b'\r'));
    let (kept, _) = split(record.value);
    if kept != record.value.trim_ascii() || kept != record.value || !is_line(record.value) {
        return Err(
            "a line of text can't hold it: a blank at an end, a line's end, or # or ; after a blank",
        );
    }
    if !is_line(record.comment) {
        return Err("the comment must be one line");
    }
    let comment = record.comment.trim_ascii();
    if record.until_s.is_none() && comment.starts_with(b"until=") {
        return Err("the comment must not begin with until=");
    }
    let mut line = record.value.to_vec();
    if let Some(until_s) = record.until_s {
        line.extend_from_slice(format!(" # until={}", until::show(until_s)).as_bytes());
    }
    if !comment.is_empty() {
        line.extend_from_slice(if record.until_s.is_some() {
            b" "
        } else {
            b" # "
        });
        line.extend_from_slice(comment);
    }
    Ok(line)
}
