//! A child process for one piece of work that may hang: it can be left, and killed, at any moment.
//!
//! It shares with its parent what all processes share, and hands back bytes. It is no process of the
//! host's: it ends by `_exit`, without what belongs to its parent, and goes when its parent does.

use std::io::{self, PipeReader, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// How long a process that is to be killed may take to fall asleep.
const FALL_ASLEEP: Duration = Duration::from_secs(2);

/// How often it is looked at meanwhile.
const PAUSE: Duration = Duration::from_millis(2);

/// The exit status of one that panicked, as Rust's own programs have it.
const PANICKED: i32 = 101;

/// Bytes that it can hand back: a pipe takes so many at once, though nobody reads (pipe(7)).
pub const RESULT_BYTES: usize = 4096;

/// A child process at work, which is killed when this is dropped.
#[derive(Debug)]
pub struct Child {
    pid: libc::pid_t,
    result: PipeReader,
    has_ended: bool,
}

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It handed this back.
    Done(Vec<u8>),
    /// It panicked.
    Panicked,
    /// By a signal, or by its own will: something in it called `exit`.
    Lost,
}

impl Child {
    /// Has a new process do `work`. Of the result [`RESULT_BYTES`] are handed back.
    ///
    /// The process has no other thread, so what another thread of its parent was holding at this
    /// moment (a lock) is held in it for good: for parents that have one thread.
    ///
    /// # Errors
    ///
    /// What `pipe(2)` and `fork(2)` say.
    pub fn start(work: impl FnOnce() -> Vec<u8>) -> io::Result<Self> {
        let (result, writer) = io::pipe()?;
        let parent = std::process::id();
        // SAFETY: the child calls what glibc makes ready after a fork, and ends in here.
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                drop(result);
                let status = become_a_child(parent).map_or(1, |()| run(work, writer));
                // SAFETY: ends the process, and runs nothing that is its parent's.
                unsafe { libc::_exit(status) }
            }
            pid => Ok(Self {
                pid,
                result,
                has_ended: false,
            }),
        }
    }

    /// How it ended; `None`: it is still at work.
    pub fn poll(&mut self) -> Option<End> {
        let mut status = 0;
        // SAFETY: our own child, which nobody else waits for by its number; `status` is writable.
        let ended = unsafe { libc::waitpid(self.pid, &raw mut status, libc::WNOHANG) };
        if ended == 0 {
            return None;
        }
        self.has_ended = true;
        let mut bytes = Vec::new();
        Some(match () {
            // -1: the host has waited for all of its children, and has the status.
            () if ended > 0 && libc::WIFEXITED(status) => match libc::WEXITSTATUS(status) {
                0 if self.result.read_to_end(&mut bytes).is_ok() => End::Done(bytes),
                PANICKED => End::Panicked,
                _ => End::Lost,
            },
            () => End::Lost,
        })
    }

    /// How much processor time it has used, in ticks of the clock; 0 when nobody knows. What receives
    /// something uses some; what waits uses none.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        let stat = stat(self.pid).unwrap_or_default();
        // The fields 14 and 15: in user mode, and in the kernel.
        let fields = stat.split_ascii_whitespace().skip(11).take(2);
        fields.filter_map(|field| field.parse::<u64>().ok()).sum()
    }

    /// Ends it, whatever it does.
    ///
    /// A process that sleeps in the kernel, as one does that waits for a database, holds no lock of
    /// the host's shared memory: those are spun for. One that runs may be holding one, for as long
    /// as an allocation takes (OpenSSL allocates there, where Kamailio's module tls is loaded); so
    /// it is killed when it sleeps. One that never does is killed all the same.
    fn end(&mut self) {
        let until = Instant::now() + FALL_ASLEEP;
        while !self.has_ended && self.poll().is_none() {
            if is_asleep(self.pid) || Instant::now() >= until {
                // SAFETY: takes two numbers. The process has not been waited for: it is ours.
                unsafe { libc::kill(self.pid, libc::SIGKILL) };
                // SAFETY: as above; a killed process ends.
                unsafe { libc::waitpid(self.pid, core::ptr::null_mut(), 0) };
                self.has_ended = true;
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.end();
    }
}

/// Gives up what it has inherited: handlers of signals, and the will to outlive its parent.
fn become_a_child(parent: u32) -> Option<()> {
    for signal in [
        libc::SIGTERM,
        libc::SIGINT,
        libc::SIGHUP,
        libc::SIGUSR1,
        libc::SIGUSR2,
        libc::SIGALRM,
        libc::SIGCHLD,
    ] {
        // SAFETY: the default action is no function of ours.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // A database that closes the connection is an error, not an end.
    // SAFETY: as above.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
    set_mask(libc::SIG_SETMASK, &empty_set());
    // What is sent to the host's group is not for it: it ends with its parent.
    // SAFETY: takes two numbers.
    unsafe { libc::setpgid(0, 0) };
    // SAFETY: takes two numbers.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
    // The parent may have gone before that.
    // SAFETY: takes nothing, touches no memory.
    let still = u32::try_from(unsafe { libc::getppid() }) == Ok(parent);
    still.then_some(())
}

fn run(work: impl FnOnce() -> Vec<u8>, mut result: impl Write) -> i32 {
    // AssertUnwindSafe: the process ends, and shared memory is made for ones that die.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(bytes) => {
            let bytes = bytes.get(..RESULT_BYTES).unwrap_or(&bytes);
            i32::from(result.write_all(bytes).is_err())
        }
        Err(payload) => {
            core::mem::forget(payload); // its Drop may panic
            PANICKED
        }
    }
}

/// Does it sleep in the kernel (proc(5), the third field)? False when nobody knows.
fn is_asleep(pid: libc::pid_t) -> bool {
    stat(pid).is_some_and(|stat| stat.starts_with('S'))
}

/// What proc(5) says of a process, from the third field on.
fn stat(pid: libc::pid_t) -> Option<String> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name, the second field, may hold parentheses and blanks.
    let name_ends = stat.iter().rposition(|&byte| byte == b')')?;
    let rest = stat.get(name_ends + 2..)?;
    Some(String::from_utf8_lossy(rest).into_owned())
}

/// While it lives, the signals that end the host, and those of children, are heard here and by
/// nobody else. For a host that waits before it has forked: Kamailio's main process only notes a
/// signal then, and looks at it when all modules have started.
#[allow(missing_debug_implementations)]
pub struct Signals {
    before: libc::sigset_t,
    heard: libc::sigset_t,
}

impl Signals {
    /// From now on.
    #[must_use]
    pub fn listen() -> Self {
        let mut heard = empty_set();
        for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGCHLD] {
            // SAFETY: a set that was made empty, and the number of a signal.
            unsafe { libc::sigaddset(&raw mut heard, signal) };
        }
        let before = set_mask(libc::SIG_BLOCK, &heard);
        Self { before, heard }
    }

    /// Waits for one, no longer than `timeout`. True: the host is told to end.
    #[must_use]
    pub fn wait(&self, timeout: Duration) -> bool {
        matches!(
            take_signal(&self.heard, timeout),
            libc::SIGTERM | libc::SIGINT
        )
    }
}

/// The number of the signal; -1: none has come.
fn take_signal(set: &libc::sigset_t, timeout: Duration) -> libc::c_int {
    #[allow(clippy::cast_possible_wrap)]
    let time = libc::timespec {
        tv_sec: timeout.as_secs().min(3600) as libc::time_t,
        tv_nsec: timeout.subsec_nanos().into(),
    };
    // SAFETY: a set and a time that live as long as the call.
    unsafe { libc::sigtimedwait(set, core::ptr::null_mut(), &raw const time) }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let mut of_children = empty_set();
        // SAFETY: a set that was made empty, and the number of a signal.
        unsafe { libc::sigaddset(&raw mut of_children, libc::SIGCHLD) };
        // Of a child that was waited for: nothing to tell the host.
        take_signal(&of_children, Duration::ZERO);
        set_mask(libc::SIG_SETMASK, &self.before);
    }
}

fn empty_set() -> libc::sigset_t {
    let mut set = core::mem::MaybeUninit::uninit();
    // SAFETY: makes a set of it.
    unsafe { libc::sigemptyset(set.as_mut_ptr()) };
    // SAFETY: as was just done.
    unsafe { set.assume_init() }
}

/// Returns the mask of before.
fn set_mask(how: libc::c_int, set: &libc::sigset_t) -> libc::sigset_t {
    let mut before = empty_set();
    // SAFETY: two sets that live as long as the call.
    unsafe { libc::pthread_sigmask(how, set, &raw mut before) };
    before
}

#[cfg(all(test, not(loom)))]
pub(super) mod tests {
    use super::*;
    use crate::shm::os;

    /// How a child ends that does this.
    pub fn end_of(work: impl FnOnce() -> Vec<u8>) -> End {
        let mut child = Child::start(work).unwrap();
        loop {
            match child.poll() {
                Some(end) => return end,
                None => std::thread::sleep(PAUSE),
            }
        }
    }

    /// A child that ends by itself with this status.
    fn exit(status: i32) -> Vec<u8> {
        // SAFETY: ends the process, and runs nothing that is its parent's.
        unsafe { libc::_exit(status) }
    }

    fn die() -> Vec<u8> {
        // SAFETY: takes a number; the process is the child.
        unsafe { libc::raise(libc::SIGKILL) };
        unreachable!()
    }

    #[test]
    fn how_a_child_ends() {
        type Work = fn() -> Vec<u8>;
        let cases: [(Work, End); 6] = [
            (|| b"done".to_vec(), End::Done(b"done".to_vec())),
            (
                || vec![7; RESULT_BYTES + 1],
                End::Done(vec![7; RESULT_BYTES]),
            ),
            // A panic that nobody is told of: the other tests' threads may hold the lock of stderr.
            (|| std::panic::resume_unwind(Box::new(())), End::Panicked),
            (|| exit(1), End::Lost),
            (|| exit(PANICKED + 1), End::Lost),
            (die, End::Lost),
        ];
        for (work, expected) in cases {
            assert_eq!(end_of(work), expected);
        }
    }

    #[test]
    fn a_child_that_is_at_work_is_killed_when_it_is_dropped() {
        for is_busy in [false, true] {
            let mut child = Child::start(|| {
                loop {
                    match is_busy {
                        true => core::hint::spin_loop(),
                        false => std::thread::sleep(FALL_ASLEEP),
                    }
                }
            })
            .unwrap();
            while is_busy && child.ticks() < 3 {
                std::thread::sleep(PAUSE);
            }
            assert_eq!(child.poll(), None);
            let (pid, begun) = (child.pid, Instant::now());
            drop(child);
            assert!(!os::process_exists(pid));
            let was_let_fall_asleep = begun.elapsed() >= FALL_ASLEEP;
            assert!(was_let_fall_asleep || !is_busy);
        }
    }

    #[test]
    fn signals_are_heard_here_until_the_host_hears_them_again() {
        let signals = Signals::listen();
        for (signal, is_end) in [
            (libc::SIGTERM, true),
            (libc::SIGINT, true),
            (libc::SIGCHLD, false),
        ] {
            // SAFETY: takes a number; to this thread alone, which does not take it.
            unsafe { libc::raise(signal) };
            assert_eq!(signals.wait(Duration::from_secs(10)), is_end, "{signal}");
        }
        assert!(!signals.wait(Duration::from_millis(1)));
        drop(signals);
        let now = set_mask(libc::SIG_BLOCK, &empty_set());
        // SAFETY: reads a set.
        let is_heard = |signal| unsafe { libc::sigismember(&raw const now, signal) } == 0;
        assert!(is_heard(libc::SIGTERM) && is_heard(libc::SIGCHLD));
    }
}
