//! The counters: every count arrives, in rows of their own and in rows that are shared.

use super::processes::{fork_all, on_stage};
use palisade::counters::{Counter, Counters};
use palisade::shm::region::Region;

/// More processes than rows share these.
const ROWS: usize = 64;

#[test]
fn every_count_arrives() {
    const COUNTS: u64 = 200_000;
    // (takes of a row by each process, so that all end in the same or in different ones)
    for takes in [1, ROWS] {
        for processes in [2_u64, 4] {
            on_stage(|| {
                let mut region = Region::new(Counters::ROOM).expect("shared memory");
                let counters = Counters::new(&mut region).expect("room");
                fork_all(processes as usize, |_| {
                    (0..takes).for_each(|_| counters.take_row());
                    for count in 0..COUNTS {
                        counters.count(Counter::Checked);
                        if count % 2 == 0 {
                            counters.count(Counter::Passed);
                        }
                    }
                });
                let what = format!("{processes} processes, {takes} takes");
                let total = |counter| counters.total(counter);
                assert_eq!(total(Counter::Checked), processes * COUNTS, "{what}");
                assert_eq!(total(Counter::Passed), processes * COUNTS / 2, "{what}");
                let others = counters
                    .each()
                    .filter(|(name, _)| !["checked", "passed"].contains(name));
                assert_eq!(others.map(|(_, count)| count).sum::<u64>(), 0, "{what}");
            });
        }
    }
}
