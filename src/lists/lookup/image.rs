//! The image of a list: bytes that say what they are, written once by the keeper, read in place.
//!
//! A head, then sections: the entries and their texts, and what a look-up goes through, of networks
//! ([`super::network`]) or of texts ([`super::text`]). Each section begins at a cache line. An image
//! names no address, only places within itself.
//!
//! Any bytes can be asked, and cost no more than a wrong answer.

use super::entry::{Entry, Kind, Matching, Value};
use super::{network, number, text};
use crate::hash::Hash;
use crate::source::Address;

mod error;
#[cfg(all(test, not(loom)))]
mod tests;

use super::sections::{self, Section, Sections};
pub use error::BuildError;

/// What a look-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    /// Of the entry, in the order of the source.
    pub index: usize,
    /// As it was written.
    pub written: &'a [u8],
    /// A person's words.
    pub comment: &'a [u8],
    /// From when on it no longer counts; 0: never.
    pub until_ms: u64,
    /// Of networks: how long the match is, of 128 bits.
    pub prefix_bits: u8,
}

/// The bytes of a list that lie somewhere.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    sections: Sections<'a>,
}

/// Bytes of an entry: where its texts are, how long; when it ends, and a small number that depends
/// on the kind: the length of a network, the length of a text.
const ENTRY: usize = 16;

/// Bits of the small number.
const SMALL_BITS: u32 = 16;

/// Writes the image of a list. `to_ms` makes milliseconds of our clock out of seconds since 1970.
///
/// # Errors
///
/// A sentence that names the entry at fault: a regular expression that is none or too large, a
/// value of another kind than the list.
pub fn build(
    kind: Kind,
    entries: &[Entry<'_>],
    hash: &Hash,
    to_ms: impl Fn(u64) -> u64,
) -> Result<Vec<u8>, BuildError> {
    let mut sections = sections::Writer::new(kind, entries.len());
    let mut records = Vec::with_capacity(entries.len() * ENTRY);
    let mut texts = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let small = check(kind, index, entry)?;
        // Zero means never; what ended before our clock began has ended.
        let ends_ms = entry.until_s.map_or(0, |until_s| to_ms(until_s).max(1));
        let ends_ms = ends_ms.min((1 << (64 - SMALL_BITS)) - 1);
        let at = u32::try_from(texts.len()).map_err(|_| error::too_many(index))?;
        if let Value::Text { text, .. } = &entry.value {
            texts.extend(text.iter().map(u8::to_ascii_lowercase));
        }
        texts.extend_from_slice(&entry.written);
        let comment = cut(&entry.comment);
        texts.extend_from_slice(comment);
        records.extend_from_slice(&at.to_le_bytes());
        for length in [entry.written.len(), comment.len()] {
            let length = u16::try_from(length).map_err(|_| error::too_long(index, entry))?;
            records.extend_from_slice(&length.to_le_bytes());
        }
        records.extend_from_slice(&(ends_ms << SMALL_BITS | u64::from(small)).to_le_bytes());
    }
    sections.put(Section::Entries, &records);
    sections.put(Section::Texts, &texts);
    drop((records, texts));
    match kind {
        Kind::Network | Kind::Country | Kind::Asn => {
            let ranges = (0..).zip(entries).filter_map(|(index, entry)| {
                let (first, last) = range_of(&entry.value)?;
                Some((first, last, index))
            });
            let (tree, pieces) =
                network::build(ranges).ok_or_else(|| error::too_many(entries.len()))?;
            sections.put(Section::Tree, &tree);
            sections.put(Section::Pieces, &pieces);
        }
        Kind::Agent | Kind::User | Kind::Domain | Kind::Name | Kind::Destination => {
            let texts = (0..)
                .zip(entries)
                .filter_map(|(index, entry)| match &entry.value {
                    Value::Text { matching, text } => Some(text::Given {
                        index,
                        matching: if kind == Kind::Destination {
                            Matching::Prefix
                        } else {
                            *matching
                        },
                        text,
                    }),
                    _ => None,
                });
            text::build(texts, hash, &mut |section, bytes| {
                sections.put(section, bytes)
            })
            .map_err(|(index, why)| {
                error::expression(index as usize, &entries[index as usize], &why)
            })?;
        }
    }
    sections
        .finish()
        .ok_or_else(|| error::too_many(entries.len()))
}

/// The small number of an entry, which must be of the list's kind.
fn check(kind: Kind, index: usize, entry: &Entry<'_>) -> Result<u16, BuildError> {
    match (kind, &entry.value) {
        (Kind::Network, Value::Network { first, last }) => {
            Ok(network::bits_of(*first, *last).into())
        }
        (Kind::Country, Value::Country(_)) | (Kind::Asn, Value::Asn(_)) => Ok(0),
        (
            Kind::Agent | Kind::User | Kind::Domain | Kind::Name | Kind::Destination,
            Value::Text { text, .. },
        ) if !text.is_empty() => {
            u16::try_from(text.len()).map_err(|_| error::too_long(index, entry))
        }
        _ => Err(error::other_kind(index, entry, kind)),
    }
}

/// What an entry holds, as addresses.
fn range_of(value: &Value<'_>) -> Option<(Address, Address)> {
    let one = |place: Address| Some((place, place));
    match value {
        Value::Network { first, last } => Some((*first, *last)),
        Value::Country(country) => one(country_place(*country)),
        Value::Asn(asn) => one(network::place_of(*asn)),
        Value::Text { .. } => None,
    }
}

fn country_place(country: [u8; 2]) -> Address {
    let capitals = country.map(|letter| letter.to_ascii_uppercase());
    network::place_of(u16::from_be_bytes(capitals).into())
}

/// As much of a comment as there is room for.
fn cut(comment: &[u8]) -> &[u8] {
    &comment[..comment.len().min(u16::MAX.into())]
}

impl<'a> Image<'a> {
    /// Reads an image in place. `None`: these bytes are none.
    #[must_use]
    pub fn over(bytes: &'a [u8]) -> Option<Self> {
        Sections::over(bytes).map(|sections| Self { sections })
    }

    /// The longest match whose end has not come. Of a list of networks.
    #[must_use]
    pub fn find_address(&self, address: Address, now_ms: u64) -> Option<Hit<'a>> {
        self.find_place(Kind::Network, address, now_ms)
    }

    /// The entry of this country, two letters. Of a list of countries.
    #[must_use]
    pub fn find_country(&self, country: [u8; 2], now_ms: u64) -> Option<Hit<'a>> {
        self.find_place(Kind::Country, country_place(country), now_ms)
    }

    /// The entry of this autonomous system. Of a list of them.
    #[must_use]
    pub fn find_asn(&self, asn: u32, now_ms: u64) -> Option<Hit<'a>> {
        self.find_place(Kind::Asn, network::place_of(asn), now_ms)
    }

    fn find_place(&self, kind: Kind, address: Address, now_ms: u64) -> Option<Hit<'a>> {
        if self.sections.kind() != Some(kind) {
            return None;
        }
        let tree = self.sections.get(Section::Tree)?;
        let pieces = self.sections.get(Section::Pieces)?;
        let is_alive = |entry| self.is_alive(entry, now_ms);
        let (entry, bits) = network::find(tree, pieces, address, is_alive)?;
        let hit = self.entry(entry as usize)?;
        let prefix_bits = if kind == Kind::Network { bits } else { 0 };
        Some(Hit { prefix_bits, ..hit })
    }

    /// The entry that this text matches, whatever the ASCII case, and whose end has not come: exact,
    /// else by the longest prefix or suffix, else by a part, else by a regular expression. Of a list
    /// of destinations: the one with the longest prefix of the number. `hash` is the one that the
    /// image was built with.
    #[must_use]
    pub fn find_text(&self, text: &[u8], hash: &Hash, now_ms: u64) -> Option<Hit<'a>> {
        let is_alive = |entry| self.is_alive(entry, now_ms);
        let get = |section| self.sections.get(section);
        let entry = if self.sections.kind() == Some(Kind::Destination) {
            let number = number::normalise(text);
            let digits = number.as_ref().map_or(text, number::Number::digits);
            text::find_prefix(get, digits, is_alive)
        } else {
            let is_text = |entry| {
                self.text_of(entry)
                    .is_some_and(|own| own.eq_ignore_ascii_case(text))
            };
            text::find(get, text, hash, is_text, is_alive)
        };
        self.entry(entry? as usize)
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sections.count()
    }

    /// Has it none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// An entry, in the order of the source. Of a range that is no CIDR, `prefix_bits` is that of
    /// the CIDR around it.
    #[must_use]
    pub fn entry(&self, index: usize) -> Option<Hit<'a>> {
        let record = self.record(index)?;
        let texts = self.sections.get(Section::Texts)?;
        let is_text = self.text_length(record);
        let rest = texts.get(record.at + is_text.unwrap_or(0)..)?;
        let (written, rest) = rest.split_at_checked(record.written)?;
        Some(Hit {
            index,
            written,
            comment: rest.get(..record.comment)?,
            until_ms: record.ends_ms,
            prefix_bits: if is_text.is_none() {
                record.small as u8
            } else {
                0
            },
        })
    }

    fn is_alive(&self, entry: u32, now_ms: u64) -> bool {
        let record = self.record(entry as usize);
        record.is_some_and(|record| record.ends_ms == 0 || now_ms < record.ends_ms)
    }

    /// What the entry's text is, in small letters.
    fn text_of(&self, entry: u32) -> Option<&'a [u8]> {
        let record = self.record(entry as usize)?;
        let length = self.text_length(record)?;
        self.sections
            .get(Section::Texts)?
            .get(record.at..)?
            .get(..length)
    }

    /// `None` where the values are no texts.
    fn text_length(&self, record: Stored) -> Option<usize> {
        match self.sections.kind()? {
            Kind::Network | Kind::Country | Kind::Asn => None,
            Kind::Agent | Kind::User | Kind::Domain | Kind::Name | Kind::Destination => {
                Some(record.small.into())
            }
        }
    }

    #[inline]
    fn record(&self, index: usize) -> Option<Stored> {
        let records = self.sections.get(Section::Entries)?;
        let record: &[u8; ENTRY] = records.get(index.checked_mul(ENTRY)?..)?.first_chunk()?;
        let [a, b, c, d, e, f, g, h, last @ ..] = *record;
        let last = u64::from_le_bytes(last);
        Some(Stored {
            at: u32::from_le_bytes([a, b, c, d]) as usize,
            written: u16::from_le_bytes([e, f]).into(),
            comment: u16::from_le_bytes([g, h]).into(),
            ends_ms: last >> SMALL_BITS,
            small: last as u16,
        })
    }
}

/// An entry as it lies in the image: see [`ENTRY`].
#[derive(Clone, Copy)]
struct Stored {
    at: usize,
    written: usize,
    comment: usize,
    ends_ms: u64,
    small: u16,
}
