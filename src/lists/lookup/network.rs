//! The networks of a list: the longest match whose end has not come.
//!
//! A range that is no CIDR counts as the CIDRs that it is made of, so that any two either lie one in
//! the other or apart. Each says which one it lies in: where the longest match has ended, the one
//! around it may not have.
//!
//! Countries and autonomous systems are numbers, and found in the same way, as addresses of IPv4.

use super::tree;
use crate::source::Address;

/// A CIDR of an entry, in eight bytes: its length, the one that it lies in, the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    bits: u8,
    around: Option<u32>,
    entry: u32,
}

/// Bits of a place among the pieces, and of an entry.
const PLACE_BITS: u32 = 28;
const PLACE: u32 = (1 << PLACE_BITS) - 1;

/// Entries, and pieces of entries, at the most.
pub const MAX_PIECES: usize = PLACE as usize;

impl Piece {
    fn word(self) -> u64 {
        let around = self.around.unwrap_or(PLACE);
        u64::from(self.bits) << (2 * PLACE_BITS)
            | u64::from(around) << PLACE_BITS
            | u64::from(self.entry)
    }

    #[allow(clippy::cast_possible_truncation)] // masked
    fn of(word: u64) -> Self {
        let around = (word >> PLACE_BITS) as u32 & PLACE;
        Self {
            bits: (word >> (2 * PLACE_BITS)) as u8,
            around: (around != PLACE).then_some(around),
            entry: word as u32 & PLACE,
        }
    }
}

/// The tree and the pieces, as bytes. `None`: more than [`MAX_PIECES`].
pub fn build(ranges: impl Iterator<Item = (Address, Address, u32)>) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut cidrs: Vec<(u128, u8, u32)> = Vec::new();
    for (Address(first), Address(last), entry) in ranges {
        split(first, last, |first, bits| cidrs.push((first, bits, entry)));
        if cidrs.len() > MAX_PIECES {
            return None;
        }
    }
    cidrs.sort_unstable(); // the one that lies in another stands behind it
    let mut pieces = Vec::with_capacity(cidrs.len() * 8);
    let mut ranges = Vec::with_capacity(cidrs.len());
    let mut open: Vec<(u128, u32)> = vec![];
    for (place, &(first, bits, entry)) in (0..).zip(&cidrs) {
        let last = last_of(first, bits);
        while open.last().is_some_and(|&(ends, _)| ends < first) {
            open.pop();
        }
        let around = open.last().map(|&(_, place)| place);
        open.push((last, place));
        let piece = Piece {
            bits,
            around,
            entry,
        };
        pieces.extend_from_slice(&piece.word().to_le_bytes());
        ranges.push((Address(first), Address(last), place));
    }
    drop(cidrs);
    Some((tree::build_ranges(&mut ranges), pieces))
}

/// The entry of the longest match that is alive, and its length of 128 bits.
#[inline]
pub fn find(
    tree: &[u8],
    pieces: &[u8],
    address: Address,
    is_alive: impl Fn(u32) -> bool,
) -> Option<(u32, u8)> {
    let mut place = tree::find(tree, address)?;
    loop {
        let word = pieces.get(place as usize * 8..)?.first_chunk()?;
        let piece = Piece::of(u64::from_le_bytes(*word));
        if is_alive(piece.entry) {
            return Some((piece.entry, piece.bits));
        }
        // What lies around a piece stands before it, so this comes to an end.
        place = piece.around.filter(|&around| around < place)?;
    }
}

/// The place of a country or an autonomous system among the addresses.
#[must_use]
pub fn place_of(number: u32) -> Address {
    Address(0xffff_0000_0000 | u128::from(number))
}

/// How long the longest CIDR is that holds the whole range, of 128 bits.
#[must_use]
#[allow(clippy::cast_possible_truncation)] // at most 128
pub const fn bits_of(first: Address, last: Address) -> u8 {
    (first.0 ^ last.0).leading_zeros() as u8
}

const fn last_of(first: u128, bits: u8) -> u128 {
    match u128::MAX.checked_shr(bits as u32) {
        Some(behind) => first | behind,
        None => first,
    }
}

/// The CIDRs that a range is made of, each its first address and its length.
#[allow(clippy::cast_possible_truncation)] // at most 128
fn split(mut first: u128, last: u128, mut each: impl FnMut(u128, u8)) {
    while first <= last {
        // As large as its first address allows, and no larger than what is left.
        let aligned = 128 - first.trailing_zeros();
        let fits = match (last - first).checked_add(1) {
            Some(size) => 128 - size.ilog2(),
            None => 0,
        };
        let bits = aligned.max(fits) as u8;
        each(first, bits);
        match last_of(first, bits).checked_add(1) {
            Some(next) => first = next,
            None => break,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn pieces(first: u128, last: u128) -> Vec<(u128, u8)> {
        let mut pieces = vec![];
        split(first, last, |first, bits| pieces.push((first, bits)));
        pieces
    }

    #[test]
    fn what_a_range_is_made_of() {
        for (first, last, expected) in [
            (0, u128::MAX, vec![(0, 0)]),
            (0, 0, vec![(0, 128)]),
            (u128::MAX, u128::MAX, vec![(u128::MAX, 128)]),
            (4, 7, vec![(4, 126)]),
            (1, 6, vec![(1, 128), (2, 127), (4, 127), (6, 128)]),
            (5, 4, vec![]),
        ] {
            assert_eq!(pieces(first, last), expected, "{first} to {last}");
        }
        assert_eq!(
            pieces(1, u128::MAX - 1).len(),
            254,
            "as many as there can be"
        );
    }

    #[test]
    fn a_piece_in_eight_bytes() {
        for around in [None, Some(0), Some(PLACE - 1)] {
            let piece = Piece {
                bits: 128,
                around,
                entry: PLACE - 1,
            };
            assert_eq!(Piece::of(piece.word()), piece);
        }
    }

    proptest::proptest! {
        #[test]
        fn the_pieces_are_the_range(one: u128, length in 0..1_u128 << 20) {
            let last = one.saturating_add(length);
            let mut next = one;
            let pieces = pieces(one, last);
            for (place, &(first, bits)) in pieces.iter().enumerate() {
                proptest::prop_assert_eq!(first, next, "without a gap");
                let ends = last_of(first, bits);
                proptest::prop_assert!(ends <= last);
                proptest::prop_assert!(place + 1 < pieces.len() || ends == last);
                next = ends.wrapping_add(1);
            }
        }
    }
}
