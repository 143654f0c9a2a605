//! Records become entries: each is understood, or told of with the place where it stands.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry as Known;

use crate::escape::Escaped;
use crate::trusted::Trusted;

use super::format::{BadLine, Record};
use super::spec::Spec;
use super::{refuse, value};
use crate::lists::lookup::entry::{Action, Entry, Matching, Value};

/// Lines of each sort that are told of one by one; of the rest their number.
const TOLD: usize = 20;

/// Bytes of a comment that are kept in memory.
const LONGEST_COMMENT: usize = 200;

/// What a source holds.
pub struct Reading<'a> {
    spec: &'a Spec,
    trusted: &'a Trusted,
    now_s: u64,
    /// What counts.
    pub entries: Vec<Entry<'a>>,
    /// Records that are as they should be, whether they count or not.
    pub good: u64,
    /// Entries that say what another says.
    pub duplicates: usize,
    /// Bytes of texts that entries may take together, and that they take.
    room: u64,
    taken: u64,
    /// Records that can't be read.
    pub bad: Told,
    /// Records that a list that denies does not take.
    pub refused: Told,
}

/// What is told of lines.
#[derive(Debug, Default)]
pub struct Told {
    /// How many there are.
    pub count: u64,
    /// The first of them: `line=7 text="…": why`.
    pub first: Vec<String>,
}

impl Told {
    fn add(&mut self, line: u64, text: &[u8], why: &str) {
        self.count += 1;
        if self.first.len() < TOLD {
            let text = Escaped(text);
            let line = match line {
                0 => String::new(), // nobody knows it any more
                line => format!("line={line} "),
            };
            self.first.push(format!("{line}text=\"{text}\": {why}"));
        }
    }
}

impl<'a> Reading<'a> {
    /// Nothing yet. `trusted`: whom a list that denies must not hold.
    pub const fn new(spec: &'a Spec, trusted: &'a Trusted, now_s: u64) -> Self {
        Self {
            spec,
            trusted,
            now_s,
            entries: Vec::new(),
            good: 0,
            duplicates: 0,
            room: u64::MAX,
            taken: 0,
            bad: Told {
                count: 0,
                first: Vec::new(),
            },
            refused: Told {
                count: 0,
                first: Vec::new(),
            },
        }
    }

    /// Entries whose texts take more than so many bytes are not kept: there is no room for their image.
    #[must_use]
    pub fn with_room(self, room: u64) -> Self {
        Self { room, ..self }
    }

    /// Did they fit? `place`: where they come from.
    ///
    /// # Errors
    ///
    /// A sentence.
    pub fn check_room(&self, place: &str) -> Result<(), String> {
        if self.taken <= self.room {
            return Ok(());
        }
        let (taken, room) = (self.taken.div_ceil(1 << 20), self.room >> 20);
        Err(format!(
            "{place}: its entries take {taken} MB and more, more than lists_memory={room}"
        ))
    }

    /// Takes the next record.
    pub fn take(&mut self, record: Result<Record<'a>, BadLine<'_>>) {
        let record = match record {
            Ok(record) => record,
            Err(BadLine { line, text, why }) => return self.bad.add(line, text, &why),
        };
        let value = match value_of(self.spec, &record) {
            Ok(value) => value,
            Err(allowed) => {
                let why = format!("must be {allowed}");
                return self.bad.add(record.line, &record.value, &why);
            }
        };
        self.good += 1;
        if let Some(why) = refusal(self.spec, &value, self.trusted) {
            let why = format!("{why}: not denied without force=1");
            return self.refused.add(record.line, &record.value, &why);
        }
        if record.until_s.is_some_and(|until_s| until_s <= self.now_s) {
            return;
        }
        // At the least: sixteen bytes of an image, and its texts.
        self.taken += 16 + (record.value.len() + record.comment.len()) as u64;
        if self.taken > self.room {
            self.entries = Vec::new();
            return;
        }
        self.entries.push(Entry {
            value,
            until_s: record.until_s,
            comment: cut(record.comment, LONGEST_COMMENT),
            written: written(self.spec, record.matching, record.value),
        });
    }

    /// An entry that can't be put into an image is a bad one. The line where it stood is not known
    /// any more.
    pub fn drop_entry(&mut self, index: usize, why: &str) {
        if index < self.entries.len() {
            let entry = self.entries.remove(index);
            self.bad.add(0, &entry.written, why);
        }
    }

    /// Of entries for the same value one is left, in the place of the first: the one that ends
    /// last.
    pub fn collapse(&mut self) {
        let before = self.entries.len();
        if is_ascending(&self.entries) {
            return;
        }
        let mut seen = HashMap::with_capacity(before);
        let mut kept: Vec<Entry<'a>> = Vec::with_capacity(before);
        for entry in self.entries.drain(..) {
            match seen.entry(Key::of(&entry.value)) {
                Known::Vacant(place) => {
                    place.insert(kept.len());
                    kept.push(entry);
                }
                Known::Occupied(place) => {
                    if let Some(first) = kept.get_mut(*place.get())
                        && first
                            .until_s
                            .is_some_and(|first| entry.until_s.is_none_or(|other| other > first))
                    {
                        *first = entry;
                    }
                }
            }
        }
        self.entries = kept;
        self.duplicates += before - self.entries.len();
    }
}

/// What a record's value means in a list.
///
/// # Errors
///
/// What is allowed, after "must be".
pub fn value_of<'a>(spec: &Spec, record: &Record<'a>) -> Result<Value<'a>, Cow<'static, str>> {
    let matching = record.matching.unwrap_or(spec.matching);
    value::read(spec.kind, matching, &record.value)
}

/// Why a list does not take this value; `None`: it does.
pub fn refusal(spec: &Spec, value: &Value<'_>, trusted: &Trusted) -> Option<Cow<'static, str>> {
    if spec.action == Action::Deny && !spec.force {
        refuse::why(value, trusted)
    } else {
        None
    }
}

/// A value as the text form has it, which says how it is compared where that is not what the list
/// says.
fn written<'a>(spec: &Spec, matching: Option<Matching>, value: Cow<'a, [u8]>) -> Cow<'a, [u8]> {
    match matching {
        Some(matching) if matching != spec.matching => {
            let mut text = format!("{}:", matching.name()).into_bytes();
            text.extend_from_slice(&value);
            Cow::Owned(text)
        }
        _ => value,
    }
}

fn cut(text: Cow<'_, [u8]>, most: usize) -> Cow<'_, [u8]> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(..most).unwrap_or(text)),
        Cow::Owned(mut text) => {
            text.truncate(most);
            Cow::Owned(text)
        }
    }
}

/// Most lists of networks come sorted; then there is nothing to collapse.
fn is_ascending(entries: &[Entry<'_>]) -> bool {
    entries
        .windows(2)
        .all(|pair| match (&pair[0].value, &pair[1].value) {
            (
                Value::Network { first, last },
                Value::Network {
                    first: next_first,
                    last: next_last,
                },
            ) => (first, last) < (next_first, next_last),
            _ => false,
        })
}

/// What makes two entries the same.
#[derive(PartialEq, Eq, Hash)]
pub enum Key {
    /// First and last address.
    Network(u128, u128),
    /// How it is compared, and the text.
    Text(u8, Vec<u8>),
    /// A country's letters, or a system's number.
    Number(u64),
}

impl Key {
    /// Texts are the same whatever the case of their letters, but expressions are not: `\S` is not
    /// `\s`.
    pub fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Network { first, last } => Self::Network(first.0, last.0),
            Value::Text { matching, text } => {
                let text = match matching {
                    Matching::Regex => text.to_vec(),
                    _ => text.to_ascii_lowercase(),
                };
                Self::Text(*matching as u8, text)
            }
            Value::Country(letters) => Self::Number(u16::from_be_bytes(*letters).into()),
            Value::Asn(number) => Self::Number((*number).into()),
        }
    }
}
