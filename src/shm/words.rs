//! Bytes in shared words: requests, answers, sentences.

use super::atomic::{AtomicU64, Ordering, fence};

/// Bytes of a word.
const WORD: usize = 8;

/// Writes bytes into words; what does not fit is left out. Returns how many bytes were written.
pub fn write(words: &[AtomicU64], bytes: &[u8]) -> usize {
    for (word, piece) in words.iter().zip(bytes.chunks(WORD)) {
        let mut whole = [0; WORD];
        for (to, from) in whole.iter_mut().zip(piece) {
            *to = *from;
        }
        word.store(u64::from_le_bytes(whole), Ordering::Relaxed);
    }
    bytes.len().min(words.len() * WORD)
}

/// Reads the first `length` bytes.
pub fn read(words: &[AtomicU64], length: u64) -> Vec<u8> {
    let room = words.len() * WORD;
    let length = usize::try_from(length).unwrap_or(room).min(room);
    let words = words.iter().take(length.div_ceil(WORD));
    let mut bytes: Vec<u8> = words
        .flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes())
        .collect();
    bytes.truncate(length);
    bytes
}

/// Writes a sentence that others may read at the same time. One process writes.
pub fn write_whole(version: &AtomicU64, length: &AtomicU64, words: &[AtomicU64], sentence: &str) {
    let before = version.load(Ordering::Relaxed) | 1; // one that died in here left it odd
    version.store(before, Ordering::Relaxed);
    // Release: whoever reads one of the words below sees the odd version, too. Pairs with the
    // Acquire fence of `read_whole`.
    fence(Ordering::Release);
    let written = write(words, sentence.as_bytes());
    length.store(written as u64, Ordering::Relaxed);
    // Release: pairs with the Acquire of `read_whole`, which reads the words after it.
    version.store(before + 1, Ordering::Release);
}

/// Reads a sentence, whole; one that changes all the time, as nothing does, reads as `?`.
pub fn read_whole(version: &AtomicU64, length: &AtomicU64, words: &[AtomicU64]) -> String {
    for _ in 0..1000 {
        // Acquire: pairs with the Release at the end of `write_whole`.
        let before = version.load(Ordering::Acquire);
        let bytes = read(words, length.load(Ordering::Relaxed));
        // Acquire: pairs with the Release fence of `write_whole`.
        fence(Ordering::Acquire);
        if before.is_multiple_of(2) && version.load(Ordering::Relaxed) == before {
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        super::atomic::wait_a_moment();
    }
    "?".to_owned()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let words: [AtomicU64; 3] = core::array::from_fn(|_| AtomicU64::new(7));
        for (bytes, expected) in [
            (&b""[..], &b""[..]),
            (b"a", b"a"),
            (b"12345678", b"12345678"),
            (b"123456789", b"123456789"),
            (
                b"123456789012345678901234567890",
                b"123456789012345678901234",
            ),
        ] {
            let written = write(&words, bytes);
            assert_eq!(read(&words, written as u64), expected);
        }
        assert_eq!(read(&words, u64::MAX).len(), 24);
    }

    #[test]
    fn a_sentence_is_read_once_it_is_written_to_its_end() {
        let (version, length) = (AtomicU64::new(1), AtomicU64::new(0));
        let words: [AtomicU64; 8] = core::array::from_fn(|_| AtomicU64::new(0));
        let read = || read_whole(&version, &length, &words);
        assert_eq!(read(), "?", "its writer died in the middle");
        for (sentence, now) in [("one", 2), ("two", 4)] {
            write_whole(&version, &length, &words, sentence);
            assert_eq!((&*read(), version.load(Ordering::Relaxed)), (sentence, now));
        }
    }

    #[test]
    fn a_sentence_is_read_whole_while_it_changes() {
        let (version, length) = (AtomicU64::new(1), AtomicU64::new(0)); // left odd by one who died
        let words: [AtomicU64; 8] = core::array::from_fn(|_| AtomicU64::new(0));
        let written = |number: usize| {
            char::from(b'a' + (number % 26) as u8)
                .to_string()
                .repeat(1 + number % 60)
        };
        write_whole(&version, &length, &words, &written(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..20_000 {
                    write_whole(&version, &length, &words, &written(number));
                }
            });
            for _ in 0..20_000 {
                let sentence = read_whole(&version, &length, &words);
                let first = sentence.chars().next();
                let is_whole =
                    sentence == "?" || (0..26 * 60).any(|number| written(number) == sentence);
                assert!(is_whole && first.is_some(), "{sentence}");
            }
        });
    }
}
