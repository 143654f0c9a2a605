//! What the policy writes into the log.

use std::fmt;
use std::hash::Hasher;

use crate::clock::Clock;
use crate::counters::Counter;
use crate::journal::{ERROR, INFO, WARNING};
use crate::shm::atomic::Ordering;
use crate::source::Source;

use super::Firewall;

impl<C: Clock> Firewall<C> {
    pub(super) fn evicted(&self) -> u64 {
        self.bans.size().totals.evicted.load(Ordering::Relaxed)
    }

    pub(super) fn log_evictions(&self, before: u64) {
        let evicted = self.evicted();
        if evicted > before {
            let limit = self.bans.size().limit;
            self.throttled_warning(
                "ban evicted",
                format_args!(
                    "ban_evicted bans_max={limit} evicted={evicted}: the table is full, the ban \
                     that ended first had to go"
                ),
            );
        }
    }

    /// Writes an event that the network can cause at will, unless the very same was just written.
    pub(super) fn log_throttled(&self, line: fmt::Arguments<'_>) {
        let mut text = Digest(self.hash.hasher());
        // Cannot fail: Digest takes all.
        let _hashed = fmt::Write::write_fmt(&mut text, line);
        if !self
            .journal
            .throttled_event(text.0.finish(), self.clock.now_s(), line)
        {
            self.counters.count(Counter::LogSuppressed);
        }
    }

    pub(super) fn throttled_warning(&self, what: &str, line: fmt::Arguments<'_>) {
        let hash = self.hash.texts(&[what.as_bytes()]);
        let now_s = self.clock.now_s();
        if !self.journal.throttled(WARNING, hash, now_s, line) {
            self.counters.count(Counter::LogSuppressed);
        }
    }

    /// Logs a panic that stopped at the boundary of this exported function, and where it began.
    pub fn log_fault(&self, function: &str, file: &str, line: u32) {
        let hash = self
            .hash
            .texts(&[function.as_bytes(), file.as_bytes(), &line.to_ne_bytes()]);
        let answer = self.settings.on_fault;
        let written = self.journal.throttled(
            ERROR,
            hash,
            self.clock.now_s(),
            format_args!("fault function={function} file={file} line={line} on_fault={answer}"),
        );
        if !written {
            self.counters.count(Counter::LogSuppressed);
        }
    }

    /// Tells what was taken.
    pub fn log_start(&self) {
        let (bytes, huge, version) = (self.bytes, self.huge_bytes, env!("CARGO_PKG_VERSION"));
        self.journal.line(
            INFO,
            format_args!("start version={version} shared_bytes={bytes} in_huge_pages={huge}"),
        );
    }

    /// Tells that the shared memory is not all at hand.
    pub(super) fn log_unmapped(&self, error: &std::io::Error) {
        self.journal.line(
            WARNING,
            format_args!("pages of the tables: {error}: the first messages take longer"),
        );
    }

    /// Tells of what is allowed, and hardly meant so.
    pub(super) fn log_doubts(&self) {
        for doubt in self.settings.doubts() {
            self.journal.line(WARNING, format_args!("{doubt}"));
        }
    }

    /// Tells that another module of the host's has taken the place where datagrams are seen.
    pub fn log_missing_edge(&self) {
        self.journal.line(
            WARNING,
            format_args!(
                "edge=off: another module (sipcapture?) has Kamailio's one hook for datagrams; \
                 they are checked in the script alone"
            ),
        );
    }

    /// Tells what was done.
    pub fn log_stop(&self) {
        let faults = self.counters.total(Counter::Faults);
        let checked = self.counters.total(Counter::Checked);
        self.journal
            .line(INFO, format_args!("stop checked={checked} faults={faults}"));
    }

    pub(super) fn log_unban(&self, source: Source, by: &str) {
        self.counters.count(Counter::Unbans);
        let key = self.show(source);
        self.journal
            .event(format_args!("unban key={key} reason={by}"));
    }

    pub(super) fn log_expiry(&self, source: Source) {
        self.counters.count(Counter::Expired);
        let key = self.show(source);
        self.journal
            .event(format_args!("unban key={key} reason=expired"));
    }
}

/// Hashes a line without writing it down.
struct Digest<H>(H);

impl<H: Hasher> fmt::Write for Digest<H> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
