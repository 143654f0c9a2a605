//! A table full of bans, dumps of it page by page, and a flood at once, in processes over one
//! region: what the slowest check took, and whether the dumps are whole.
//!
//! Each check is timed twice: by the wall, and by the processor time of its process. What the wall
//! has more is the scheduler's: the involuntary switches stand beside it.

use crate::processes::{fork_all, on_stage, say};
use crate::random::Random;
use crate::shared::words;
use crate::{Promises, share};
use palisade::ban::{BanReason, Origin};
use palisade::policy::{Firewall, Verdict};
use palisade::report::{Full, Reply};
use palisade::settings::Settings;
use palisade::shm::atomic::{AtomicU64, Ordering::SeqCst};
use palisade::source::Address;
use std::collections::HashSet;
use std::ffi::CStr;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

const BANS: u32 = 65_536;
const PAGE: u64 = 200;
const SECONDS: f64 = 60.0;
/// A check in so many belongs to a source that floods: it is banned, and a ban has to go for it.
const FLOODING: u64 = 500;
const TOO_LONG_NS: u64 = 1_000_000;

/// What the processes tell; all zero at first.
#[derive(Clone, Copy)]
struct Told(&'static [AtomicU64]);

#[derive(Clone, Copy)]
enum What {
    Checks,
    WorstWall,
    WorstCpu,
    LongByWall,
    LongByCpu,
    Bannings,
    WorstBanning,
    LongBannings,
    BanningTime,
    Switched,
    OffBy,
    Pages,
    Rows,
    Refused,
    Torn,
    Bans,
}

impl Told {
    fn add(self, what: What, count: u64) {
        self.0[what as usize].fetch_add(count, SeqCst);
    }

    fn worst(self, what: What, value: u64) {
        self.0[what as usize].fetch_max(value, SeqCst);
    }

    fn of(self, what: What) -> u64 {
        self.0[what as usize].load(SeqCst)
    }
}

/// A row: what is read of it. Rows of a dump; the fields that are not read are left out.
#[derive(Default)]
struct Page {
    total: i64,
    rows: Vec<[String; 3]>,
}

impl Reply for Page {
    fn open_struct(&mut self, name: Option<&CStr>) -> Result<(), Full> {
        if name.is_none() {
            self.rows.push(Default::default()); // the first is the page itself
        }
        Ok(())
    }

    fn open_list(&mut self, _name: Option<&CStr>) -> Result<(), Full> {
        Ok(())
    }

    fn close(&mut self) -> Result<(), Full> {
        Ok(())
    }

    fn number(&mut self, name: Option<&CStr>, value: i64) -> Result<(), Full> {
        if name == Some(c"total") {
            self.total = value;
        }
        Ok(())
    }

    fn text(&mut self, name: Option<&CStr>, text: &str) -> Result<(), Full> {
        let names = [c"key", c"reason", c"origin"];
        let field = names.iter().position(|known| name == Some(*known));
        if let (Some(field), Some(row)) = (field, self.rows.last_mut()) {
            row[field] = text.into();
        }
        Ok(())
    }
}

/// Ours from before say whose they are; the others are the flood's.
fn is_whole([key, reason, origin]: &[String; 3]) -> bool {
    match origin.as_str() {
        "rpc" => *reason == format!("ban of {key}"),
        "check" => reason == "rate" && key.parse::<Ipv4Addr>().is_ok(),
        _ => false,
    }
}

fn address(bits: u32) -> Address {
    Address::from(IpAddr::from(Ipv4Addr::from_bits(bits)))
}

/// Banned before the flood, so that the flood's bans end later, and these have to go for them.
fn full_table() -> Firewall {
    let mut settings = Settings::default();
    for (name, value) in [("bans_max", i64::from(BANS)), ("rate_ban_time", 3600)] {
        settings.set_number(name, value).expect("it is allowed");
    }
    let firewall = Firewall::new(settings, |_, _| {}).expect("shared memory");
    for number in 0..BANS {
        let bits = 0x0a00_0000 + number;
        let reason = format!("ban of {}", Ipv4Addr::from_bits(bits));
        let reason = BanReason::parse(reason.as_bytes()).expect("short enough");
        let seconds = 1800 + u64::from(number % 1800);
        let banned = firewall.ban(address(bits), seconds, reason, Origin::Rpc);
        banned.expect("there is room");
    }
    firewall
}

fn now(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is writable.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

fn involuntary_switches() -> u64 {
    // SAFETY: all zeroes is a valid `rusage`.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: `usage` is writable.
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &raw mut usage) };
    usage.ru_nivcsw as u64
}

/// Checks of banned sources, of new ones, and of some that go over the limit, one by one.
fn flood(
    seed: u64,
    firewall: &Firewall,
    until: Instant,
    mut check: impl FnMut(&dyn Fn() -> Verdict),
) {
    let mut random = Random(seed);
    while Instant::now() < until {
        for _ in 0..FLOODING {
            let source = match random.below(2) {
                0 => 0x0a00_0000 + random.below(BANS.into()) as u32,
                _ => 0x2000_0000 + random.below(1 << 28) as u32,
            };
            check(&|| firewall.inspect_address(address(source), |it| it.check()));
        }
        let flooder = 0x4000_0000 + random.below(1 << 28) as u32;
        for _ in 0..40 {
            check(&|| firewall.inspect_address(address(flooder), |it| it.check()));
        }
    }
}

fn timed(told: Told, check: &dyn Fn() -> Verdict) {
    let cpu = now(libc::CLOCK_THREAD_CPUTIME_ID);
    let wall = now(libc::CLOCK_MONOTONIC);
    let verdict = check();
    let wall = now(libc::CLOCK_MONOTONIC) - wall;
    let cpu = now(libc::CLOCK_THREAD_CPUTIME_ID) - cpu;
    told.add(What::LongByWall, u64::from(wall > TOO_LONG_NS));
    told.worst(What::WorstWall, wall);
    let [count, worst, long] = match verdict {
        Verdict::NewlyBlocked => [What::Bannings, What::WorstBanning, What::LongBannings],
        _ => [What::Checks, What::WorstCpu, What::LongByCpu],
    };
    told.add(count, 1);
    told.worst(worst, cpu);
    told.add(long, u64::from(cpu > TOO_LONG_NS));
    if verdict == Verdict::NewlyBlocked {
        told.add(What::BanningTime, cpu);
    }
}

fn dump(told: Told, firewall: &Firewall, until: Instant) {
    while Instant::now() < until {
        for offset in (0..BANS.into()).step_by(PAGE as usize) {
            let arguments = [offset.to_string(), PAGE.to_string()];
            let arguments = [arguments[0].as_bytes(), arguments[1].as_bytes()];
            let mut page = Page::default();
            let answer = firewall.answer(b"bans", &arguments, &mut page);
            let rows = page.rows.get(1..).unwrap_or_default();
            let keys: HashSet<&String> = rows.iter().map(|[key, ..]| key).collect();
            let total = page.total as u64;
            let expected = total.saturating_sub(offset).min(PAGE);
            let all = rows.len() as u64 == expected && keys.len() == rows.len();
            told.add(What::Refused, u64::from(answer.is_err()));
            told.add(
                What::Torn,
                rows.iter().filter(|row| !is_whole(row)).count() as u64,
            );
            told.add(What::Torn, u64::from(!all));
            told.worst(What::OffBy, total.abs_diff(BANS.into()));
            told.add(What::Pages, 1);
            told.add(What::Rows, rows.len() as u64);
        }
    }
}

pub fn run(promises: &mut Promises) {
    let told = Told(words(16));
    let seconds = share(SECONDS);
    on_stage(|| {
        let firewall = full_table();
        let until = Instant::now() + Duration::from_secs_f64(seconds);
        fork_all(3, |number| match number {
            0 => {
                let switches = involuntary_switches();
                flood(1, &firewall, until, |check| timed(told, check));
                told.add(What::Switched, involuntary_switches() - switches);
            }
            1 => flood(2, &firewall, until, |check| _ = check()),
            _ => dump(told, &firewall, until),
        });
        let bans = firewall.bans.size().totals;
        told.add(What::Bans, bans.evicted.load(SeqCst));
        say(&format!(
            "  {} live bans of {BANS}, {} had to go for others",
            bans.live.load(SeqCst),
            bans.evicted.load(SeqCst)
        ));
    });
    let of = |what| told.of(what);
    let micros = |what| of(what) as f64 / 1e3;
    println!("  {seconds} s; the slowest of          checks   µs of processor time   over 1 ms");
    for (name, count, worst, long) in [
        ("all others", What::Checks, What::WorstCpu, What::LongByCpu),
        (
            "those that banned",
            What::Bannings,
            What::WorstBanning,
            What::LongBannings,
        ),
    ] {
        let (count, worst, long) = (of(count), micros(worst), of(long));
        println!("  {name:<22} {count:>14} {worst:>22.0} {long:>11}");
    }
    println!(
        "  one that banned took {:.0} µs on average: it looks for the ban that ends first",
        micros(What::BanningTime) / of(What::Bannings) as f64
    );
    println!(
        "  by the wall: {:.0} µs at the worst, {} over 1 ms; {} involuntary switches in all",
        micros(What::WorstWall),
        of(What::LongByWall),
        of(What::Switched)
    );
    println!(
        "  a dump's total was off by {} at the most",
        of(What::OffBy)
    );
    let long = of(What::LongByCpu) + of(What::LongBannings);
    promises.check(
        of(What::Checks) > 0 && of(What::Bannings) > 0 && of(What::Bans) > 0 && long == 0,
        "no check takes longer than 1 ms of processor time",
        &format!("{long} do"),
    );
    promises.check(
        of(What::Pages) > 0 && of(What::Refused) == 0,
        "no dump is refused",
        &format!("{} of {} pages", of(What::Refused), of(What::Pages)),
    );
    promises.check(
        of(What::Rows) > 0 && of(What::Torn) == 0,
        "no dump is torn",
        &format!("{} of {} rows", of(What::Torn), of(What::Rows)),
    );
}
