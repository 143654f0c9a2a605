//! What a process of Kamailio's has for itself: in its pool of private memory, and outside of it.

use crate::support::{Process, Reply, Rpc, Server};
use serde_json::json;

/// Bytes by which it may grow after the warm-up, in the pool and outside. A leak of 4 bytes a message
/// would be more.
const MARGIN: u64 = 128 * 1024;

/// Of one process, in bytes.
pub struct Memory {
    what: String,
    /// In use in Kamailio's pool, whose size is fixed: its pages come as it is first used.
    pool: u64,
    /// Resident and its own, without the pool: Rust's heap above all.
    outside: u64,
}

/// Of all processes that read messages.
pub fn of(kam: &Server) -> Vec<Memory> {
    let pools = kam
        .rpc(Rpc::Kamcmd, "pkg.stats", json!([]))
        .expect("pkg.stats")
        .records();
    let used = |process: &Process| {
        let its_own = |pool: &&Reply| pool.number("pid") == i64::from(process.pid);
        pools.iter().find(its_own).expect("its pool").number("used") as u64
    };
    let readers = kam
        .processes()
        .iter()
        .filter(|process| process.is_udp_worker() || process.is_tcp());
    readers
        .map(|process| Memory {
            what: process.what.clone(),
            pool: used(process),
            outside: outside_the_pool(process),
        })
        .collect()
}

/// The pool is the largest mapping that belongs to the process alone.
fn outside_the_pool(process: &Process) -> u64 {
    let path = format!("/proc/{}/smaps", process.pid);
    let mappings = std::fs::read_to_string(&path).expect("its mappings");
    let own = |line: &str| {
        let (_, kilobytes) = line.split_once("Anonymous:")?;
        kilobytes.trim().trim_end_matches(" kB").parse::<u64>().ok()
    };
    let own: Vec<u64> = mappings.lines().filter_map(own).collect();
    let pool = own.iter().max().expect("it has mappings");
    (own.iter().sum::<u64>() - pool) * 1024
}

#[track_caller]
pub fn assert_same(before: &[Memory], after: &[Memory]) {
    for (before, after) in before.iter().zip(after) {
        let what = &before.what;
        let (old, new) = ((before.pool, before.outside), (after.pool, after.outside));
        let has_grown = new.0 > old.0 + MARGIN || new.1 > old.1 + MARGIN;
        assert!(!has_grown, "{what}: pool, outside: {old:?}, then {new:?}");
    }
}
