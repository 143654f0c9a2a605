//! Processes that die at every place that src/shm/fail.rs knows: what the others find, before and after
//! the lease of the dead one is over.

use super::auth::attempt;
use super::killed::Tables;
use super::processes::{End, fork, fork_all, on_stage};
use super::shared::{SharedClock, source, words};
use palisade::auth::Failed;
use palisade::ban::Banned;
use palisade::clock::Clock;
use palisade::counters::Counter;
use palisade::policy::{Firewall, Verdict};
use palisade::rate::{Limit, Rate, RateTable};
use palisade::report::{Full, Reply};
use palisade::settings::Settings;
use palisade::shm::atomic::Ordering::SeqCst;
use palisade::shm::region::Region;
use palisade::source::Address;
use std::ffi::CStr;

/// Whom the victim is about to ban, or to count.
const SUBJECT: u128 = 1;
const PILLARS: std::ops::Range<u128> = 100..200;

/// Every fail point of the source has a case below.
const POINTS: [&str; 15] = [
    "arena.copied",
    "arena.given_back",
    "arena.swapped",
    "auth.claimed",
    "auth.fail",
    "ban.claimed",
    "ban.half_written",
    "lists.renamed",
    "lists.taken",
    "lists.written",
    "policy.check",
    "rate.insert",
    "report.answer",
    "scan.claimed",
    "scan.fail",
];

/// Dies at this point, in `act`, after the stage has done `prepare`: in this process no fail point
/// has been passed before.
pub fn die_at(point: &str, prepare: impl FnOnce(), act: impl FnOnce()) {
    let go = &words(1)[0];
    let victim = fork(|| {
        let value = std::ffi::CString::new(format!("{point}=kill")).expect("no NUL");
        // SAFETY: two C strings; this process has one thread.
        unsafe { libc::setenv(c"PALISADE_FAIL".as_ptr(), value.as_ptr(), 1) };
        while go.load(SeqCst) == 0 {
            std::thread::yield_now();
        }
        act();
    });
    prepare();
    go.store(1, SeqCst);
    assert_eq!(
        victim.wait(),
        End::Killed(libc::SIGKILL),
        "{point} was not passed"
    );
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
        tables.auth.succeed(attempt(b"alice", own), &tables.clock);
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
        for was_banned in [false, true] {
            on_stage(|| {
                let tables = Tables::new(1024);
                let prepare = || {
                    PILLARS.for_each(|pillar| assert_eq!(tables.ban(pillar), Banned::New(1)));
                    assert!(!was_banned || tables.ban(SUBJECT) == Banned::New(1));
                };
                die_at(point, prepare, || _ = tables.ban(SUBJECT));
                assert!(tables.holds(SUBJECT), "somebody bans it just now");
                assert_eq!(tables.ban(SUBJECT), Banned::Busy);
                others_go_on(&tables);
                tables.let_leases_end();
                assert!(!tables.holds(SUBJECT), "the ban that was in flight is lost");
                assert!(matches!(tables.ban(SUBJECT), Banned::New(_)));
                assert!(tables.holds(SUBJECT) && tables.unban(SUBJECT));
                others_go_on(&tables);
            });
        }
    }
}

#[test]
fn a_process_that_dies_while_it_counts_a_failure() {
    // (where, failures before, what the next one is told before and after the lease is over)
    for (point, before, at_once, later) in [
        ("auth.claimed", 0, Failed::Uncounted, Failed::Counted(1)),
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
                .succeed(attempt(b"alice", SUBJECT), &tables.clock);
            assert_eq!(tables.fail(SUBJECT), Failed::Counted(1), "{point}");
        });
    }
}

/// In a set with a free place, and in a full one, where the dead process has just taken the place of
/// another source.
#[test]
fn a_process_that_dies_while_it_takes_a_place_for_a_source() {
    const LIMIT: u64 = 5;
    for known in [0, 1, 3, 4] {
        on_stage(|| {
            let mut region = Region::new(RateTable::room(2)).expect("shared memory");
            let limit = Limit {
                requests: LIMIT,
                window_ms: 2000,
            };
            let table = RateTable::new(&mut region, 2, limit).expect("room"); // one set
            let clock = SharedClock::new();
            let charge = |number: u128| {
                let (source, hash) = source(number);
                table.charge(source, hash, &clock)
            };
            let prepare = || (0..known).for_each(|other| assert_eq!(charge(other), Rate::Fine));
            die_at("rate.insert", prepare, || _ = charge(100));
            // The others, the one that had to go for it, and its own source: each is found.
            for number in [0, 1, 2, 3, 100] {
                let answers: Vec<Rate> = (0..=LIMIT).map(|_| charge(number)).collect();
                let is_found = answers.contains(&Rate::NewlyHot);
                // A hot source does not make room: of five, the last has no place.
                let has_place = number != 100;
                assert_eq!(
                    is_found, has_place,
                    "{known} known, source {number}: {answers:?}"
                );
            }
            clock.advance(std::time::Duration::from_secs(5));
            let (source, hash) = source(100);
            assert!(
                table
                    .usage(source, hash, clock.exact_ms())
                    .is_none_or(|usage| !usage.hot)
            );
            let answers: Vec<Rate> = (0..=LIMIT).map(|_| charge(100)).collect();
            assert_eq!(
                answers.last(),
                Some(&Rate::NewlyHot),
                "{known} known: {answers:?}"
            );
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
