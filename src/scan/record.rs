//! The record of a source: which word is what.

use crate::escape::Brief;
use crate::shm::atomic::Ordering;
use crate::shm::table;
use crate::source::Source;

use super::distinct::{self, DISTINCT_WORDS, Distinct};
use super::window::{ScanWindow, Told};
use super::{Kind, Rules};

/// Words of a record: six cache lines.
pub(super) const WORDS: usize = 48;

const SOURCE_HIGH: usize = 0;
const SOURCE_LOW: usize = 1;
pub(super) const WINDOW: usize = 2;
/// The weights of the signals together, with the generation of their window.
pub(super) const SIGNALS: usize = 3;
/// The last signal's reason.
const REASON: usize = 4;
const REASON_WORDS: usize = SIGNAL_BYTES / 8;
const USERS: usize = REASON + REASON_WORDS;
const DESTINATIONS: usize = USERS + DISTINCT_WORDS;

const _: () = assert!(DESTINATIONS + DISTINCT_WORDS == WORDS);

pub(super) type ScanRecord = table::Record<WORDS>;

/// Bytes of the longest reason of a signal.
pub const SIGNAL_BYTES: usize = 32;

/// The reason of a signal: 1 to 32 lower-case letters, digits, `_` and `-`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signal([u8; SIGNAL_BYTES]);

impl Signal {
    /// Of a message that can't be read.
    pub const UNREADABLE: Self = {
        let mut bytes = [0; SIGNAL_BYTES];
        let (room, _) = bytes.split_at_mut(10);
        room.copy_from_slice(b"unreadable");
        Self(bytes)
    };

    /// From a text.
    ///
    /// # Errors
    ///
    /// A sentence that names the text and what is allowed.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let is_allowed =
            |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(byte);
        let mut bytes = [0; SIGNAL_BYTES];
        match bytes.get_mut(..text.len()) {
            Some(room) if !text.is_empty() && text.iter().all(is_allowed) => {
                room.copy_from_slice(text);
                Ok(Self(bytes))
            }
            _ => Err(format!(
                "reason={}: must be 1 to {SIGNAL_BYTES} of a-z, 0-9, _ and -",
                Brief(text)
            )),
        }
    }

    /// The text; empty when there has been no signal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let used = self.0.iter().position(|&byte| byte == 0);
        let text = self.0.get(..used.unwrap_or(SIGNAL_BYTES));
        // Parsed it was ASCII, and words of two texts at once still are.
        text.and_then(|text| std::str::from_utf8(text).ok())
            .unwrap_or_default()
    }

    fn from_words(words: &[u64]) -> Self {
        let mut bytes = [0; SIGNAL_BYTES];
        for (piece, word) in bytes.chunks_exact_mut(8).zip(words) {
            piece.copy_from_slice(&word.to_le_bytes());
        }
        Self(bytes)
    }

    fn words(&self) -> impl Iterator<Item = u64> {
        let (words, _) = self.0.as_chunks::<8>();
        words.iter().map(|bytes| u64::from_le_bytes(*bytes))
    }
}

impl std::fmt::Debug for Signal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

pub(super) fn is_of(record: &ScanRecord, source: Source) -> bool {
    let [high, low] = source.halves();
    record.get(SOURCE_HIGH) == high && record.get(SOURCE_LOW) == low
}

/// Writes the record of a source that was not known.
pub(super) fn begin(record: &ScanRecord, source: Source, now_s: u32) -> ScanWindow {
    let [high, low] = source.halves();
    record.set(SOURCE_HIGH, high);
    record.set(SOURCE_LOW, low);
    // By exchange: who still takes the place for its old owner's may open a window at this instant,
    // and must not share a generation with the new one.
    let next = |old| Some(ScanWindow(old).next(now_s).0);
    let old = record.words[WINDOW].fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    let window = ScanWindow(old.unwrap_or_else(|same| same)).next(now_s);
    empty(record, window, |record, word, new| record.set(word, new));
    tell(record, &Signal([0; SIGNAL_BYTES]));
    window
}

/// Puts all counts of a record into a window that has just been opened: none is so old that its
/// generation comes round again.
pub(super) fn renew(record: &ScanRecord, window: ScanWindow) {
    empty(record, window, |record, word, _| {
        distinct::change(&record.words[word], window.generation(), Some);
    });
}

fn empty(record: &ScanRecord, window: ScanWindow, write: impl Fn(&ScanRecord, usize, u64)) {
    let none = distinct::word(0, window.generation());
    for word in (USERS..WORDS).chain([SIGNALS]) {
        write(record, word, none);
    }
}

/// Two at once may leave a mixture of both texts.
pub(super) fn tell(record: &ScanRecord, signal: &Signal) {
    for (word, value) in signal.words().enumerate() {
        record.set(REASON + word, value);
    }
}

pub(super) fn distinct(
    record: &'static ScanRecord,
    kind: Kind,
    window: ScanWindow,
) -> Distinct<'static> {
    Distinct {
        words: &record.words[place(kind)],
        generation: window.generation(),
    }
}

pub(super) fn count(record: &ScanRecord, kind: Kind, window: ScanWindow) -> u64 {
    // SeqCst: pairs with the exchange in `Distinct::add`.
    let words = record.words[place(kind)].iter();
    distinct::count(
        words.map(|word| word.load(Ordering::SeqCst)),
        window.generation(),
    )
}

const fn place(kind: Kind) -> std::ops::Range<usize> {
    let first = match kind {
        Kind::User => USERS,
        Kind::Destination => DESTINATIONS,
    };
    first..first + DISTINCT_WORDS
}

/// A record for the dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceScan {
    /// Whose it is.
    pub source: Source,
    /// Distinct users that failed.
    pub users: u64,
    /// Distinct destinations that failed.
    pub destinations: u64,
    /// Weights of its signals together.
    pub signals: u64,
    /// The reason of the last one.
    pub last_signal: Signal,
    /// When its window began, in milliseconds of the clock.
    pub since_ms: u64,
    /// When it ends.
    pub until_ms: u64,
    /// Has it reached a limit in this window?
    pub is_over: bool,
}

impl SourceScan {
    pub(super) fn from_words(words: &[u64; WORDS], rules: Rules) -> Self {
        let window = ScanWindow(words[WINDOW]);
        let generation = window.generation();
        let count = |kind| distinct::count(words[place(kind)].iter().copied(), generation);
        let since_ms = window.start_s() * 1000;
        Self {
            source: Source::from_halves([words[SOURCE_HIGH], words[SOURCE_LOW]]),
            users: count(Kind::User),
            destinations: count(Kind::Destination),
            signals: distinct::payload_or_nothing(words[SIGNALS], generation),
            last_signal: Signal::from_words(&words[REASON..]),
            since_ms,
            until_ms: since_ms + rules.window_s * 1000,
            is_over: window.was_told(Told::Scan) || window.was_told(Told::Signals),
        }
    }

    /// Does it hold anything?
    #[must_use]
    pub const fn counts(&self) -> bool {
        self.users + self.destinations + self.signals > 0 || self.is_over
    }
}
