//! Parts of texts, found in one pass over the text, however many there are (Aho and Corasick, 1975).
//!
//! A filter stands before it: one bit for each four bytes that a part begins with. In most places
//! no part begins, and one look at the filter says so.

use super::Key;
use super::trie::{Builder, Trie};

/// Bytes that the filter looks at.
pub const GRAM: usize = 4;

/// Bits of the filter for each part.
const BITS: usize = 16;

/// The filter is no smaller (a cache line), and no larger (it should lie in the second cache).
const FILTER: core::ops::RangeInclusive<usize> = 64..=1 << 20;

/// Writes what is gone through. All parts have at least [`GRAM`] bytes, or all have fewer: then
/// there is no filter.
pub fn build(keys: &mut [Key]) -> Vec<u8> {
    let mut trie = Builder::new(keys);
    trie.link_failures();
    let bytes = (keys.len() * BITS / 8).next_power_of_two();
    let mut filter = vec![0; bytes.clamp(*FILTER.start(), *FILTER.end())];
    for (text, _) in &*keys {
        let Some(gram) = text.first_chunk::<GRAM>() else {
            return trie.write(&[]);
        };
        let (place, bit) = place(u32::from_be_bytes(*gram), filter.len());
        filter[place] |= bit;
    }
    trie.write(&filter)
}

/// The byte and the bit of a filter of so many bytes, a power of two.
#[inline]
const fn place(gram: u32, bytes: usize) -> (usize, u8) {
    // Fibonacci hashing: the upper bits of the product depend on all of the gram.
    let hash = gram.wrapping_mul(0x9e37_79b1) >> 3;
    (
        (hash as usize) >> (29 - bytes.trailing_zeros()),
        1 << (hash & 7),
    )
}

/// The entry of a part of this text that is alive: of the one that ends first.
#[inline]
pub fn find(bytes: &[u8], text: &[u8], is_alive: impl Fn(u32) -> bool) -> Option<u32> {
    let trie = Trie::over(bytes)?;
    let filter = trie.filter()?;
    let is_filter = filter.len().is_power_of_two() && FILTER.contains(&filter.len());
    let mut begin = 0;
    loop {
        if is_filter {
            begin += next_candidate(filter, text.get(begin..)?)?;
        }
        let mut node = 0;
        let mut end = begin;
        loop {
            node = trie.next(node, text.get(end)?.to_ascii_lowercase())?;
            end += 1;
            if let Some(entry) = trie.hit(node, &is_alive) {
                return Some(entry);
            }
            // What has been read ends with the beginning of no part, or of one that the filter has
            // not seen whole.
            if is_filter && node < trie.shallow() && end - begin >= GRAM {
                begin = end - (GRAM - 1);
                break;
            }
        }
    }
}

/// Where the first part may begin.
#[inline]
fn next_candidate(filter: &[u8], text: &[u8]) -> Option<usize> {
    let mut gram = 0;
    for (end, byte) in text.iter().enumerate() {
        gram = gram << 8 | u32::from(byte.to_ascii_lowercase());
        if end + 1 < GRAM {
            continue;
        }
        let (place, bit) = place(gram, filter.len());
        if filter.get(place)? & bit != 0 {
            return Some(end + 1 - GRAM);
        }
    }
    None
}
