//! The region: one mapping, made before the fork, that all tables are carved from.
//!
//! It begins with a header that says what it is, so that a core dump can be read. Memory is taken
//! once and never grows; the mapping lives as long as the process, which is what makes the
//! `'static` of the slices true.

use std::io;

use super::atomic::{AtomicU64, Ordering};
use super::os;
use super::shared::Shared;
use crate::shared_struct;

/// `PALISADE` in ASCII, the first eight bytes of the region.
pub const MAGIC: u64 = u64::from_be_bytes(*b"PALISADE");

/// Grows with every change of what lies where in the region.
pub const LAYOUT_VERSION: u64 = 3;

shared_struct! {
    /// The first 128 bytes of the region. Written before the fork, read-only after it.
    pub struct Header: 128 {
        /// [`MAGIC`].
        pub magic: AtomicU64,
        /// [`LAYOUT_VERSION`].
        pub layout: AtomicU64,
        /// Bytes of the region, header included.
        pub bytes: AtomicU64,
        /// CLOCK_MONOTONIC at its making, in milliseconds: zero of all times in the region.
        pub born_ms: AtomicU64,
        /// The secret of all hashes.
        pub seed: [AtomicU64; 4],
        /// Arrays carved so far.
        pub arrays: AtomicU64,
    }
}

/// A region under construction: arrays are carved off its front.
pub struct Region {
    start: *mut u8,
    bytes: usize,
    used: usize,
}

impl Header {
    /// Gets the pages of the region into the page table of this process: of what was mapped before a
    /// fork, a child has none, and waits for the kernel, about a microsecond, where it first touches
    /// one.
    ///
    /// # Errors
    ///
    /// What `madvise(2)` says.
    #[allow(clippy::cast_possible_truncation)] // It was a `usize`.
    pub fn map_pages(&'static self) -> io::Result<()> {
        let bytes = self.bytes.load(Ordering::Relaxed) as usize;
        let start = core::ptr::from_ref(self).cast_mut().cast();
        // SAFETY: the header is where the mapping begins, and says how long it is.
        unsafe { os::take(start, bytes) }
    }
}

impl Region {
    /// Maps a region that has room for `bytes` of arrays (see [`room_for`]) and draws its seed.
    ///
    /// # Errors
    ///
    /// The kernel's, when it refuses the memory or the randomness.
    pub fn new(bytes: usize) -> io::Result<Self> {
        let bytes = size_of::<Header>() + bytes;
        let page = if bytes < os::HUGE_PAGE {
            os::PAGE
        } else {
            os::HUGE_PAGE
        };
        let bytes = bytes.next_multiple_of(page);
        let mut region = Self {
            start: os::map_shared(bytes)?,
            bytes,
            used: 0,
        };
        let seed = os::secret()?;
        let header = region.header();
        header.magic.store(MAGIC, Ordering::Relaxed);
        header.layout.store(LAYOUT_VERSION, Ordering::Relaxed);
        header.bytes.store(bytes as u64, Ordering::Relaxed);
        header.born_ms.store(os::monotonic_ms(), Ordering::Relaxed);
        for (word, value) in header.seed.iter().zip(seed) {
            word.store(value, Ordering::Relaxed);
        }
        region.used = size_of::<Header>();
        Ok(region)
    }

    /// The header.
    #[must_use]
    pub fn header(&self) -> &'static Header {
        // SAFETY: `new` mapped at least a header's worth of zeroed bytes, aligned to a huge page,
        // and the mapping is never undone.
        unsafe { &*self.start.cast::<Header>() }
    }

    /// The secret that all hashes are keyed with.
    #[must_use]
    pub fn seed(&self) -> [u64; 4] {
        let words = &self.header().seed;
        core::array::from_fn(|i| words[i].load(Ordering::Relaxed))
    }

    /// Bytes of it that lie in huge pages.
    #[must_use]
    pub fn huge_bytes(&self) -> usize {
        if self.bytes < os::HUGE_PAGE {
            0
        } else {
            os::huge_bytes(self.start)
        }
    }

    /// Bytes of the whole region.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Carves off `count` zeroed elements, aligned to a cache line.
    ///
    /// # Errors
    ///
    /// `OutOfMemory` when the region was made too small: a mistake in the caller's sum.
    pub fn array<T: Shared>(&mut self, count: usize) -> io::Result<&'static [T]> {
        let start = self.used.next_multiple_of(align_of::<T>().max(64));
        let end = start + size_of::<T>() * count;
        if end > self.bytes {
            return Err(io::Error::new(
                io::ErrorKind::OutOfMemory,
                format!("the region of {} bytes has no room for {end}", self.bytes),
            ));
        }
        self.used = end;
        self.header().arrays.fetch_add(1, Ordering::Relaxed);
        // SAFETY: `end` was checked against the size of the mapping.
        let first = unsafe { self.start.add(start) }.cast::<T>();
        // SAFETY: in bounds and aligned by the lines above, handed out once, never unmapped; zeroed
        // bytes are a `T`, and shared access is sound, because `T: Shared`.
        Ok(unsafe { core::slice::from_raw_parts(first, count) })
    }
}

/// Bytes that an array of `count` elements takes from a region.
#[must_use]
pub const fn room_for<T: Shared>(count: usize) -> usize {
    size_of::<T>() * count + 64
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_what_the_region_is() {
        let region = Region::new(100).unwrap();
        assert_eq!(region.header().magic.load(Ordering::Relaxed), MAGIC);
        assert_eq!(
            region.header().bytes.load(Ordering::Relaxed),
            region.bytes() as u64
        );
        assert_ne!(region.seed(), [0; 4]);
    }

    /// Whether the kernel gives huge pages is up to the machine; that it cannot give more than
    /// there is, is not.
    #[test]
    fn huge_pages_are_told() {
        let region = Region::new(3 * os::HUGE_PAGE).unwrap();
        assert!(region.huge_bytes().is_multiple_of(os::HUGE_PAGE));
        assert!(region.huge_bytes() <= region.bytes());
    }

    #[test]
    fn seeds_differ() {
        assert_ne!(
            Region::new(0).unwrap().seed(),
            Region::new(0).unwrap().seed()
        );
    }

    #[test]
    fn arrays_do_not_overlap_and_are_aligned() {
        let mut region = Region::new(room_for::<AtomicU64>(3) + room_for::<AtomicU64>(5)).unwrap();
        let one = region.array::<AtomicU64>(3).unwrap().as_ptr_range();
        let two = region.array::<AtomicU64>(5).unwrap().as_ptr_range();
        assert!(one.end <= two.start);
        assert_eq!(two.start.align_offset(64), 0);
    }

    #[test]
    fn a_region_that_is_too_small_says_so_and_one_that_is_just_enough_does_not() {
        let mut region = Region::new(0).unwrap();
        let words = (region.bytes() - size_of::<Header>()) / 8;
        assert!(region.array::<AtomicU64>(words + 1).is_err());
        assert!(region.array::<AtomicU64>(words).is_ok());
    }
}
