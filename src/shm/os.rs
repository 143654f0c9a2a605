//! The calls into the kernel: memory, clocks, randomness.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use super::atomic::AtomicU64;

/// Asks the kernel for zeroed memory that children of a fork share with their parent, all of it
/// now: what is not there must show at the start, not in the middle of an attack.
///
/// The address is a multiple of `HUGE_PAGE`, and huge pages are asked for; whether the kernel
/// gives them depends on `/sys/kernel/mm/transparent_hugepage/shmem_enabled`.
///
/// # Errors
///
/// What `mmap(2)` and `madvise(2)` say, `ENOMEM` above all.
pub fn map_shared(bytes: usize) -> io::Result<*mut u8> {
    // Room to move the start up to the next huge page. What is never touched costs no memory.
    let length = bytes + HUGE_PAGE;
    let start = map(length, libc::MAP_SHARED)?;
    let aligned = start.wrapping_add(start.align_offset(HUGE_PAGE));
    // An advice: where the kernel has no huge pages for shared memory, plain ones serve.
    // SAFETY: the range lies inside the mapping made above.
    unsafe { libc::madvise(aligned.cast(), bytes, libc::MADV_HUGEPAGE) };
    // SAFETY: as above; the pages are zeroed, and nobody else knows them yet.
    let taken = unsafe { libc::madvise(aligned.cast(), bytes, libc::MADV_POPULATE_WRITE) };
    let error = io::Error::last_os_error();
    // EINVAL: a kernel before 5.14, which takes the pages when they are first touched.
    if taken == 0 || error.raw_os_error() == Some(libc::EINVAL) {
        Ok(aligned)
    } else {
        Err(error)
    }
}

/// Reserves zeroed memory that children of a fork share with their parent. Its pages are taken when
/// they are first written ([`take`]), and can be given back ([`give_back`]).
///
/// # Errors
///
/// What `mmap(2)` says.
pub fn reserve_shared(bytes: usize) -> io::Result<*mut u8> {
    let start = map(bytes + HUGE_PAGE, libc::MAP_SHARED)?;
    let aligned = start.wrapping_add(start.align_offset(HUGE_PAGE));
    // An advice, as in `map_shared`.
    // SAFETY: the range lies inside the mapping made above.
    unsafe { libc::madvise(aligned.cast(), bytes, libc::MADV_HUGEPAGE) };
    Ok(aligned)
}

/// Takes the pages of a mapping, so that a lack of memory is an error here, not a SIGBUS later.
///
/// # Safety
///
/// The range lies in a mapping of [`reserve_shared`] or [`map_shared`], and begins at a page.
///
/// # Errors
///
/// What `madvise(2)` says, `ENOMEM` above all.
pub unsafe fn take(start: *mut u8, bytes: usize) -> io::Result<()> {
    // SAFETY: the contract above; what lies in the pages stays as it is.
    let taken = unsafe { libc::madvise(start.cast(), bytes, libc::MADV_POPULATE_WRITE) };
    let error = io::Error::last_os_error();
    // EINVAL: a kernel before 5.14, which takes the pages when they are first touched.
    if taken == 0 || error.raw_os_error() == Some(libc::EINVAL) {
        Ok(())
    } else {
        Err(error)
    }
}

/// Gives the pages of a reserve back to the kernel, for all processes: they read as zero.
///
/// # Safety
///
/// The range lies in a mapping of [`reserve_shared`] and begins at a page, and nobody holds a
/// reference into it.
pub unsafe fn give_back(start: *mut u8, bytes: usize) {
    // What fails leaves the pages taken; they are used again.
    // SAFETY: the contract above.
    unsafe { libc::madvise(start.cast(), bytes, libc::MADV_REMOVE) };
}

/// A page of this process alone, which is zero again in each child of a fork.
///
/// # Errors
///
/// What `mmap(2)` and `madvise(2)` say; Linux knows such pages since 4.14.
pub fn page_wiped_on_fork() -> io::Result<*mut u8> {
    let start = map(PAGE, libc::MAP_PRIVATE)?;
    // SAFETY: the page was mapped above.
    if unsafe { libc::madvise(start.cast(), PAGE, libc::MADV_WIPEONFORK) } == 0 {
        Ok(start)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A new anonymous mapping that nothing is reserved for.
fn map(bytes: usize, sharing: libc::c_int) -> io::Result<*mut u8> {
    // SAFETY: at an address of the kernel's choice.
    let start = unsafe {
        libc::mmap(
            core::ptr::null_mut(),
            bytes,
            libc::PROT_READ | libc::PROT_WRITE,
            sharing | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if start == libc::MAP_FAILED {
        Err(io::Error::last_os_error())
    } else {
        Ok(start.cast())
    }
}

/// How many bytes of the mapping at `start` the kernel has given as huge pages.
#[must_use]
pub fn huge_bytes(start: *const u8) -> usize {
    // proc(5): a line per mapping, "start-end ...", then lines "Name: value kB".
    let Ok(maps) = std::fs::read_to_string("/proc/self/smaps") else {
        return 0;
    };
    let range = |line: &str| {
        let (from, to) = line.split_once(' ')?.0.split_once('-')?;
        Some(usize::from_str_radix(from, 16).ok()?..usize::from_str_radix(to, 16).ok()?)
    };
    let address = start.addr();
    let mapping = maps
        .lines()
        .skip_while(|line| range(line).is_none_or(|r| !r.contains(&address)));
    let values = mapping.skip(1).take_while(|line| range(line).is_none());
    let huge = values.filter_map(|line| line.strip_prefix("ShmemPmdMapped:"));
    let kilobytes = huge.filter_map(|value| {
        value
            .trim()
            .strip_suffix(" kB")?
            .trim()
            .parse::<usize>()
            .ok()
    });
    kilobytes.sum::<usize>() * 1024
}

/// Bytes of a huge page on x86-64 and on aarch64 with 4 kB pages.
pub const HUGE_PAGE: usize = 2 << 20;

/// Bytes of a page, at the least.
pub const PAGE: usize = 4096;

/// A secret of 32 bytes from the kernel.
///
/// # Errors
///
/// What `getrandom(2)` says; it does not fail on a kernel that has started.
pub fn secret() -> io::Result<[u64; 4]> {
    let mut words = [0_u64; 4];
    // SAFETY: the buffer is 32 bytes long and writable.
    let got = unsafe { libc::getrandom(words.as_mut_ptr().cast(), 32, 0) };
    if got == 32 {
        Ok(words)
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Milliseconds of CLOCK_MONOTONIC, the same in every process of the machine. The vDSO answers
/// without a system call, in about 20 ns.
#[must_use]
pub fn monotonic_ms() -> u64 {
    read_clock(libc::CLOCK_MONOTONIC)
}

/// The same clock as of the last timer tick, up to 10 ms behind; in about 3 ns.
#[must_use]
pub fn coarse_ms() -> u64 {
    read_clock(libc::CLOCK_MONOTONIC_COARSE)
}

/// Milliseconds since the machine was started, time asleep included: what the start times in
/// `/proc` are counted in.
#[must_use]
pub fn boot_ms() -> u64 {
    read_clock(libc::CLOCK_BOOTTIME)
}

/// Milliseconds since 1970.
#[must_use]
pub fn wall_ms() -> u64 {
    read_clock(libc::CLOCK_REALTIME)
}

#[allow(clippy::cast_sign_loss)] // Linux refuses to set these clocks below zero.
fn read_clock(id: libc::clockid_t) -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is writable; the clocks above exist on every Linux.
    unsafe { libc::clock_gettime(id, &raw mut now) };
    now.tv_sec as u64 * 1000 + now.tv_nsec as u64 / 1_000_000
}

/// Waits until [`wake`] is called for a word that all processes share, or until it is no longer
/// `seen`, or until the time is over; sometimes for less.
#[cfg(not(loom))]
pub fn wait(word: &AtomicU64, seen: u64, timeout: Duration) {
    #[allow(clippy::cast_possible_wrap)]
    let time = libc::timespec {
        tv_sec: timeout.as_secs().min(3600) as libc::time_t,
        tv_nsec: timeout.subsec_nanos().into(),
    };
    #[allow(clippy::cast_possible_truncation)]
    let seen = seen as u32;
    // SAFETY: futex(2) reads the half of the word, which lives as long as the call, and compares it
    // with `seen`; without FUTEX_PRIVATE_FLAG, because processes share it.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            low_half(word),
            libc::FUTEX_WAIT,
            seen,
            &raw const time,
        );
    }
}

/// Wakes all who [`wait`] on this word.
#[cfg(not(loom))]
pub fn wake(word: &AtomicU64) {
    // SAFETY: futex(2) takes the address of the word, and reads nothing.
    unsafe { libc::syscall(libc::SYS_futex, low_half(word), libc::FUTEX_WAKE, i32::MAX) };
}

/// Where the half of a word lies that changes.
#[cfg(not(loom))]
fn low_half(word: &AtomicU64) -> *mut u32 {
    let half = usize::from(cfg!(target_endian = "big"));
    word.as_ptr().cast::<u32>().wrapping_add(half)
}

/// Lets the others get on: loom has no kernel.
#[cfg(loom)]
pub fn wait(_word: &AtomicU64, _seen: u64, _patience: Duration) {
    super::atomic::wait_a_moment();
}

/// As above.
#[cfg(loom)]
pub const fn wake(_word: &AtomicU64) {}

/// A lock that one process holds at a time, and that the kernel takes back from one that dies.
/// Threads of one process are not kept apart.
#[derive(Debug)]
pub struct ProcessLock(OwnedFd);

impl ProcessLock {
    /// To be made before the fork.
    ///
    /// # Errors
    ///
    /// What `memfd_create(2)` says.
    pub fn new() -> io::Result<Self> {
        // SAFETY: the name ends with a NUL.
        let file = unsafe { libc::memfd_create(c"palisade".as_ptr(), libc::MFD_CLOEXEC) };
        if file < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: a new descriptor that nobody else has.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(file) }))
    }

    /// Takes it. False: another process has it.
    #[must_use]
    pub fn try_take(&self) -> bool {
        self.set(libc::F_WRLCK)
    }

    /// Gives it back.
    pub fn give_back(&self) {
        self.set(libc::F_UNLCK);
    }

    fn set(&self, kind: libc::c_int) -> bool {
        #[allow(clippy::cast_possible_truncation)] // F_WRLCK and F_UNLCK are 1 and 2.
        let lock = libc::flock {
            l_type: kind as libc::c_short,
            l_whence: libc::SEEK_SET as libc::c_short,
            l_start: 0,
            l_len: 0,
            l_pid: 0,
        };
        // SAFETY: the descriptor is open, and F_SETLK reads the struct.
        unsafe { libc::fcntl(self.0.as_raw_fd(), libc::F_SETLK, &raw const lock) == 0 }
    }
}

/// Gets the cache line of a value on its way, if the processor likes.
pub fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, without effect on memory; the address is a live reference's.
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(
            core::ptr::from_ref(value).cast(),
        );
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// The same for a value that is about to be changed: fetched once, and not a second time from the
/// processor that has a copy of it.
pub fn prefetch_to_write<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, without effect on memory, registers or flags; the address is a live
    // reference's. A processor that does not know it takes it for a NOP (Intel SDM, PREFETCHW).
    unsafe {
        core::arch::asm!(
            "prefetchw [{}]",
            in(reg) core::ptr::from_ref(value),
            options(nostack, preserves_flags, readonly)
        );
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Is there a process of this number, be it a dead one that nobody has waited for?
#[must_use]
pub fn process_exists(pid: i32) -> bool {
    // SAFETY: takes two numbers; signal 0 is none.
    let asked = unsafe { libc::kill(pid, 0) };
    asked == 0 || io::Error::last_os_error().raw_os_error() != Some(libc::ESRCH)
}

/// Dies or stops as if by `kill -9` or `kill -STOP`.
#[cfg(feature = "failpoints")]
pub fn signal_this_process(signal: libc::c_int) {
    // SAFETY: a signal to the process itself.
    unsafe { libc::raise(signal) };
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::shm::atomic::Ordering;
    use crate::shm::child::{End, tests::end_of};

    #[test]
    fn the_coarse_clock_is_the_exact_one_a_little_behind() {
        let coarse = coarse_ms();
        let behind = monotonic_ms().checked_sub(coarse);
        assert!(behind.is_some_and(|behind| behind < 1000), "{behind:?} ms");
    }

    #[test]
    fn a_lock_is_of_one_process_until_it_gives_it_back_or_dies() {
        let lock = ProcessLock::new().unwrap();
        let other_takes_it = || end_of(|| vec![lock.try_take().into()]) == End::Done(vec![1]);
        assert!(lock.try_take() && !other_takes_it());
        lock.give_back();
        assert!(other_takes_it() && lock.try_take());
    }

    #[test]
    fn a_process_that_is_there_exists_whatever_was_asked_before() {
        let me = std::process::id().cast_signed();
        assert!(!process_exists(i32::MAX) && process_exists(me));
    }

    #[test]
    fn who_waits_sleeps_until_it_is_woken() {
        let word = AtomicU64::new(1);
        let sleep = || {
            let mut rounds = 0;
            while word.load(Ordering::Relaxed) == 1 {
                wait(&word, 1, Duration::from_secs(600));
                rounds += 1;
            }
            rounds
        };
        let rounds = std::thread::scope(|scope| {
            let sleeper = scope.spawn(sleep);
            std::thread::sleep(Duration::from_millis(50));
            word.store(2, Ordering::Relaxed);
            wake(&word);
            sleeper.join().unwrap()
        });
        assert!(rounds < 100, "{rounds}");
    }
}
