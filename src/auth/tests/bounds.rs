//! Where one attempt is let through and the next is not, to the millisecond; and who is told apart.

use super::*;
use crate::shm::table::Lookup;

/// What happens to Alice at address 1.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// She fails, which leads to this.
    Fail(Failed),
    /// She succeeds.
    Succeed,
    /// So many of ten attempts at once are let through.
    Admit(usize),
    /// So many of ten of Bob's.
    AdmitBob(usize),
    /// So much time passes.
    Wait(u64),
    /// An attempt comes to nothing.
    Withdraw,
    /// So many rows are in the dump.
    Rows(usize),
}

use Step::{Admit, AdmitBob, Fail, Rows, Succeed, Wait, Withdraw};

const COUNTED: [Step; 3] = [
    Fail(Failed::Counted(1)),
    Fail(Failed::Counted(2)),
    Fail(Failed::NewlyBlocked(3)),
];

#[track_caller]
fn check(scope: AuthScope, steps: &[Step]) {
    let mut bench = Bench::new(100, Rules { scope, ..RULES });
    for (index, step) in steps.iter().enumerate() {
        let at = format!("{scope:?}, {index}: {step:?} of {steps:?}");
        let admitted = |bench: &Bench, user| (0..10).filter(|_| bench.admit(user, 1)).count();
        match *step {
            Fail(expected) => assert_eq!(bench.fail("alice", 1), expected, "{at}"),
            Succeed => bench.succeed("alice", 1),
            Admit(expected) => assert_eq!(admitted(&bench, "alice"), expected, "{at}"),
            AdmitBob(expected) => assert_eq!(admitted(&bench, "bob"), expected, "{at}"),
            Wait(ms) => bench.clock.advance(ms),
            Withdraw => bench.auth.withdraw(attempt("alice", 1), &bench.clock),
            Rows(expected) => {
                assert_eq!(bench.auth.failing(&bench.clock).count(), expected, "{at}");
            }
        }
    }
}

#[test]
fn who_stands_in_line() {
    use AuthScope::{Source, User, UserSource};
    let [first, second, third] = COUNTED;
    for (scope, steps) in [
        (UserSource, &[Admit(3)][..]),
        (User, &[Admit(10), first, Admit(2)]),
        // Of a source that has not failed, nobody; of one that has, all but who is known.
        (Source, &[Admit(10), first, Admit(2), AdmitBob(0)]),
        (Source, &[Succeed, first, Admit(10), AdmitBob(2)]),
        // Until two seconds are over, counted from the first of them.
        (
            UserSource,
            &[Admit(3), Wait(2000), Admit(0), Wait(1), Admit(3)],
        ),
        (
            UserSource,
            &[first, Admit(2), Wait(2000), Admit(0), Wait(1), Admit(2)],
        ),
        // A window or a block that is over leaves nobody in line.
        (UserSource, &[first, second, Wait(900_000), Admit(3)]),
        (
            UserSource,
            &[
                first,
                second,
                third,
                Wait(3_599_999),
                Admit(0),
                Wait(1),
                Admit(3),
            ],
        ),
    ] {
        check(scope, steps);
    }
}

#[test]
fn the_time_to_come_back_is_not_renewed_by_the_next_attempt() {
    let mut bench = Bench::new(100, RULES);
    bench.fail("alice", 1);
    assert!(bench.admit("alice", 1));
    bench.clock.advance(1900);
    assert!(bench.admit("alice", 1));
    bench.clock.advance(101);
    assert!(bench.admit("alice", 1));
}

#[test]
fn failures_outlast_an_attempt_that_comes_to_nothing() {
    let [first, second, third] = COUNTED;
    for steps in [
        &[first, second, Admit(1), Withdraw, Wait(10_000), third][..],
        // Nor does it make their window longer.
        &[first, Wait(899_000), Admit(2), Withdraw, Wait(1000), first],
    ] {
        check(AuthScope::UserSource, steps);
    }
}

#[test]
fn after_a_block_three_more_failures_block() {
    let [first, second, third] = COUNTED;
    let steps = [first, second, third, Wait(3_600_000), first, second, third];
    check(AuthScope::UserSource, &steps);
}

#[test]
fn rows_end_with_their_window_or_block() {
    let [first, second, third] = COUNTED;
    for steps in [
        // The pair, and Alice as a whole.
        &[
            Wait(5_000_000),
            first,
            Wait(899_999),
            Rows(2),
            Wait(1),
            Rows(0),
        ][..],
        &[
            first,
            second,
            third,
            Wait(3_599_999),
            Rows(1),
            Wait(1),
            Rows(0),
        ],
    ] {
        check(AuthScope::UserSource, steps);
    }
}

#[test]
fn attempts_that_never_come_back_push_out_no_failure() {
    let mut bench = Bench::new(16, RULES);
    bench.fail("alice", 1);
    bench.fail("alice", 1);
    for source in 0..2000 {
        bench.admit("bob", 1000 + source);
    }
    assert_eq!(bench.fail("alice", 1), Failed::NewlyBlocked(3));
}

#[test]
fn an_attempt_does_not_make_failures_end_sooner() {
    let rules = Rules {
        user_max_failures: 0,
        ..RULES
    };
    let mut bench = Bench::new(16, rules);
    for source in 1..16 {
        bench.fail("bob", 100 + source);
    }
    bench.clock.advance(1000);
    bench.fail("alice", 1);
    bench.fail("alice", 1);
    assert!(bench.admit("alice", 1));
    bench.auth.withdraw(attempt("alice", 1), &bench.clock);
    bench.clock.advance(5000);
    bench.fail("carol", 1); // The table is full: one of Bob's goes, which end first.
    assert_eq!(bench.fail("alice", 1), Failed::NewlyBlocked(3));
}

#[test]
fn the_last_five_requests_are_known_again() {
    let mut bench = Bench::new(
        100,
        Rules {
            max_failures: 9,
            ..RULES
        },
    );
    let again = |bench: &Bench, request| {
        let attempt = Attempt {
            request,
            ..attempt("alice", 1)
        };
        bench.auth.fail(attempt, &bench.clock).failed
    };
    for failures in 1..6 {
        assert_eq!(bench.fail("alice", 1), Failed::Counted(failures));
        for request in 1..=failures {
            assert_eq!(again(&bench, request), Failed::Retransmission, "{request}");
        }
    }
}

#[test]
fn a_source_as_a_whole_has_no_name() {
    let mut bench = Bench::new(
        100,
        Rules {
            scope: AuthScope::Source,
            ..RULES
        },
    );
    bench.fail("alice", 1);
    let rows = bench.auth.failing(&bench.clock);
    let mut names: Vec<_> = rows.map(|row| row.user().to_owned()).collect();
    names.sort();
    assert_eq!(names, [&b""[..], b"alice", b"alice"]);
}

#[test]
fn a_success_renews_what_is_known_but_not_each_one() {
    for (pause_ms, is_known) in [(RULES.known_ms / 32, false), (RULES.known_ms / 8, true)] {
        let bench = Bench::new(100, RULES);
        bench.succeed("alice", 1);
        bench.clock.advance(pause_ms);
        bench.succeed("alice", 1);
        bench.clock.advance(RULES.known_ms - pause_ms + 1000);
        let found = bench.auth.is_known(attempt("alice", 1), &bench.clock);
        assert_eq!(found, is_known, "{pause_ms}");
    }
}

/// Subjects whose hashes are the same are told apart by what they are.
#[test]
fn the_same_hash_is_not_the_same_subject() {
    let subject = |user, key| Subject {
        user,
        source: Source { key },
        hash: 0x1234_5678_9abc_def0,
        is_proven: true,
    };
    let own = subject(1, 1 << 64 | 1);
    for other in [
        subject(2, 1 << 64 | 1),
        subject(1, 2 << 64 | 1),
        subject(1, 1 << 64 | 2),
    ] {
        let Bench { auth, clock, .. } = Bench::new(100, RULES);
        auth.known.note(own, &clock);
        assert!(auth.known.holds(own, &clock) && !auth.known.holds(other, &clock));
        let made = auth.find_or_create(own, b"alice", &clock);
        assert!(matches!(made, Lookup::Live(_)));
        assert!(matches!(auth.find(own, &clock), Lookup::Live(_)));
        assert!(matches!(auth.find(other, &clock), Lookup::Nothing));
    }
}

#[test]
fn a_new_owner_is_another_generation() {
    let bench = Bench::new(100, RULES);
    let subject = bench.auth.who(attempt("alice", 1)).pair;
    let made = (bench.auth).find_or_create(subject, b"alice", &bench.clock);
    let Lookup::Live((entry, _)) = made else {
        panic!("there is room");
    };
    let record = bench.auth.table.record(entry);
    for (before, after) in [(0, 1), (7, 8), (4094, 4095), (4095, 0)] {
        let tally = Tally {
            generation: before,
            ..Tally::default()
        };
        record.set(record::TALLY, tally.pack());
        record::begin(record, subject, b"alice");
        assert_eq!(Tally::unpack(record.get(record::TALLY)).generation, after);
    }
}
