//! What an image begins with: what it is, and where its sections are.

use super::entry::Kind;

/// The first word of an image. The number grows with every change of what lies where.
const MAGIC: u32 = u32::from_le_bytes(*b"PAL1");

/// Bytes of a cache line, at which sections begin.
const LINE: usize = 64;

/// Bytes of the head: magic, kind, entries, one word that is free, and eight bytes for each section.
const HEAD: usize = 2 * LINE;

/// A part of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// A record for each entry.
    Entries,
    /// The texts that the entries name.
    Texts,
    /// Networks: from an address to a piece.
    Tree,
    /// Networks: from a piece to its entry.
    Pieces,
    /// Texts that are compared whole.
    Exact,
    /// Beginnings.
    Prefixes,
    /// Ends.
    Suffixes,
    /// Parts of three bytes or fewer.
    ShortParts,
    /// Parts of four bytes or more.
    Parts,
    /// Regular expressions.
    Expressions,
}

const SECTIONS: usize = Section::Expressions as usize + 1;

/// An image while it is written.
pub struct Writer {
    bytes: Vec<u8>,
    is_too_large: bool,
}

impl Writer {
    /// Of a list of this kind, with so many entries.
    pub fn new(kind: Kind, entries: usize) -> Self {
        let mut writer = Self {
            bytes: vec![0; HEAD],
            is_too_large: false,
        };
        let kind = Kind::NAMES.iter().position(|&(_, named)| named == kind);
        for (place, value) in [(0, Some(MAGIC as usize)), (4, kind), (8, Some(entries))] {
            writer.word(place, value.unwrap_or(usize::MAX));
        }
        writer
    }

    /// Appends a section.
    pub fn put(&mut self, section: Section, bytes: &[u8]) {
        let at = self.bytes.len().next_multiple_of(LINE);
        self.bytes
            .reserve_exact(at - self.bytes.len() + bytes.len());
        self.bytes.resize(at, 0);
        self.bytes.extend_from_slice(bytes);
        let place = 16 + section as usize * 8;
        self.word(place, at / LINE);
        self.word(place + 4, bytes.len());
    }

    /// The image. `None`: it is larger than its head can say.
    pub fn finish(self) -> Option<Vec<u8>> {
        (!self.is_too_large).then_some(self.bytes)
    }

    fn word(&mut self, at: usize, value: usize) {
        let word = u32::try_from(value);
        self.is_too_large |= word.is_err();
        self.bytes[at..at + 4].copy_from_slice(&word.unwrap_or(0).to_le_bytes());
    }
}

const _: () = assert!(16 + SECTIONS * 8 <= HEAD);

/// An image as it lies somewhere.
#[derive(Clone, Copy, Debug)]
pub struct Sections<'a> {
    bytes: &'a [u8],
    head: &'a [u8; HEAD],
}

impl<'a> Sections<'a> {
    /// `None`: these bytes are no image.
    #[inline]
    pub fn over(bytes: &'a [u8]) -> Option<Self> {
        let head = bytes.first_chunk()?;
        let sections = Self { bytes, head };
        (sections.word(0) == MAGIC).then_some(sections)
    }

    /// What its entries are.
    #[inline]
    pub fn kind(&self) -> Option<Kind> {
        Kind::NAMES
            .get(self.word(4) as usize)
            .map(|&(_, kind)| kind)
    }

    /// How many entries it has.
    pub fn count(&self) -> usize {
        self.word(8) as usize
    }

    /// The bytes of a section; `None` where there is none.
    #[inline]
    pub fn get(&self, section: Section) -> Option<&'a [u8]> {
        let place = 16 + section as usize * 8;
        let (line, length) = (self.word(place), self.word(place + 4));
        if length == 0 {
            return None;
        }
        self.bytes
            .get(line as usize * LINE..)?
            .get(..length as usize)
    }

    #[inline]
    fn word(&self, at: usize) -> u32 {
        self.head
            .get(at..)
            .and_then(|rest| rest.first_chunk())
            .map_or(0, |word| u32::from_le_bytes(*word))
    }
}
