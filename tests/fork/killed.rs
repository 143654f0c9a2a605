//! Processes that are killed at any moment, most often in the middle of an update: the others go on,
//! and nothing is lost but what the dead one was about to write.

use super::auth;
use super::processes::{Child, End, fork, on_stage, say};
use super::random::Random;
use super::shared::{SharedClock, source, words};
use palisade::auth::{AuthTable, Failed};
use palisade::ban::{BanReason, BanTable, Banned, Order, Origin};
use palisade::clock::Clock;
use palisade::rate::{Limit, MAX_REQUESTS, RateTable};
use palisade::shm::atomic::{AtomicU64, Ordering::SeqCst};
use palisade::shm::region::Region;
use palisade::shm::table::LEASE_S;
use std::time::{Duration, Instant};

const PHASES: u64 = 10;
const KILLS: u64 = 20;
/// The victims' own: nobody else touches these.
const HOT: u128 = 16;
/// Banned once and never touched again: these must stay.
const PILLARS: std::ops::Range<u128> = 1000..1200;
/// The bystanders' own, one each.
const BYSTANDERS: std::ops::Range<u128> = 2000..2002;
/// Sources that are new to the rate check.
const NEWCOMERS: std::ops::Range<u128> = 10_000..30_000;

#[derive(Clone)]
pub struct Tables {
    pub rate: RateTable,
    pub bans: BanTable,
    pub auth: AuthTable,
    pub clock: SharedClock,
}

impl Tables {
    /// For so many sources and bans.
    pub fn new(size: usize) -> Tables {
        let mut region = Region::new(RateTable::room(size) + BanTable::room(size)).expect("memory");
        let limit = Limit {
            requests: MAX_REQUESTS,
            window_ms: 3_600_000,
        };
        Tables {
            rate: RateTable::new(&mut region, size, limit).expect("room"),
            bans: BanTable::new(&mut region, size).expect("room"),
            auth: auth::table(1000, 0),
            clock: SharedClock::new(),
        }
    }

    pub fn ban(&self, key: u128) -> Banned {
        let (source, hash) = source(key);
        self.bans.ban(
            source,
            hash,
            Order::against_everybody(0, BanReason::MANUAL, Origin::Rpc),
            &self.clock,
        )
    }

    pub fn unban(&self, key: u128) -> bool {
        let (source, hash) = source(key);
        self.bans.unban(source, hash, &self.clock)
    }

    pub fn holds(&self, key: u128) -> bool {
        let (source, hash) = source(key);
        self.bans.holds(source, hash, &self.clock).is_some()
    }

    /// A ban that nobody is writing; `None` also for one that a dead process was writing.
    pub fn count(&self, key: u128) -> Option<u64> {
        let (source, hash) = source(key);
        self.bans
            .get(source, hash, &self.clock)
            .map(|ban| ban.count)
    }

    pub fn fail(&self, key: u128) -> Failed {
        self.auth
            .fail(auth::attempt(b"alice", key), &self.clock)
            .failed
    }

    pub fn charge(&self, key: u128) -> u64 {
        let (source, hash) = source(key);
        self.rate.charge(source, hash, &self.clock);
        let usage = self.rate.usage(source, hash, self.clock.exact_ms());
        usage.expect("it has just been charged").current
    }

    /// What a claim of a dead process blocks is free again.
    pub fn let_leases_end(&self) {
        self.clock
            .advance(Duration::from_secs(u64::from(LEASE_S) + 2));
    }
}

/// Updates without end.
fn victim(tables: &Tables, seed: u64, started: &AtomicU64) {
    let mut random = Random(seed);
    loop {
        let key = u128::from(random.below(HOT as u64));
        let newcomer = NEWCOMERS.start + u128::from(random.below(20_000));
        match random.below(6) {
            0 | 1 => _ = tables.ban(key),
            2 => _ = tables.unban(key),
            3 => _ = tables.fail(key),
            4 => {
                let attempt = auth::attempt(b"alice", key);
                tables.auth.succeed(attempt, true, &tables.clock);
            }
            _ => _ = tables.charge(newcomer),
        }
        started.fetch_add(1, SeqCst);
    }
}

/// Does everything with keys of its own, and all of it must succeed.
fn bystander(tables: &Tables, key: u128, rounds: &AtomicU64, stop: &AtomicU64) {
    let charged = tables.charge(key);
    let Failed::Counted(failed) = tables.fail(key) else {
        panic!("not counted")
    };
    for round in 1.. {
        assert!(matches!(tables.ban(key), Banned::New(_)), "round {round}");
        assert!(
            matches!(tables.ban(key), Banned::Renewed(_)),
            "round {round}"
        );
        assert!(
            tables.holds(key) && tables.count(key).is_some(),
            "round {round}"
        );
        assert!(tables.unban(key) && !tables.holds(key), "round {round}");
        if round < 900 {
            assert_eq!(tables.charge(key), charged + round);
        }
        if round < 90 {
            assert_eq!(tables.fail(key), Failed::Counted(failed + round));
        }
        rounds.fetch_add(1, SeqCst);
        if stop.load(SeqCst) == 1 {
            return;
        }
    }
}

#[track_caller]
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Kills a process that is busy with updates. Answers how many claims it has left behind.
fn kill_one(tables: &Tables, random: &mut Random) -> usize {
    let started = &words(1)[0];
    let seed = random.next();
    let child = fork(|| victim(tables, seed, started));
    let steps = 1 + random.below(300);
    wait_until("the victim works", || started.load(SeqCst) >= steps);
    child.kill();
    assert_eq!(child.wait(), End::Killed(libc::SIGKILL));
    (0..HOT)
        .filter(|&key| tables.holds(key) && tables.count(key).is_none())
        .count()
}

/// With the claims of the dead still in the way: everything answers.
fn use_what_is_in_the_way(tables: &Tables) {
    for key in 0..HOT {
        tables.ban(key);
        tables.unban(key);
        tables.fail(key);
        tables
            .auth
            .admit(auth::attempt(b"alice", key), &tables.clock);
    }
}

/// After the lease: everything works, for the keys that the dead were at as well.
fn check_usable(tables: &Tables, kills: u64) {
    tables.let_leases_end();
    for key in 0..HOT {
        assert!(
            matches!(tables.ban(key), Banned::New(_) | Banned::Renewed(_)),
            "{key}"
        );
        assert!(
            tables.count(key).is_some() && tables.unban(key) && !tables.holds(key),
            "{key}"
        );
        let user = auth::attempt(b"alice", key);
        tables.auth.succeed(user, true, &tables.clock);
        assert_eq!(tables.fail(key), Failed::Counted(1), "{key}");
        assert_eq!(tables.fail(key), Failed::Counted(2), "{key}");
    }
    for newcomer in NEWCOMERS.step_by(97) {
        let before = tables.charge(newcomer);
        assert_eq!(tables.charge(newcomer), before + 1, "{newcomer}");
    }
    for pillar in PILLARS {
        assert_eq!(tables.count(pillar), Some(1), "the ban of {pillar} is lost");
    }
    let mut keys: Vec<u128> = tables
        .bans
        .bans(&tables.clock)
        .map(|ban| ban.source.key)
        .collect();
    let all = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(
        (keys.len(), all),
        (PILLARS.count(), PILLARS.count()),
        "twice, or left over"
    );
    // Each of the dead may have left without saying that it had come or gone.
    let live = tables.bans.size().totals.live.load(SeqCst);
    assert!(
        live.abs_diff(all as u64) <= kills,
        "{live} of {all} after {kills} kills"
    );
}

#[test]
fn a_process_that_is_killed_costs_the_others_nothing() {
    on_stage(|| {
        let tables = Tables::new(65_536);
        for pillar in PILLARS {
            assert_eq!(tables.ban(pillar), Banned::New(1));
        }
        let mut random = Random(7);
        let mut left_behind = 0;
        for phase in 1..=PHASES {
            let [rounds, stop] = [words(BYSTANDERS.count()), words(1)];
            let bystanders: Vec<Child> = BYSTANDERS
                .zip(rounds)
                .map(|(key, rounds)| fork(|| bystander(&tables, key, rounds, &stop[0])))
                .collect();
            for _ in 0..KILLS {
                left_behind += kill_one(&tables, &mut random);
                use_what_is_in_the_way(&tables);
                for rounds in rounds {
                    let now = rounds.load(SeqCst);
                    wait_until("the others go on", || rounds.load(SeqCst) > now);
                }
            }
            stop[0].store(1, SeqCst);
            for child in bystanders {
                assert_eq!(child.wait(), End::Exited(0));
            }
            check_usable(&tables, phase * KILLS);
        }
        say(&format!(
            "{left_behind} claims left behind by {} kills",
            PHASES * KILLS
        ));
        assert!(left_behind > 0, "no kill hit an update");
    });
}
