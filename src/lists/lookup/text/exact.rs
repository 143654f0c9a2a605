//! Whole texts: an index by hash, one cache line for most.
//!
//! Eight slots a line, half of them free: 32 bits of the hash, and the entry. Who finds a line full
//! goes on to the next one.

use super::Key;
use crate::hash::Hash;

/// Slots of a line.
const SLOTS: usize = 8;

/// Bytes of a slot.
const SLOT: usize = 8;

/// Writes the index of these texts. They are hashed whatever their case.
pub fn build(texts: &[Key], hash: &Hash) -> Vec<u8> {
    let lines = (texts.len() * 2).div_ceil(SLOTS);
    let mut bytes = vec![0; lines * SLOTS * SLOT];
    for (text, entry) in texts {
        let (mut line, tag) = place(hash.caseless(text), lines);
        let is_free = |slot: &&mut [u8]| slot.iter().all(|&byte| byte == 0);
        loop {
            let slots = &mut bytes[line * SLOTS * SLOT..][..SLOTS * SLOT];
            if let Some(slot) = slots.chunks_exact_mut(SLOT).find(is_free) {
                slot[..4].copy_from_slice(&tag.to_le_bytes());
                slot[4..].copy_from_slice(&(*entry + 1).to_le_bytes());
                break;
            }
            line = (line + 1) % lines;
        }
    }
    bytes
}

/// Which line a hash goes to, and what is kept of it.
#[allow(clippy::cast_possible_truncation)] // below the number of lines; the low half, on purpose
const fn place(hash: u64, lines: usize) -> (usize, u32) {
    ((((hash >> 32) * lines as u64) >> 32) as usize, hash as u32)
}

/// The entry of this text: of several, the first. `is` says whether a candidate is it.
#[inline]
pub fn find(index: &[u8], text: &[u8], hash: &Hash, is: impl Fn(u32) -> bool) -> Option<u32> {
    let (lines, _) = index.as_chunks::<{ SLOTS * SLOT }>();
    let (first, tag) = place(hash.caseless(text), lines.len());
    for step in 0..lines.len() {
        let line = lines.get((first + step) % lines.len())?;
        let (slots, _) = line.as_chunks::<SLOT>();
        for &[a, b, c, d, e, f, g, h] in slots {
            // Zero: nobody ever had to go past a free slot.
            let entry = u32::from_le_bytes([e, f, g, h]).checked_sub(1)?;
            if u32::from_le_bytes([a, b, c, d]) == tag && is(entry) {
                return Some(entry);
            }
        }
    }
    None
}
