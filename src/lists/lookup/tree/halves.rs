//! IPv6: a tree over the high halves, and one more for the low halves of each /64 that is divided.

use super::flatten::push;
use super::nodes::{self, word};
use super::{NOTHING, NUMBERS};

/// Of a high half: the number is not a range's, but says where its low halves are.
const DIVIDED: u32 = 1 << 31;

/// So many low halves are searched one after the other. More make a tree of their own.
const FEW: usize = 16;

/// The unit in which it is said where low halves are.
const UNIT: usize = 8;

/// Appends the trees, and returns the line at which the one of the high halves begins.
#[allow(clippy::cast_possible_truncation)] // the low half, on purpose
pub fn write(bytes: &mut Vec<u8>, starts: &[(u128, u32)]) -> u32 {
    let mut highs: Vec<(u64, u32)> = Vec::with_capacity(starts.len());
    let mut carried = NOTHING;
    for same in starts.chunk_by(|one, next| one.0 >> 64 == next.0 >> 64) {
        let high = (same[0].0 >> 64) as u64;
        let mut lows = vec![(0, carried)];
        for &(at, number) in same {
            push(&mut lows, at as u64, number);
        }
        carried = same[same.len() - 1].1;
        if let [(_, number)] = lows[..] {
            push(&mut highs, high, number);
            continue;
        }
        push(&mut highs, high, DIVIDED | write_lows(bytes, &lows));
        if let Some(next) = high.checked_add(1) {
            push(&mut highs, next, carried);
        }
    }
    nodes::write(bytes, &highs)
}

/// Returns where they are, in [`UNIT`]s.
#[allow(clippy::cast_possible_truncation)] // 16 GB of divided /64s are more than memory for them
fn write_lows(bytes: &mut Vec<u8>, lows: &[(u64, u32)]) -> u32 {
    bytes.resize(bytes.len().next_multiple_of(UNIT), 0);
    let at = bytes.len();
    if lows.len() > FEW {
        bytes.resize(at + UNIT, 0);
        let line = nodes::write(bytes, lows);
        bytes[at + 4..at + 8].copy_from_slice(&line.to_le_bytes());
    } else {
        bytes.extend_from_slice(&(lows.len() as u32).to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        for (low, _) in lows {
            bytes.extend_from_slice(&low.to_le_bytes());
        }
        for (_, number) in lows {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
    (at / UNIT) as u32
}

/// The number of an address, in the tree of high halves that begins at this line.
#[inline]
#[allow(clippy::cast_possible_truncation)] // the low half, on purpose
pub fn find(bytes: &[u8], line: u32, address: u128) -> Option<u32> {
    let number = nodes::find(bytes, line, (address >> 64) as u64)?;
    if number == NOTHING || number < NUMBERS {
        return Some(number);
    }
    let at = (number ^ DIVIDED) as usize * UNIT;
    find_low(bytes, at, address as u64)
}

fn find_low(bytes: &[u8], at: usize, low: u64) -> Option<u32> {
    let count = word(bytes, at)? as usize;
    if count == 0 {
        return nodes::find(bytes, word(bytes, at + 4)?, low);
    }
    let keys = bytes.get(at + UNIT..)?.get(..count.min(FEW) * 8)?;
    let (keys, _) = keys.as_chunks::<8>();
    let not_above = keys.iter().filter(|key| u64::from_le_bytes(**key) <= low);
    let place = not_above.count().checked_sub(1)?;
    word(bytes, at + UNIT + count * 8 + place * 4)
}
