//! The panic boundary: no panic leaves Rust.
//!
//! When one of Kamailio's workers dies, Kamailio stops the whole server (main.c, SIGCHLD); so a
//! panic must cost one message's verdict and nothing else.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

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
    static PLACE: Cell<Option<(&'static str, u32)>> = const { Cell::new(None) };
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
        // A panic's file name lives as long as the program, but std does not say so: keep the line,
        // and the name of the exported function, which says more to an operator anyway.
        PLACE.set(info.location().map(|place| ("", place.line())));
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
        let told = panic::catch_unwind(|| tell_of_fault(name));
        if told.is_err() {
            host::log(journal::ERROR, b"palisade: fault while telling of a fault");
        }
        answer.in_force()
    })
}

fn tell_of_fault(name: &str) {
    let line = PLACE.take().map_or(0, |(_, line)| line);
    let Some(firewall) = firewall() else {
        host::log(
            journal::ERROR,
            format!("palisade: fault function={name} line={line}").as_bytes(),
        );
        return;
    };
    firewall.counters.count(Counter::Faults);
    firewall.tell_of_fault(name, line);
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
