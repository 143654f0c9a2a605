//! Attempts that are under way: who stands in line, and for how long.

use super::*;
use crate::shm::table::{LEASE_S, work};

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

/// The record that a process was making when it was stopped.
#[derive(Clone, Copy, Debug)]
enum Stuck {
    Pair,
    User,
    Source,
}

/// Nothing is counted for a subject while its record is being made, and so no guess gets through;
/// and nobody waits for the process that has stopped.
#[test]
fn nobody_guesses_and_nobody_waits_while_a_process_has_stopped() {
    use AuthScope::{Source as BySource, User as ByUser, UserSource as ByPair};
    let uncounted = Failed::Uncounted;
    // (scope, stuck, is an attempt admitted, and from a known source, what is a failure told)
    for (scope, stuck, admitted, known, failed) in [
        (ByPair, Stuck::Pair, false, false, uncounted),
        (ByPair, Stuck::User, false, true, Failed::Counted(1)),
        (ByUser, Stuck::User, false, false, uncounted),
        (ByUser, Stuck::Pair, true, true, Failed::Counted(1)),
        (BySource, Stuck::Source, false, false, uncounted),
        (BySource, Stuck::Pair, true, true, Failed::Counted(1)),
        (BySource, Stuck::User, false, true, Failed::Counted(1)),
    ] {
        for is_known in [false, true] {
            let what = format!("{scope:?}, {stuck:?} is stuck, known: {is_known}");
            let mut bench = Bench::new(100, Rules { scope, ..RULES });
            if is_known {
                bench.succeed("alice", 1);
            }
            let who = bench.auth.who(attempt("alice", 1));
            let subject = match stuck {
                Stuck::Pair => who.pair,
                Stuck::User => who.user,
                Stuck::Source => who.subject,
            };
            let now_s = bench.clock.now_s();
            let same = subject.is_its_record();
            let claim = bench
                .auth
                .table
                .claim_new(subject.hash, now_s, u32::MAX, same);
            std::mem::forget(claim.ok().unwrap());

            let expected = if is_known { known } else { admitted };
            let (tags, is_admitted) = work(|| bench.admit("alice", 1));
            assert_eq!(is_admitted, expected, "{what}");
            assert!(tags < MOST_TAGS, "{what}: {tags} tags to admit");
            assert!(!bench.blocked("alice", 1), "{what}: nothing was counted");
            let (tags, told) = work(|| bench.fail("alice", 1));
            assert_eq!(told, failed, "{what}");
            assert!(tags < MOST_TAGS, "{what}: {tags} tags to fail");
            assert!(bench.admit("bob", 2), "{what}: another user elsewhere");

            bench.clock.advance(1000 * u64::from(LEASE_S + 1));
            assert!(bench.admit("alice", 1), "{what}: the lease is over");
            let is_counted = matches!(bench.fail("alice", 1), Failed::Counted(_));
            assert!(is_counted, "{what}");
        }
    }
}

/// What an attempt may read at the most: three records are looked for, each some thirty times.
const MOST_TAGS: u64 = 200;

/// Two processes count a failure at once: one blocks the pair, the other has seen no block yet.
#[test]
fn a_block_is_kept_to_its_end_though_another_process_has_set_an_earlier_one() {
    let mut bench = Bench::new(100, RULES);
    let subject = bench.auth.who(attempt("alice", 1)).subject;
    let keep_until_s = |bench: &Bench| {
        let (entry, tally) = bench.auth.find(subject, &bench.clock).live().unwrap();
        (entry, tally, entry.keep_until_s())
    };
    assert_eq!(bench.fail("alice", 1), Failed::Counted(1));
    let (found, tally, _) = keep_until_s(&bench);
    bench.clock.advance(2000);
    (0..2).for_each(|_| _ = bench.fail("alice", 1));
    let block_ends_s = 1 + 2 + 3600;
    let (entry, _, blocked_until_s) = keep_until_s(&bench);
    assert_eq!(blocked_until_s, block_ends_s);
    // The other one was slow: it sets the end of the window, and then the first one its own.
    assert!(bench.auth.table.keep_until(entry, 900));
    bench.auth.keep(found, tally.generation);
    assert_eq!(keep_until_s(&bench).2, block_ends_s);
    bench.auth.keep(found, tally.generation + 1);
    assert_eq!(keep_until_s(&bench).2, block_ends_s, "another's");
}
