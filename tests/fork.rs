//! Several processes over one region: nothing is lost but what the tables say can be, and one that
//! is killed in the middle of an update costs the others nothing.
//!
//! Each test runs on a stage, a process of its own with one thread, so that forking is safe and
//! the fail points (`--features failpoints`) are not read before a victim sets them.

mod fork {
    mod arena;
    mod auth;
    mod bans;
    mod counters;
    #[cfg(feature = "failpoints")]
    mod failpoints;
    mod firewall;
    mod killed;
    mod lists;
    #[cfg(feature = "failpoints")]
    mod places;
    mod processes;
    mod random;
    mod rate;
    mod scan;
    mod shared;
}
