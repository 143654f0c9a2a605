//! The keeper's mailbox: what other processes want of it, and what it answers.
//!
//! A place is taken, written, posted; the keeper takes the oldest letter, does what it says and
//! answers in the same place; who asked reads and frees it. Every wait has an end: who asked gives
//! up after a while and the keeper frees the place then, and a place whose owner died is taken over
//! when it is old.

use std::io;
use std::time::{Duration, Instant};

use crate::shared_struct;
use crate::shm::atomic::{AtomicU64, Ordering};
use crate::shm::os;
use crate::shm::region::{Region, room_for};

use super::words;

/// Letters at one time.
const PLACES: usize = 8;

/// Bytes of the longest letter. loom follows every word.
pub const LETTER: usize = if cfg!(loom) { 8 } else { 4096 };

/// Bytes of the longest answer.
pub const ANSWER: usize = if cfg!(loom) { 8 } else { 512 };

shared_struct! {
    /// A place for a letter and its answer.
    pub struct Place: 4672 {
        /// When it was taken, in ms, then a number that grows with every letter, then flags and
        /// state.
        pub word: AtomicU64,
        /// Bytes of the letter.
        pub length: AtomicU64,
        /// The letter.
        pub letter: [AtomicU64; LETTER / 8],
        /// What the answer is: 0, or the code of an error.
        pub code: AtomicU64,
        /// Bytes of the answer.
        pub answer_length: AtomicU64,
        /// The answer.
        pub answer: [AtomicU64; ANSWER / 8],
        /// Nothing.
        pub spare: [AtomicU64; 4],
    }
}

shared_struct! {
    /// What wakes the keeper.
    pub struct Bell: 64 {
        /// Grows with every letter.
        pub rung: AtomicU64,
        /// Grows with every place that is taken: letters of one millisecond have an order, too.
        pub numbers: AtomicU64,
        /// 1: the host has a keeper, or will have one.
        pub is_kept: AtomicU64,
    }
}

// The states of a place. A word of 0 is a free one.
const WRITING: u64 = 1;
const POSTED: u64 = 2;
const RUNNING: u64 = 3;
const DONE: u64 = 4;
const STATE: u64 = 0x7f;
/// Nobody waits for the answer.
const UNATTENDED: u64 = 0x80;
const NUMBER: u32 = 8;
const TIME: u32 = 24;

/// A place that was taken so long ago belonged to a process that died while it wrote…
const WRITING_MS: u64 = 2000;
/// … or asked, or worked.
const OLD_MS: u64 = 600_000;

/// How long who finds all places taken looks away.
const PAUSE: Duration = Duration::from_millis(5);

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The keeper's answer: a code, 0 when it is no error, and what it says.
    Answered(u64, String),
    /// It was posted; nobody waits for the answer.
    Posted,
    /// All places are taken.
    Full,
    /// There was no answer in time. It may come to pass yet.
    Late,
    /// The letter is too long.
    TooLong,
}

/// A letter that the keeper has taken.
#[derive(Debug)]
pub struct Letter {
    place: usize,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// See the module's own words.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Mailbox {
    places: &'static [Place],
    bell: &'static Bell,
}

impl Mailbox {
    /// Bytes that it takes from the region.
    pub const ROOM: usize = room_for::<Place>(PLACES) + room_for::<Bell>(1);

    /// Carves the mailbox off the region.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region) -> io::Result<Self> {
        Ok(Self::over(region.array(PLACES)?, &region.array(1)?[0]))
    }

    /// Over words that are zero.
    #[must_use]
    pub const fn over(places: &'static [Place], bell: &'static Bell) -> Self {
        Self { places, bell }
    }

    /// From now on there is a keeper who reads the letters.
    pub fn open(&self) {
        self.bell.is_kept.store(1, Ordering::Relaxed); // before the fork, or by the keeper itself
    }

    /// Is there one?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.bell.is_kept.load(Ordering::Relaxed) == 1
    }

    /// Posts a letter and waits for the answer, no longer than `patience`; zero: not at all.
    #[must_use]
    pub fn ask(&self, letter: &[u8], patience: Duration) -> Outcome {
        if letter.len() > LETTER {
            return Outcome::TooLong;
        }
        let number = self.bell.numbers.fetch_add(1, Ordering::Relaxed) & 0xffff;
        let sign = os::monotonic_ms() << TIME | number << NUMBER;
        let until = Instant::now() + patience;
        let claimed = |place| Some((place, claim(place, sign)?));
        let (place, taken) = loop {
            if let Some(found) = self.places.iter().find_map(claimed) {
                break found;
            }
            if Instant::now() >= until {
                return Outcome::Full;
            }
            std::thread::sleep(PAUSE);
        };
        let length = words::write(&place.letter, letter);
        place.length.store(length as u64, Ordering::Relaxed);
        let flag = if patience.is_zero() { UNATTENDED } else { 0 };
        // Release: pairs with the Acquire of `next`, which reads the letter after it.
        let posted = place.word.compare_exchange(
            taken,
            taken & !STATE | POSTED | flag,
            Ordering::Release,
            Ordering::Relaxed,
        );
        if posted.is_err() {
            return Outcome::Full; // taken over: we slept for seconds between two lines
        }
        self.ring();
        if patience.is_zero() {
            Outcome::Posted
        } else {
            wait_for_answer(place, taken & !STATE, until)
        }
    }

    /// Wakes the keeper.
    pub fn ring(&self) {
        // Release: who sees the bell sees the letter.
        self.bell.rung.fetch_add(1, Ordering::Release);
        os::wake(&self.bell.rung);
    }

    /// How often the bell has rung.
    #[must_use]
    pub fn rung(&self) -> u64 {
        // Acquire: pairs with `ring`.
        self.bell.rung.load(Ordering::Acquire)
    }

    /// Waits until the bell rings again after it had rung `heard` times, at the most so long.
    pub fn listen(&self, heard: u64, patience: Duration) {
        os::wait(&self.bell.rung, heard, patience);
    }

    /// Takes the oldest letter.
    #[must_use]
    pub fn next(&self) -> Option<Letter> {
        let posted = self.places.iter().enumerate().filter_map(|(index, place)| {
            let word = place.word.load(Ordering::Relaxed);
            (word & STATE == POSTED).then_some((word, index))
        });
        let (word, index) = posted.min()?;
        let place = self.places.get(index)?;
        // Acquire: pairs with the Release of `ask`.
        let taken = place.word.compare_exchange(
            word,
            word & !STATE | RUNNING,
            Ordering::Acquire,
            Ordering::Relaxed,
        );
        let length = place.length.load(Ordering::Relaxed);
        // Who gave up at this very moment has only raised a flag: the next look finds it.
        taken.ok().map(|_| Letter {
            place: index,
            bytes: words::read(&place.letter, length),
        })
    }

    /// Answers a letter.
    pub fn answer(&self, letter: &Letter, code: u64, text: &str) {
        let Some(place) = self.places.get(letter.place) else {
            return;
        };
        place.code.store(code, Ordering::Relaxed);
        let length = words::write(&place.answer, text.as_bytes());
        place.answer_length.store(length as u64, Ordering::Relaxed);
        let done = |word: u64| match (word & STATE, word & UNATTENDED) {
            (RUNNING, 0) => Some(word & !STATE | DONE),
            (RUNNING, _) => Some(0),
            _ => None, // taken over
        };
        // Release: pairs with the Acquire of `wait_for_answer`, which reads the answer after it.
        let _changed = place
            .word
            .fetch_update(Ordering::Release, Ordering::Relaxed, done);
        os::wake(&place.word);
    }
}

/// Takes a place that is free, or that belongs to nobody any more. Returns its word.
fn claim(place: &Place, sign: u64) -> Option<u64> {
    let word = place.word.load(Ordering::Relaxed);
    let age_ms = (sign >> TIME).saturating_sub(word >> TIME);
    let is_free = match word & STATE {
        0 => true,
        WRITING => age_ms > WRITING_MS,
        _ => age_ms > OLD_MS,
    };
    if !is_free {
        return None;
    }
    let taken = sign | WRITING;
    // Acquire: what its last owner read is read before we write.
    let claimed = place
        .word
        .compare_exchange(word, taken, Ordering::Acquire, Ordering::Relaxed);
    claimed.is_ok().then_some(taken)
}

fn wait_for_answer(place: &Place, sign: u64, until: Instant) -> Outcome {
    loop {
        // Acquire: pairs with the Release of `answer`.
        let word = place.word.load(Ordering::Acquire);
        if word == sign | DONE {
            let code = place.code.load(Ordering::Relaxed);
            let text = words::read(&place.answer, place.answer_length.load(Ordering::Relaxed));
            // Release: pairs with the Acquire of `claim`.
            let _freed = place
                .word
                .compare_exchange(word, 0, Ordering::Release, Ordering::Relaxed);
            return Outcome::Answered(code, String::from_utf8_lossy(&text).into_owned());
        }
        let left = until.saturating_duration_since(Instant::now());
        if word & !STATE != sign {
            return Outcome::Late; // taken over: it is not ours any more
        }
        if !left.is_zero() {
            os::wait(&place.word, word, left);
            continue;
        }
        // Relaxed: who takes it over from the keeper's hands synchronises with the keeper.
        let given_up = place.word.compare_exchange(
            word,
            word | UNATTENDED,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if given_up.is_ok() {
            return Outcome::Late;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
