//! The tally: failures and attempts under way, in one word.
//!
//! | bits | what |
//! | --- | --- |
//! | 0..32 | first failure, in seconds since the region was made; while there is none, first attempt |
//! | 32..48 | failures since then |
//! | 48..52 | attempts that were let through and have not come back yet |
//! | 52..64 | generation of the record: one more with every new owner |

use super::Rules;
use crate::clock::Clock;

/// An attempt that has not come back after this time never will: the script left early.
pub(super) const UNDER_WAY_MS: u64 = 2000;

/// Generations count in 12 bits.
pub(super) const GENERATIONS: u64 = 1 << 12;

const MAX_FAILURES: u64 = 0xffff;
const MAX_UNDER_WAY: u64 = 15;

/// The failures of one subject, and its attempts under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub first_s: u64,
    pub failures: u64,
    pub under_way: u64,
    pub generation: u64,
    /// From the word beside it: end of the block; 0: none.
    pub blocked_until_ms: u64,
    /// From the word beside it: the last attempt or failure.
    pub last_ms: u64,
}

impl Tally {
    pub const fn unpack(word: u64) -> Self {
        Self {
            first_s: word & 0xffff_ffff,
            failures: (word >> 32) & MAX_FAILURES,
            under_way: (word >> 48) & MAX_UNDER_WAY,
            generation: word >> 52,
            blocked_until_ms: 0,
            last_ms: 0,
        }
    }

    pub const fn pack(self) -> u64 {
        self.first_s | self.failures << 32 | self.under_way << 48 | self.generation << 52
    }

    /// Failures within the window, or a block that lasts.
    pub fn counts(self, clock: &impl Clock, rules: Rules) -> bool {
        self.failures > 0
            && (self.blocked_until_ms > clock.coarse_ms() || !self.is_over(clock, rules))
    }

    /// Is the window, and any block, over?
    fn is_over(self, clock: &impl Clock, rules: Rules) -> bool {
        let now_ms = clock.coarse_ms();
        if self.blocked_until_ms != 0 {
            return self.blocked_until_ms <= now_ms;
        }
        (self.first_s * 1000 + rules.window_ms) <= now_ms
    }

    pub fn is_blocked(self, clock: &impl Clock) -> bool {
        self.blocked_until_ms > clock.coarse_ms()
    }

    /// After one more failure: in the same window, or in a new one that begins with it.
    pub fn with_failure(self, clock: &impl Clock, rules: Rules) -> Self {
        let now_s = u64::from(clock.now_s());
        let under_way = self.under_way.saturating_sub(1);
        if self.failures == 0 || self.is_over(clock, rules) {
            return Self {
                first_s: now_s,
                failures: 1,
                under_way,
                ..self
            };
        }
        Self {
            failures: (self.failures + 1).min(MAX_FAILURES),
            under_way,
            ..self
        }
    }

    /// With one more attempt under way; `None` when as many are as there are failures left.
    pub fn with_attempt(self, clock: &impl Clock, rules: Rules) -> Option<Self> {
        let fails = self.counts(clock, rules);
        let failures = if fails { self.failures } else { 0 };
        let since_ms = if fails {
            self.last_ms
        } else {
            self.first_s * 1000
        };
        let forgotten = clock.coarse_ms().saturating_sub(since_ms) > UNDER_WAY_MS;
        let under_way = if forgotten || self.failures != failures {
            0
        } else {
            self.under_way
        };
        let is_first = failures + under_way == 0;
        let first_s = if is_first {
            clock.now_s().into()
        } else {
            self.first_s
        };
        let has_place = failures + under_way < rules.max_failures;
        let under_way = (under_way + 1).min(MAX_UNDER_WAY);
        has_place.then_some(Self {
            first_s,
            failures,
            under_way,
            ..self
        })
    }

    pub const fn withdrawn(self) -> Self {
        Self {
            under_way: self.under_way.saturating_sub(1),
            ..self
        }
    }

    /// Without so many of its failures.
    pub const fn forgiven(self, failures: u64) -> Self {
        Self {
            failures: self.failures.saturating_sub(failures),
            ..self.withdrawn()
        }
    }
}
