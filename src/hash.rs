//! The keyed hash: the seed is secret and the same in all processes, so nobody outside can choose
//! addresses or names that meet in one set, and nobody inside looks in another place than its
//! neighbour.

use std::hash::{BuildHasher, Hasher};

use crate::source::{Flow, Source};

mod spelling;

/// ahash, keyed with the seed of the region.
#[derive(Clone, Debug)]
pub struct Hash(ahash::RandomState);

impl Hash {
    /// The hash that the seed stands for.
    #[must_use]
    pub const fn keyed([a, b, c, d]: [u64; 4]) -> Self {
        Self(ahash::RandomState::with_seeds(a, b, c, d))
    }

    /// Of a source.
    #[must_use]
    pub fn source(&self, source: Source) -> u64 {
        self.0.hash_one(source.key)
    }

    /// Of a user's name, however it is [spelled](spelling): a database takes many spellings for one user, and each
    /// would otherwise have a count of its own.
    #[must_use]
    pub fn user(&self, name: &[u8]) -> User {
        // A longer one has no part that is looked at, but perhaps its domain.
        let looked_at = &name[name.len().saturating_sub(spelling::LONGEST)..];
        let at = looked_at.iter().rposition(|&byte| byte == b'@');
        let at = at.map_or(name.len(), |at| name.len() - looked_at.len() + at);
        let (bare, domain) = name.split_at(at);
        let mut hasher = self.0.build_hasher();
        spelling::write(&mut hasher, bare);
        let end = |mut hasher: ahash::AHasher| {
            hasher.write_u8(b'u'); // Not a source's and not a request's hash.
            hasher.finish()
        };
        let bare = end(hasher.clone());
        // Servers know their domains: no spelling of one makes another user.
        write_lower(
            &mut hasher,
            domain.get(1..).unwrap_or_default().trim_ascii(),
        );
        User {
            bare,
            whole: end(hasher),
        }
    }

    /// Of a text, whatever the case of its letters.
    #[must_use]
    pub fn caseless(&self, text: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        write_lower(&mut hasher, text);
        hasher.finish()
    }

    /// Of a user and a source together.
    #[must_use]
    pub fn pair(&self, user: u64, source: Source) -> u64 {
        self.0.hash_one((user, source.key))
    }

    /// Of a flow.
    #[must_use]
    pub fn flow(&self, flow: Flow) -> u64 {
        self.texts(&[b"flow", &flow.bytes()])
    }

    /// Of texts that come one after the other.
    #[must_use]
    pub fn hasher(&self) -> impl Hasher + use<> {
        self.0.build_hasher()
    }

    /// Of several texts together.
    #[must_use]
    pub fn texts(&self, texts: &[&[u8]]) -> u64 {
        let mut hasher = self.0.build_hasher();
        for text in texts {
            hasher.write_usize(text.len());
            hasher.write(text);
        }
        hasher.finish()
    }
}

/// A user's name, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct User {
    /// `alice` of `alice@example.com`: what stands before the last `@`.
    pub bare: u64,
    /// All of it.
    pub whole: u64,
}

/// Eight bytes at a time, and how many there are.
fn write_lower(hasher: &mut ahash::AHasher, text: &[u8]) {
    let (words, rest) = text.as_chunks();
    for word in words {
        hasher.write_u64(lower(u64::from_le_bytes(*word)));
    }
    let rest = rest
        .iter()
        .rev()
        .fold(0, |word, &byte| word << 8 | u64::from(byte));
    hasher.write_u64(lower(rest));
    hasher.write_usize(text.len());
}

/// A one in each of eight bytes.
const ONES: u64 = u64::MAX / 0xff;

/// Eight bytes, the ASCII letters among them in lower case.
const fn lower(word: u64) -> u64 {
    let low = word & (0x7f * ONES);
    // The highest bit of a byte is free for the carry of "from A on" and of "beyond Z".
    let from_a = low + (0x80 - b'A' as u64) * ONES;
    let beyond_z = low + (0x7f - b'Z' as u64) * ONES;
    let is_upper = from_a & !beyond_z & !word & (0x80 * ONES);
    word | is_upper >> 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_one_in_all_its_domains() {
        let hash = Hash::keyed([1, 2, 3, 4]);
        let alice = hash.user(b"alice@example.com");
        for (name, same_bare, same_whole) in [
            (&b"Alice@Example.com"[..], true, true),
            (b"alice@example.org", true, false),
            (b"alice@", true, false),
            (b"alice", true, false),
            (b"alice@example.com@example.com", false, false),
            (b"alice2@example.com", false, false),
            (b"alice @example.com ", true, true),
            (b"alice@example.com\0", true, false),
            (b"alice@ex\xc3\xa4mple.com", true, false),
            (b"alice@ex%d1%8fmple.com", true, false),
            (b"", false, false),
        ] {
            let other = hash.user(name);
            let name = String::from_utf8_lossy(name);
            assert_eq!(other.bare == alice.bare, same_bare, "{name}");
            assert_eq!(other.whole == alice.whole, same_whole, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn eight_bytes_in_lower_case(word: [u8; 8]) {
            let expected = word.to_ascii_lowercase();
            let lower = lower(u64::from_le_bytes(word));
            proptest::prop_assert_eq!(&lower.to_le_bytes()[..], &expected[..]);
        }

        #[test]
        fn every_byte_of_a_name_counts(
            name in proptest::collection::vec(b'a'..=b'q', 1..60),
            at: proptest::sample::Index,
        ) {
            let hash = Hash::keyed([1, 2, 3, 4]);
            let mut other = name.clone();
            other[at.index(name.len())] += 1;
            proptest::prop_assert_ne!(hash.user(&name), hash.user(&other));
            proptest::prop_assert_ne!(hash.user(&name), hash.user(&name[1..]));
            proptest::prop_assert_eq!(hash.user(&name), hash.user(&name.to_ascii_uppercase()));
        }

        #[test]
        fn every_byte_of_a_request_counts(
            text in proptest::collection::vec(0_u8.., 1..600),
            at: proptest::sample::Index,
        ) {
            let hash = Hash::keyed([1, 2, 3, 4]);
            let mut other = text.clone();
            other[at.index(text.len())] ^= 1;
            proptest::prop_assert_ne!(hash.texts(&[&text]), hash.texts(&[&other]));
            proptest::prop_assert_ne!(hash.texts(&[&text]), hash.texts(&[&text[1..]]));
        }
    }

    #[test]
    fn texts_do_not_run_together() {
        let hash = Hash::keyed([1, 2, 3, 4]);
        assert_ne!(hash.texts(&[b"ab", b"c"]), hash.texts(&[b"a", b"bc"]));
    }

    #[test]
    fn another_seed_is_another_hash() {
        let source = Source { key: 7 };
        assert_ne!(
            Hash::keyed([1, 2, 3, 4]).source(source),
            Hash::keyed([1, 2, 3, 5]).source(source)
        );
    }
}
