//! The arena: images of any size, written by one process, read by all where they lie.
//!
//! Beside the region, which is fixed, lies one reserve of shared address space. Its pages are taken
//! when an image is written, and given back when nobody reads it any more. A *slot* says where its
//! image lies; to replace an image is to change that one word, so that readers see the whole old
//! image or the whole new one. What was replaced is retired, and its pages are used again when no
//! reader is pinned that may have seen it ([`pins`]).
//!
//! Nobody waits for anybody. Which pages are free is not written down: it is what neither a slot
//! nor a retired image takes, so a writer that dies at any moment leaves nothing behind.

use std::io;

use super::atomic::{AtomicU64, Ordering};
use super::os;
use super::region::{Region, room_for};
use crate::shm::fail;

mod no_room;
mod pins;
mod place;
mod process;
#[cfg(all(test, not(loom)))]
mod tests;

pub use no_room::NoRoom;
pub use pins::{Held, Pins, READER_SLOTS, ReaderSlot};
use place::ImagePlace;
use process::Process;

/// Images that it holds at most, one a slot.
pub const SLOTS: usize = 64;

/// Images that were replaced and may still be read. More only when a reader stays pinned, stopped
/// by a signal, while so many are published.
const RETIRED: usize = 1024;

/// Bytes before an image: its generation and when it was published.
const HEAD: usize = 64;

/// The epoch of what is just being retired.
const NOT_YET: u64 = u64::MAX;

/// Images of any size in shared memory. A copy in each process means the same.
#[allow(missing_debug_implementations)]
pub struct Arena {
    start: *mut u8,
    capacity: usize,
    /// Where the image of each slot lies, see [`ImagePlace`].
    slots: &'static [AtomicU64],
    /// Where retired images lie; zero: no image.
    retired: &'static [AtomicU64],
    /// The epoch in which each of them was retired.
    retired_in: &'static [AtomicU64],
    /// The [`Process`] that writes; zero: none.
    writer: &'static AtomicU64,
    pins: Pins,
}

// SAFETY: the pointer is to a mapping that is never undone. It is written by one process at a time
// (`Writing`), where no reader looks, and published by the word of a slot.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

impl Arena {
    /// Bytes that it takes from the region.
    pub const ROOM: usize = room_for::<AtomicU64>(2 + SLOTS + 2 * RETIRED)
        + 4 * 64
        + room_for::<ReaderSlot>(READER_SLOTS);

    /// Reserves address space for images of so many bytes together, before the fork.
    ///
    /// # Errors
    ///
    /// The kernel's, or when the region has no room left.
    pub fn new(region: &mut Region, bytes: usize) -> io::Result<Self> {
        let capacity = bytes.next_multiple_of(os::PAGE).min(place::MAX_BYTES);
        let home = os::page_wiped_on_fork()?.cast::<AtomicU64>();
        let words = region.array::<AtomicU64>(2)?;
        // SAFETY: a zeroed page that is never unmapped, aligned to more than a word.
        let home = unsafe { &*home };
        Ok(Self {
            start: os::reserve_shared(capacity)?,
            capacity,
            slots: region.array(SLOTS)?,
            retired: region.array(RETIRED)?,
            retired_in: region.array(RETIRED)?,
            writer: &words[1],
            pins: Pins::over(region.array(READER_SLOTS)?, &words[0], home),
        })
    }

    /// Puts a copy of an image into a slot, in place of the one that is there.
    ///
    /// # Errors
    ///
    /// When there is no room for both; the old image stays. Also when another process publishes at
    /// this moment.
    pub fn publish(&self, slot: usize, image: &[u8], now_ms: u64) -> Result<(), NoRoom> {
        let slot = self.slots.get(slot).ok_or(NoRoom::Slot(slot))?;
        let _writing = self.begin_writing()?;
        self.give_back_what_is_free();
        let bytes = HEAD + image.len();
        let place = self.find_room(bytes)?;
        let mut head = [0; HEAD];
        for (bytes, word) in head
            .chunks_exact_mut(8)
            .zip([self.pins.epoch() + 1, now_ms])
        {
            bytes.copy_from_slice(&word.to_ne_bytes());
        }
        let start = self.take(place)?;
        let behind_head = start.wrapping_add(HEAD);
        // SAFETY: `find_room` gives pages inside the mapping that no slot names and no reader can
        // still see; one process writes at a time, and `image` is not in them, being borrowed.
        unsafe { core::ptr::copy_nonoverlapping(head.as_ptr(), start, HEAD) };
        // SAFETY: as above; the place holds `HEAD` and the image.
        unsafe { core::ptr::copy_nonoverlapping(image.as_ptr(), behind_head, image.len()) };
        fail::point("arena.copied");
        self.replace(slot, place.word())?;
        self.give_back_what_is_free();
        Ok(())
    }

    /// Empties a slot. Nothing happens while another process publishes.
    pub fn clear(&self, slot: usize) {
        let (Some(slot), Ok(_writing)) = (self.slots.get(slot), self.begin_writing()) else {
            return;
        };
        self.give_back_what_is_free();
        // When too much is retired, the image stays: nobody can be told, and it does no harm.
        let _refused = self.replace(slot, 0);
        self.give_back_what_is_free();
    }

    /// Gives the pages of replaced images back that nobody reads any more. Done with each
    /// `publish`, too.
    pub fn tidy(&self) {
        if let Ok(_writing) = self.begin_writing() {
            self.give_back_what_is_free();
        }
    }

    /// Lets this process read, until the pin is dropped. Pins may overlap. In a child of a fork, a
    /// pin of the parent's is none.
    #[must_use]
    pub fn pin(&self) -> Pin<'_> {
        Pin {
            arena: self,
            held: self.pins.pin(),
        }
    }

    /// Bytes that images take, replaced ones that may still be read included.
    #[must_use]
    pub fn used_bytes(&self) -> usize {
        let taken = self.taken();
        taken.iter().map(|place| place.pages() * os::PAGE).sum()
    }

    /// Bytes that images can take together.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// One process writes at a time; the lock of a dead one is free.
    fn begin_writing(&self) -> Result<Writing, NoRoom> {
        let me = Process::this();
        // Acquire: pairs with the Release of whoever wrote before.
        let take = |holder: u64| {
            self.writer
                .compare_exchange(holder, me.0, Ordering::Acquire, Ordering::Relaxed)
        };
        let taken = take(0).or_else(|holder| {
            if Process(holder).is_gone() {
                take(holder)
            } else {
                Err(holder)
            }
        });
        taken
            .map(|_| Writing(self.writer))
            .map_err(|_| NoRoom::Busy)
    }

    /// Where so many bytes fit.
    fn find_room(&self, bytes: usize) -> Result<ImagePlace, NoRoom> {
        let mut taken = self.taken();
        taken.sort_unstable_by_key(|place| place.page());
        let wanted = bytes.div_ceil(os::PAGE);
        let end = self.capacity / os::PAGE;
        let mut free = 0;
        for place in &taken {
            if free + wanted <= place.page() {
                break;
            }
            free = free.max(place.page() + place.pages());
        }
        if free + wanted <= end {
            Ok(ImagePlace::at(free, bytes))
        } else {
            let used = taken.iter().map(|place| place.pages() * os::PAGE).sum();
            Err(NoRoom::Full {
                wanted: bytes,
                used,
                capacity: self.capacity,
            })
        }
    }

    /// What slots and retired images take, each once.
    fn taken(&self) -> Vec<ImagePlace> {
        let words = self.slots.iter().chain(self.retired);
        let mut words: Vec<u64> = words.map(|word| word.load(Ordering::Relaxed)).collect();
        words.sort_unstable();
        words.dedup(); // A writer died in `replace`.
        words.into_iter().filter_map(ImagePlace::of).collect()
    }

    /// Takes the pages of a place from the kernel.
    fn take(&self, place: ImagePlace) -> Result<*mut u8, NoRoom> {
        let start = self.start.wrapping_add(place.page() * os::PAGE);
        let bytes = place.pages() * os::PAGE;
        // SAFETY: the place lies in the mapping.
        let taken = unsafe { os::take(start, bytes) };
        taken.map(|()| start).map_err(|error| {
            // SAFETY: nobody knows the place.
            unsafe { os::give_back(start, bytes) };
            NoRoom::Kernel {
                bytes,
                error: error.to_string(),
            }
        })
    }

    /// Changes the word of a slot and retires what it named.
    fn replace(&self, slot: &AtomicU64, new: u64) -> Result<(), NoRoom> {
        let old = slot.load(Ordering::Relaxed);
        let mut places = self.retired.iter().zip(self.retired_in);
        let is_free = |(place, _): &(&AtomicU64, _)| place.load(Ordering::Relaxed) == 0;
        let (place, epoch) = places.find(is_free).ok_or(NoRoom::Held(RETIRED))?;
        // In this order, so that an image is named by its slot or here at every moment: whoever
        // dies in between leaves it retired, of an epoch that the next writer ends.
        epoch.store(NOT_YET, Ordering::Release);
        place.store(old, Ordering::Release);
        // SeqCst: before the loads in `Pins::oldest`. Release: the image was written before; pairs
        // with the Acquire in `Pin::place`.
        slot.swap(new, Ordering::SeqCst);
        fail::point("arena.swapped");
        epoch.store(self.pins.end_epoch(), Ordering::Release);
        Ok(())
    }

    /// Gives back the pages of every retired image that no pin can see.
    fn give_back_what_is_free(&self) {
        let retired = || {
            let words = self.retired.iter().zip(self.retired_in);
            words.filter(|(place, _)| place.load(Ordering::Relaxed) != 0)
        };
        for (_, epoch) in retired() {
            if epoch.load(Ordering::Relaxed) == NOT_YET {
                epoch.store(self.pins.end_epoch(), Ordering::Release);
            }
        }
        if retired().next().is_none() {
            return;
        }
        let oldest = self.pins.oldest();
        for (retired, _) in retired().filter(|(_, epoch)| epoch.load(Ordering::Relaxed) < oldest) {
            let word = retired.load(Ordering::Relaxed);
            let is_live = self
                .slots
                .iter()
                .any(|slot| slot.load(Ordering::Relaxed) == word);
            if let (false, Some(place)) = (is_live, ImagePlace::of(word)) {
                let start = self.start.wrapping_add(place.page() * os::PAGE);
                // SAFETY: the place lies in the mapping; no slot names it, and every pin is of a
                // later epoch than the one in which it was taken out of its slot.
                unsafe { os::give_back(start, place.pages() * os::PAGE) };
            }
            fail::point("arena.given_back");
            retired.store(0, Ordering::Release);
        }
    }
}

/// The right to write, which one process has at a time.
struct Writing(&'static AtomicU64);

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

/// The right to read images, which stay as they are for as long as it lives.
#[allow(missing_debug_implementations)]
pub struct Pin<'a> {
    arena: &'a Arena,
    held: Held,
}

impl Pin<'_> {
    /// The image that is in a slot now. Asked again, it may be another one; both stay.
    #[must_use]
    pub fn image(&self, slot: usize) -> Option<&[u8]> {
        self.bytes(slot)?.get(HEAD..)
    }

    /// Of the image in a slot: a number that no other image ever had, and greater than those of
    /// all before it. 0: none.
    #[must_use]
    pub fn generation(&self, slot: usize) -> u64 {
        self.head(slot, 0)
    }

    /// When the image in a slot was published, in milliseconds of our clock. 0: none.
    #[must_use]
    pub fn loaded_ms(&self, slot: usize) -> u64 {
        self.head(slot, 1)
    }

    fn head(&self, slot: usize, word: usize) -> u64 {
        let head = self
            .bytes(slot)
            .and_then(|bytes| bytes.get(word * 8..)?.first_chunk());
        head.copied().map_or(0, u64::from_ne_bytes)
    }

    fn bytes(&self, slot: usize) -> Option<&[u8]> {
        // SeqCst: behind the pin, see `Pins::pin`. Acquire: pairs with the swap in
        // `Arena::replace`, before which the image was written.
        let word = self.arena.slots.get(slot)?.load(Ordering::SeqCst);
        let place = ImagePlace::of(word)?;
        let ends = place.page() * os::PAGE + place.bytes();
        if ends > self.arena.capacity || !self.arena.pins.is_here(self.held) {
            return None;
        }
        let start = self.arena.start.wrapping_add(place.page() * os::PAGE);
        // SAFETY: inside the mapping, as was just checked; whole, because a slot names only what was
        // written; and not written again before this pin, which was there before, is dropped.
        Some(unsafe { core::slice::from_raw_parts(start, place.bytes()) })
    }
}

impl Drop for Pin<'_> {
    fn drop(&mut self) {
        self.arena.pins.unpin(self.held);
    }
}
