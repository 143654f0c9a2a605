//! The keeper: the one process that loads and changes lists while others use them.
//!
//! A host that has none needs none of this: the process that answers an RPC command then does the
//! keeper's work itself, before it answers.

use std::time::Duration;

use super::boundary::{Answer, with_firewall};

/// To be called after `palisade_start`, before the fork, by a host that will have a keeper: from
/// here on commands that change lists are left to it.
///
/// Returns 1, or -1 when there is nothing to keep: then no keeper is needed, and nothing has
/// changed.
#[unsafe(no_mangle)]
pub extern "C" fn palisade_expect_keeper() -> i32 {
    with_firewall("palisade_expect_keeper", Answer::ERROR, |firewall| {
        if firewall.keeper().is_needed() {
            firewall.keeper().announce();
            1
        } else {
            -1
        }
    })
}

/// A turn of the keeper: does what other processes have asked it for; when they have not, waits up
/// to `wait_ms` milliseconds for them, asleep. To be called again and again by one process that does
/// nothing else. A signal may end it at any time.
///
/// Returns 1, or -1 when there was no `palisade_start`.
#[unsafe(no_mangle)]
pub extern "C" fn palisade_keeper_turn(wait_ms: u32) -> i32 {
    with_firewall("palisade_keeper_turn", Answer::ERROR, |firewall| {
        firewall
            .keeper()
            .turn(Duration::from_millis(wait_ms.into()));
        1
    })
}

/// To be called in a process that handles SIP messages, after the fork: RPC commands that it answers
/// do not wait for the keeper, but say that the work was started; and all of the tables' memory is
/// mapped into the process now, not where a message first touches it (some 100 ns for each 4 kB).
///
/// Returns 0, or -1 when there was no `palisade_start`.
#[unsafe(no_mangle)]
pub extern "C" fn palisade_never_wait() -> i32 {
    with_firewall("palisade_never_wait", Answer::ERROR, |firewall| {
        firewall.never_wait();
        0
    })
}
