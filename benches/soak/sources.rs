//! Ten million sources, one packet each, through the real edge.

use crate::beside::{found, phone};
use crate::support::{Kamailio, Phone, Process, Rpc, Server};
use crate::wire::Wire;
use crate::{Promises, share};
use serde_json::json;
use std::collections::HashSet;
use std::fs::read_to_string;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::scope;
use std::time::{Duration, Instant};

const SOURCES: f64 = 10_000_000.0;
/// Of them, until the tables have been touched everywhere.
const WARM_UP: f64 = 2_000_000.0;
const BANS: u32 = 1000;
const PAGE: usize = 100;
const PAGE_BYTES: u64 = 4096;

/// 30 in 2 s is the limit.
const TWO_WINDOWS: Duration = Duration::from_secs(4);

/// What passes and is not the phone's is not answered: the answers would have to go to ten million
/// addresses.
const CONFIG: &str = r#"
loadmodule "palisade.so"
modparam("palisade", "edge", "rate")
request_route {
	if (!palisade_check()) exit;
	if (is_method("MESSAGE")) exit;
	sl_send_reply("200", "OK");
}
"#;

/// The n-th address of one of three parts of 127.0.0.0/8.
const fn address(part: u32, number: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x7f00_0000 + part + number)
}
const NOISE: u32 = 0x10_0000;
const BANNED: u32 = 0xf0_0000;
const HOT: u32 = 0xf8_0000;

/// In pages of 4 kB, but Kamailio's own pool: in bytes.
#[derive(Debug, PartialEq, Eq)]
struct Footprint {
    /// Each UDP worker's own pages.
    private: Vec<u64>,
    /// All that it has mapped, taken or not.
    mapped: Vec<u64>,
    /// Shared pages of the main process, which has touched all of Palisade's before the fork. (A
    /// worker's grow as it touches them, and take nothing more.)
    shared: u64,
    /// Used of Kamailio's shared pool.
    pool: i64,
}

fn footprint(kam: &Server) -> Footprint {
    let workers = kam.workers();
    let main = kam.processes().iter().find(|one| one.pid == kam.pid());
    let pool = kam.rpc(Rpc::Datagram, "core.shmmem", json!([]));
    let private = |worker: &&Process| worker.memory().rss_private / PAGE_BYTES;
    Footprint {
        private: workers.iter().map(private).collect(),
        mapped: workers.iter().map(|worker| mapped(worker)).collect(),
        shared: main.expect("the main process").memory().rss_shared / PAGE_BYTES,
        pool: pool.expect("core.shmmem").number("used"),
    }
}

/// The first number of /proc/pid/statm, proc(5).
fn mapped(process: &Process) -> u64 {
    let path = format!("/proc/{}/statm", process.pid);
    let text = read_to_string(&path).unwrap_or_else(|err| panic!("{path}: {err}"));
    let size = text.split(' ').next().and_then(|size| size.parse().ok());
    size.expect("statm begins with a number")
}

fn banned(kam: &Server) -> HashSet<String> {
    let mut keys = HashSet::new();
    for offset in (0..).step_by(PAGE) {
        let page = kam.rpc(Rpc::Datagram, "palisade.bans", json!([offset, PAGE]));
        let rows = page.expect("bans").rows("rows");
        if rows.is_empty() {
            break;
        }
        keys.extend(rows.iter().map(|row| row.text("key")));
    }
    keys
}

fn count(kam: &Server, name: &str) -> i64 {
    let stats = kam.rpc(Rpc::Datagram, "palisade.stats", json!([]));
    stats.expect("stats").number(name)
}

pub fn run(promises: &mut Promises) {
    let (sources, warm_up) = (share(SOURCES) as u32, share(WARM_UP) as u32);
    let kam = Kamailio::with(CONFIG).start();
    for number in 0..BANS {
        let key = address(BANNED, number).to_string();
        kam.rpc(Rpc::Datagram, "palisade.ban", json!([key, 86400]))
            .expect("a ban");
    }
    let bans_before = banned(&kam);
    assert_eq!(bans_before.len(), BANS as usize);
    let datagram = Phone::udp(&kam, "127.0.0.1").request("MESSAGE").bytes();
    let noise = |numbers: std::ops::Range<u32>| numbers.map(|number| address(NOISE, number));
    let mut wire = Wire::to(&kam);

    let done = AtomicBool::new(false);
    let begin = Instant::now();
    let (answers, found, before) = scope(|traffic| {
        let phone = traffic.spawn(|| phone(&kam, "127.0.0.5", &done));
        let hot = (0..).map(|number| address(HOT, number));
        let found = traffic.spawn(|| found(&kam, hot, TWO_WINDOWS, &done));
        wire.send(noise(0..warm_up), &datagram);
        let before = footprint(&kam);
        wire.send(noise(warm_up..sources), &datagram);
        done.store(true, Relaxed);
        let phone = phone.join().expect("the phone");
        (phone, found.join().expect("the others"), before)
    });
    kam.wait_idle();
    let seconds = begin.elapsed().as_secs_f64();
    let after = footprint(&kam);

    let dropped = kam.dropped();
    println!(
        "  {sources} sources in {seconds:.0} s, {:.0} a second; the kernel dropped {dropped} before Kamailio",
        f64::from(sources) / seconds
    );
    let tables = kam.rpc(Rpc::Kamcmd, "palisade.tables", json!([]));
    println!("  {}", tables.expect("tables"));
    let checked = count(&kam, "checked") + count(&kam, "edge_dropped");
    promises.check(
        checked as f64 > 0.99 * f64::from(sources),
        "Kamailio saw them",
        &format!("{checked} datagrams"),
    );
    promises.check(
        before == after,
        "memory is flat to the page",
        &format!("{before:?} after {warm_up} sources, {after:?} after all"),
    );
    let lost = bans_before.difference(&banned(&kam)).count();
    promises.check(
        lost == 0,
        "no active ban is lost",
        &format!("{lost} of {BANS}"),
    );
    promises.check(
        answers.all(),
        "a phone beside it is answered every time",
        &answers.to_string(),
    );
    let slowest = found.iter().flatten().max();
    let missed = found.iter().filter(|took| took.is_none()).count();
    promises.check(
        missed == 0 && !found.is_empty(),
        "a source at twice the limit is found within two windows",
        &format!(
            "{missed} of {} not, the slowest after {slowest:?} of 4 s",
            found.len()
        ),
    );
    kam.stop();
}
