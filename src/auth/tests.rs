//! The auth counter against its contract, with a clock that stands still.

mod bounds;
mod line;

use super::*;
use crate::clock::manual::Manual;
use crate::shm::atomic::Ordering;

struct Bench {
    auth: AuthTable,
    clock: Manual,
    requests: u64,
}

const RULES: Rules = Rules {
    scope: AuthScope::UserSource,
    max_failures: 3,
    user_max_failures: 10,
    window_ms: 900_000,
    block_ms: 3_600_000,
    known_ms: 604_800_000,
};

const SEED: [u64; 4] = [1, 2, 3, 4];

fn attempt(user: &str, source: u128) -> Attempt<'_> {
    Attempt {
        user: user.as_bytes(),
        name: Hash::keyed(SEED).user(user.as_bytes()),
        source: Source { key: source },
        request: 0,
        is_proven: true,
    }
}

impl Bench {
    fn new(users: usize, rules: Rules) -> Self {
        let mut region = Region::new(AuthTable::room(users)).unwrap();
        let hash = Hash::keyed(SEED);
        let auth = AuthTable::new(&mut region, users, hash, rules).unwrap();
        Self {
            auth,
            clock: Manual::default(),
            requests: 0,
        }
    }

    /// A failure of a request of its own.
    fn fail(&mut self, user: &str, source: u128) -> Failed {
        self.fail_again(user, source, true).failed
    }

    fn fail_again(&mut self, user: &str, source: u128, another: bool) -> Outcome {
        self.requests += u64::from(another);
        let attempt = Attempt {
            request: self.requests,
            ..attempt(user, source)
        };
        self.auth.fail(attempt, &self.clock)
    }

    fn succeed(&self, user: &str, source: u128) {
        self.auth.succeed(attempt(user, source), true, &self.clock);
    }

    fn blocked(&self, user: &str, source: u128) -> bool {
        self.auth.is_blocked(attempt(user, source), &self.clock)
    }

    fn admit(&self, user: &str, source: u128) -> bool {
        self.auth.admit(attempt(user, source), &self.clock) == Admission::Admitted
    }

    /// Fails `times` times from each source.
    fn attack(&mut self, user: &str, sources: std::ops::Range<u128>, times: usize) -> usize {
        let mut evaluated = 0;
        for source in sources {
            for _ in 0..times {
                if self.admit(user, source) {
                    evaluated += 1;
                    self.fail(user, source);
                }
            }
        }
        evaluated
    }
}

#[test]
fn the_third_failure_blocks_the_pair_and_nobody_else() {
    let mut bench = Bench::new(100, RULES);
    assert_eq!(bench.fail("alice", 1), Failed::Counted(1));
    assert_eq!(bench.fail("ALICE", 1), Failed::Counted(2));
    assert_eq!(bench.fail("alice", 1), Failed::NewlyBlocked(3));
    assert_eq!(bench.fail("alice", 1), Failed::Blocked);
    assert!(bench.blocked("Alice", 1));
    assert!(!bench.blocked("alice", 2) && !bench.blocked("bob", 1));
    bench.clock.advance(3_599_999);
    assert!(bench.blocked("alice", 1));
    bench.clock.advance(1);
    assert!(!bench.blocked("alice", 1));
    assert_eq!(bench.fail("alice", 1), Failed::Counted(1), "it starts anew");
}

#[test]
fn a_guesser_with_a_domain_for_each_guess_is_one_guesser() {
    let mut bench = Bench::new(100, RULES);
    bench.fail("alice@one.example", 1);
    bench.fail("alice@two.example", 1);
    assert_eq!(
        bench.fail("alice@three.example", 1),
        Failed::NewlyBlocked(3)
    );
    assert!(bench.blocked("alice@four.example", 1));
    assert_eq!(
        bench.auth.clear(b"alice@two.example", None),
        2,
        "the pair, and this one as a whole"
    );
    assert!(!bench.blocked("alice@one.example", 1));
}

#[test]
fn failures_must_fall_within_the_window() {
    let mut bench = Bench::new(100, RULES);
    bench.fail("alice", 1);
    bench.fail("alice", 1);
    bench.clock.advance(900_000);
    assert_eq!(bench.fail("alice", 1), Failed::Counted(1));
    bench.clock.advance(899_000);
    bench.fail("alice", 1);
    assert_eq!(bench.fail("alice", 1), Failed::NewlyBlocked(3));
}

#[test]
fn a_retransmission_is_no_second_failure() {
    for scope in [AuthScope::UserSource, AuthScope::User, AuthScope::Source] {
        let mut bench = Bench::new(100, Rules { scope, ..RULES });
        bench.fail("alice", 1);
        for _ in 0..5 {
            let again = bench.fail_again("alice", 1, false);
            assert_eq!(again.failed, Failed::Retransmission, "{scope:?}");
        }
        assert_eq!(bench.fail("alice", 1), Failed::Counted(2), "{scope:?}");
    }
    // One whose request is not known counts each time.
    let bench = Bench::new(100, RULES);
    for failures in 1..3 {
        let nameless = attempt("bob", 1);
        assert_eq!(
            bench.auth.fail(nameless, &bench.clock).failed,
            Failed::Counted(failures)
        );
    }
}

#[test]
fn one_address_gets_three_guesses() {
    let mut bench = Bench::new(100, RULES);
    assert_eq!(bench.attack("alice", 1..2, 60), 3);
    assert!(bench.admit("alice", 99), "the real user, elsewhere");
}

#[test]
fn many_addresses_get_ten_guesses_and_the_real_user_gets_in() {
    let mut bench = Bench::new(100, RULES);
    bench.succeed("alice", 99);
    assert_eq!(bench.attack("alice", 1..21, 3), 10);
    assert!(bench.blocked("alice", 50), "a source that nobody knows");
    for _ in 0..6 {
        assert!(bench.admit("alice", 99));
        bench.succeed("alice", 99);
    }
    assert!(
        bench.blocked("alice", 50),
        "her success does not help the attackers"
    );
    bench.clock.advance(3_600_000);
    assert!(!bench.blocked("alice", 50));
}

#[test]
fn the_failure_that_is_one_too_many_for_the_user_says_so() {
    let mut bench = Bench::new(
        100,
        Rules {
            user_max_failures: 2,
            ..RULES
        },
    );
    assert_eq!(bench.fail_again("alice", 1, true).under_attack, None);
    let second = bench.fail_again("alice", 2, true);
    assert_eq!(
        second,
        Outcome {
            failed: Failed::Counted(1),
            under_attack: Some(2)
        }
    );
    let mut never = Bench::new(
        100,
        Rules {
            user_max_failures: 0,
            ..RULES
        },
    );
    assert_eq!(never.attack("alice", 1..50, 2), 98);
}

#[test]
fn a_block_is_listed_and_lifted_though_its_failures_are_forgiven() {
    let mut bench = Bench::new(
        100,
        Rules {
            scope: AuthScope::User,
            ..RULES
        },
    );
    for source in 1..4 {
        bench.fail("alice", source);
    }
    for source in 1..4 {
        bench.succeed("alice", source);
    }
    assert!(bench.blocked("alice", 9));
    assert_eq!(bench.auth.failing(&bench.clock).count(), 1);
    assert_eq!(bench.auth.clear(b"alice", None), 1);
    assert!(!bench.blocked("alice", 9));
}

#[test]
fn a_success_is_forgiven_once() {
    let mut bench = Bench::new(
        100,
        Rules {
            scope: AuthScope::User,
            ..RULES
        },
    );
    bench.fail("alice", 1);
    bench.fail("alice", 2);
    bench.succeed("alice", 1);
    assert_eq!(bench.fail("alice", 3), Failed::Counted(2));
}

#[test]
fn success_forgives_the_failures_of_its_pair_alone() {
    let mut bench = Bench::new(100, RULES);
    bench.attack("alice", 1..5, 2);
    bench.fail("alice", 99);
    bench.succeed("alice", 99);
    let total = |bench: &Bench| {
        let rows = bench.auth.failing(&bench.clock);
        rows.filter(|row| row.source == Source::NONE)
            .map(|row| row.failures)
            .next()
    };
    assert_eq!(total(&bench), Some(8));
    assert_eq!(bench.fail("alice", 99), Failed::Counted(1));
}

#[test]
fn scope_user_blocks_the_user_from_everywhere() {
    let mut bench = Bench::new(
        100,
        Rules {
            scope: AuthScope::User,
            ..RULES
        },
    );
    bench.succeed("alice", 99);
    bench.fail("alice", 1);
    bench.fail("alice", 2);
    assert_eq!(bench.fail("alice", 3), Failed::NewlyBlocked(3));
    assert!(bench.blocked("alice", 4) && bench.blocked("alice", 99));
    assert!(!bench.blocked("bob", 1));
}

#[test]
fn scope_source_counts_all_users_of_a_source() {
    let mut bench = Bench::new(
        100,
        Rules {
            scope: AuthScope::Source,
            ..RULES
        },
    );
    bench.fail("alice", 1);
    bench.fail("bob", 1);
    bench.succeed("bob", 1); // A typo of Bob's: forgiven.
    bench.fail("carol", 1);
    assert_eq!(bench.fail("dave", 1), Failed::NewlyBlocked(3));
    assert!(bench.blocked("erin", 1) && !bench.blocked("erin", 2));
}

#[test]
fn clear_forgets_one_pair_or_the_whole_user() {
    let mut bench = Bench::new(100, RULES);
    bench.attack("alice", 1..4, 3);
    bench.fail("bob", 1);
    assert_eq!(bench.auth.clear(b"alice", Some(Source { key: 1 })), 1);
    assert!(!bench.blocked("alice", 1) && bench.blocked("alice", 2));
    assert_eq!(
        bench.auth.clear(b"alice", None),
        3,
        "two pairs, and the user as a whole"
    );
    assert!(!bench.blocked("alice", 2));
    assert_eq!(bench.auth.clear(b"alice", None), 0);
    let rows: Vec<AuthFailures> = bench.auth.failing(&bench.clock).collect();
    assert_eq!(rows.len(), 2, "bob is still there: {rows:?}");
    assert!(rows.iter().all(|row| row.user() == b"bob"));
}

#[test]
fn a_flood_of_names_pushes_out_no_good_source_and_no_block() {
    let mut bench = Bench::new(1000, RULES);
    bench.succeed("alice", 99);
    for _ in 0..3 {
        bench.fail("bob", 7);
    }
    for name in 0..20_000_u128 {
        bench.fail(&format!("user{name}"), 1000 + name);
        bench.clock.advance(1);
    }
    bench.attack("alice", 1..21, 3);
    assert!(bench.admit("alice", 99), "she is still known");
    assert!(bench.blocked("bob", 7));
    assert!(bench.auth.sizes()[0].totals.evicted.load(Ordering::Relaxed) > 10_000);
}

#[test]
fn a_table_full_of_blocks_still_counts_guesses() {
    let mut bench = Bench::new(
        16,
        Rules {
            user_max_failures: 0,
            ..RULES
        },
    );
    for source in 0..16 {
        for _ in 0..3 {
            bench.fail("alice", source);
        }
    }
    bench.fail("bob", 77);
    bench.fail("bob", 77);
    assert_eq!(bench.fail("bob", 77), Failed::NewlyBlocked(3));
}

#[test]
fn a_full_table_of_good_sources_forgets_the_one_that_succeeded_longest_ago() {
    let mut bench = Bench::new(16, RULES);
    for source in 0..17 {
        bench.succeed("alice", source);
        bench.clock.advance(1000);
    }
    bench.attack("alice", 100..120, 3);
    let known: Vec<u128> = (0..20)
        .filter(|&source| !bench.blocked("alice", source))
        .collect();
    assert_eq!(known, (1..17).collect::<Vec<_>>());
}

#[test]
fn a_good_source_is_forgotten_after_its_time() {
    let mut bench = Bench::new(16, RULES);
    bench.succeed("alice", 1);
    bench.clock.advance(RULES.known_ms - 10_000);
    bench.attack("alice", 100..120, 3);
    assert!(!bench.blocked("alice", 1));
    bench.clock.advance(10_000);
    assert!(bench.blocked("alice", 1));
}

#[test]
fn a_record_that_became_anothers_is_not_charged() {
    let mut bench = Bench::new(100, RULES);
    bench.fail("alice", 1);
    let subject = bench.auth.who(attempt("alice", 1)).pair;
    let (entry, old) = bench.auth.find(subject, &bench.clock).live().unwrap();
    let next = Tally {
        generation: old.generation + 1,
        ..old
    };
    bench
        .auth
        .table
        .record(entry)
        .set(record::TALLY, next.pack());
    assert!(
        !bench
            .auth
            .exchange(entry, old, old.with_failure(&bench.clock, RULES))
    );
}

#[test]
fn who_is_late_neither_blocks_nor_unblocks_another() {
    let mut bench = Bench::new(100, RULES);
    bench.fail("alice", 1);
    let subject = bench.auth.who(attempt("alice", 1)).pair;
    let (entry, now) = bench.auth.find(subject, &bench.clock).live().unwrap();
    let record = bench.auth.table.record(entry);
    let until_ms = || record::time_ms(record, record::BLOCKED_UNTIL_MS, now.generation);
    for (generation, time_ms, expected_ms) in [
        (now.generation + 1, 50, 0),
        (now.generation, 70, 70),
        (now.generation + 1, 90, 70),
        (now.generation + 1, 0, 70),
    ] {
        record::set_time_ms(record, record::BLOCKED_UNTIL_MS, generation, time_ms);
        assert_eq!(until_ms(), expected_ms, "{generation} {time_ms}");
    }
}

#[test]
fn rows_show_names_cut_to_what_is_kept() {
    let mut bench = Bench::new(100, RULES);
    let long = "x".repeat(300);
    bench.fail(&long, 1);
    let row = bench.auth.failing(&bench.clock).next().unwrap();
    assert_eq!(row.user(), &long.as_bytes()[..96]);
    assert_eq!(
        bench.fail(&format!("{long}y"), 1),
        Failed::Counted(1),
        "another user"
    );
}

#[test]
fn a_tally_survives_its_word() {
    for tally in [
        Tally::default(),
        Tally {
            first_s: u64::from(u32::MAX),
            failures: 65_535,
            under_way: 15,
            generation: 4095,
            ..Tally::default()
        },
        Tally {
            first_s: 7,
            failures: 3,
            under_way: 2,
            generation: 1,
            ..Tally::default()
        },
    ] {
        assert_eq!(Tally::unpack(tally.pack()), tally);
    }
}

proptest::proptest! {
    /// However it is interleaved: no pair gets more than its failures evaluated in a window, if
    /// every attempt asks first.
    #[test]
    fn no_pair_gets_more_guesses_than_allowed(
        steps in proptest::collection::vec((0_u128..3, proptest::bool::ANY), 1..80),
    ) {
        let mut bench = Bench::new(100, Rules { user_max_failures: 0, ..RULES });
        let mut under_way = [0_u64; 3];
        let mut failed = [0_u64; 3];
        for (source, ask) in steps {
            let at = source as usize;
            if ask {
                if bench.admit("alice", source) {
                    under_way[at] += 1;
                }
            } else if under_way[at] > 0 {
                under_way[at] -= 1;
                if !matches!(bench.fail("alice", source), Failed::Blocked) {
                    failed[at] += 1;
                }
            }
            proptest::prop_assert!(failed[at] <= 3);
        }
    }
}
