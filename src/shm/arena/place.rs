//! Where an image lies, in one word: its page and its length.

use crate::shm::os;

/// Bits of the length. The page, plus one, stands above them.
const BYTES_BITS: u32 = 38;

/// What an arena can have at most: 256 GB.
pub const MAX_BYTES: usize = 1 << BYTES_BITS;

/// Where an image lies in the arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImagePlace {
    page: usize,
    bytes: usize,
}

impl ImagePlace {
    /// So many bytes from this page on.
    pub const fn at(page: usize, bytes: usize) -> Self {
        Self { page, bytes }
    }

    /// Reads a word. Zero is no place.
    pub const fn of(word: u64) -> Option<Self> {
        match (word >> BYTES_BITS).checked_sub(1) {
            Some(page) => Some(Self {
                page: page as usize,
                bytes: (word & (MAX_BYTES as u64 - 1)) as usize,
            }),
            None => None,
        }
    }

    /// The word, never zero.
    pub const fn word(self) -> u64 {
        (self.page as u64 + 1) << BYTES_BITS | self.bytes as u64
    }

    /// Its first page.
    pub const fn page(self) -> usize {
        self.page
    }

    /// How many pages.
    pub const fn pages(self) -> usize {
        self.bytes.div_ceil(os::PAGE)
    }

    /// How many bytes.
    pub const fn bytes(self) -> usize {
        self.bytes
    }
}
