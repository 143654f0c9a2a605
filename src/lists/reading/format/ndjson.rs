//! One JSON object a line: `{"cidr":"192.0.2.0/24"}`, as Spamhaus has it, with `match`, `until` and
//! `comment` if one likes. Objects without a value are skipped: Spamhaus' last line is about the
//! file.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::lists::reading::until;

use super::{BadLine, MATCH, NewRecord, Record, UNTIL, lines, matching_of};

/// The names of a value, the first that is there counts.
const VALUES: [&str; 2] = ["cidr", "value"];

pub fn each<'a>(
    bytes: &'a [u8],
    from: usize,
    mut take: impl FnMut(Result<Record<'a>, BadLine<'a>>),
) {
    for (line, span) in lines(bytes, from) {
        let text = bytes[span.clone()].trim_ascii();
        if text.is_empty() {
            continue;
        }
        let record = serde_json::from_slice::<Map<String, Value>>(text)
            .map_err(|_| "must be a JSON object such as {\"cidr\":\"192.0.2.0/24\"}")
            .and_then(|fields| read(&fields));
        match record {
            Ok(Some(record)) => take(Ok(Record {
                line,
                span,
                ..record
            })),
            Ok(None) => {}
            Err(why) => {
                let why = Cow::Borrowed(why);
                take(Err(BadLine { line, text, why }));
            }
        }
    }
}

fn read(fields: &Map<String, Value>) -> Result<Option<Record<'static>>, &'static str> {
    let Some(value) = VALUES.iter().find_map(|&name| fields.get(name)) else {
        return Ok(None);
    };
    let value = text_of(value).ok_or("the value must be a text")?;
    let get = |name: &str| fields.get(name).filter(|field| !field.is_null());
    let matching = get("match").map(|name| {
        let name = name.as_str().unwrap_or_default();
        matching_of(name.as_bytes()).ok_or(MATCH)
    });
    let until_s = get("until").map(|time| {
        let time = text_of(time).unwrap_or_default();
        until::parse(time.as_bytes()).ok_or(UNTIL)
    });
    let comment = get("comment").and_then(text_of).unwrap_or_default();
    Ok(Some(Record {
        value: Cow::Owned(value.into_bytes()),
        matching: matching.transpose()?,
        until_s: until_s.transpose()?,
        comment: Cow::Owned(comment.into_bytes()),
        ..Record::default()
    }))
}

/// Numbers are texts here: `{"value":64500}`.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub fn write(bytes: &[u8], record: NewRecord<'_>) -> Result<Vec<u8>, &'static str> {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).map(Value::from);
    let not_utf8 = |_| "JSON holds UTF-8 alone";
    // As the other lines have it.
    let has_cidr = bytes.windows(7).take(4096).any(|word| word == b"\"cidr\":");
    let name = if has_cidr { "cidr" } else { "value" };
    let mut fields = Map::new();
    fields.insert(name.to_owned(), text(record.value).map_err(not_utf8)?);
    if let Some(until_s) = record.until_s {
        fields.insert("until".to_owned(), until::show(until_s).into());
    }
    if !record.comment.is_empty() {
        let comment = text(record.comment).map_err(not_utf8)?;
        fields.insert("comment".to_owned(), comment);
    }
    Ok(Value::Object(fields).to_string().into_bytes())
}
