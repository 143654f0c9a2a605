//! The panic boundary: no panic leaves Rust.
//!
//! When one of Kamailio's workers dies, Kamailio stops the whole server (main.c, SIGCHLD); so a
//! panic must cost one message's verdict and nothing else.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, Location};

use once_cell::sync::OnceCell;

use crate::counters::Counter;
use crate::host;
use crate::journal;
use crate::policy::Firewall;
use crate::settings::OnFault;

/// Per process, made before the fork: the same shared memory in all of them.
static FIREWALL: OnceCell<Firewall> = OnceCell::new();

thread_local! {
    /// Where the last panic was, noted by the hook.
    static PLACE: Cell<Option<Place>> = const { Cell::new(None) };
}

/// Bytes of a file's name that are kept.
const FILE_BYTES: usize = 64;

/// A place in the source. A panic's file name lives as long as the program, but std does not say
/// so: it is copied.
#[derive(Clone, Copy)]
struct Place {
    file: [u8; FILE_BYTES],
    used: usize,
    line: u32,
}

impl Place {
    fn note(location: &Location<'_>) -> Self {
        let name = location.file().as_bytes();
        let mut file = [0; FILE_BYTES];
        let used = name.len().min(FILE_BYTES);
        // The end of a long path says more than its beginning.
        file[..used].copy_from_slice(&name[name.len() - used..]);
        Self {
            file,
            used,
            line: location.line(),
        }
    }

    fn file(&self) -> &str {
        let name = self.file.get(..self.used).unwrap_or_default();
        std::str::from_utf8(name).unwrap_or_default()
    }
}

/// The firewall, once `palisade_start` has made it.
pub(super) fn firewall() -> Option<&'static Firewall> {
    FIREWALL.get()
}

/// Puts the firewall in place. False when there is one already.
pub(super) fn put(firewall: Firewall) -> bool {
    FIREWALL.set(firewall).is_ok()
}

/// Keeps panics from writing to stderr: the boundary logs them.
pub(super) fn install_hook() {
    panic::set_hook(Box::new(|info| {
        PLACE.set(info.location().map(Place::note));
    }));
}

/// What a check answers when the module itself fails.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    /// With `on_fault=pass`.
    pub pass: i32,
    /// With `on_fault=drop`.
    pub drop: i32,
}

impl Answer {
    /// Of a function that asks whether the message may pass.
    pub const CHECK: Self = Self { pass: 1, drop: -1 };
    /// Of a function that asks whether something is blocked.
    pub const QUESTION: Self = Self { pass: -1, drop: 1 };
    /// Of a function that does something, and did not.
    pub const ERROR: Self = Self { pass: -1, drop: -1 };

    fn in_force(self) -> i32 {
        match firewall().map(|firewall| firewall.settings.on_fault) {
            Some(OnFault::Drop) => self.drop,
            _ => self.pass,
        }
    }
}

/// Runs `body`; a panic in it is counted, logged, and answered as the settings say.
pub(super) fn guard(name: &str, answer: Answer, body: impl FnOnce() -> i32) -> i32 {
    // AssertUnwindSafe: shared memory is made for processes that die in the middle of things.
    panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
        // A payload whose Drop panics would leave Rust after all; leaking it is the safe way.
        core::mem::forget(payload);
        let logged = panic::catch_unwind(|| log_fault(name));
        if logged.is_err() {
            host::log(journal::ERROR, b"palisade: fault while logging a fault");
        }
        answer.in_force()
    })
}

fn log_fault(name: &str) {
    let place = PLACE.take();
    let (file, line) = place
        .as_ref()
        .map_or(("", 0), |place| (place.file(), place.line));
    let Some(firewall) = firewall() else {
        let text = format!("palisade: fault function={name} file={file} line={line}");
        host::log(journal::ERROR, text.as_bytes());
        return;
    };
    firewall.counters.count(Counter::Faults);
    firewall.log_fault(name, file, line);
}

/// Runs `body` over the firewall; without one, the answer is that of a fault.
pub(super) fn with_firewall(
    name: &str,
    answer: Answer,
    body: impl FnOnce(&'static Firewall) -> i32,
) -> i32 {
    guard(name, answer, || {
        firewall().map_or_else(|| answer.in_force(), body)
    })
}

/// The body of an exported function, `name`: its texts are read, then `body` runs over the firewall;
/// or, where there is a message, over an inspection of it. One that came from nowhere passes.
macro_rules! exported {
    ($name:ident, $answer:ident, ($($text:ident),*), |$firewall:ident| $body:expr) => {
        $crate::abi::boundary::with_firewall(stringify!($name), Answer::$answer, |$firewall| {
            $(
                // SAFETY: the contract of the exported function: the text is readable.
                let $text = unsafe { $text.bytes() };
            )*
            $body
        })
    };
    ($name:ident, $answer:ident, $message:ident, ($($text:ident),*), |$inspection:ident| $body:expr) => {
        $crate::abi::boundary::with_firewall(stringify!($name), Answer::$answer, |firewall| {
            $(
                // SAFETY: the contract of the exported function: the text is readable.
                let $text = unsafe { $text.bytes() };
            )*
            // SAFETY: the contract of the exported function: NULL, or valid for this call.
            match unsafe { palisade_message_t::read($message) } {
                Some((address, message)) => {
                    firewall.inspect(address, &message, |$inspection| $body)
                }
                None => Answer::$answer.pass,
            }
        })
    };
}
pub(super) use exported;
