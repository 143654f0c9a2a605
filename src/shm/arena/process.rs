//! Which process it is, in one word, and whether it has died: what it held is then free.

use std::io::ErrorKind;

use crate::shm::os;

/// A process: its number, and a time at which it was alive, since numbers are used again. Zero is
/// none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process(pub u64);

/// Bits of the time. A process number has at most 22 (`PID_MAX_LIMIT` of Linux).
const TIME_BITS: u32 = 42;

/// Milliseconds of a clock tick in `/proc`: 100 of them are a second (proc(5), `sysconf(3)`).
const TICK_MS: u64 = 10;

impl Process {
    /// None.
    pub const NONE: Self = Self(0);

    /// This one, now.
    pub fn this() -> Self {
        Self::at(std::process::id(), os::boot_ms() / TICK_MS)
    }

    const fn at(pid: u32, ticks: u64) -> Self {
        Self((pid as u64) << TIME_BITS | ticks & ((1 << TIME_BITS) - 1))
    }

    const fn ticks(self) -> u64 {
        self.0 & ((1 << TIME_BITS) - 1)
    }

    /// True when it no longer runs, for certain.
    pub fn is_gone(self) -> bool {
        let Ok(pid) = i32::try_from(self.0 >> TIME_BITS) else {
            return false;
        };
        if pid == 0 {
            return false;
        }
        if !os::process_exists(pid) {
            return true;
        }
        match std::fs::read(format!("/proc/{pid}/stat")) {
            Ok(stat) => told_gone(&stat, self.ticks()),
            Err(error) => error.kind() == ErrorKind::NotFound && !os::process_exists(pid),
        }
    }
}

/// What `/proc/PID/stat` (proc(5)) says of a process that was alive at `ticks`.
fn told_gone(stat: &[u8], ticks: u64) -> bool {
    // The name, the second field, may hold anything, parentheses and blanks too.
    let Some(name_ends) = stat.iter().rposition(|&byte| byte == b')') else {
        return false;
    };
    let text = String::from_utf8_lossy(&stat[name_ends + 1..]);
    let field = |number: usize| text.split_ascii_whitespace().nth(number - 3);
    let number = |field_number| field(field_number).and_then(|text| text.parse::<u64>().ok());
    // A zombie with threads is a process whose first thread has ended.
    let is_dead = matches!(field(3), Some("Z" | "X")) && number(20).is_some_and(|n| n <= 1);
    let is_another = number(22).is_some_and(|started| started > ticks);
    is_dead || is_another
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives() {
        assert!(!Process::this().is_gone());
        assert!(!Process::NONE.is_gone());
        let seconds = Process::this().ticks() / 100;
        assert!((os::boot_ms() / 1000).abs_diff(seconds) <= 1, "{seconds} s");
    }

    #[test]
    fn another_that_has_its_number_now_is_not_it() {
        // Alive before the machine was started.
        assert!(Process::at(std::process::id(), 0).is_gone());
    }

    #[test]
    fn a_child_is_gone_when_it_has_ended_waited_for_or_not() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let process = Process::at(child.id(), os::boot_ms() / TICK_MS + 1);
        while !process.is_gone() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(process.is_gone());
    }

    #[test]
    fn what_proc_says() {
        let stat = |state: &str, threads: u32, started: u32| {
            format!("7 (a) b) {state} 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 {threads} 0 {started} 0")
        };
        for (text, expected) in [
            (stat("S", 1, 500), false),
            (stat("R", 8, 499), false),
            (stat("S", 1, 501), true),
            (stat("Z", 1, 400), true),
            (stat("Z", 0, 400), true),
            (stat("Z", 3, 400), false),
            (stat("X", 1, 400), true),
            (String::new(), false),
            ("7 (a".to_owned(), false),
            ("7 (a)".to_owned(), false),
        ] {
            assert_eq!(told_gone(text.as_bytes(), 500), expected, "{text}");
        }
    }
}
