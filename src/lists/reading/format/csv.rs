//! Comma-separated values. A first line that names columns says where the value, the match, the end
//! and the comment stand; without one, the value is the first column.

use std::borrow::Cow;

use csv::{ByteRecord, Reader, ReaderBuilder, WriterBuilder};

use crate::lists::reading::until;

use super::{BadLine, MATCH, NewRecord, Record, UNTIL, matching_of};

/// What the column of the value is called.
const VALUES: [&str; 20] = [
    "value",
    "cidr",
    "ip",
    "ip_address",
    "address",
    "network",
    "subnet",
    "range",
    "agent",
    "user_agent",
    "user",
    "username",
    "domain",
    "name",
    "number",
    "destination",
    "prefix",
    "country",
    "country_code",
    "asn",
];

/// Where a record's fields stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Columns {
    value: usize,
    matching: Option<usize>,
    until: Option<usize>,
    comment: Option<usize>,
    /// How many a record has.
    count: usize,
}

impl Columns {
    /// `None`: this is no line of names.
    fn named_by(header: &ByteRecord) -> Option<Self> {
        let place = |names: &[&str]| {
            let is_one = |field: &[u8]| {
                let field = field.trim_ascii();
                names
                    .iter()
                    .any(|name| name.as_bytes().eq_ignore_ascii_case(field))
            };
            header.iter().position(is_one)
        };
        Some(Self {
            value: place(&VALUES)?,
            matching: place(&["match", "matching"]),
            until: place(&["until", "expires", "valid_until"]),
            comment: place(&["comment", "description", "note"]),
            count: header.len(),
        })
    }

    const fn without_names(count: usize) -> Self {
        Self {
            value: 0,
            matching: None,
            until: None,
            comment: None,
            count,
        }
    }
}

fn reader(bytes: &[u8], from: usize) -> Reader<&[u8]> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(bytes.get(from..).unwrap_or_default())
}

#[allow(clippy::cast_possible_truncation)] // Positions in a slice.
pub fn each<'a>(
    bytes: &'a [u8],
    from: usize,
    mut take: impl FnMut(Result<Record<'a>, BadLine<'a>>),
) {
    let mut reader = reader(bytes, from);
    let mut columns = None;
    let mut fields = ByteRecord::new();
    // A slice can't fail to be read, and records of any length and any bytes are allowed.
    while reader.read_byte_record(&mut fields).unwrap_or(false) {
        let start = fields
            .position()
            .map_or((0, 0), |at| (at.byte(), at.line()));
        let (start, line) = behind_comments(bytes, from + start.0 as usize, start.1);
        let span = start..from + reader.position().byte() as usize;
        if columns.is_none() {
            columns = Columns::named_by(&fields);
            if columns.is_some() {
                continue;
            }
        }
        let columns = *columns.get_or_insert(Columns::without_names(fields.len()));
        match read(columns, &fields) {
            Ok(Some(record)) => take(Ok(Record {
                line,
                span,
                ..record
            })),
            Ok(None) => {}
            Err(why) => {
                let why = Cow::Borrowed(why);
                let text = bytes.get(span).unwrap_or_default().trim_ascii();
                take(Err(BadLine { line, text, why }));
            }
        }
    }
}

/// Where a record begins that the reader found behind comments and empty lines.
fn behind_comments(bytes: &[u8], mut at: usize, mut line: u64) -> (usize, u64) {
    let rest = bytes.get(at..).unwrap_or_default();
    for skipped in rest.split_inclusive(|&byte| byte == b'\n') {
        if !skipped.starts_with(b"#") && !matches!(skipped, b"\n" | b"\r\n" | b"\r") {
            break;
        }
        at += skipped.len();
        line += 1;
    }
    (at, line)
}

fn read(columns: Columns, fields: &ByteRecord) -> Result<Option<Record<'static>>, &'static str> {
    let get = |column: Option<usize>| {
        let field = column.and_then(|column| fields.get(column));
        field.map(<[u8]>::trim_ascii).unwrap_or_default()
    };
    let value = get(Some(columns.value));
    if value.is_empty() {
        // A line of blanks; one that lacks its value is bad.
        let is_blank = fields.iter().all(|field| field.trim_ascii().is_empty());
        return if is_blank {
            Ok(None)
        } else {
            Err("has no value")
        };
    }
    let given = |column| Some(get(column)).filter(|field| !field.is_empty());
    let matching = given(columns.matching).map(|name| matching_of(name).ok_or(MATCH));
    let until_s = given(columns.until).map(|time| until::parse(time).ok_or(UNTIL));
    Ok(Some(Record {
        value: Cow::Owned(value.to_vec()),
        matching: matching.transpose()?,
        until_s: until_s.transpose()?,
        comment: Cow::Owned(get(columns.comment).to_vec()),
        ..Record::default()
    }))
}

pub fn write(bytes: &[u8], record: NewRecord<'_>) -> Result<Vec<u8>, &'static str> {
    let mut header = ByteRecord::new();
    let has_first = reader(bytes, 0)
        .read_byte_record(&mut header)
        .unwrap_or(false);
    let columns = Columns::named_by(&header).unwrap_or(Columns::without_names(if has_first {
        header.len()
    } else {
        1
    }));
    let until_s = record.until_s.map(until::show).unwrap_or_default();
    if !until_s.is_empty() && columns.until.is_none() {
        return Err("the CSV file has no column until");
    }
    if !record.comment.is_empty() && columns.comment.is_none() {
        return Err("the CSV file has no column comment");
    }
    let fields = (0..columns.count).map(|column| match Some(column) {
        _ if column == columns.value => record.value,
        at if at == columns.until => until_s.as_bytes(),
        at if at == columns.comment => record.comment,
        _ => &[],
    });
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    writer
        .write_byte_record(&fields.collect())
        .map_err(|_| "a CSV file can't hold it")?;
    let mut line = writer
        .into_inner()
        .map_err(|_| "a CSV file can't hold it")?;
    line.truncate(line.trim_ascii_end().len());
    Ok(line)
}
