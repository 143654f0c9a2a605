//! Processes that die at every place that src/shm/fail.rs knows: what the others find, before and after
//! the lease of the dead one is over.

use super::auth::attempt;
use super::killed::Tables;
use super::processes::{Child, End, fork, fork_all, on_stage};
use super::shared::{NOW_MS, SharedClock, source, words};
use palisade::auth::{Admission, AuthFailures, Failed};
use palisade::ban::{BanReason, Banned, Order, Origin};
use palisade::counters::Counter;
use palisade::policy::{Firewall, Verdict};
use palisade::report::{Full, Reply};
use palisade::settings::Settings;
use palisade::shm::atomic::Ordering::SeqCst;
use palisade::source::Address;
use std::ffi::CStr;
use std::time::Duration;

/// Whom the victim is about to ban, or to count.
const SUBJECT: u128 = 1;
const PILLARS: std::ops::Range<u128> = 100..200;

/// Every fail point of the source has a case below.
const POINTS: [&str; 19] = [
    "arena.copied",
    "arena.given_back",
    "arena.swapped",
    "auth.claimed",
    "auth.counted",
    "auth.fail",
    "ban.claimed",
    "ban.half_written",
    "ban.kept",
    "lists.renamed",
    "lists.taken",
    "lists.written",
    "policy.check",
    "rate.insert",
    "report.answer",
    "scan.claimed",
    "scan.fail",
    "table.moved",
    "table.ready",
];

/// A process that comes to this point in `act`, and there does what `action` says, after the stage
/// has done `prepare`: in this process no fail point has been passed before.
fn come_to(point: &str, action: &str, prepare: impl FnOnce(), act: impl FnOnce()) -> Child {
    let go = &words(1)[0];
    let victim = fork(|| {
        let value = std::ffi::CString::new(format!("{point}={action}")).expect("no NUL");
        // SAFETY: two C strings; this process has one thread.
        unsafe { libc::setenv(c"PALISADE_FAIL".as_ptr(), value.as_ptr(), 1) };
        while go.load(SeqCst) == 0 {
            std::thread::yield_now();
        }
        act();
    });
    prepare();
    go.store(1, SeqCst);
    victim
}

/// Dies at this point.
pub fn die_at(point: &str, prepare: impl FnOnce(), act: impl FnOnce()) {
    assert_eq!(
        come_to(point, "kill", prepare, act).wait(),
        End::Killed(libc::SIGKILL),
        "{point} was not passed"
    );
}

/// Stops at this point, to go on after `meanwhile`.
pub fn stop_at(point: &str, prepare: impl FnOnce(), act: impl FnOnce(), meanwhile: impl FnOnce()) {
    let stopped = come_to(point, "stop", prepare, act);
    stopped.wait_until_it_stops();
    meanwhile();
    stopped.go_on();
    assert_eq!(stopped.wait(), End::Exited(0), "{point}");
}

/// The others do everything, at once, with keys of their own and with that of the dead one.
fn others_go_on(tables: &Tables) {
    fork_all(2, |number| {
        let own = 10 + number as u128;
        for _ in 0..100 {
            assert!(matches!(tables.ban(own), Banned::New(_)));
            assert!(tables.holds(own) && tables.unban(own) && !tables.holds(own));
            tables.ban(SUBJECT);
            tables.unban(SUBJECT);
            tables.charge(own);
        }
        tables
            .auth
            .succeed(attempt(b"alice", own), true, &tables.clock);
        for failures in 1..=10 {
            assert_eq!(tables.fail(own), Failed::Counted(failures));
            tables.auth.admit(attempt(b"alice", SUBJECT), &tables.clock);
        }
    });
    for pillar in PILLARS {
        assert_eq!(tables.count(pillar), Some(1), "the ban of {pillar} is lost");
    }
}

#[test]
fn a_process_that_dies_while_it_bans() {
    for point in ["ban.claimed", "ban.half_written"] {
        on_stage(|| {
            let tables = Tables::new(1024);
            let prepare =
                || PILLARS.for_each(|pillar| assert_eq!(tables.ban(pillar), Banned::New(1)));
            die_at(point, prepare, || _ = tables.ban(SUBJECT));
            assert!(tables.holds(SUBJECT), "somebody bans it just now");
            assert_eq!(tables.ban(SUBJECT), Banned::Busy);
            others_go_on(&tables);
            tables.let_leases_end();
            assert!(!tables.holds(SUBJECT), "the ban that was in flight is lost");
            assert!(matches!(tables.ban(SUBJECT), Banned::New(_)));
            assert!(tables.holds(SUBJECT));
            check_count(&tables, 1);
            assert!(tables.unban(SUBJECT));
            others_go_on(&tables);
            check_count(&tables, 0);
        });
    }
}

/// As many bans are counted as there are.
#[track_caller]
fn check_count(tables: &Tables, beside_pillars: u64) {
    let bans = PILLARS.count() as u64 + beside_pillars;
    assert_eq!(tables.bans.bans(&tables.clock).count() as u64, bans);
    assert_eq!(tables.bans.size().totals.live.load(SeqCst), bans);
}

const OLD_MS: u64 = 1_000_000;
const NEW_MS: u64 = 2_000_000;

fn old_ban(tables: &Tables) -> Banned {
    ban_with(tables, OLD_MS, BanReason::RATE, Origin::Check)
}

/// The same, for longer.
fn longer_ban(tables: &Tables) -> Banned {
    ban_with(tables, NEW_MS, BanReason::RATE, Origin::Check)
}

fn new_ban(tables: &Tables) -> Banned {
    ban_with(tables, NEW_MS, BanReason::AGENT, Origin::Script)
}

fn ban_with(tables: &Tables, until_ms: u64, reason: BanReason, origin: Origin) -> Banned {
    let (source, hash) = source(SUBJECT);
    let order = Order::against_everybody(until_ms, reason, origin);
    tables.bans.ban(source, hash, order, &tables.clock)
}

/// The ban is there, whole: the old one or the new one.
#[track_caller]
fn check_ban(tables: &Tables, is_new: bool, what: &str) {
    let (source, hash) = source(SUBJECT);
    let ban = tables.bans.get(source, hash, &tables.clock).expect(what);
    let expected = match is_new {
        false => (OLD_MS, BanReason::RATE, Origin::Check),
        true => (NEW_MS, BanReason::AGENT, Origin::Script),
    };
    assert_eq!((ban.until_ms, ban.reason, ban.origin), expected, "{what}");
    assert_eq!(
        (ban.count, ban.hits, ban.since_ms),
        (1, 1, NOW_MS),
        "{what}"
    );
    assert!(tables.holds(SUBJECT), "{what}");
    check_count(tables, 1);
}

fn make_old_ban(tables: &Tables) {
    PILLARS.for_each(|pillar| assert_eq!(tables.ban(pillar), Banned::New(1)));
    assert_eq!(old_ban(tables), Banned::New(1));
    let (source, hash) = source(SUBJECT);
    assert!(tables.bans.hit(source, hash, &tables.clock).is_some());
}

/// Where a renewal may end, and whether the new ban is in force by then.
const RENEWAL: [(&str, bool); 4] = [
    ("ban.claimed", false),
    ("ban.half_written", false),
    ("table.ready", false),
    ("table.moved", true),
];

#[test]
fn a_process_that_dies_while_it_renews_a_ban_leaves_the_old_one_or_the_new_one() {
    for (point, is_new) in RENEWAL {
        for does_lease_end in [false, true] {
            on_stage(|| {
                let tables = Tables::new(1024);
                die_at(point, || make_old_ban(&tables), || _ = new_ban(&tables));
                if does_lease_end {
                    tables.let_leases_end();
                }
                check_ban(&tables, is_new, point);
                assert_eq!(new_ban(&tables), Banned::Renewed(1), "{point}");
                check_ban(&tables, true, point);
                assert!(tables.unban(SUBJECT) && !tables.holds(SUBJECT), "{point}");
                check_count(&tables, 0);
                others_go_on(&tables);
            });
        }
    }
}

/// What only ends later is changed in its place: the old end counts until the new one is written.
#[test]
fn a_process_that_dies_while_it_prolongs_a_ban_leaves_the_old_one() {
    on_stage(|| {
        let tables = Tables::new(1024);
        let prepare = || make_old_ban(&tables);
        die_at("ban.kept", prepare, || _ = longer_ban(&tables));
        check_ban(&tables, false, "ban.kept");
        assert_eq!(longer_ban(&tables), Banned::Renewed(1));
        let (source, hash) = source(SUBJECT);
        let ban = tables.bans.get(source, hash, &tables.clock).expect("a ban");
        assert_eq!((ban.until_ms, ban.reason), (NEW_MS, BanReason::RATE));
        tables.clock.advance(Duration::from_millis(OLD_MS));
        assert!(tables.holds(SUBJECT));
        tables.clock.advance(Duration::from_millis(NEW_MS - OLD_MS));
        assert!(!tables.holds(SUBJECT));
        let mut ended = Vec::new();
        tables
            .bans
            .end_those_over(&tables.clock, |ban| ended.push(ban.source));
        assert_eq!(ended, [source]);
        check_count(&tables, 0);
    });
}

/// It stops for longer than a claim lasts, and goes on when all it knew of has changed: whose place
/// it is, and what stands there.
#[test]
fn a_process_that_stops_while_it_bans_writes_into_no_other_ban() {
    let points = RENEWAL.map(|(point, _)| point);
    for point in points.into_iter().chain(["ban.kept"]) {
        for is_renewal in [false, true] {
            if !is_renewal && !["ban.claimed", "ban.half_written"].contains(&point) {
                continue; // Passed by renewals alone.
            }
            on_stage(|| {
                let tables = Tables::new(128);
                let prepare = || match is_renewal {
                    true => make_old_ban(&tables),
                    false => PILLARS.for_each(|pillar| _ = tables.ban(pillar)),
                };
                let others = 1000..1028_u128; // to the limit
                let meanwhile = || {
                    tables.let_leases_end();
                    tables.unban(SUBJECT);
                    for key in 2000..2400 {
                        tables.ban(key); // In every place, sooner or later.
                        tables.unban(key);
                    }
                    for key in others.clone() {
                        assert_eq!(tables.ban(key), Banned::New(1), "{point}");
                    }
                };
                let act = || match point {
                    "ban.kept" => longer_ban(&tables),
                    _ => new_ban(&tables),
                };
                stop_at(point, prepare, || _ = act(), meanwhile);
                let mut bans: Vec<_> = tables.bans.bans(&tables.clock).collect();
                // Its ban was to replace one that is gone: it may set it anew.
                bans.retain(|ban| ban.source != source(SUBJECT).0);
                assert_eq!(
                    bans.len(),
                    PILLARS.count() + others.clone().count(),
                    "{point}"
                );
                for ban in bans {
                    let is_whole = (ban.until_ms, ban.reason, ban.origin)
                        == (0, BanReason::MANUAL, Origin::Rpc)
                        && ban.count == 1;
                    assert!(is_whole, "{point}: {ban:?}");
                }
                for key in PILLARS.chain(others.clone()) {
                    assert_eq!(tables.count(key), Some(1), "{point}: {key}");
                }
                let live = tables.bans.size().totals.live.load(SeqCst);
                let bans = tables.bans.bans(&tables.clock).count() as u64;
                assert_eq!(live, bans, "{point}");
            });
        }
    }
}

/// The same with a user who fails: who takes the place is not blocked for him.
#[test]
fn a_process_that_stops_while_it_counts_a_failure_blocks_nobody_else() {
    const LIMIT: u64 = 3;
    for (point, before) in [("auth.claimed", 0), ("auth.fail", 2), ("auth.counted", 2)] {
        on_stage(|| {
            let clock = SharedClock::new();
            let table = super::auth::table_for(16, LIMIT, 0);
            let fail = |from| table.fail(attempt(b"alice", from), &clock).failed;
            let prepare = || (0..before).for_each(|_| _ = fail(SUBJECT));
            let meanwhile = || {
                if point == "auth.claimed" {
                    // Nothing is counted of him just now: so no guess is let through.
                    let subject = attempt(b"alice", SUBJECT);
                    assert!((0..100).all(|_| table.admit(subject, &clock) != Admission::Admitted));
                    assert_eq!(fail(SUBJECT), Failed::Uncounted);
                }
                clock.advance(std::time::Duration::from_secs(1000));
                // Each in a place that has expired, until all places have been taken once.
                for round in 0..20 {
                    (0..16).for_each(|other| _ = fail(1000 + 100 * round + other));
                    clock.advance(std::time::Duration::from_secs(1000));
                }
                (0..16).for_each(|other| assert_eq!(fail(5000 + other), Failed::Counted(1)));
            };
            stop_at(point, prepare, || _ = fail(SUBJECT), meanwhile);
            let rows: Vec<_> = table.failing(&clock).collect();
            let others = |row: &&AuthFailures| (5000..5016).any(|it| row.source == source(it).0);
            let left = rows.iter().filter(others).count();
            assert!(
                left >= 15,
                "{point}: one had to go for it at the most, {left} are left"
            );
            for row in rows {
                let is_subject = row.source == source(SUBJECT).0;
                let is_clean = row.failures == 1 && row.blocked_until_ms == 0;
                assert!(is_clean || is_subject, "{point}: {row:?}");
            }
            for other in 5000..5015 {
                let blocked = table.is_blocked(attempt(b"alice", other), &clock);
                assert!(!blocked, "{point}: {other}");
            }
        });
    }
}

#[test]
fn a_process_that_dies_while_it_counts_a_failure() {
    // (where, failures before, what the next one is told before and after the lease is over)
    for (point, before, at_once, later) in [
        ("auth.claimed", 0, Failed::Uncounted, Failed::Counted(1)),
        ("auth.counted", 0, Failed::Counted(2), Failed::Counted(3)),
        ("auth.fail", 0, Failed::Counted(1), Failed::Counted(2)),
        ("auth.fail", 5, Failed::Counted(6), Failed::Counted(7)),
    ] {
        on_stage(|| {
            let tables = Tables::new(1024);
            let prepare = || {
                PILLARS.for_each(|pillar| assert_eq!(tables.ban(pillar), Banned::New(1)));
                (0..before).for_each(|_| _ = tables.fail(SUBJECT));
            };
            die_at(point, prepare, || _ = tables.fail(SUBJECT));
            assert_eq!(tables.fail(SUBJECT), at_once, "{point}");
            others_go_on(&tables);
            tables.let_leases_end();
            assert_eq!(tables.fail(SUBJECT), later, "{point}");
            tables
                .auth
                .succeed(attempt(b"alice", SUBJECT), true, &tables.clock);
            assert_eq!(tables.fail(SUBJECT), Failed::Counted(1), "{point}");
        });
    }
}

/// Takes whatever is written.
struct Nowhere;

impl Reply for Nowhere {
    fn open_struct(&mut self, _name: Option<&CStr>) -> Result<(), Full> {
        Ok(())
    }
    fn open_list(&mut self, _name: Option<&CStr>) -> Result<(), Full> {
        Ok(())
    }
    fn close(&mut self) -> Result<(), Full> {
        Ok(())
    }
    fn number(&mut self, _name: Option<&CStr>, _value: i64) -> Result<(), Full> {
        Ok(())
    }
    fn text(&mut self, _name: Option<&CStr>, _text: &str) -> Result<(), Full> {
        Ok(())
    }
}

#[test]
fn a_process_that_dies_in_a_check_or_a_command() {
    for point in ["policy.check", "report.answer"] {
        on_stage(|| {
            let firewall = Firewall::new(Settings::default(), |_, _| {}).expect("shared memory");
            let address = Address::from_bytes(&[192, 0, 2, 1]).expect("four bytes");
            let check = || firewall.inspect_address(address, |it| it.check());
            let list = || firewall.answer(b"bans", &[], &mut Nowhere);
            let act = || match point {
                "policy.check" => _ = check(),
                _ => _ = list(),
            };
            die_at(point, || {}, act);
            for request in 0..firewall.settings.reqs_density_per_unit() {
                assert_eq!(check(), Verdict::Pass, "request {request}");
            }
            assert_eq!(check(), Verdict::NewlyBlocked);
            assert_eq!(firewall.counters.total(Counter::BansRate), 1);
            assert_eq!(list(), Ok(()));
        });
    }
}

#[test]
fn every_fail_point_has_a_case() {
    let mut found: Vec<String> = vec![];
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().expect("src").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).expect("UTF-8");
                let names = text.split("fail::point(\"").skip(1);
                found.extend(names.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
            }
        }
    }
    found.sort();
    found.dedup();
    assert_eq!(found, POINTS);
}
