//! The tag: whose a place is, in one word.
//!
//! | bits | what |
//! | --- | --- |
//! | 0..16 | requests in the window before |
//! | 16..24 | eight bits of the source's hash, which its window carries too |
//! | 24..56 | an IPv4 source: its address; any other: 32 more bits of the hash |
//! | 56..63 | an IPv4 source: 0; any other: seven more bits of the hash |
//! | 63 | is it an IPv4 source? |
//!
//! So an IPv4 source is told by its tag alone, and a flood of them touches one cache line each.

use crate::source::Source;

const PREVIOUS_MASK: u64 = 0xffff;
const CHECK_SHIFT: u32 = 16;
const ADDRESS_SHIFT: u32 = 24;
const IS_V4: u64 = 1 << 63;

/// Whose a place of the rate check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SourceTag(pub u64);

impl SourceTag {
    /// Of a source that sent nothing before. Never zero, which is a place without a source.
    pub fn of(source: Source, hash: u64) -> Self {
        let hash = hash << CHECK_SHIFT;
        if let Some(address) = source.v4() {
            let check = hash & (0xff << CHECK_SHIFT);
            return Self(IS_V4 | u64::from(address) << ADDRESS_SHIFT | check);
        }
        Self((hash & !IS_V4).max(1 << CHECK_SHIFT))
    }

    /// Is it a tag of the same source?
    pub const fn is_of_same(self, other: Self) -> bool {
        self.0 >> CHECK_SHIFT == other.0 >> CHECK_SHIFT
    }

    /// Eight bits of the hash that no other source in the set is likely to share.
    #[allow(clippy::cast_possible_truncation)]
    pub const fn check(self) -> u8 {
        (self.0 >> CHECK_SHIFT) as u8
    }

    /// Requests in the window before.
    pub const fn previous(self) -> u64 {
        self.0 & PREVIOUS_MASK
    }

    /// With so many requests in the window before.
    pub const fn with_previous(self, previous: u64) -> Self {
        Self(self.0 & !PREVIOUS_MASK | previous & PREVIOUS_MASK)
    }

    /// The source, if the tag alone tells.
    #[allow(clippy::cast_possible_truncation)]
    pub const fn source(self) -> Option<Source> {
        if self.0 & IS_V4 == 0 {
            return None;
        }
        Some(Source::from_v4((self.0 >> ADDRESS_SHIFT) as u32))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const V4: u128 = 0xffff_0000_0000;

    #[test]
    fn an_ipv4_source_is_its_own_tag() {
        for (key, expected) in [
            (V4, true),
            (V4 | 0xc000_0201, true),
            (V4 | 0xffff_ffff, true),
            (0, false),
            (0xc000_0201, false),
            (0x2001_0db8 << 96, false),
            (1 << 127 | V4, false),
            (u128::MAX, false),
        ] {
            for hash in [0, 1, 0x1234_5678_9abc_def0, u64::MAX] {
                let source = Source { key };
                let tag = SourceTag::of(source, hash).with_previous(0xffff);
                assert_eq!(tag.source(), expected.then_some(source), "{key:x} {hash:x}");
                assert_eq!(tag.previous(), 0xffff);
                assert!(tag.is_of_same(SourceTag::of(source, hash)));
                assert_ne!(tag.with_previous(0).0, 0, "{key:x} {hash:x}");
            }
        }
    }

    #[test]
    fn two_sources_have_two_tags() {
        let tag = |key, hash| SourceTag::of(Source { key }, hash);
        for (one, two) in [
            (tag(V4 | 1, 5), tag(V4 | 2, 5)),
            (tag(V4 | 1, 5), tag(1, 5)),
            (tag(1, 5), tag(1, 6)),
            (tag(1, 5), tag(1, 5 | 1 << 46)),
        ] {
            assert!(!one.is_of_same(two), "{one:x?} {two:x?}");
        }
    }
}
