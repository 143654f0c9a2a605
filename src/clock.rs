//! Time: milliseconds since the region was made, the same in all processes.
//!
//! Shared words hold nothing else. Wall-clock time is for people: dumps and logs.

use crate::shm::os;

/// Where the checks get the time from.
pub trait Clock {
    /// Now, up to one timer tick (1 to 10 ms) behind, at the cost of a few nanoseconds.
    fn coarse_ms(&self) -> u64;

    /// Now.
    fn exact_ms(&self) -> u64;

    /// Now, in whole seconds.
    #[allow(clippy::cast_possible_truncation)] // 136 years
    fn now_s(&self) -> u32 {
        (self.coarse_ms() / 1000) as u32
    }

    /// The coarse time, read once for all that one check asks.
    fn still(&self) -> Still {
        Still {
            now_ms: self.coarse_ms(),
        }
    }
}

/// A time that was read once.
#[derive(Clone, Copy, Debug)]
pub struct Still {
    now_ms: u64,
}

impl Clock for Still {
    fn coarse_ms(&self) -> u64 {
        self.now_ms
    }

    fn exact_ms(&self) -> u64 {
        self.now_ms
    }
}

/// CLOCK_MONOTONIC, counted from the making of the region. Never 0, which shared words use for
/// "not set".
#[derive(Clone, Copy, Debug)]
pub struct Monotonic {
    born_ms: u64,
}

impl Monotonic {
    /// Time zero is `born_ms` of CLOCK_MONOTONIC.
    #[must_use]
    pub const fn since(born_ms: u64) -> Self {
        Self { born_ms }
    }
}

impl Clock for Monotonic {
    fn coarse_ms(&self) -> u64 {
        os::coarse_ms().saturating_sub(self.born_ms) + 1
    }

    fn exact_ms(&self) -> u64 {
        os::monotonic_ms().saturating_sub(self.born_ms) + 1
    }
}

/// What the wall clock (seconds since 1970) says, or said, or will say, at `at_ms`.
#[must_use]
#[allow(clippy::cast_possible_wrap)]
pub fn wall_s(clock: &impl Clock, at_ms: u64) -> i64 {
    let away_ms = at_ms as i64 - clock.exact_ms() as i64;
    (os::wall_ms() as i64 + away_ms).div_euclid(1000)
}

#[cfg(test)]
pub mod manual {
    //! A clock that stands still until it is moved.

    use std::sync::atomic::{AtomicU64, Ordering};

    /// Starts at one second, so that "before" exists.
    #[derive(Debug)]
    pub struct Manual(AtomicU64);

    impl Default for Manual {
        fn default() -> Self {
            Self(AtomicU64::new(1000))
        }
    }

    impl Manual {
        /// Lets `ms` milliseconds pass.
        pub fn advance(&self, ms: u64) {
            self.0.fetch_add(ms, Ordering::Relaxed);
        }
    }

    impl super::Clock for Manual {
        fn coarse_ms(&self) -> u64 {
            self.0.load(Ordering::Relaxed)
        }

        fn exact_ms(&self) -> u64 {
            self.coarse_ms()
        }
    }
}
