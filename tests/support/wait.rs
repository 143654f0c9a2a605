//! Waiting for a condition, never for a time.

use std::thread::sleep;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(5);

/// Polls until `condition` holds. False when it still does not hold after `timeout`.
#[must_use = "assert it"]
pub fn wait_until(mut condition: impl FnMut() -> bool, timeout: Duration) -> bool {
    wait_for(|| condition().then_some(()), timeout).is_some()
}

/// Polls until `probe` finds something. It is asked once more after the time is over, so that a
/// test that was not scheduled for long does not fail for that.
pub fn wait_for<T>(mut probe: impl FnMut() -> Option<T>, timeout: Duration) -> Option<T> {
    let deadline = Instant::now() + timeout;
    loop {
        let late = Instant::now() >= deadline;
        if let Some(found) = probe() {
            return Some(found);
        }
        if late {
            return None;
        }
        sleep(POLL);
    }
}
