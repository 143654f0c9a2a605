//! The rate check: what several processes count of one source.

use super::processes::{fork_all, on_stage};
use super::shared::{Barrier, NOW_MS, SharedClock, source, words};
use palisade::rate::{Limit, MAX_REQUESTS, Rate, RateTable};
use palisade::shm::atomic::Ordering::SeqCst;
use palisade::shm::region::Region;

fn table(requests: u64) -> RateTable {
    const SOURCES: usize = 65_536;
    let mut region = Region::new(RateTable::room(SOURCES)).expect("shared memory");
    let limit = Limit {
        requests,
        window_ms: 3_600_000,
    };
    RateTable::new(&mut region, SOURCES, limit).expect("room")
}

/// In each round, all processes at once charge one source, which is new, or was charged once
/// before: then every request of every process must be in its count.
fn check_counts(processes: usize, charges: u64, rounds: usize, is_new: bool) {
    let table = table(MAX_REQUESTS);
    let (clock, barrier) = (SharedClock::new(), Barrier::of(processes));
    let subject = |round| source(round as u128);
    if !is_new {
        for (source, hash) in (0..rounds).map(subject) {
            table.charge(source, hash, &clock);
        }
    }
    fork_all(processes, |_| {
        for round in 0..rounds {
            let (source, hash) = subject(round);
            barrier.wait(round);
            for _ in 0..charges {
                table.charge(source, hash, &clock);
            }
        }
    });
    let sent = processes as u64 * charges + u64::from(!is_new);
    for round in 0..rounds {
        let usage = {
            let (source, hash) = subject(round);
            table.usage(source, hash, NOW_MS)
        };
        let counted = usage.expect("it is known").current;
        assert_eq!(
            counted, sent,
            "round {round} of {processes} processes, new: {is_new}"
        );
    }
    assert_eq!(table.usages(NOW_MS).count(), rounds, "each source once");
}

#[test]
fn no_request_of_a_known_source_is_lost() {
    on_stage(|| {
        for processes in [2, 4] {
            check_counts(processes, 60_000 / processes as u64, 5, false);
        }
    });
}

/// They may take a place each, and count there for as long as the first is held up by a page fault
/// or the scheduler; all that is united again.
#[test]
fn no_request_of_a_new_source_is_lost() {
    on_stage(|| {
        for processes in [2, 4] {
            check_counts(processes, 1000, 300, true);
        }
    });
}

#[test]
fn a_source_that_floods_several_processes_is_found() {
    const REQUESTS: u64 = 1000;
    const LIMIT: u64 = 30;
    const ROUNDS: usize = 100;
    on_stage(|| {
        for processes in [2, 4] {
            let table = table(LIMIT);
            let (clock, barrier) = (SharedClock::new(), Barrier::of(processes));
            let answers = words(ROUNDS * 2);
            fork_all(processes, |_| {
                for (round, answers) in answers.chunks(2).enumerate() {
                    let (source, hash) = source(round as u128);
                    barrier.wait(round);
                    for _ in 0..REQUESTS {
                        match table.charge(source, hash, &clock) {
                            Rate::Fine => _ = answers[0].fetch_add(1, SeqCst),
                            Rate::NewlyHot => _ = answers[1].fetch_add(1, SeqCst),
                            Rate::Hot => {}
                        }
                    }
                }
            });
            for (round, answers) in answers.chunks(2).enumerate() {
                let [fine, newly_hot] = [0, 1].map(|answer| answers[answer].load(SeqCst));
                let what = format!("round {round} of {processes} processes: {fine} fine");
                // Each process may have taken a place of its own for the source, and may be stopped
                // before it merges it with the others': up to the limit is let through by each.
                let most = LIMIT * processes as u64;
                assert!((LIMIT..=most).contains(&fine), "{what}, at most {most}");
                assert!(newly_hot >= 1, "{what}, and nobody bans it");
            }
        }
    });
}
