//! A list's table: which columns it has, which of its rows belong to the list, and how rows become
//! records and records rows.

use std::borrow::Cow;

use crate::lists::lookup::entry::{Kind, Value};
use crate::lists::reading::format::{BadLine, MATCH, NewRecord, Record, UNTIL, matching_of};
use crate::lists::reading::layout::{Layout, secfilter};
use crate::lists::reading::spec::{Spec, Table};
use crate::lists::reading::{until, value};

use super::{Access, Field, Named, Query};

/// Of the table of our own, and of those of Kamailio's modules: name and version.
const VERSIONS: [(Layout, &str, i64); 3] = [
    (Layout::Palisade, "palisade_list", 1),
    (Layout::Secfilter, "secfilter", 1),
    (Layout::Address, "address", 6),
];

/// Seconds since 1970 in 1973: what is less was meant as something else.
const FIRST_TIME: i64 = 100_000_000;

/// The rows of a list.
#[derive(Debug)]
pub struct Rows<'a> {
    access: Access<'a>,
    spec: &'a Spec,
    table: &'a Table,
    shape: Shape<'a>,
}

/// The columns that a table has.
#[derive(Debug)]
struct Shape<'a> {
    id: Option<&'a str>,
    value: &'a str,
    mask: Option<&'a str>,
    matching: Option<&'a str>,
    until: Option<&'a str>,
    comment: Option<&'a str>,
    /// What is so in the rows of this list alone.
    own: Vec<Named<'a>>,
}

impl<'a> Shape<'a> {
    fn of(spec: &'a Spec, table: &'a Table) -> Self {
        let mut shape = Self {
            id: Some("id"),
            value: "value",
            mask: None,
            matching: None,
            until: None,
            comment: None,
            own: Vec::new(),
        };
        match table.layout {
            // A table of the operator's own: what is not named is not there.
            Layout::Palisade if table.value.is_some() => shape.id = None,
            Layout::Palisade => {
                shape.own = vec![("name", Field::Text(spec.name.as_bytes()))];
                shape.matching = Some("matching");
                shape.until = Some("until");
                shape.comment = Some("comment");
            }
            Layout::Secfilter => {
                shape.value = "data";
                if let Some((action, kind)) = secfilter(spec.kind, spec.action) {
                    shape.own = vec![
                        ("action", Field::Number(action)),
                        ("type", Field::Number(kind)),
                    ];
                }
            }
            Layout::Address => {
                shape.value = "ip_addr";
                shape.mask = Some("mask");
                shape.comment = Some("tag");
                let group = table.group.map(i64::from);
                shape.own = group
                    .map(|group| ("grp", Field::Number(group)))
                    .into_iter()
                    .collect();
            }
            Layout::BlackList => {
                shape.value = "ip";
                shape.comment = Some("detail");
            }
            Layout::BlackListCountry => {
                shape.value = "country";
                shape.comment = Some("detail");
            }
        }
        shape.value = table.value.as_deref().unwrap_or(shape.value);
        shape.matching = table.matching.as_deref().or(shape.matching);
        shape.until = table.until.as_deref().or(shape.until);
        shape.comment = table.comment.as_deref().or(shape.comment);
        shape
    }

    /// In the order in which [`Rows::understand`] takes them.
    fn columns(&self) -> Vec<&'a str> {
        let others = [self.id, self.mask, self.matching, self.until, self.comment];
        let others = others.into_iter().flatten();
        core::iter::once(self.value).chain(others).collect()
    }
}

/// A row, so that it can be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// By its number.
    Id(i64),
    /// By its value, a number.
    Number(i64),
    /// By its value, a text.
    Text(Vec<u8>),
}

/// Who hears of records, and of the rows where they stand.
pub type Take<'a> = dyn FnMut(Result<Record<'static>, BadLine<'_>>, Mark) + 'a;

impl<'a> Rows<'a> {
    /// Of this list.
    #[must_use]
    pub fn new(access: Access<'a>, spec: &'a Spec, table: &'a Table) -> Self {
        let shape = Shape::of(spec, table);
        Self {
            access,
            spec,
            table,
            shape,
        }
    }

    /// Reads every record.
    ///
    /// # Errors
    ///
    /// A sentence that names the table.
    pub fn each(&self, take: &mut Take<'_>) -> Result<(), String> {
        let name = &*self.table.name;
        let known = VERSIONS
            .iter()
            .find(|(layout, own_name, _)| (*layout, *own_name) == (self.table.layout, name));
        if let Some((_, _, version)) = known {
            self.access.check_version(name, *version)?;
        }
        let columns = self.shape.columns();
        let query = Query {
            table: name,
            columns: &columns,
            equal: &self.shape.own,
        };
        let mut number = 0;
        self.access
            .database
            .read(self.access.url()?, &query, &mut |row| {
                number += 1;
                let (record, mark) = self.understand(row, number);
                take(record, mark);
                Ok(())
            })
    }

    fn understand<'r>(
        &self,
        row: &[Field<'r>],
        number: u64,
    ) -> (Result<Record<'static>, BadLine<'r>>, Mark) {
        let mut fields = row.iter().copied();
        let stored = fields.next().unwrap_or(Field::Nothing);
        let mut field = |column: Option<&str>| {
            let field = column.and_then(|_| fields.next());
            field.unwrap_or(Field::Nothing)
        };
        let id = field(self.shape.id);
        let mask = field(self.shape.mask);
        let matching = field(self.shape.matching);
        let until = field(self.shape.until);
        let comment = field(self.shape.comment);
        let (mark, line) = match (id, stored) {
            (Field::Number(id), _) => (Mark::Id(id), u64::try_from(id).unwrap_or(number)),
            (_, Field::Number(value)) => (Mark::Number(value), number),
            (_, stored) => (Mark::Text(text_of(stored).into_owned()), number),
        };
        let record = self.record(line, (stored, mask), matching, until, comment);
        let record = record.map_err(|why| BadLine {
            line,
            text: match stored {
                Field::Text(text) => text,
                Field::Number(_) | Field::Nothing => b"",
            },
            why: why.into(),
        });
        (record, mark)
    }

    fn record(
        &self,
        line: u64,
        (value, mask): (Field<'_>, Field<'_>),
        matching: Field<'_>,
        until: Field<'_>,
        comment: Field<'_>,
    ) -> Result<Record<'static>, &'static str> {
        let mut value = trimmed(value);
        if let (Some(_), false) = (self.shape.mask, value.is_empty()) {
            value = with_mask(value, mask)?;
        }
        let matching = match trimmed(matching) {
            name if name.is_empty() => None,
            name => Some(matching_of(&name).ok_or(MATCH)?),
        };
        let until_s = match until {
            Field::Nothing | Field::Number(0) => None,
            Field::Number(at) if at >= FIRST_TIME => u64::try_from(at).ok(),
            Field::Number(_) => return Err(UNTIL),
            Field::Text(text) if text.trim_ascii().is_empty() => None,
            Field::Text(text) => Some(until::parse(text).ok_or(UNTIL)?),
        };
        Ok(Record {
            line,
            span: 0..0,
            value: Cow::Owned(value),
            matching,
            until_s,
            comment: Cow::Owned(trimmed(comment)),
        })
    }

    /// The row that is to hold a record.
    ///
    /// # Errors
    ///
    /// Why the table can't.
    pub fn write(&self, record: NewRecord<'_>) -> Result<Vec<Written<'a>>, &'static str> {
        let shape = &self.shape;
        if record.value.contains(&0) || record.comment.contains(&0) {
            return Err("must not have a NUL");
        }
        let own = shape
            .own
            .iter()
            .map(|&(column, field)| (column, owned(field)));
        let mut row: Vec<Written<'a>> = own.collect();
        match self.table.layout {
            Layout::Address => row.extend(self.network(record.value)?),
            Layout::Secfilter => row.push((shape.value, Owned::Text(self.bare(record.value)?))),
            Layout::Palisade | Layout::BlackList | Layout::BlackListCountry => {
                row.push((shape.value, Owned::Text(record.value.to_vec())));
            }
        }
        match (shape.until, record.until_s) {
            (_, None) => {}
            (None, Some(_)) => return Err("its table has no column for the time when it ends"),
            (Some(column), Some(at)) => {
                row.push((column, Owned::Number(i64::try_from(at).unwrap_or(i64::MAX))));
            }
        }
        match (shape.comment, record.comment) {
            (None, []) => {}
            (None, _) => return Err("its table has no column for a comment"),
            // Empty, where there is none: the seed's tables don't take NULL.
            (Some(column), comment) => row.push((column, Owned::Text(comment.to_vec()))),
        }
        Ok(row)
    }

    /// A text without `prefix:`, where the table can't say how it is compared.
    fn bare(&self, written: &[u8]) -> Result<Vec<u8>, &'static str> {
        let read = value::read(self.spec.kind, self.spec.matching, &Cow::Borrowed(written));
        match read {
            Ok(Value::Text { matching, text }) if self.spec.kind != Kind::Destination => {
                if matching == self.spec.matching {
                    Ok(text.into_owned())
                } else {
                    Err("its table does not say how texts are compared: match= does")
                }
            }
            _ => Ok(written.to_vec()),
        }
    }

    fn network(&self, written: &[u8]) -> Result<Vec<Written<'a>>, &'static str> {
        const NETWORKS: &str = "its table holds addresses and networks such as 192.0.2.0/24 alone";
        let written = std::str::from_utf8(written).map_err(|_| NETWORKS)?;
        if written.contains('-') {
            return Err(NETWORKS);
        }
        let (address, mask) = written
            .split_once('/')
            .map_or((written, None), |(address, mask)| {
                (address, mask.parse().ok())
            });
        let address = address.trim_matches(['[', ']']);
        let mask = mask.unwrap_or(if address.contains(':') { 128 } else { 32 });
        let mut row = vec![
            (self.shape.value, Owned::Text(address.as_bytes().to_vec())),
            (self.shape.mask.unwrap_or("mask"), Owned::Number(mask)),
            ("port", Owned::Number(0)),
        ];
        if self.table.group.is_none() {
            row.push(("grp", Owned::Number(1)));
        }
        Ok(row)
    }

    /// Removes rows and adds one: both or neither.
    ///
    /// # Errors
    ///
    /// A sentence that names the table.
    pub fn change(&self, remove: &[Mark], add: Option<&[Written<'_>]>) -> Result<(), String> {
        let remove: Vec<Vec<Named<'_>>> = remove.iter().map(|mark| self.condition(mark)).collect();
        let add: Option<Vec<Named<'_>>> = add.map(|row| {
            row.iter()
                .map(|(column, field)| (*column, field.borrow()))
                .collect()
        });
        let url = self.access.url()?;
        self.access
            .database
            .change(url, &self.table.name, &remove, add.as_deref())
    }

    fn condition<'m>(&'m self, mark: &'m Mark) -> Vec<Named<'m>> {
        let shape = &self.shape;
        let (column, field) = match mark {
            Mark::Id(id) => (shape.id.unwrap_or("id"), Field::Number(*id)),
            Mark::Number(value) => (shape.value, Field::Number(*value)),
            Mark::Text(value) => (shape.value, Field::Text(value)),
        };
        let mut condition = vec![(column, field)];
        if !matches!(mark, Mark::Id(_)) {
            condition.extend_from_slice(&shape.own);
        }
        condition
    }
}

/// A field that is to be written, by the name of its column.
pub type Written<'a> = (&'a str, Owned);

/// A [`Field`] of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owned {
    /// A number.
    Number(i64),
    /// A text.
    Text(Vec<u8>),
}

impl Owned {
    fn borrow(&self) -> Field<'_> {
        match self {
            Self::Number(number) => Field::Number(*number),
            Self::Text(text) => Field::Text(text),
        }
    }
}

fn owned(field: Field<'_>) -> Owned {
    match field {
        Field::Number(number) => Owned::Number(number),
        Field::Text(text) => Owned::Text(text.to_vec()),
        Field::Nothing => Owned::Text(Vec::new()),
    }
}

fn text_of(field: Field<'_>) -> Cow<'_, [u8]> {
    match field {
        Field::Nothing => Cow::Borrowed(b""),
        Field::Number(number) => Cow::Owned(number.to_string().into_bytes()),
        Field::Text(text) => Cow::Borrowed(text),
    }
}

fn trimmed(field: Field<'_>) -> Vec<u8> {
    text_of(field).trim_ascii().to_vec()
}

/// permissions takes a mask of 0 for a single address.
fn with_mask(address: Vec<u8>, mask: Field<'_>) -> Result<Vec<u8>, &'static str> {
    let most = if address.contains(&b':') { 128 } else { 32 };
    match mask {
        Field::Nothing | Field::Number(0) => Ok(address),
        Field::Number(mask) if mask == most => Ok(address),
        Field::Number(mask) if (1..most).contains(&mask) => {
            Ok([address, format!("/{mask}").into_bytes()].concat())
        }
        Field::Number(_) | Field::Text(_) => {
            Err("mask must be between 0 and 32, or 128 where the address is of IPv6")
        }
    }
}

#[cfg(test)]
mod tests;
