//! The calls into the kernel: memory, clocks, randomness.

use std::io;

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
    // SAFETY: a new anonymous mapping at an address of the kernel's choice.
    let start = unsafe {
        libc::mmap(
            core::ptr::null_mut(),
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if start == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    let aligned = start
        .cast::<u8>()
        .wrapping_add(start.align_offset(HUGE_PAGE));
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

/// Dies as if by `kill -9`.
#[cfg(feature = "failpoints")]
pub fn kill_this_process() {
    // SAFETY: a signal to the process itself.
    unsafe { libc::raise(libc::SIGKILL) };
}
