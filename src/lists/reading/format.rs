//! The formats of files: bytes in, records out, each with the place where it stands, so that it can
//! be edited.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use crate::lists::lookup::entry::Matching;

mod csv;
mod ndjson;
mod text;

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One value a line, `#` or `;` before a comment.
    Text,
    /// One JSON object a line.
    Ndjson,
    /// Comma-separated values.
    Csv,
}

/// One record of a file or a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record<'a> {
    /// The line where it begins; of a table, the row.
    pub line: u64,
    /// Its bytes in the file, the end of the line included.
    pub span: Range<usize>,
    /// The value as it stands there.
    pub value: Cow<'a, [u8]>,
    /// How it is compared, where a field of its own says so.
    pub matching: Option<Matching>,
    /// Seconds since 1970 from which on it no longer counts.
    pub until_s: Option<u64>,
    /// A person's words.
    pub comment: Cow<'a, [u8]>,
}

/// A record that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine<'a> {
    /// Its line.
    pub line: u64,
    /// Its bytes, without the end of the line.
    pub text: &'a [u8],
    /// What is wrong with it.
    pub why: Cow<'static, str>,
}

/// A record that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewRecord<'a> {
    /// The value, as the text form has it: `prefix:sip`.
    pub value: &'a [u8],
    /// Seconds since 1970 from which on it no longer counts.
    pub until_s: Option<u64>,
    /// A person's words.
    pub comment: &'a [u8],
}

impl Format {
    /// Every format with its name.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("text", Self::Text),
        ("ndjson", Self::Ndjson),
        ("csv", Self::Csv),
    ];

    /// By the ending of a file's name.
    #[must_use]
    pub fn of_name(path: &str) -> Self {
        let ending = Path::new(path)
            .extension()
            .and_then(|ending| ending.to_str());
        match ending.map(str::to_ascii_lowercase).as_deref() {
            Some("ndjson" | "jsonl" | "json") => Self::Ndjson,
            Some("csv") => Self::Csv,
            _ => Self::Text,
        }
    }

    /// Reads every record, in order.
    pub fn each<'a>(self, bytes: &'a [u8], take: impl FnMut(Result<Record<'a>, BadLine<'a>>)) {
        // A mark that some editors put before UTF-8.
        let mark = if bytes.starts_with(b"\xef\xbb\xbf") {
            3
        } else {
            0
        };
        match self {
            Self::Text => text::each(bytes, mark, take),
            Self::Ndjson => ndjson::each(bytes, mark, take),
            Self::Csv => csv::each(bytes, mark, take),
        }
    }

    /// One record as it stands in a file of this format, without the end of the line. `bytes` is
    /// what the file holds: its header says which fields there are.
    ///
    /// # Errors
    ///
    /// Why the format can't hold it.
    pub fn write(self, bytes: &[u8], record: NewRecord<'_>) -> Result<Vec<u8>, &'static str> {
        match self {
            Self::Text => text::write(record),
            Self::Ndjson => ndjson::write(bytes, record),
            Self::Csv => csv::write(bytes, record),
        }
    }
}

/// Lines with the ranges of bytes where they stand, the ends of lines included; the first begins
/// at `from`.
fn lines(bytes: &[u8], from: usize) -> impl Iterator<Item = (u64, Range<usize>)> + '_ {
    let rest = bytes.get(from..).unwrap_or_default();
    let mut at = from;
    let ranges = rest
        .split_inclusive(|&byte| byte == b'\n')
        .map(move |line| {
            let start = at;
            at += line.len();
            start..at
        });
    (1..).zip(ranges)
}

/// What a field `until` must be.
pub(super) const UNTIL: &str =
    "until must be a time such as 2026-12-01T00:00:00Z, or seconds since 1970";

/// What a field `match` must be.
pub(super) const MATCH: &str = "match must be one of exact, prefix, suffix, contains, regex";

pub(super) fn matching_of(name: &[u8]) -> Option<Matching> {
    let found = Matching::NAMES
        .iter()
        .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name));
    found.map(|&(_, matching)| matching)
}

#[cfg(test)]
mod tests;
