//! The record of a subject: which word is what.

use crate::shm::atomic::Ordering;
use crate::shm::table;
use crate::source::Source;

use super::tally::{GENERATIONS, Tally};

/// Words of a record: three cache lines, of which a check reads the first.
pub(super) const WORDS: usize = 24;

const USER_HASH: usize = 0;
const SOURCE_HIGH: usize = 1;
const SOURCE_LOW: usize = 2;
pub(super) const TALLY: usize = 3;
pub(super) const BLOCKED_UNTIL_MS: usize = 4;
pub(super) const LAST_MS: usize = 5;
/// The last failed requests.
const SEEN: usize = 6;
const SEEN_WORDS: usize = 5;
/// Beside the length of the user's name: [`UNPROVEN`].
const USER_LENGTH: usize = 11;
const USER: usize = 12;

/// Bytes of a user's name that are kept for people to read; the hash is of all of it.
const USER_BYTES: usize = (WORDS - USER) * 8;

/// It is about attempts that anybody could have made in that name.
const UNPROVEN: u64 = 1 << 32;

pub(super) type AuthRecord = table::Record<WORDS>;

/// Whom a record is about: a pair; a user as a whole (no source); a source as a whole (no user).
#[derive(Clone, Copy)]
pub(super) struct Subject {
    pub user: u64,
    pub source: Source,
    pub hash: u64,
    /// Of attempts whose sender has proven where he is.
    pub is_proven: bool,
}

impl Subject {
    pub fn is_its_record(self) -> impl Fn(&AuthRecord) -> bool {
        let [high, low] = self.source.halves();
        move |record| {
            record.get(USER_HASH) == self.user
                && record.get(SOURCE_HIGH) == high
                && record.get(SOURCE_LOW) == low
        }
    }
}

/// Bits of a time. Above them: the generation of the record, as in its tally.
const TIME_BITS: u32 = 52;

const fn stamped(time_ms: u64, generation: u64) -> u64 {
    generation << TIME_BITS | time_ms & ((1 << TIME_BITS) - 1)
}

/// The time that a word says; 0, as well, when it was another subject's.
const fn time_of(word: u64, generation: u64) -> u64 {
    if word >> TIME_BITS == generation {
        word & ((1 << TIME_BITS) - 1)
    } else {
        0
    }
}

/// One of the times of a record of this generation.
pub(super) fn time_ms(record: &AuthRecord, word: usize, generation: u64) -> u64 {
    time_of(record.get(word), generation)
}

/// Sets one of the times of a record of this generation. Nothing happens when the record has become
/// another subject's: who was stopped before he came here does not block that one.
pub(super) fn set_time_ms(record: &AuthRecord, word: usize, generation: u64, time_ms: u64) {
    let new = stamped(time_ms, generation);
    // Relaxed: the word is complete in itself.
    let _anothers = record.words[word].fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| {
        (old >> TIME_BITS == generation).then_some(new)
    });
}

/// Writes the record of a subject that was not known.
pub(super) fn begin(record: &AuthRecord, subject: Subject, user: &[u8]) {
    let before = Tally::unpack(record.get(TALLY)).generation;
    let generation = (before + 1) % GENERATIONS;
    let [high, low] = subject.source.halves();
    record.set(USER_HASH, subject.user);
    record.set(SOURCE_HIGH, high);
    record.set(SOURCE_LOW, low);
    record.set(
        TALLY,
        Tally {
            generation,
            ..Tally::default()
        }
        .pack(),
    );
    for word in [BLOCKED_UNTIL_MS, LAST_MS] {
        record.set(word, stamped(0, generation));
    }
    for word in 0..SEEN_WORDS {
        record.set(SEEN + word, 0);
    }
    let user = &user[..user.len().min(USER_BYTES)];
    let unproven = if subject.is_proven { 0 } else { UNPROVEN };
    record.set(USER_LENGTH, user.len() as u64 | unproven);
    for (word, piece) in user.chunks(8).enumerate() {
        let mut bytes = [0; 8];
        bytes[..piece.len()].copy_from_slice(piece);
        record.set(USER + word, u64::from_le_bytes(bytes));
    }
}

/// Was this request counted as a failure before?
pub(super) fn has_seen(record: &AuthRecord, request: u64) -> bool {
    request != 0 && (0..SEEN_WORDS).any(|word| record.get(SEEN + word) == request)
}

/// Remembers a failed request, for its retransmissions. In a record that has become another
/// subject's it does no harm: no request of that one has this number.
#[allow(clippy::cast_possible_truncation)]
pub(super) fn remember(record: &AuthRecord, failures: u64, request: u64) {
    record.set(SEEN + failures as usize % SEEN_WORDS, request);
}

/// A record for the dump.
#[derive(Clone, Debug)]
pub struct AuthFailures {
    /// Hash of the user's name.
    pub user_hash: u64,
    /// Where the failures came from; [`Source::NONE`]: the user as a whole.
    pub source: Source,
    /// Failures since the first.
    pub failures: u64,
    /// The first failure, in milliseconds of the clock.
    pub first_ms: u64,
    /// The last one.
    pub last_ms: u64,
    /// End of the block; 0: none.
    pub blocked_until_ms: u64,
    /// Had their senders proven where they are?
    pub is_proven: bool,
    user: [u8; USER_BYTES],
    user_length: usize,
}

impl AuthFailures {
    #[allow(clippy::cast_possible_truncation)]
    pub(super) fn from_words(words: &[u64; WORDS]) -> Self {
        let tally = Tally::unpack(words[TALLY]);
        let mut user = [0; USER_BYTES];
        for (piece, word) in user.chunks_exact_mut(8).zip(&words[USER..]) {
            piece.copy_from_slice(&word.to_le_bytes());
        }
        Self {
            user_hash: words[USER_HASH],
            source: Source::from_halves([words[SOURCE_HIGH], words[SOURCE_LOW]]),
            failures: tally.failures,
            first_ms: tally.first_s * 1000,
            last_ms: time_of(words[LAST_MS], tally.generation),
            blocked_until_ms: time_of(words[BLOCKED_UNTIL_MS], tally.generation),
            is_proven: words[USER_LENGTH] & UNPROVEN == 0,
            user,
            user_length: (words[USER_LENGTH] as u32 as usize).min(USER_BYTES),
        }
    }

    /// The user's name, cut to what a record keeps.
    #[must_use]
    pub fn user(&self) -> &[u8] {
        &self.user[..self.user_length]
    }

    /// Blocked, or failures within the window.
    #[must_use]
    pub const fn is_failing(&self, now_ms: u64, window_ms: u64) -> bool {
        let in_window = self.blocked_until_ms == 0 && self.first_ms + window_ms > now_ms;
        // A success may have forgiven all the failures that a lasting block came from.
        self.is_blocked(now_ms) || (self.failures > 0 && in_window)
    }

    /// Does its block last?
    #[must_use]
    pub const fn is_blocked(&self, now_ms: u64) -> bool {
        self.blocked_until_ms > now_ms
    }
}
