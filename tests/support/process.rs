//! Kamailio's processes as /proc sees them.

use std::fs::read_to_string;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    pub pid: i32,
    /// Kamailio's description: `udp receiver child=0 sock=127.0.0.1:5060`.
    pub what: String,
    /// In clock ticks since boot: tells a process from a later one with the same pid.
    started: u64,
}

/// In bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Resident, everything.
    pub rss: u64,
    /// Resident, without pages of shared memory: what grows when a process leaks.
    pub rss_private: u64,
    /// Resident pages of shared memory that this process has touched.
    pub rss_shared: u64,
    /// Proportional: what is mapped by several processes is divided among them, so sums make sense.
    pub pss: u64,
}

impl Process {
    /// None when there is no such process any more.
    pub(super) fn find(pid: i32, what: &str) -> Option<Process> {
        Some(Process {
            pid,
            what: what.into(),
            started: stat(pid)?[STARTED].parse().ok()?,
        })
    }

    /// Is it still there, and still the same one?
    pub fn is_alive(&self) -> bool {
        let now = stat(self.pid);
        now.is_some_and(|fields| {
            fields[STARTED] == self.started.to_string() && !"ZX".contains(&*fields[STATE])
        })
    }

    pub fn is_udp_worker(&self) -> bool {
        self.what.starts_with("udp receiver")
    }

    pub fn is_tcp(&self) -> bool {
        self.what.starts_with("tcp ")
    }

    #[track_caller]
    pub fn memory(&self) -> Memory {
        let read = |name: &str| {
            let path = format!("/proc/{}/{name}", self.pid);
            read_to_string(&path).unwrap_or_else(|err| panic!("{path}: {err}"))
        };
        let status = read("status");
        let shared = kilobytes(&status, "RssShmem:");
        let rss = kilobytes(&status, "VmRSS:");
        let pss = kilobytes(&read("smaps_rollup"), "Pss:");
        Memory {
            rss,
            rss_private: rss - shared.min(rss),
            rss_shared: shared,
            pss,
        }
    }

    /// Time on a CPU so far.
    #[track_caller]
    pub fn cpu_time(&self) -> Duration {
        let path = format!("/proc/{}/schedstat", self.pid);
        let text = read_to_string(&path).unwrap_or_else(|err| panic!("{path}: {err}"));
        let nanoseconds = text.split(' ').next().and_then(|n| n.parse().ok());
        Duration::from_nanos(nanoseconds.expect("schedstat begins with nanoseconds"))
    }

    /// Sends a signal (`libc::SIGKILL` …). To a process that is gone: nothing.
    pub fn signal(&self, signal: i32) {
        if self.is_alive() {
            send_signal(self.pid, signal);
        }
    }

    /// With the place in the kernel where it is, for a test that failed.
    pub(super) fn describe(&self) -> String {
        let place = read_to_string(format!("/proc/{}/wchan", self.pid)).unwrap_or_default();
        format!("{} {} (in {place})", self.pid, self.what)
    }

    pub(super) fn is_asleep(&self) -> bool {
        stat(self.pid).is_some_and(|fields| fields[STATE] == "S")
    }

    /// Blocked in the system call in which a Kamailio process waits for work? Where the kernel does
    /// not tell the call, asleep counts.
    pub(super) fn is_waiting_for_work(&self) -> bool {
        let call = read_to_string(format!("/proc/{}/syscall", self.pid)).unwrap_or_default();
        let call = call.split(' ').next().and_then(|call| call.parse().ok());
        self.is_asleep() && call.is_none_or(|call| WAITING.contains(&call))
    }
}

/// UDP workers wait in recvfrom, TCP's processes in epoll.
const WAITING: &[i64] = &[
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_epoll_wait,
    libc::SYS_epoll_pwait,
];

/// A pid, or a process group as its negative. False when there is none.
pub(super) fn send_signal(pid: i32, signal: i32) -> bool {
    assert!(
        pid.abs() > 1,
        "no signals to init, to everybody or to ourselves"
    );
    // SAFETY: takes two numbers, touches no memory.
    unsafe { libc::kill(pid, signal) == 0 }
}

// Indices into what follows the command in /proc/pid/stat, proc(5): field 3 is 0.
const STATE: usize = 0;
const STARTED: usize = 19;

fn stat(pid: i32) -> Option<Vec<String>> {
    let text = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(") ")?;
    Some(fields.split(' ').map(str::to_string).collect())
}

fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_else(|| panic!("no {name} in /proc"));
    line.trim()
        .trim_end_matches(" kB")
        .parse::<u64>()
        .expect("a number of kB")
        * 1024
}
