//! How many distinct things failed: the first twenty exactly, the rest in a sketch.
//!
//! Twenty marks of 24 bits; what comes when all are taken sets one of 480 bits, and the bits still
//! clear tell how many set them (linear counting, Whang et al. 1990,
//! <https://doi.org/10.1145/78922.78925>): a standard error of 3 % at a hundred, 5 % at a thousand.
//! A mark can be taken out again, a bit cannot.
//!
//! Every word carries the generation of the window it was written in. One of an older window is an
//! empty one; who meets one of a newer window is late, and writes nothing.

use crate::shm::atomic::{AtomicU64, Ordering, fence_for_loom};

/// Words that are marks, two each.
const EXACT_WORDS: usize = 10;
/// Words that are bits, 48 each.
const SKETCH_WORDS: usize = 10;
/// Words together.
pub(super) const DISTINCT_WORDS: usize = EXACT_WORDS + SKETCH_WORDS;

/// Things that are counted exactly, and can be taken out again.
#[cfg(all(test, not(loom)))]
pub(super) const EXACT: u64 = EXACT_WORDS as u64 * 2;

const MARK_BITS: u32 = 24;
const MARK: u64 = (1 << MARK_BITS) - 1;
const BITS_OF_WORD: u64 = 48;
const BITS: u64 = SKETCH_WORDS as u64 * BITS_OF_WORD;

const GENERATION_SHIFT: u32 = 48;
const PAYLOAD: u64 = (1 << GENERATION_SHIFT) - 1;
/// Generations count in 16 bits, from the last back to the first.
pub(super) const GENERATIONS: u64 = 1 << 16;

/// How often a change is tried again after losing a race.
const ATTEMPTS: usize = 64;

/// What a word of this generation holds; `None`: it is of a newer one.
const fn payload(word: u64, generation: u64) -> Option<u64> {
    let ahead = (word >> GENERATION_SHIFT).wrapping_sub(generation) % GENERATIONS;
    match ahead {
        0 => Some(word & PAYLOAD),
        1.. if ahead < GENERATIONS / 2 => None,
        _ => Some(0),
    }
}

/// A word of this generation.
pub(super) const fn word(payload: u64, generation: u64) -> u64 {
    generation << GENERATION_SHIFT | payload
}

/// What a word of this generation holds; nothing, if it is of another.
pub(super) const fn payload_or_nothing(word: u64, generation: u64) -> u64 {
    if word >> GENERATION_SHIFT == generation {
        word & PAYLOAD
    } else {
        0
    }
}

/// Changes a word of this generation; false when the window is over or `change` answers `None`.
pub(super) fn change(
    cell: &AtomicU64,
    generation: u64,
    mut change: impl FnMut(u64) -> Option<u64>,
) -> bool {
    // Relaxed: a word is complete in itself, and its generation says whether it counts. SeqCst: as
    // in `Distinct::add`.
    let changed = cell.fetch_update(Ordering::SeqCst, Ordering::Relaxed, |old| {
        let new = change(payload(old, generation)?)?;
        Some(word(new, generation))
    });
    changed.is_ok()
}

/// The distinct things of one source in one window.
#[derive(Clone, Copy)]
pub(super) struct Distinct<'a> {
    /// [`DISTINCT_WORDS`] of the record.
    pub words: &'a [AtomicU64],
    pub generation: u64,
}

impl Distinct<'_> {
    /// Adds a thing, unless it is in already.
    ///
    /// By an exchange that is SeqCst, as are the loads of who counts after it: of two processes that
    /// add at once, at least one sees both.
    pub fn add(self, hash: u64) {
        for _ in 0..ATTEMPTS {
            let Some(free) = self.look(hash) else { return };
            let added = match free {
                Free::Mark(cell, old, shift) => {
                    let new = payload_or_nothing(old, self.generation) | mark(hash) << shift;
                    let new = word(new, self.generation);
                    cell.compare_exchange(old, new, Ordering::SeqCst, Ordering::Relaxed)
                        .is_ok()
                }
                Free::Bit(cell, bit) => {
                    change(cell, self.generation, |bits| Some(bits | bit));
                    true // Or the window is over.
                }
            };
            if added {
                fence_for_loom();
                return;
            }
        }
    }

    /// Is a thing in, or the window over?
    pub fn has_no_need_of(self, hash: u64) -> bool {
        self.look(hash).is_none()
    }

    /// Takes a thing out, if it is among the first twenty.
    pub fn remove(self, hash: u64) {
        for cell in self.exact() {
            change(cell, self.generation, |marks| {
                let without = without(marks, mark(hash));
                (without != marks).then_some(without)
            });
        }
    }

    /// Where a thing can be added; `None`: it is in already, or the window is over.
    fn look(&self, hash: u64) -> Option<Free<'_>> {
        let mut free = None;
        for cell in self.exact() {
            let old = cell.load(Ordering::Relaxed);
            let marks = payload(old, self.generation)?;
            for shift in [0, MARK_BITS] {
                let seen = marks >> shift & MARK;
                if seen == mark(hash) {
                    return None;
                }
                if seen == 0 && free.is_none() {
                    free = Some(Free::Mark(cell, old, shift));
                }
            }
        }
        let (index, bit) = bit(hash);
        let cell = self.words.get(EXACT_WORDS + index)?;
        let bits = payload(cell.load(Ordering::Relaxed), self.generation)?;
        // Set when the twenty were full: by this thing, or by another that this one hides behind.
        if bits & bit != 0 {
            return None;
        }
        Some(free.unwrap_or(Free::Bit(cell, bit)))
    }

    fn exact(&self) -> impl Iterator<Item = &AtomicU64> {
        self.words.iter().take(EXACT_WORDS)
    }
}

/// A place for a thing.
enum Free<'a> {
    /// In this word, as it was read, behind so many bits.
    Mark(&'a AtomicU64, u64, u32),
    /// This bit of this word.
    Bit(&'a AtomicU64, u64),
}

/// Never 0, which is a place that is free.
const fn mark(hash: u64) -> u64 {
    match hash & MARK {
        0 => 1,
        mark => mark,
    }
}

#[allow(clippy::cast_possible_truncation)]
const fn bit(hash: u64) -> (usize, u64) {
    let number = (hash >> MARK_BITS) % BITS;
    (
        (number / BITS_OF_WORD) as usize,
        1 << (number % BITS_OF_WORD),
    )
}

const fn without(marks: u64, mark: u64) -> u64 {
    let mut rest = marks;
    if marks & MARK == mark {
        rest &= !MARK;
    }
    if marks >> MARK_BITS == mark {
        rest &= MARK;
    }
    rest
}

/// How many distinct things these words of a record hold.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(super) fn count(words: impl Iterator<Item = u64>, generation: u64) -> u64 {
    let (mut exact, mut set) = (0, 0);
    for (index, word) in words.enumerate() {
        let payload = payload_or_nothing(word, generation);
        if index < EXACT_WORDS {
            exact += u64::from(payload & MARK != 0) + u64::from(payload >> MARK_BITS != 0);
        } else {
            set += payload.count_ones();
        }
    }
    if set == 0 {
        return exact;
    }
    let bits = f64::from(BITS as u32);
    // With every bit set there is no telling: as many as make that likely.
    let clear = f64::from((BITS as u32).saturating_sub(set).max(1));
    exact + (-bits * (clear / bits).ln()).round() as u64
}
