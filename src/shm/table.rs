//! The table: records of fixed size, found by a hash, shared by all processes without a lock.
//!
//! Not a map that grows: when it is full, a record that ends early goes. Not the policy: it does not
//! know what a record means, only until when it is worth keeping. Fork-safe, allocation-free,
//! panic-free; nothing waits on another process for longer than a few spins, and nothing that a
//! check does here looks at more than [`SWEEP_SETS`] and the two sets of its own hash.
//!
//! A hash names two sets of eight ways. A set is one cache line of tags; a tag holds a part of the
//! hash, the state of its record, and a time. To write a record, a process claims its tag by
//! compare-and-swap, writes, and publishes by another. The words of a record are written by nobody
//! but the process that claimed its place, and not once it is live, but for single words that the
//! owner of the table changes atomically.
//!
//! *A live record is replaced, not changed:* the new one is written in another place, and one
//! compare-and-swap on the tag of the old one puts it in force. A process that dies in between
//! leaves the old one or the new one.
//!
//! *A claim can't be taken over.* Its writer may be stopped, and go on writing when it is continued.
//! A claim that is not published within [`LEASE_S`] is lost, and so is one that another claim for the
//! same key comes before: the key is free for others in another place, this place for nobody. The
//! writer gives it back when it finds its claim lost. One that has
//! died leaves the place unused, one of twice as many as the limit, until the next start.

use super::atomic::{AtomicU64, Ordering, fence, wait_a_moment};
use super::region::{Region, room_for};
use crate::shared_struct;

mod claim;
mod look;
mod room;
mod tag;
#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, not(loom)))]
pub(crate) use tests::work;

pub use claim::{Claim, NotPublished};
pub use room::SWEEP_SETS;
use tag::State;
pub use tag::{FOREVER_S, Tag};

/// Tags in one set: as many as fill a cache line. (Two under loom, which tries every interleaving.)
pub const WAYS: usize = if cfg!(loom) { 2 } else { 8 };

/// Seconds after which an unpublished claim is lost. A claim lasts about 100 ns; a process that is
/// stopped for longer in the middle of one loses its write, no more.
pub const LEASE_S: u32 = 2;

/// How often a claim is tried, and tried again after losing a race. (Once under loom, which shows that
/// of two who race one wins.)
const ATTEMPTS: usize = if cfg!(loom) { 1 } else { 8 };

/// How often a process looks again while another is writing a record, before it goes on without: for
/// about two microseconds, ten times as long as a claim lasts. A writer that has been stopped is not
/// waited for.
const SPINS: usize = if cfg!(loom) { 2 } else { 32 };

shared_struct! {
    /// One cache line of tags.
    pub struct TagSet: 64 {
        /// See [`Tag`] for the bits.
        pub tags: [AtomicU64; WAYS],
    }
}

shared_struct! {
    /// What a table counts.
    pub struct Totals: 64 {
        /// Records that are live, expired ones that nobody has ended yet included, and places that
        /// are claimed for new ones. A process that dies between two neighbouring instructions,
        /// before one of which it has counted, leaves it one too high.
        pub live: AtomicU64,
        /// Live records that had to go for a newcomer, before their end.
        pub evicted: AtomicU64,
        /// Newcomers that would have ended before all that could have gone for them.
        pub refused: AtomicU64,
        /// No live record ends before this second. Zero at first: unknown.
        pub next_end_s: AtomicU64,
        /// The set where the next sweep begins.
        pub cursor: AtomicU64,
    }
}

/// A record: words whose meaning the owner of the table knows.
#[repr(C, align(64))]
#[allow(missing_debug_implementations)]
pub struct Record<const WORDS: usize> {
    /// The words. Read and written relaxed; the tag orders them.
    pub words: [AtomicU64; WORDS],
}

// SAFETY: repr(C), an array of atomics and nothing else.
unsafe impl<const WORDS: usize> super::shared::Shared for Record<WORDS> {}

impl<const WORDS: usize> Record<WORDS> {
    /// Reads one word.
    #[must_use]
    pub fn get(&self, word: usize) -> u64 {
        // Relaxed: the tag's Acquire comes before, and `is_still` checks it after.
        self.words[word].load(Ordering::Relaxed)
    }

    /// Writes one word.
    pub fn set(&self, word: usize, value: u64) {
        // Relaxed: published by the Release of the tag in `Claim::publish`.
        self.words[word].store(value, Ordering::Relaxed);
    }
}

/// Records that all processes share, found by a hash. A copy means the same table.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Table<const WORDS: usize> {
    sets: &'static [TagSet],
    records: &'static [Record<WORDS>],
    totals: &'static Totals,
    limit: u64,
}

/// A live record: where it is, and the tag it was seen with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRef {
    index: usize,
    tag: Tag,
}

impl RecordRef {
    /// Until when the record is worth keeping, in seconds since the region was made.
    #[must_use]
    pub const fn keep_until_s(self) -> u32 {
        self.tag.time_s()
    }
}

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup<T = RecordRef> {
    /// A live record.
    Live(T),
    /// Another process is writing a record for this hash just now.
    Busy,
    /// None.
    Nothing,
}

impl<T> Lookup<T> {
    /// The record, if it is live.
    #[must_use]
    pub fn live(self) -> Option<T> {
        match self {
            Self::Live(record) => Some(record),
            Self::Busy | Self::Nothing => None,
        }
    }
}

/// Why a record could not be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Another process is writing a record for the same hash.
    Busy,
    /// The table is full, and all records that could go are worth keeping longer.
    Full,
    /// The key has a live record, and none was to be replaced.
    Exists,
}

impl<const WORDS: usize> Table<WORDS> {
    /// Sets for `limit` records. Twice the room, so that two full sets for one hash are a rarity
    /// (once in 10⁹ newcomers at the limit), and so that ended records are remembered for a while.
    const fn sets_for(limit: usize) -> usize {
        (limit * 2).div_ceil(WAYS)
    }

    /// Bytes that a table for `limit` records takes from the region.
    #[must_use]
    pub const fn room(limit: usize) -> usize {
        let sets = Self::sets_for(limit);
        room_for::<TagSet>(sets) + room_for::<Record<WORDS>>(sets * WAYS) + room_for::<Totals>(1)
    }

    /// Carves a table for `limit` live records off the region.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region, limit: usize) -> std::io::Result<Self> {
        let sets = Self::sets_for(limit);
        Ok(Self::over(
            region.array(sets)?,
            region.array(sets * WAYS)?,
            &region.array(1)?[0],
            limit as u64,
        ))
    }

    /// A table over memory that is there already (tests).
    #[must_use]
    pub const fn over(
        sets: &'static [TagSet],
        records: &'static [Record<WORDS>],
        totals: &'static Totals,
        limit: u64,
    ) -> Self {
        debug_assert!(records.len() <= tag::MAX_PLACES);
        Self {
            sets,
            records,
            totals,
            limit,
        }
    }

    /// The live record with this hash that is `same`.
    pub fn find(&self, hash: u64, now_s: u32, same: impl Fn(&Record<WORDS>) -> bool) -> Lookup {
        for _ in 0..ATTEMPTS {
            match self.look(hash, now_s, &same) {
                Some(found) => return found,
                // A record changed while we read it.
                None => wait_a_moment(),
            }
        }
        Lookup::Busy
    }

    /// The same, but waits for a process that is writing the record, for as long as a claim may last
    /// that was not stopped in the middle.
    pub fn find_written(
        &self,
        hash: u64,
        now_s: u32,
        same: impl Fn(&Record<WORDS>) -> bool,
    ) -> Lookup {
        for _ in 0..SPINS {
            match self.find(hash, now_s, &same) {
                Lookup::Busy => wait_a_moment(),
                found => return found,
            }
        }
        Lookup::Busy
    }

    /// The record of an entry. It may have become another's since; what must be certain is read
    /// by [`read`](Self::read) or carries a generation of its own.
    #[must_use]
    pub fn record(&self, entry: RecordRef) -> &'static Record<WORDS> {
        &self.records[entry.index]
    }

    /// Has its place stayed its own until now? Then what was read of the record since it was found
    /// is its own as well.
    #[must_use]
    pub fn is_its_own(&self, entry: RecordRef) -> bool {
        // Acquire: as in `is_still`.
        fence(Ordering::Acquire);
        let now = Tag(self.cell(entry.index).load(Ordering::Relaxed));
        now.is_same_record(entry.tag)
    }

    /// The words of the record in this place, all of one version; `None` when it has ended or was
    /// replaced.
    #[must_use]
    pub fn read(&self, entry: RecordRef) -> Option<(RecordRef, [u64; WORDS])> {
        for _ in 0..SPINS {
            let entry = RecordRef {
                tag: self.tag(entry.index),
                ..entry
            };
            match entry.tag.state() {
                State::Live => {
                    let words = core::array::from_fn(|word| self.record(entry).get(word));
                    if self.is_still(entry.index, entry.tag) {
                        return Some((entry, words));
                    }
                }
                State::Claimed => wait_a_moment(),
                _ => break,
            }
        }
        None
    }

    /// Ends a live record: it stays as history until its place is needed. True for the one caller
    /// that ended it.
    pub fn end(&self, entry: RecordRef, now_s: u32) -> bool {
        let ended = self.retire(entry, now_s);
        if ended {
            self.count_out();
        }
        ended
    }

    /// Lengthens or shortens the time that a live record is worth keeping. False when the record has
    /// changed since it was found, be it that another process has set its time.
    pub fn keep_until(&self, entry: RecordRef, keep_until_s: u32) -> bool {
        if entry.keep_until_s() == keep_until_s {
            return true; // As most of the time: not once more for the same second.
        }
        self.cell(entry.index)
            .compare_exchange(
                entry.tag.0,
                entry.tag.live(keep_until_s).0,
                Ordering::AcqRel,
                Ordering::Relaxed,
            )
            .is_ok()
    }

    /// The live record that is in the place of an entry now: the same, or another.
    #[must_use]
    pub fn in_its_place(&self, entry: RecordRef) -> Option<RecordRef> {
        let tag = self.tag(entry.index);
        (tag.state() == State::Live).then_some(RecordRef { tag, ..entry })
    }

    /// Records that are worth keeping now, at most the limit. Reads every tag, 8 bytes a place: for
    /// people.
    #[must_use]
    pub fn used(&self, now_s: u32) -> u64 {
        let unexpired = self.live().filter(|entry| !entry.tag.has_expired(now_s));
        (unexpired.count() as u64).min(self.limit)
    }

    /// How large it is, and what it has counted.
    #[must_use]
    pub const fn size(&self) -> TableSize {
        TableSize {
            limit: self.limit,
            totals: self.totals,
            bytes: size_of_val(self.sets) + size_of_val(self.records) + size_of::<Totals>(),
        }
    }
}

/// How large a table is, and what it has counted, whatever its records.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct TableSize {
    /// Records that may be live at most.
    pub limit: u64,
    /// What was counted.
    pub totals: &'static Totals,
    /// Bytes of shared memory.
    pub bytes: usize,
}
