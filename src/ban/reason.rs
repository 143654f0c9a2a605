//! Why a source is banned, and by whom.

use std::fmt;

use crate::escape::{Brief, Word};

/// Bytes of the longest reason.
pub const REASON_BYTES: usize = 64;

/// Words that a reason takes in a record.
pub const REASON_WORDS: usize = REASON_BYTES / 8;

/// A short text. The module's own are words (`rate`, `agent` …); a person may give a sentence.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BanReason([u8; REASON_BYTES]);

impl BanReason {
    /// Over the rate.
    pub const RATE: Self = Self::word(b"rate");
    /// A scanner's User-Agent.
    pub const AGENT: Self = Self::word(b"agent");
    /// Wrong passwords.
    pub const AUTH: Self = Self::word(b"auth");
    /// By hand, or by the script.
    pub const MANUAL: Self = Self::word(b"manual");

    const fn word(text: &[u8]) -> Self {
        let mut bytes = [0; REASON_BYTES];
        let mut at = 0;
        while at < text.len() && at < REASON_BYTES {
            bytes[at] = text[at];
            at += 1;
        }
        Self(bytes)
    }

    /// One of the module's own words, at most 64 bytes.
    #[must_use]
    pub const fn of(word: &str) -> Self {
        Self::word(word.as_bytes())
    }

    /// From a text.
    ///
    /// # Errors
    ///
    /// A sentence, when it is empty, too long, or holds a zero byte.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        if text.is_empty() || text.len() > REASON_BYTES || text.contains(&0) {
            let text = Brief(text);
            return Err(format!(
                "reason={text}: must be 1 to {REASON_BYTES} bytes of text"
            ));
        }
        Ok(Self::word(text))
    }

    /// The text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        let used = self
            .0
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(REASON_BYTES);
        &self.0[..used]
    }

    pub(super) fn to_words(self) -> [u64; REASON_WORDS] {
        core::array::from_fn(|word| {
            u64::from_le_bytes(core::array::from_fn(|byte| self.0[word * 8 + byte]))
        })
    }

    pub(super) fn from_words(words: &[u64]) -> Self {
        let mut bytes = [0; REASON_BYTES];
        for (piece, word) in bytes.chunks_exact_mut(8).zip(words) {
            piece.copy_from_slice(&word.to_le_bytes());
        }
        Self(bytes)
    }
}

/// As a log line wants it: a word as it is, anything else in quotes.
impl fmt::Display for BanReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Word(self.as_bytes()).fmt(f)
    }
}

impl fmt::Debug for BanReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Who set a ban.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A check, by itself.
    Check = 0,
    /// A function of the routing script.
    Script = 1,
    /// An RPC command.
    Rpc = 2,
}

impl Origin {
    /// The word that dumps show.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Script => "script",
            Self::Rpc => "rpc",
        }
    }

    pub(super) const fn from_word(word: u64) -> Self {
        match word & ORIGIN_MASK {
            0 => Self::Check,
            1 => Self::Script,
            _ => Self::Rpc,
        }
    }
}

/// Who of a banned source is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// Everybody.
    Everybody = 0,
    /// Who has not proven lately that it is there: what the source was banned for, anybody could have
    /// sent in its name.
    Strangers = 1,
}

const ORIGIN_MASK: u64 = 0xff;
const AGAINST_SHIFT: u32 = 8;

impl Against {
    /// The word that dumps show.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Strangers => "strangers",
        }
    }

    /// In one word with the origin.
    pub(super) const fn with(self, origin: Origin) -> u64 {
        (self as u64) << AGAINST_SHIFT | origin as u64
    }

    pub(super) const fn from_word(word: u64) -> Self {
        match word >> AGAINST_SHIFT {
            0 => Self::Everybody,
            _ => Self::Strangers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_survive_shared_memory() {
        for text in [
            &b"rate"[..],
            b"a whole sentence, \xff included",
            &[b'x'; REASON_BYTES],
        ] {
            let reason = BanReason::parse(text).unwrap();
            assert_eq!(BanReason::from_words(&reason.to_words()).as_bytes(), text);
        }
    }

    #[test]
    fn reasons_in_a_log_line() {
        for (text, expected) in [
            ("rate", "rate"),
            ("toll fraud", "\"toll fraud\""),
            ("a\nb", "\"a\\nb\""),
        ] {
            assert_eq!(
                BanReason::parse(text.as_bytes()).unwrap().to_string(),
                expected
            );
        }
    }

    #[test]
    fn what_is_no_reason_is_named() {
        for text in [&b""[..], &[b'x'; REASON_BYTES + 1], b"a\0b"] {
            assert!(
                BanReason::parse(text)
                    .unwrap_err()
                    .contains("must be 1 to 64 bytes")
            );
        }
    }
}
