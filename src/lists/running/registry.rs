//! The lists there are: what each was described as, how its last loading went, and its image.
//!
//! Not the keeper: nothing here changes a list. Readers take a pin of the arena and look at the
//! image that is there; they neither wait nor copy.

use std::io;

use crate::shared_struct;
use crate::shm::arena::{Arena, Pin, SLOTS};
use crate::shm::atomic::{AtomicU64, Ordering};
use crate::shm::os::ProcessLock;
use crate::shm::region::{Region, room_for};

use super::queue::JobQueue;
use crate::lists::lookup::entry::{Action, Kind};
use crate::lists::lookup::image::Image;
use crate::lists::reading::spec::{MOST, Spec};
use crate::shm::words;

/// Words of the longest sentence about an error.
const ERROR_WORDS: usize = 40;

shared_struct! {
    /// How the loading of one list went. Written by the one process that loads.
    pub struct State: 448 {
        /// Entries of its image.
        pub entries: AtomicU64,
        /// Bytes of its image.
        pub bytes: AtomicU64,
        /// When it was loaded; 0: never.
        pub loaded_ms: AtomicU64,
        /// How long that took, in microseconds.
        pub took_us: AtomicU64,
        /// Lines that could not be read.
        pub bad: AtomicU64,
        /// Lines that a list that denies does not take.
        pub refused: AtomicU64,
        /// Loadings that failed.
        pub failures: AtomicU64,
        /// Odd while the sentence is being written.
        pub version: AtomicU64,
        /// Bytes of the sentence; 0: the last loading went well.
        pub length: AtomicU64,
        /// The sentence.
        pub error: [AtomicU64; ERROR_WORDS],
    }
}

shared_struct! {
    /// How often a list was met, in a line of its own: every process writes it.
    pub struct Hits: 64 {
        /// The count.
        pub count: AtomicU64,
    }
}

shared_struct! {
    /// Since when a process waits for a database, for those that watch it.
    pub struct Waiting: 64 {
        /// In milliseconds of CLOCK_MONOTONIC; 0: it does not wait.
        pub since_ms: AtomicU64,
    }
}

/// All lists, and the memory of their images.
#[allow(missing_debug_implementations)]
pub struct Lists {
    arena: Arena,
    specs: Vec<Spec>,
    states: &'static [State],
    hits: &'static [Hits],
    queue: JobQueue,
    waiting: &'static Waiting,
    lock: ProcessLock,
    table_lock: ProcessLock,
    sets: Sets,
}

/// Which lists are of which kind and action, a bit each: a check that no list concerns costs nothing.
#[derive(Default)]
struct Sets {
    kinds: [u64; Kind::NAMES.len()],
    actions: [u64; Action::NAMES.len()],
}

impl Sets {
    fn of(specs: &[Spec]) -> Self {
        let mut sets = Self::default();
        for (slot, spec) in specs.iter().enumerate() {
            sets.kinds[spec.kind as usize] |= 1 << slot;
            sets.actions[spec.action as usize] |= 1 << slot;
        }
        sets
    }
}

/// One list.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct List<'a> {
    /// Its slot in the arena.
    pub slot: usize,
    /// What it was described as.
    pub spec: &'a Spec,
    pub(super) state: &'a State,
    hits: &'a Hits,
}

impl Lists {
    /// Bytes that the lists take from the region, images apart.
    pub const ROOM: usize = Arena::ROOM
        + room_for::<State>(MOST)
        + room_for::<Hits>(MOST)
        + room_for::<Waiting>(1)
        + JobQueue::ROOM;

    /// Reserves the memory of the images. All lists are empty.
    ///
    /// # Errors
    ///
    /// The kernel's, or when the region has no room left.
    pub fn new(region: &mut Region, specs: Vec<Spec>, arena_bytes: usize) -> io::Result<Self> {
        Ok(Self {
            arena: Arena::new(region, arena_bytes)?,
            states: region.array(MOST)?,
            hits: region.array(MOST)?,
            queue: JobQueue::new(region)?,
            waiting: &region.array(1)?[0],
            lock: ProcessLock::new()?,
            table_lock: ProcessLock::new()?,
            sets: Sets::of(&specs),
            specs,
        })
    }

    /// Where the images are; slots from [`MOST`] on are not those of lists.
    #[must_use]
    pub const fn arena(&self) -> &Arena {
        &self.arena
    }

    /// Every list, in the order of the parameters.
    pub fn each(&self) -> impl Iterator<Item = List<'_>> {
        (0..self.specs.len()).filter_map(|slot| self.at(slot))
    }

    /// The lists of a kind and an action, in the order of the parameters.
    pub fn of(&self, kind: Kind, action: Action) -> impl Iterator<Item = List<'_>> {
        let mut left = self.sets.kinds[kind as usize] & self.sets.actions[action as usize];
        core::iter::from_fn(move || {
            let slot = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            self.at(slot)
        })
    }

    /// Is there a list of this kind and action?
    #[must_use]
    pub const fn has(&self, kind: Kind, action: Action) -> bool {
        self.sets.kinds[kind as usize] & self.sets.actions[action as usize] != 0
    }

    /// Is there a list of sources, or of where they are, that trusts?
    #[must_use]
    #[inline]
    pub const fn trust_sources(&self) -> bool {
        let Sets { kinds, actions } = &self.sets;
        let networks = kinds[Kind::Network as usize];
        let places = kinds[Kind::Country as usize] | kinds[Kind::Asn as usize];
        (networks | places) & actions[Action::Trust as usize] != 0
    }

    fn at(&self, slot: usize) -> Option<List<'_>> {
        Some(List {
            slot,
            spec: self.specs.get(slot)?,
            state: self.states.get(slot)?,
            hits: self.hits.get(slot)?,
        })
    }

    /// The list of this name.
    #[must_use]
    pub fn by_name(&self, name: &[u8]) -> Option<List<'_>> {
        self.each().find(|list| list.spec.name.as_bytes() == name)
    }

    /// How the keeper is asked to do something.
    #[must_use]
    pub const fn queue(&self) -> &JobQueue {
        &self.queue
    }

    /// Since when a process waits for a database.
    #[must_use]
    pub const fn waiting(&self) -> &'static Waiting {
        self.waiting
    }

    /// The process that holds it may replace images, and change files. Never held while a database
    /// is waited for.
    pub(super) const fn lock(&self) -> &ProcessLock {
        &self.lock
    }

    /// The process that holds it may read and change the tables of lists. Taken before [`lock`].
    ///
    /// [`lock`]: Self::lock
    pub(super) const fn table_lock(&self) -> &ProcessLock {
        &self.table_lock
    }

    /// Are there none?
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.specs.is_empty()
    }
}

const _: () = assert!(MOST < SLOTS);

impl List<'_> {
    /// Its image, if it was ever loaded.
    #[must_use]
    pub fn image<'p>(&self, pin: &'p Pin<'_>) -> Option<Image<'p>> {
        pin.image(self.slot).and_then(Image::over)
    }

    /// Counts that something was found in it.
    pub fn count_hit(&self) {
        self.hits.count.fetch_add(1, Ordering::Relaxed); // statistics only
    }

    /// How often something was found in it.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.count.load(Ordering::Relaxed)
    }

    /// Entries in force.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.state.entries.load(Ordering::Relaxed)
    }

    /// When it was loaded; 0: never.
    #[must_use]
    pub fn loaded_ms(&self) -> u64 {
        self.state.loaded_ms.load(Ordering::Relaxed)
    }

    /// How long that took.
    #[must_use]
    pub fn took_ms(&self) -> u64 {
        self.state.took_us.load(Ordering::Relaxed) / 1000
    }

    /// Bytes of its image.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.state.bytes.load(Ordering::Relaxed)
    }

    /// Lines that could not be read.
    #[must_use]
    pub fn bad(&self) -> u64 {
        self.state.bad.load(Ordering::Relaxed)
    }

    /// Lines that a list that denies does not take.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.state.refused.load(Ordering::Relaxed)
    }

    /// Loadings that failed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.state.failures.load(Ordering::Relaxed)
    }

    /// What is wrong since its last loading; empty: nothing.
    #[must_use]
    pub fn last_error(&self) -> String {
        let state = self.state;
        words::read_whole(&state.version, &state.length, &state.error)
    }

    pub(super) fn set_last_error(&self, sentence: &str) {
        let state = self.state;
        words::write_whole(&state.version, &state.length, &state.error, sentence);
    }
}
