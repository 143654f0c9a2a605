//! The atomics of shared memory: those of `core`, or loom's under `--cfg loom`.
//!
//! Atomics without a lock inside are address-free: they work between processes that map the same
//! page (C++ standard, [atomics.lockfree] 4, which Rust's memory model takes over).

#[cfg(not(loom))]
pub use core::sync::atomic::{AtomicU64, Ordering, fence};
#[cfg(loom)]
pub use loom::sync::atomic::{AtomicU64, Ordering, fence};

/// Stands between a SeqCst read-modify-write and the SeqCst loads behind it, whose order loom knows
/// only of fences. Nothing outside loom.
pub fn fence_for_loom() {
    #[cfg(loom)]
    fence(Ordering::SeqCst);
}

/// Lets another process get on.
pub fn wait_a_moment() {
    #[cfg(loom)]
    loom::thread::yield_now();
    #[cfg(not(loom))]
    core::hint::spin_loop();
}
