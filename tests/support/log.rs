//! What a Kamailio printed, line by line, as it comes.

use std::io::{BufRead, BufReader, PipeReader};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long [`Log::expect`] waits for a line.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Default)]
pub struct Log(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<String>,
    ended: bool,
}

impl Log {
    /// Reads until every process that holds the other end is gone.
    pub(super) fn fill_from(&self, pipe: PipeReader) {
        for line in BufReader::new(pipe).split(b'\n') {
            let Ok(line) = line else { break };
            self.state()
                .lines
                .push(String::from_utf8_lossy(&line).into_owned());
            self.0.changed.notify_all();
        }
        self.state().ended = true;
        self.0.changed.notify_all();
    }

    pub fn lines(&self) -> Vec<String> {
        self.state().lines.clone()
    }

    /// The lines that contain `text`.
    pub fn matching(&self, text: &str) -> Vec<String> {
        self.lines()
            .into_iter()
            .filter(|line| line.contains(text))
            .collect()
    }

    pub fn contains(&self, text: &str) -> bool {
        self.state().lines.iter().any(|line| line.contains(text))
    }

    /// How many lines there are by now; a place to continue from with [`Log::since`].
    pub fn mark(&self) -> usize {
        self.state().lines.len()
    }

    pub fn since(&self, mark: usize) -> Vec<String> {
        self.state().lines[mark..].to_vec()
    }

    /// Waits for a line that contains `text` and answers the first. Panics, with the log, when none
    /// comes.
    #[track_caller]
    pub fn expect(&self, text: &str) -> String {
        self.wait_for(|line| line.contains(text), PATIENCE)
            .unwrap_or_else(|| panic!("no log line contains {text:?}:\n{self}"))
    }

    /// The first line, old or new, that `wanted` accepts.
    pub fn wait_for(&self, wanted: impl Fn(&str) -> bool, timeout: Duration) -> Option<String> {
        let deadline = Instant::now() + timeout;
        let mut state = self.state();
        let mut seen = 0;
        loop {
            if let Some(line) = state.lines[seen..].iter().find(|line| wanted(line)) {
                return Some(line.clone());
            }
            seen = state.lines.len();
            let left = deadline.saturating_duration_since(Instant::now());
            if state.ended || left.is_zero() {
                return None;
            }
            state = self
                .0
                .changed
                .wait_timeout(state, left)
                .expect("the log's reader does not panic")
                .0;
        }
    }

    pub(super) fn wait_for_end(&self, timeout: Duration) {
        self.wait_for(|_| false, timeout);
    }

    /// Lines that no healthy server prints.
    pub fn problems(&self) -> Vec<String> {
        self.lines()
            .into_iter()
            .filter(|line| is_problem(line))
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0
            .state
            .lock()
            .expect("the log's reader does not panic")
    }
}

impl std::fmt::Display for Log {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        self.lines()
            .iter()
            .try_for_each(|line| writeln!(out, "  | {line}"))
    }
}

/// Kamailio's lines begin ` 3(4711) LEVEL: `. Only the level is believed: the rest may quote what
/// an attacker sent.
fn is_problem(line: &str) -> bool {
    let level = line
        .split_once(") ")
        .and_then(|(_, rest)| rest.split_once(':'))
        .map_or("", |(level, _)| level);
    match level {
        // At every shutdown: tcp main tells which of its peers were gone before it was.
        "CRITICAL" if line.contains("receive_fd(): EOF on") => false,
        // Of Kamailio's dialog module: another worker has just ended the call, or is about to begin it.
        "CRITICAL" if line.contains("Trying to update a bogus dlg") => false,
        "CRITICAL" | "BUG" => true,
        "ALERT" => line.contains("exited by a signal") || line.contains("core was generated"),
        "" => {
            line.starts_with("thread '") && line.contains("panicked at")
                || line.contains("AddressSanitizer")
        }
        _ => false,
    }
}
