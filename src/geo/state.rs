//! What all processes see of a file: when it was read, and why it was not. One process writes.

use crate::escape::Escaped;
use crate::shared_struct;
use crate::shm::atomic::{AtomicU64, Ordering};
use crate::shm::words;

/// Words of the longest sentence about an error.
const ERROR_WORDS: usize = 34;

shared_struct! {
    /// How the loading of one file went.
    pub struct State: 320 {
        /// Ranges.
        pub entries: AtomicU64,
        /// Bytes of the image; 0: there is none.
        pub bytes: AtomicU64,
        /// When it was loaded, in milliseconds of the region.
        pub loaded_ms: AtomicU64,
        /// How long that took, in milliseconds.
        pub took_ms: AtomicU64,
        /// Odd while the sentence is being written.
        pub version: AtomicU64,
        /// Bytes of the sentence; 0: the last loading went well.
        pub length: AtomicU64,
        /// The sentence, escaped.
        pub error: [AtomicU64; ERROR_WORDS],
    }
}

/// What is told of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Ranges that have a country or a system.
    pub entries: u64,
    /// Bytes of shared memory.
    pub bytes: u64,
    /// When it was loaded, in milliseconds of the region; `None`: never.
    pub loaded_ms: Option<u64>,
    /// How long that took, in milliseconds.
    pub took_ms: u64,
    /// Why the last attempt failed; empty: it did not.
    pub last_error: String,
}

impl State {
    /// It was loaded.
    pub fn loaded(&self, entries: u64, bytes: usize, now_ms: u64, took_ms: u64) {
        for (word, value) in [
            (&self.entries, entries),
            (&self.bytes, bytes as u64),
            (&self.loaded_ms, now_ms),
            (&self.took_ms, took_ms),
        ] {
            word.store(value, Ordering::Relaxed); // statistics, each for itself
        }
        self.set_error("");
    }

    /// It was not, and stays as it was.
    pub fn failed(&self, sentence: &str) {
        self.set_error(&Escaped(sentence.as_bytes()).to_string());
    }

    fn set_error(&self, shown: &str) {
        words::write_whole(&self.version, &self.length, &self.error, shown);
    }

    /// For the dump.
    pub fn told(&self) -> Told {
        let read = |word: &AtomicU64| word.load(Ordering::Relaxed);
        let bytes = read(&self.bytes);
        Told {
            entries: read(&self.entries),
            bytes,
            loaded_ms: (bytes > 0).then(|| read(&self.loaded_ms)),
            took_ms: read(&self.took_ms),
            last_error: words::read_whole(&self.version, &self.length, &self.error),
        }
    }
}
