//! The keyed hash: the seed is secret and the same in all processes, so nobody outside can choose
//! addresses or names that meet in one set, and nobody inside looks in another place than its
//! neighbour.

use std::hash::{BuildHasher, Hasher};

use crate::source::Source;

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

    /// Of a user's name, whatever the case of its letters: a database that ignores case would
    /// otherwise give a guesser a fresh count for each spelling.
    #[must_use]
    pub fn user(&self, name: &[u8]) -> u64 {
        let mut hasher = self.0.build_hasher();
        let mut lower = [0; 64];
        for piece in name.chunks(lower.len()) {
            let lower = &mut lower[..piece.len()];
            lower.copy_from_slice(piece);
            lower.make_ascii_lowercase();
            hasher.write(lower);
        }
        hasher.write_u8(b'u'); // Not a source's and not a request's hash.
        hasher.finish()
    }

    /// Of a user and a source together.
    #[must_use]
    pub fn pair(&self, user: u64, source: Source) -> u64 {
        self.0.hash_one((user, source.key))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_in_every_spelling() {
        let hash = Hash::keyed([1, 2, 3, 4]);
        let long = "a".repeat(200);
        assert_eq!(
            hash.user(b"Alice@Example.COM"),
            hash.user(b"alice@example.com")
        );
        assert_eq!(
            hash.user(long.as_bytes()),
            hash.user(long.to_uppercase().as_bytes())
        );
        assert_ne!(
            hash.user(b"alice@example.com"),
            hash.user(b"alice@example.org")
        );
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
