//! Ranges of addresses, and a number for each: read in place, in about one cache line beyond what
//! the processor's second cache holds.
//!
//! Two static B+-trees ([`nodes`]) over the starts of ranges: 32-bit keys for IPv4, 64-bit keys for
//! the high half of IPv6, whose numbers lead on to the low half where a /64 is divided. Written
//! once, never changed. Not a list: what the numbers mean is for the caller.
//!
//! Any bytes can be asked; those that are no tree know nothing.

use crate::source::Address;

mod flatten;
mod halves;
pub mod nodes;
#[cfg(all(test, not(loom)))]
mod tests;

use flatten::{flatten, push};
use nodes::{LINE, word};

/// The first word of a tree.
const MAGIC: u32 = u32::from_le_bytes(*b"tree");

/// A range's number is below this.
pub const NUMBERS: u32 = 1 << 31;

/// No range holds it.
const NOTHING: u32 = u32::MAX;

/// The IPv4-mapped addresses begin here (RFC 4291, 2.5.5.2) and fill a /96.
const V4: u128 = 0xffff_0000_0000;
const BEHIND_V4: u128 = V4 + (1 << 32);

/// Writes a tree. The ranges include both ends; where they overlap, the shorter one wins, of two of
/// one length the one that begins later, and of two that are alike the later. Their order is
/// changed.
///
/// A range is left out when it ends before it begins, or its number is not below [`NUMBERS`].
#[must_use]
#[allow(clippy::cast_possible_truncation)] // the low half of an IPv4-mapped address
pub fn build_ranges(ranges: &mut Vec<(Address, Address, u32)>) -> Vec<u8> {
    ranges.retain(|&(first, last, number)| first <= last && number < NUMBERS);
    let starts = flatten(ranges);
    let (before, rest) = starts.split_at(starts.partition_point(|&(at, _)| at < V4));
    let (inside, behind) = rest.split_at(rest.partition_point(|&(at, _)| at < BEHIND_V4));
    // A range that began before the IPv4 part may hold its first address, and so behind it.
    let carried_in = before.last().map_or(NOTHING, |&(_, number)| number);
    let carried_out = inside.last().map_or(carried_in, |&(_, number)| number);

    let mut v4 = vec![(0, carried_in)];
    for &(at, number) in inside {
        push(&mut v4, (at - V4) as u32, number);
    }
    let mut v6 = before.to_vec();
    push(&mut v6, BEHIND_V4, carried_out);
    for &(at, number) in behind {
        push(&mut v6, at, number);
    }

    let mut bytes = vec![0; LINE];
    let v4_at = nodes::write(&mut bytes, &v4);
    let v6_at = halves::write(&mut bytes, &v6);
    for (place, value) in [MAGIC, v4_at, v6_at].into_iter().enumerate() {
        bytes[place * 4..place * 4 + 4].copy_from_slice(&value.to_le_bytes());
    }
    bytes
}

/// The number of the range that holds the address: of several, of the shortest.
#[must_use]
#[inline]
#[allow(clippy::cast_possible_truncation)] // as above
pub fn find(bytes: &[u8], address: Address) -> Option<u32> {
    if word(bytes, 0)? != MAGIC {
        return None;
    }
    let number = if address.0 >> 32 == V4 >> 32 {
        nodes::find(bytes, word(bytes, 4)?, address.0 as u32)?
    } else {
        halves::find(bytes, word(bytes, 8)?, address.0)?
    };
    (number < NUMBERS).then_some(number)
}
