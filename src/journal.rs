//! The log: one line per event, `key=value`, never two for one thing, never a flood.
//!
//! A line is made in a fixed buffer on the stack and cut at its end; bytes from the network go
//! through [`Escaped`](crate::escape::Escaped), and every line through [`InLine`]: no value imitates a line.
//! Nothing here runs on the way to `pass` or to `blocked already`.

use std::fmt::{self, Write};
use std::io;

use crate::escape::{InLine, NAME};
use crate::shared_struct;
use crate::shm::atomic::{AtomicU64, Ordering};
use crate::shm::region::{Region, room_for};

/// Kamailio's `L_ERR`.
pub const ERROR: i32 = -1;
/// Kamailio's `L_WARN`.
pub const WARNING: i32 = 0;
/// Kamailio's `L_INFO`.
pub const INFO: i32 = 2;

/// Where a line goes: the host's log.
pub type Sink = fn(level: i32, line: &[u8]);

/// Bytes of the longest line: three quoted values, and their fields.
const LINE: usize = 1024;

/// Lines about blocked messages and faults, per second and together.
const PER_SECOND: u64 = 50;

/// For how long an event that is the same in all its words is not written again.
const QUIET_S: u64 = 10;

/// Events that are remembered for that.
const REMEMBERED: usize = 4096;

shared_struct! {
    /// How many lines the current second has seen.
    pub struct Budget: 64 {
        /// The second in the high half, lines in the low half.
        pub spent: AtomicU64,
    }
}

/// Where log lines go, and how often one of a kind has been told. A copy means the same.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Journal {
    sink: Sink,
    level: i32,
    budget: &'static Budget,
    /// For each remembered event a part of its hash, and the second it was last written.
    remembered: &'static [AtomicU64],
}

impl Journal {
    /// Bytes that the journal takes from the region.
    pub const ROOM: usize = room_for::<Budget>(1) + room_for::<AtomicU64>(REMEMBERED);

    /// Carves the journal off the region. `level` is that of the event lines.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region, sink: Sink, level: i32) -> io::Result<Self> {
        let (budget, remembered) = (&region.array(1)?[0], region.array(REMEMBERED)?);
        Ok(Self {
            sink,
            level,
            budget,
            remembered,
        })
    }

    /// Writes the line of an event that cannot come often: a ban, its end.
    pub fn event(&self, line: fmt::Arguments<'_>) {
        self.line(self.level, line);
    }

    /// Writes a line at a level of its own.
    pub fn line(&self, level: i32, line: fmt::Arguments<'_>) {
        write_line(self.sink, level, line);
    }

    /// Writes the line of an event that the network can cause at will. `hash` stands for all that
    /// makes it the same event. False when the line was left out.
    pub fn throttled(&self, level: i32, hash: u64, now_s: u32, line: fmt::Arguments<'_>) -> bool {
        let written = self.is_new(hash, now_s.into()) && self.is_affordable(now_s.into());
        if written {
            self.line(level, line);
        }
        written
    }

    /// [`throttled`](Self::throttled), at the level of the event lines.
    pub fn throttled_event(&self, hash: u64, now_s: u32, line: fmt::Arguments<'_>) -> bool {
        self.throttled(self.level, hash, now_s, line)
    }

    /// Not written within [`QUIET_S`] seconds; it is from here on. Two processes at once may both
    /// be right.
    #[allow(clippy::cast_possible_truncation)]
    fn is_new(&self, hash: u64, now_s: u64) -> bool {
        let cell = &self.remembered[hash as usize % REMEMBERED];
        let seen = cell.load(Ordering::Relaxed);
        let (mark, second) = (hash >> 32, seen & 0xffff_ffff);
        let is_old = seen >> 32 == mark && second != 0 && now_s.saturating_sub(second) < QUIET_S;
        if !is_old {
            cell.store(mark << 32 | now_s.max(1), Ordering::Relaxed);
        }
        !is_old
    }

    /// Within this second's budget; spends from it.
    fn is_affordable(&self, now_s: u64) -> bool {
        let spend = |spent: u64| {
            let lines = if spent >> 32 == now_s {
                spent & 0xffff_ffff
            } else {
                0
            };
            (lines < PER_SECOND).then_some(now_s << 32 | (lines + 1))
        };
        // Relaxed: only the word itself matters.
        self.budget
            .spent
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend)
            .is_ok()
    }
}

/// Writes one line, `palisade: ` before it.
pub fn write_line(sink: Sink, level: i32, line: fmt::Arguments<'_>) {
    let mut buffer = Line {
        bytes: [0; LINE],
        used: 0,
    };
    buffer.push(NAME);
    let cut = write!(InLine::new(&mut buffer), " {line}").is_err();
    if cut {
        buffer.bytes[LINE - 3..].copy_from_slice(b"...");
    }
    sink(level, &buffer.bytes[..buffer.used]);
}

/// A line under construction: what does not fit is an error, after all that fits was taken.
struct Line {
    bytes: [u8; LINE],
    used: usize,
}

impl Line {
    /// How much of it fits.
    fn push(&mut self, text: &[u8]) -> usize {
        let room = &mut self.bytes[self.used..];
        let fits = text.len().min(room.len());
        room[..fits].copy_from_slice(&text[..fits]);
        self.used += fits;
        fits
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.push(text.as_bytes()) == text.len() {
            true => Ok(()),
            false => Err(fmt::Error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    thread_local! {
        static WRITTEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    #[allow(clippy::unnecessary_wraps)]
    fn sink(_level: i32, line: &[u8]) {
        WRITTEN.with_borrow_mut(|lines| lines.push(String::from_utf8_lossy(line).into_owned()));
    }

    fn journal() -> Journal {
        let mut region = Region::new(Journal::ROOM).unwrap();
        Journal::new(&mut region, sink, WARNING).unwrap()
    }

    #[test]
    fn the_same_event_is_quiet_for_a_while() {
        let journal = journal();
        assert!(journal.throttled_event(1 << 40, 5, format_args!("a")));
        assert!(!journal.throttled_event(1 << 40, 14, format_args!("a")));
        assert!(journal.throttled_event(2 << 40, 14, format_args!("b")));
        assert!(journal.throttled_event(1 << 40, 25, format_args!("a")));
        WRITTEN
            .with_borrow(|lines| assert_eq!(*lines, ["palisade: a", "palisade: b", "palisade: a"]));
    }

    #[test]
    fn different_events_have_a_budget() {
        let journal = journal();
        let written = |second, hashes: std::ops::Range<u64>| {
            hashes
                .filter(|h| journal.throttled_event(h << 32 | h, second, format_args!("x")))
                .count()
        };
        assert_eq!(written(7, 1..1000) as u64, PER_SECOND);
        assert_eq!(written(8, 1000..1010), 10);
    }

    #[test]
    fn a_long_line_is_cut() {
        write_line(sink, WARNING, format_args!("{}", "x".repeat(5000)));
        WRITTEN.with_borrow(|lines| {
            assert_eq!(lines[0].len(), LINE);
            assert!(lines[0].ends_with("x..."));
        });
    }
}
