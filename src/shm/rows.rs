//! Rows: each process has one of its own, so that no two of them want the same cache line at once.
//!
//! Rows are there for speed only: what several processes share must still be right.

use std::sync::atomic::{AtomicUsize, Ordering as Local};

use super::atomic::{AtomicU64, Ordering};

/// Rows of an array; more processes than that share.
pub const ROWS: usize = 64;

/// Which row is this process's: set once after the fork.
static ROW: AtomicUsize = AtomicUsize::new(0);

/// Takes a row for this process; `next` is shared, and counts those who came before.
#[allow(clippy::cast_possible_truncation)]
pub fn take(next: &AtomicU64) {
    let row = next.fetch_add(1, Ordering::Relaxed) as usize % ROWS;
    ROW.store(row, Local::Relaxed);
}

/// This process's own of these rows.
#[must_use]
pub fn own<T>(rows: &[T]) -> Option<&T> {
    rows.get(ROW.load(Local::Relaxed))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_many_processes_has_a_row_too() {
        for before in [0, ROWS - 1, ROWS, ROWS * ROWS] {
            take(&AtomicU64::new(before as u64));
            assert!(own(&[(); ROWS]).is_some(), "{before}");
        }
    }
}
