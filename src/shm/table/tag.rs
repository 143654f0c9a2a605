//! The tag: one word that says whose record it is, in which state, and until when.
//!
//! | bits | what |
//! | --- | --- |
//! | 0..32 | time, in seconds since the region was made: keep until, claimed at, or ended at |
//! | 32..35 | state |
//! | 35..49 | version: one more with every change of the tag |
//! | 49..64 | the low 15 bits of the hash |
//!
//! The version is what a process that was stopped notices: while it was, its tag would have to change
//! 16,384 times, or a multiple of that, to look as it did. The bits of the hash are as few as spare most
//! look-ups the records of others: all but one in 4,000 in a table that is half full.
//!
//! The highest bit of the time of a claim says whether it has a share of the limit already.
//!
//! The tag of a record that has been replaced has no time. It says where the new one is:
//!
//! | bits | what |
//! | --- | --- |
//! | 0..25 | the place of the new record |
//! | 25..31 | of the version of its tag while it was ready, the low bits |
//! | 31 | is the new record live (or was it)? |

use super::LEASE_S;

/// A time that never comes.
pub const FOREVER_S: u32 = u32::MAX;

const STATE_SHIFT: u32 = 32;
const STATE: u64 = 7;
const VERSION_SHIFT: u32 = 35;
const VERSION: u64 = 0x3fff;
const HASH_SHIFT: u32 = 49;
const HASH: u64 = (1 << (64 - HASH_SHIFT)) - 1;

/// Bits of the place of a new record. The largest table has as many places.
const PLACE_BITS: u32 = 25;
const PLACE: u64 = (1 << PLACE_BITS) - 1;
const READY_VERSION: u64 = 0x3f;
const IS_SETTLED: u64 = 1 << 31;

/// In the time of a claim, which is no more than 68 years.
const HAS_SHARE: u32 = 1 << 31;

/// Places that a tag can name.
pub(super) const MAX_PLACES: usize = 1 << PLACE_BITS;

/// In which state a place and its record are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It holds nothing.
    Free,
    /// Some process is writing a new record.
    Claimed,
    /// It counts.
    Live,
    /// It has ended and is kept as history while there is room.
    Past,
    /// Some process is writing a record that will replace a live one.
    Replacing,
    /// The same, written; the live one is not replaced yet.
    Ready,
    /// Its record has been replaced by one in another place.
    Moved,
    /// Its writer did not publish in time, and may still be writing: nobody else may use it.
    Lost,
}

/// A place of a [table](super::Table): whose it is, in which state, until when.
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
        match (self.0 >> STATE_SHIFT) & STATE {
            0 => State::Free,
            1 => State::Claimed,
            2 => State::Live,
            3 => State::Past,
            4 => State::Replacing,
            5 => State::Ready,
            6 => State::Moved,
            _ => State::Lost,
        }
    }

    pub(super) const fn matches(self, hash: u64) -> bool {
        self.0 >> HASH_SHIFT == hash & HASH
    }

    /// Everything but the time: a record keeps its version for as long as nobody claims it.
    pub(super) const fn is_same_record(self, other: Self) -> bool {
        self.0 >> STATE_SHIFT == other.0 >> STATE_SHIFT
    }

    /// Of a claim.
    pub(super) const fn lease_is_over(self, now_s: u32) -> bool {
        now_s.saturating_sub(self.claimed_at_s()) > LEASE_S
    }

    /// Of a claim.
    pub(super) const fn claimed_at_s(self) -> u32 {
        self.time_s() & !HAS_SHARE
    }

    /// Has this claim a share of the limit?
    pub(super) const fn has_share(self) -> bool {
        matches!(self.state(), State::Claimed) && self.time_s() & HAS_SHARE != 0
    }

    /// The same claim, with a share of the limit.
    pub(super) const fn with_share(self) -> Self {
        self.to(State::Claimed, self.time_s() | HAS_SHARE)
    }

    /// Is a live record no longer worth keeping?
    pub(super) const fn has_expired(self, now_s: u32) -> bool {
        self.time_s() <= now_s
    }

    const fn version(self) -> u64 {
        (self.0 >> VERSION_SHIFT) & VERSION
    }

    /// The next version, in this state.
    const fn next(self, hash: u64, state: State, low_half: u32) -> Self {
        let version = (self.version() + 1) & VERSION;
        Self(
            hash << HASH_SHIFT
                | version << VERSION_SHIFT
                | (state as u64) << STATE_SHIFT
                | low_half as u64,
        )
    }

    const fn to(self, state: State, time_s: u32) -> Self {
        self.next(self.0 >> HASH_SHIFT, state, time_s)
    }

    /// The tag of somebody who is about to write the record for `hash`.
    pub(super) const fn claimed(self, hash: u64, now_s: u32) -> Self {
        self.next(hash, State::Claimed, now_s)
    }

    /// The same, for a record that will replace a live one.
    pub(super) const fn replacing(self, hash: u64, now_s: u32) -> Self {
        self.next(hash, State::Replacing, now_s)
    }

    pub(super) const fn live(self, keep_until_s: u32) -> Self {
        self.to(State::Live, keep_until_s)
    }

    pub(super) const fn ready(self, keep_until_s: u32) -> Self {
        self.to(State::Ready, keep_until_s)
    }

    pub(super) const fn past(self, now_s: u32) -> Self {
        self.to(State::Past, now_s)
    }

    /// Nobody's. It keeps its version, so that no tag comes back soon.
    pub(super) const fn free(self) -> Self {
        self.next(0, State::Free, 0)
    }

    /// What becomes of a claim whose lease is over, or that another claim for the same key comes
    /// before. Its writer can tell it by this.
    pub(super) const fn lost(self) -> Self {
        self.to(State::Lost, self.time_s())
    }

    /// The tag of a live record that the record in this place, which is ready, replaces.
    pub(super) const fn moved(self, place: usize, ready: Self) -> Self {
        let place = place as u64 & PLACE;
        let version = ready.version() & READY_VERSION;
        self.to(State::Moved, (place | version << PLACE_BITS) as u32)
    }

    /// Where the new record is.
    pub(super) const fn moved_to(self) -> usize {
        (self.0 & PLACE) as usize
    }

    /// Is this the tag of the new record, not live yet?
    pub(super) const fn waits_for(self, new: Self) -> bool {
        matches!(new.state(), State::Ready)
            && new.version() & READY_VERSION == (self.0 >> PLACE_BITS) & READY_VERSION
            && !self.is_settled()
    }

    /// Has the new record been made live?
    pub(super) const fn is_settled(self) -> bool {
        self.0 & IS_SETTLED != 0
    }

    /// The same, with the new record live.
    pub(super) const fn settled(self) -> Self {
        self.to(State::Moved, self.time_s() | IS_SETTLED as u32)
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
        let replacing = free.replacing(hash, 8);
        let live = claimed.live(FOREVER_S);
        for (tag, state, time_s) in [
            (claimed, State::Claimed, 7),
            (replacing, State::Replacing, 8),
            (live, State::Live, FOREVER_S),
            (live.past(9), State::Past, 9),
            (replacing.ready(10), State::Ready, 10),
            (replacing.lost(), State::Lost, 8),
        ] {
            assert_eq!((tag.state(), tag.time_s()), (state, time_s));
            assert!(tag.matches(hash));
            assert!(!tag.matches(hash + 1), "{tag:?}");
            assert!(tag.matches(hash | 1 << 63), "the low bits alone: {tag:?}");
            assert!(!tag.has_share(), "{tag:?}");
        }
        assert!(claimed.with_share().has_share());
        assert_eq!(claimed.with_share().claimed_at_s(), 7);
        let freed = live.free();
        assert_eq!((freed.state(), freed.time_s()), (State::Free, 0));
        assert_ne!(freed, free, "the version goes on");
    }

    #[test]
    fn a_replaced_record_says_where_the_new_one_is() {
        let old = Tag(0).claimed(7, 1).live(9);
        for place in [0, 1, 12_345, MAX_PLACES - 1] {
            let mut ready = Tag(0).replacing(7, 1);
            for _ in 0..70 {
                ready = ready.ready(9);
                let moved = old.moved(place, ready);
                assert_eq!((moved.state(), moved.moved_to()), (State::Moved, place));
                assert!(moved.matches(7) && !moved.is_settled());
                assert!(moved.waits_for(ready));
                assert!(!moved.waits_for(ready.ready(9)), "another version");
                assert!(
                    !moved.waits_for(Tag(ready.0 ^ 1 << STATE_SHIFT)),
                    "not ready"
                );
                let settled = moved.settled();
                assert_eq!((settled.state(), settled.moved_to()), (State::Moved, place));
                assert!(settled.is_settled() && !settled.waits_for(ready));
            }
        }
    }

    #[test]
    fn every_change_is_another_version() {
        let first = Tag(0).claimed(1, 5).live(5);
        let mut tag = first;
        for _ in 0..VERSION {
            let next = tag.live(5);
            assert!(!next.is_same_record(tag) && !next.is_same_record(first));
            tag = next;
        }
        assert!(tag.live(5).is_same_record(first), "all versions are used");
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
        assert!(!tag.with_share().lease_is_over(100 + LEASE_S));
        assert!(tag.with_share().lease_is_over(101 + LEASE_S));
    }

    #[test]
    fn a_record_expires() {
        let tag = Tag(0).claimed(1, 5).live(100);
        assert!(!tag.has_expired(99));
        assert!(tag.has_expired(100) && tag.has_expired(101));
    }
}
