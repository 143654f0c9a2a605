//! The window: what one source sent, in one word.
//!
//! | bits | what |
//! | --- | --- |
//! | 0..34 | start, in milliseconds since the region was made, modulo 198 days |
//! | 34..50 | requests since then, 65,535 at the most |
//! | 50 | was the window before over the limit? |
//! | 51..56 | when the last request came after its start, in steps of [`Limit::step_bits`] |
//! | 56..64 | eight bits of the source's hash: a place that became another's is not charged |

/// The highest limit: one less than the counter's end.
pub const MAX_REQUESTS: u64 = HITS_MAX - 1;

const START_BITS: u32 = 34;
const START_MASK: u64 = (1 << START_BITS) - 1;
const HITS_MAX: u64 = 0xffff;

/// A time this little before a window's start is a clock that was read a little earlier, not one
/// that has gone round once in 198 days.
const BEHIND_MS: u64 = 60_000;

/// How much a source may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Requests per window that are still fine, 1 to [`MAX_REQUESTS`].
    pub requests: u64,
    /// Length of a window in milliseconds.
    pub window_ms: u64,
}

impl Limit {
    /// A window has at most 32 steps of so many bits of a millisecond, and at least 16: a shift, where
    /// a division would cost as much as the rest of the check.
    const fn step_bits(self) -> u32 {
        (u64::BITS - self.window_ms.leading_zeros()).saturating_sub(5)
    }
}

/// What one source has sent since its window began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// When it began, modulo 2³⁴ ms.
    pub start_ms: u64,
    /// Requests in it.
    pub hits: u64,
    /// Was the one before it over the limit?
    pub was_hot: bool,
    /// When the last request came, in steps of [`Limit::step_bits`] after the start.
    pub last: u64,
    /// Whose it is.
    pub check: u8,
}

impl Window {
    /// A window that begins with this request.
    #[must_use]
    pub const fn first(now_ms: u64, check: u8) -> Self {
        Self {
            start_ms: now_ms & START_MASK,
            hits: 1,
            was_hot: false,
            last: 0,
            check,
        }
    }

    /// From the shared word.
    #[must_use]
    #[allow(clippy::cast_possible_truncation)]
    pub const fn unpack(word: u64) -> Self {
        Self {
            start_ms: word & START_MASK,
            hits: (word >> START_BITS) & HITS_MAX,
            was_hot: (word >> 50) & 1 == 1,
            last: (word >> 51) & 31,
            check: (word >> 56) as u8,
        }
    }

    /// To the shared word.
    #[must_use]
    pub const fn pack(self) -> u64 {
        self.start_ms
            | self.hits << START_BITS
            | (self.was_hot as u64) << 50
            | self.last << 51
            | (self.check as u64) << 56
    }

    /// The window after one more request.
    #[must_use]
    pub const fn after_request(self, now_ms: u64, limit: Limit) -> Self {
        let age_ms = self.age_ms(now_ms);
        // Without a request it has not begun (`RateTable::forget`).
        if age_ms < limit.window_ms && self.hits > 0 {
            let hits = if self.hits < HITS_MAX {
                self.hits + 1
            } else {
                HITS_MAX
            };
            return Self {
                hits,
                last: age_ms >> limit.step_bits(),
                ..self
            };
        }
        let was_hot = age_ms < 2 * limit.window_ms && self.hits > limit.requests;
        Self {
            was_hot,
            ..Self::first(now_ms, self.check)
        }
    }

    /// With the requests of another window of the same source.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        let sum = self.hits + other.hits;
        let hits = if sum < HITS_MAX { sum } else { HITS_MAX };
        Self {
            hits,
            was_hot: self.was_hot || other.was_hot,
            ..self
        }
    }

    /// Nobody's, with nothing in it.
    #[must_use]
    pub const fn given_up(self) -> Self {
        Self {
            hits: 0,
            was_hot: false,
            check: !self.check,
            ..self
        }
    }

    /// Does it block, seen at its last request?
    #[must_use]
    pub const fn is_hot(self, limit: Limit) -> bool {
        self.was_hot || self.hits > limit.requests
    }

    /// Does it block now?
    #[must_use]
    pub const fn is_hot_at(self, now_ms: u64, limit: Limit) -> bool {
        let age_ms = self.age_ms(now_ms);
        if age_ms < limit.window_ms {
            self.is_hot(limit)
        } else {
            age_ms < 2 * limit.window_ms && self.hits > limit.requests
        }
    }

    /// Has it nothing more to say: neither open, nor a reason to block in the one that follows?
    #[must_use]
    pub const fn is_over(self, now_ms: u64, limit: Limit) -> bool {
        let age_ms = self.age_ms(now_ms);
        age_ms >= 2 * limit.window_ms || (age_ms >= limit.window_ms && self.hits <= limit.requests)
    }

    /// How much it is worth to keep, beside others: the least of those that are over is the oldest,
    /// the least of the others the one with the fewest requests, and of these the oldest. The most
    /// there is: never to be given away.
    #[must_use]
    pub const fn worth(self, now_ms: u64, limit: Limit) -> u64 {
        if self.is_over(now_ms, limit) {
            self.start_ms + 1
        } else if self.is_hot(limit) {
            u64::MAX
        } else {
            // More than any that is over, even if it has been forgotten and has no request.
            (self.hits + 2) << START_BITS | self.start_ms
        }
    }

    /// The requests of this window, when another one that starts at `next_ms` follows on it; zero
    /// when a whole window without any lies between.
    #[must_use]
    pub const fn hits_before(self, next_ms: u64, limit: Limit) -> u64 {
        if self.age_ms(next_ms) < 2 * limit.window_ms {
            self.hits
        } else {
            0
        }
    }

    /// Requests of the window before and of the current one, as of now.
    #[must_use]
    pub const fn hits_at(self, now_ms: u64, limit: Limit, previous: u64) -> (u64, u64) {
        if self.age_ms(now_ms) < limit.window_ms {
            (previous, self.hits)
        } else {
            (self.hits_before(now_ms, limit), 0)
        }
    }

    /// When the last request came, exact to 1/16 of a window.
    #[must_use]
    pub const fn last_ms(self, now_ms: u64, limit: Limit) -> u64 {
        let start_ms = now_ms.saturating_sub(self.age_ms(now_ms));
        start_ms + (self.last << limit.step_bits())
    }

    /// Milliseconds since it began.
    const fn age_ms(self, now_ms: u64) -> u64 {
        let age_ms = now_ms.wrapping_sub(self.start_ms) & START_MASK;
        if age_ms > START_MASK - BEHIND_MS {
            0
        } else {
            age_ms
        }
    }
}
