//! Fail points: where a test makes a process panic, die, or stop until it is continued. Nothing but an empty function in a
//! release; built in with `--features failpoints`.
//!
//! `PALISADE_FAIL="ban.claimed=kill policy.check=panic"` in the environment sets them.

/// A place with a name.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub const fn point(_name: &str) {}

/// A place with a name.
///
/// # Panics
///
/// When the environment says so.
#[cfg(feature = "failpoints")]
pub fn point(name: &str) {
    use once_cell::sync::Lazy;
    use std::sync::atomic::{AtomicBool, Ordering as Local};

    /// A process stops once: what it does after it was continued may come here again.
    static STOPPED: AtomicBool = AtomicBool::new(false);

    static SET: Lazy<Vec<(String, String)>> = Lazy::new(|| {
        let text = std::env::var("PALISADE_FAIL").unwrap_or_default();
        let points = text
            .split_whitespace()
            .filter_map(|point| point.split_once('='));
        points
            .map(|(name, action)| (name.to_owned(), action.to_owned()))
            .collect()
    });

    match SET
        .iter()
        .find(|(set, _)| set == name)
        .map(|(_, action)| action.as_str())
    {
        Some("panic") => panic!("fail point {name}"),
        Some("kill") => super::os::signal_this_process(libc::SIGKILL),
        Some("stop") if !STOPPED.swap(true, Local::Relaxed) => {
            super::os::signal_this_process(libc::SIGSTOP);
        }
        _ => {}
    }
}
