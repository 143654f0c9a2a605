//! Replies that are one page of a list.

use super::arguments::Page;
use super::fields::reply_struct;

reply_struct! {
    /// Rows, and how many there are in all.
    Listed<T> {
        total: u64,
        rows: Vec<T>,
    }
}

/// The rows of one page. Those are copied first: what they come from changes all the time.
pub(super) fn list<T, R>(
    page: Page,
    all: impl Iterator<Item = T>,
    row: impl Fn(T) -> R,
) -> Listed<R> {
    let mut copied = Vec::new();
    let mut total = 0;
    for one in all {
        if (page.offset..page.offset.saturating_add(page.limit)).contains(&total) {
            copied.push(one);
        }
        total += 1;
    }
    Listed {
        total,
        rows: copied.into_iter().map(row).collect(),
    }
}
