//! The world that a run sees: its own clock, its own randomness, memory that is zero at its begin.
//!
//! With these, a run depends on its input alone: what crashed once crashes again.

use core::ffi::{c_int, c_uint, c_void};
use core::sync::atomic::{AtomicU64, Ordering};

use palisade::clock::Monotonic;
use palisade::shm::region::{Header, MAGIC, Region};

/// Where the clock stands when a run begins. Regions are born then.
const BEGIN_MS: u64 = 1_000_000;

static NOW_MS: AtomicU64 = AtomicU64::new(BEGIN_MS);

/// How far the coarse clock is behind, as the kernel's is.
static BEHIND_MS: AtomicU64 = AtomicU64::new(0);

/// Lets time pass.
pub fn advance(ms: u64) {
    NOW_MS.fetch_add(ms, Ordering::Relaxed);
}

/// Keeps the coarse clock behind the exact one.
pub fn lag(ms: u64) {
    BEHIND_MS.store(ms, Ordering::Relaxed);
}

/// The clock of everything that was born with the run.
pub const fn clock() -> Monotonic {
    Monotonic::since(BEGIN_MS)
}

/// What the clocks of Palisade are read from, and, before and between runs, anybody's.
///
/// # Safety
///
/// `clock_gettime(3)`: `now` is writable.
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(id: libc::clockid_t, now: *mut libc::timespec) -> c_int {
    let exact_ms = NOW_MS.load(Ordering::Relaxed);
    let ms = match id {
        libc::CLOCK_MONOTONIC => exact_ms,
        libc::CLOCK_MONOTONIC_COARSE => exact_ms - BEHIND_MS.load(Ordering::Relaxed),
        // SAFETY: the very call that this one stands in for.
        _ => return unsafe { libc::syscall(libc::SYS_clock_gettime, id, now) } as c_int,
    };
    let (seconds, rest_ms) = ((ms / 1000) as libc::time_t, (ms % 1000) as libc::c_long);
    // SAFETY: the contract above.
    unsafe {
        now.write(libc::timespec {
            tv_sec: seconds,
            tv_nsec: rest_ms * 1_000_000,
        })
    };
    0
}

/// The same seed in every process: which sources meet in a set is part of what a run depends on.
///
/// # Safety
///
/// `getrandom(2)`: `length` bytes are writable.
#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(buffer: *mut c_void, length: usize, _flags: c_uint) -> isize {
    // SAFETY: the contract above.
    unsafe { buffer.cast::<u8>().write_bytes(0x5a, length) };
    length as isize
}

/// Begins a run: time zero.
pub fn begin() {
    NOW_MS.store(BEGIN_MS, Ordering::Relaxed);
    lag(0);
}

/// The mapping of a region that is used again for every run, because none is ever unmapped.
#[derive(Clone, Copy)]
pub struct Memory {
    start: *mut u8,
    bytes: usize,
}

// SAFETY: libFuzzer runs one input at a time, on one thread.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// Of the region whose header this is.
    pub fn of(header: &'static Header) -> Self {
        assert_eq!(
            header.magic.load(Ordering::Relaxed),
            MAGIC,
            "this is no region's header"
        );
        let bytes = header.bytes.load(Ordering::Relaxed) as usize;
        Self {
            start: core::ptr::from_ref(header).cast_mut().cast(),
            bytes,
        }
    }

    /// Of the region that this lies in: one of less than a huge page begins at the start of one.
    pub fn around<T>(inside: &'static T) -> Self {
        let inside = core::ptr::from_ref(inside);
        let start = inside.map_addr(|address| address & !(palisade::shm::os::HUGE_PAGE - 1));
        // SAFETY: the mapping is never undone; `of` looks at the magic word.
        Self::of(unsafe { &*start.cast::<Header>() })
    }

    /// Makes it as it was before the first run: everything behind the header is zero.
    pub fn wipe(self) {
        let header = size_of::<Header>();
        // SAFETY: within the mapping; all that lies there is atomics, for which zero is valid, and
        // nobody looks at them between two runs.
        unsafe { self.start.add(header).write_bytes(0, self.bytes - header) };
    }
}

/// A region that can be carved anew for every run.
pub struct Quarry(Region);

// SAFETY: libFuzzer runs one input at a time, on one thread.
unsafe impl Send for Quarry {}
// SAFETY: as above.
unsafe impl Sync for Quarry {}

impl Quarry {
    pub fn new(bytes: usize) -> Self {
        Self(Region::new(bytes).expect("there is memory"))
    }

    /// The whole region once more, zeroed. What was carved before must be gone.
    pub fn again(&self) -> Region {
        Memory::of(self.0.header()).wipe();
        // SAFETY: a region owns nothing that a drop would free, and what the run before carved off
        // its copy is gone with it.
        unsafe { core::ptr::read(&self.0) }
    }
}
