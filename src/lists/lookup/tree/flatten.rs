//! Ranges that overlap, made into ranges that don't.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::NOTHING;
use crate::source::Address;

/// A range that has begun: the shortest stands on top of the heap, of equal ones the one
/// that began last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Open {
    shorter: Reverse<u128>,
    later: usize,
    last: u128,
    number: u32,
}

/// Where another number begins, in ascending order; the first is 0.
pub fn flatten(ranges: &mut [(Address, Address, u32)]) -> Vec<(u128, u32)> {
    // Stable, so that the later of two that are alike stays behind.
    ranges.sort_by_key(|&(first, last, _)| (first, Reverse(last)));
    let mut sweep = Sweep {
        starts: Vec::with_capacity(ranges.len() * 2 + 1),
        open: BinaryHeap::new(),
    };
    sweep.begin(0);
    for (later, &(Address(first), Address(last), number)) in ranges.iter().enumerate() {
        sweep.end_before(first);
        sweep.open.push(Open {
            shorter: Reverse(last - first),
            later,
            last,
            number,
        });
        sweep.begin(first);
    }
    sweep.end_before(u128::MAX);
    sweep.starts
}

/// From `at` on it is `number`, until the next one that is pushed.
pub fn push<K: Copy + PartialEq>(starts: &mut Vec<(K, u32)>, at: K, number: u32) {
    if starts.last().is_some_and(|last| last.0 == at) {
        starts.pop();
    }
    if starts.last().is_none_or(|last| last.1 != number) {
        starts.push((at, number));
    }
}

struct Sweep {
    starts: Vec<(u128, u32)>,
    open: BinaryHeap<Open>,
}

impl Sweep {
    /// Closes what ends before this address.
    fn end_before(&mut self, at: u128) {
        while let Some(top) = self.open.peek().copied().filter(|top| top.last < at) {
            // Longer ones may have ended under it.
            while self.open.peek().is_some_and(|open| open.last <= top.last) {
                self.open.pop();
            }
            self.begin(top.last + 1);
        }
    }

    /// From here on, what is on top.
    fn begin(&mut self, at: u128) {
        let number = self.open.peek().map_or(NOTHING, |top| top.number);
        push(&mut self.starts, at, number);
    }
}
