//! Processes that die or stop while they take a place of the rate check for a source.

use super::failpoints::{die_at, stop_at};
use super::processes::on_stage;
use super::shared::{SharedClock, source};
use palisade::clock::Clock;
use palisade::rate::{Limit, Rate, RateTable};
use palisade::shm::region::Region;
use std::time::Duration;

/// A source that is new to the rate check: who has its place by then stays counted.
#[test]
fn a_process_that_stops_while_it_takes_a_place_takes_none_away() {
    on_stage(|| {
        let (table, clock) = (four_places(), SharedClock::new());
        let charge = |number: u128| {
            let (source, hash) = source(number);
            table.charge(source, hash, &clock)
        };
        let others = 1..5;
        let meanwhile = || {
            clock.advance(Duration::from_secs(10));
            for other in others.clone() {
                let answers: Vec<Rate> = (0..6).map(|_| charge(other)).collect();
                assert_eq!(answers[5], Rate::NewlyHot);
            }
        };
        stop_at("rate.insert", || {}, || _ = charge(100), meanwhile);
        for other in others {
            assert_eq!(charge(other), Rate::Hot, "{other}");
        }
    });
}

/// A table of one set, where five requests in two seconds are fine.
fn four_places() -> RateTable {
    let limit = Limit {
        requests: 5,
        window_ms: 2000,
    };
    let mut region = Region::new(RateTable::room(2)).expect("shared memory");
    RateTable::new(&mut region, 2, limit).expect("room")
}

/// It takes the place of a source that comes back to the very same place while it is stopped.
#[test]
fn a_process_that_stops_while_it_takes_a_place_takes_none_from_who_comes_back() {
    on_stage(|| {
        let (table, clock) = (four_places(), SharedClock::new());
        let charge = |number: u128| {
            let (source, hash) = source(number);
            table.charge(source, hash, &clock)
        };
        let flood = |number| (0..6).fold(Rate::Fine, |_, _| charge(number));
        let prepare = || {
            for number in 0..4 {
                assert_eq!(charge(number), Rate::Fine);
                clock.advance(Duration::from_millis(1));
            }
            clock.advance(Duration::from_secs(10));
        };
        let meanwhile = || {
            clock.advance(Duration::from_secs(10));
            // Whatever is left for the first one is the place that was its own.
            for number in [1, 2, 3, 0] {
                assert_eq!(flood(number), Rate::NewlyHot, "{number}");
            }
        };
        stop_at("rate.insert", prepare, || _ = charge(100), meanwhile);
        for number in 0..4 {
            assert_eq!(charge(number), Rate::Hot, "{number}");
        }
    });
}

/// It takes a place for a source that others, meanwhile, find to be flooding: its place would hide
/// theirs, until both are merged.
#[test]
fn a_process_that_stops_while_it_takes_a_place_lets_no_flood_through() {
    on_stage(|| {
        let (table, clock) = (four_places(), SharedClock::new());
        let (source, hash) = source(1);
        let charge = || table.charge(source, hash, &clock);
        let meanwhile = || {
            let answers: Vec<Rate> = (0..7).map(|_| charge()).collect();
            assert_eq!(answers[4..], [Rate::Fine, Rate::NewlyHot, Rate::Hot]);
        };
        let is_hot = || assert_eq!(charge(), Rate::Hot);
        stop_at("rate.insert", || {}, is_hot, meanwhile);
        assert_eq!(charge(), Rate::Hot);
        let usage = table.usage(source, hash, clock.exact_ms());
        assert_eq!(usage.expect("it is known").current, 9);
        assert_eq!(table.usages(clock.exact_ms()).count(), 1);
    });
}

/// In a set with a free place, and in a full one, where the dead process has just taken the place of
/// another source.
#[test]
fn a_process_that_dies_while_it_takes_a_place_for_a_source() {
    const LIMIT: u64 = 5;
    for known in [0, 1, 3, 4] {
        on_stage(|| {
            let (table, clock) = (four_places(), SharedClock::new());
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
            clock.advance(Duration::from_secs(5));
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
