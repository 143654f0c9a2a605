//! The tag: one word that says whose record it is, in which state, and until when.
//!
//! | bits | what |
//! | --- | --- |
//! | 0..32 | time, in seconds since the region was made: keep until, claimed at, or ended at |
//! | 32..34 | state |
//! | 34..40 | version: one more with every change of the record |
//! | 40..64 | the low 24 bits of the hash |

use super::LEASE_S;

/// A time that never comes.
pub const FOREVER_S: u32 = u32::MAX;

const STATE_SHIFT: u32 = 32;
const VERSION_SHIFT: u32 = 34;
const HASH_SHIFT: u32 = 40;

/// In which state a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Never used; the whole tag is zero.
    Free,
    /// Some process is writing it.
    Claimed,
    /// It counts.
    Live,
    /// It has ended and is kept as history while there is room.
    Past,
}

/// See the module's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(pub(super) u64);

#[allow(clippy::cast_possible_truncation)]
impl Tag {
    /// Keep until, claimed at, or ended at.
    #[must_use]
    pub const fn time_s(self) -> u32 {
        self.0 as u32
    }

    pub(super) const fn state(self) -> State {
        match (self.0 >> STATE_SHIFT) & 3 {
            0 => State::Free,
            1 => State::Claimed,
            2 => State::Live,
            _ => State::Past,
        }
    }

    pub(super) const fn matches(self, hash: u64) -> bool {
        self.0 >> HASH_SHIFT == hash & 0xff_ffff
    }

    /// Everything but the time: a record keeps its version for as long as nobody claims it.
    pub(super) const fn is_same_record(self, other: Self) -> bool {
        self.0 >> STATE_SHIFT == other.0 >> STATE_SHIFT
    }

    pub(super) const fn lease_is_over(self, now_s: u32) -> bool {
        now_s.saturating_sub(self.time_s()) > LEASE_S
    }

    const fn next(self, hash: u64, state: State, time_s: u32) -> Self {
        let version = ((self.0 >> VERSION_SHIFT) + 1) & 0x3f;
        Self(
            hash << HASH_SHIFT
                | version << VERSION_SHIFT
                | (state as u64) << STATE_SHIFT
                | time_s as u64,
        )
    }

    /// The tag of somebody who is about to write the record for `hash`.
    pub(super) const fn claimed(self, hash: u64, now_s: u32) -> Self {
        self.next(hash, State::Claimed, now_s)
    }

    pub(super) const fn live(self, keep_until_s: u32) -> Self {
        self.next(self.0 >> HASH_SHIFT, State::Live, keep_until_s)
    }

    pub(super) const fn past(self, now_s: u32) -> Self {
        self.next(self.0 >> HASH_SHIFT, State::Past, now_s)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_tag_goes_through_its_life() {
        let hash = 0x1234_5678_9abc_def0;
        let free = Tag(0);
        assert_eq!(free.state(), State::Free);
        let claimed = free.claimed(hash, 7);
        assert_eq!((claimed.state(), claimed.time_s()), (State::Claimed, 7));
        let live = claimed.live(FOREVER_S);
        assert_eq!((live.state(), live.time_s()), (State::Live, FOREVER_S));
        let past = live.past(9);
        assert_eq!((past.state(), past.time_s()), (State::Past, 9));
        for tag in [claimed, live, past] {
            assert!(tag.matches(hash));
            assert!(!tag.matches(hash + 1));
        }
    }

    #[test]
    fn every_change_is_another_version() {
        let mut tag = Tag(0).claimed(1, 5);
        for _ in 0..63 {
            let next = tag.live(5);
            assert_ne!(next.0 >> VERSION_SHIFT, tag.0 >> VERSION_SHIFT);
            tag = next;
        }
    }

    #[test]
    fn a_lease_ends() {
        let tag = Tag(0).claimed(1, 100);
        assert!(
            !tag.lease_is_over(99),
            "a clock that is behind is no reason"
        );
        assert!(!tag.lease_is_over(100 + LEASE_S));
        assert!(tag.lease_is_over(101 + LEASE_S));
    }
}
