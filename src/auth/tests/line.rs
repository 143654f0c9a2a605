//! Attempts that are under way: who stands in line, and for how long.

use super::*;

#[test]
fn guesses_sent_at_once_are_not_all_evaluated() {
    let mut bench = Bench::new(100, RULES);
    bench.fail("alice", 1);
    // Several workers ask before any of them has a result.
    let admitted = (0..10).filter(|_| bench.admit("alice", 1)).count();
    assert_eq!(admitted, 2);
    bench.fail("alice", 1);
    assert!(!bench.admit("alice", 1), "the other one is still under way");
    bench.auth.withdraw(attempt("alice", 1), &bench.clock);
    assert!(bench.admit("alice", 1), "it came to nothing");
    bench.clock.advance(3000);
    assert!(bench.admit("alice", 1), "it never came back");
}

#[test]
fn guesses_sent_at_once_after_a_pause_are_not_all_evaluated() {
    let mut bench = Bench::new(100, RULES);
    bench.fail("alice", 1);
    bench.clock.advance(3000);
    assert_eq!((0..10).filter(|_| bench.admit("alice", 1)).count(), 2);
}

#[test]
fn a_source_that_is_known_does_not_stand_in_line() {
    let bench = Bench::new(100, RULES);
    bench.succeed("alice", 1);
    assert!((0..50).all(|_| bench.admit("alice", 1)));
    assert_eq!(
        (0..50).filter(|_| bench.admit("bob", 1)).count(),
        3,
        "not known yet"
    );
    bench.clock.advance(3000);
    assert_eq!(
        (0..50).filter(|_| bench.admit("bob", 1)).count(),
        3,
        "they never came back"
    );
    bench.succeed("bob", 1);
    assert!((0..50).all(|_| bench.admit("bob", 1)));
}

#[test]
fn a_retransmission_takes_no_place_in_line() {
    let mut bench = Bench::new(100, RULES);
    bench.fail("alice", 1);
    for _ in 0..5 {
        assert!(bench.admit("alice", 1));
        bench.fail_again("alice", 1, false);
    }
    assert!(bench.admit("alice", 1));
}

#[test]
fn an_attempt_does_not_revive_failures_of_a_window_that_is_over() {
    let mut bench = Bench::new(100, RULES);
    bench.fail("alice", 1);
    bench.fail("alice", 1);
    bench.clock.advance(900_000);
    assert!(bench.admit("alice", 1));
    assert_eq!(bench.fail("alice", 1), Failed::Counted(1));
}
