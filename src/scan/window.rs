//! The window of a source: one word that says since when it counts, and what was told of it.
//!
//! | bits | what |
//! | --- | --- |
//! | 0..32 | first failure or signal, in seconds since the region was made |
//! | 32..48 | generation: one more with every window and every owner of the record |
//! | 48 | the finding "scan" was told |
//! | 49 | the finding "malformed" was told |

use super::distinct::GENERATIONS;

const SECONDS: u64 = 0xffff_ffff;
const GENERATION_SHIFT: u32 = 32;
const TOLD_SHIFT: u32 = 48;

/// What is told once in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    Scan = 1,
    Signals = 2,
}

/// Since when a source is counted, and what was told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ScanWindow(pub u64);

impl ScanWindow {
    /// The window after this one, of the same source or of the next owner of the record.
    pub const fn next(self, now_s: u32) -> Self {
        let generation = (self.generation() + 1) % GENERATIONS;
        Self(now_s as u64 | generation << GENERATION_SHIFT)
    }

    pub const fn start_s(self) -> u64 {
        self.0 & SECONDS
    }

    pub const fn generation(self) -> u64 {
        (self.0 >> GENERATION_SHIFT) % GENERATIONS
    }

    pub const fn is_over(self, now_s: u32, window_s: u64) -> bool {
        self.start_s() + window_s <= now_s as u64
    }

    pub const fn was_told(self, what: Told) -> bool {
        self.0 >> TOLD_SHIFT & what as u64 != 0
    }

    pub const fn with_told(self, what: Told) -> Self {
        Self(self.0 | (what as u64) << TOLD_SHIFT)
    }
}
