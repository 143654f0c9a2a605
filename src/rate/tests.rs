//! The rate check against its contract, with a clock that stands still.

mod words;

use proptest::prelude::*;

use super::*;
use crate::clock::manual::Manual;
use crate::hash::Hash;

const LIMIT: Limit = Limit {
    requests: 5,
    window_ms: 2000,
};

struct Bench {
    table: RateTable,
    hash: Hash,
    clock: Manual,
}

impl Bench {
    fn new(sources: usize, limit: Limit) -> Self {
        let mut region = Region::new(RateTable::room(sources)).unwrap();
        let hash = Hash::keyed([1, 2, 3, 4]);
        let table = RateTable::new(&mut region, sources, limit).unwrap();
        Self {
            table,
            hash,
            clock: Manual::default(),
        }
    }

    fn request(&self, key: u128) -> Rate {
        let source = Source { key };
        self.table
            .charge(source, self.hash.source(source), &self.clock)
    }

    fn requests(&self, key: u128, count: usize) -> Vec<Rate> {
        (0..count).map(|_| self.request(key)).collect()
    }

    fn usage(&self, key: u128) -> Usage {
        let source = Source { key };
        let hash = self.hash.source(source);
        let usage = self.table.usage(source, hash, self.clock.exact_ms());
        usage.unwrap()
    }

    fn forget(&self, key: u128) {
        let source = Source { key };
        self.table.forget(source, self.hash.source(source));
    }
}

#[test]
fn the_request_after_the_limit_is_the_first_one_blocked() {
    let bench = Bench::new(100, LIMIT);
    assert_eq!(bench.requests(1, 5), [Rate::Fine; 5]);
    assert_eq!(bench.requests(1, 3), [Rate::NewlyHot, Rate::Hot, Rate::Hot]);
    assert_eq!(
        bench.request(2),
        Rate::Fine,
        "another source has a window of its own"
    );
}

#[test]
fn a_hot_source_cools_after_a_whole_window_under_the_limit() {
    // (requests in the first window, pause, requests after it, …) and the last answer
    for (steps, expected) in [
        (&[(6, 1999), (1, 0)][..], Rate::Hot),
        (&[(6, 2000), (1, 0)], Rate::Hot),
        (&[(6, 3999), (1, 0)], Rate::Hot),
        (&[(6, 4000), (1, 0)], Rate::Fine),
        (&[(6, 2000), (1, 1999), (1, 0)], Rate::Hot),
        (&[(6, 2000), (1, 2000), (1, 0)], Rate::Fine),
        (&[(6, 2000), (6, 2000), (1, 0)], Rate::Hot),
        (&[(5, 2000), (5, 2000), (5, 0)], Rate::Fine),
    ] {
        let bench = Bench::new(100, LIMIT);
        let mut last = Rate::Fine;
        for &(requests, pause_ms) in steps {
            last = *bench.requests(1, requests).last().unwrap();
            bench.clock.advance(pause_ms);
        }
        assert_eq!(last, expected, "{steps:?}");
    }
}

#[test]
fn usage_says_what_was_sent() {
    let bench = Bench::new(100, LIMIT);
    bench.requests(1, 4);
    bench.clock.advance(2500);
    bench.requests(1, 1);
    bench.clock.advance(960);
    bench.requests(1, 2);
    bench.clock.advance(500);
    let usage = bench.usage(1);
    assert_eq!((usage.previous, usage.current, usage.hot), (4, 3, false));
    assert_eq!((usage.source, usage.idle_ms), (Source { key: 1 }, 500));
    bench.requests(1, 3);
    assert!(bench.usage(1).hot);
    bench.clock.advance(2000);
    let usage = bench.usage(1);
    assert_eq!((usage.previous, usage.current, usage.hot), (6, 0, true));
    bench.clock.advance(2000);
    let usage = bench.usage(1);
    assert_eq!((usage.previous, usage.current, usage.hot), (0, 0, false));
}

/// A clock whose coarse time is so many milliseconds behind.
struct Behind<'a>(&'a Manual, u64);

impl Clock for Behind<'_> {
    fn coarse_ms(&self) -> u64 {
        self.0.coarse_ms() - self.1
    }

    fn exact_ms(&self) -> u64 {
        self.0.exact_ms()
    }
}

#[test]
fn a_clock_a_tick_behind_blocks_nobody_whose_window_is_over() {
    let bench = Bench::new(100, LIMIT);
    let source = Source { key: 1 };
    let hash = bench.hash.source(source);
    bench.requests(1, 5);
    bench.clock.advance(2005);
    let clock = Behind(&bench.clock, 10);
    assert_eq!(bench.table.charge(source, hash, &clock), Rate::Fine);
    // In the new window the limit is what it was.
    let rates = bench.requests(1, 5);
    assert_eq!(rates[3..], [Rate::Fine, Rate::NewlyHot]);
}

#[test]
fn so_many_sources_fit_as_were_asked_for() {
    for sources in [1, 2, 100, 1000, 4096] {
        assert!(Bench::new(sources, LIMIT).table.capacity() >= sources);
    }
}

#[test]
fn a_forgotten_source_starts_anew() {
    let bench = Bench::new(100, LIMIT);
    bench.clock.advance(10_000);
    bench.requests(1, 9);
    bench.forget(1);
    assert_eq!(bench.usage(1).current, 0, "its place stays its own");
    assert_eq!(bench.requests(1, 6)[4..], [Rate::Fine, Rate::NewlyHot]);
}

#[test]
fn a_source_forgotten_soon_after_the_start_has_a_whole_window_before_it() {
    let bench = Bench::new(100, LIMIT); // its clock stands at one second
    bench.requests(1, 9);
    bench.forget(1);
    bench.requests(1, 5);
    bench.clock.advance(1500);
    assert_eq!(
        bench.request(1),
        Rate::NewlyHot,
        "still the window of the five"
    );
}

#[test]
fn a_flood_of_newcomers_hides_no_source_that_is_over_its_rate() {
    // 100,000 one-packet sources a window over a table for 10,000.
    let bench = Bench::new(10_000, LIMIT);
    let mut newcomer = 1000;
    let mut found = None;
    for step in 0..40 {
        if bench.request(1) == Rate::NewlyHot && found.is_none() {
            found = Some(step);
        }
        for _ in 0..10_000 {
            newcomer += 1;
            bench.request(newcomer);
        }
        bench.clock.advance(200);
    }
    // Ten requests a window, twice the limit: found within two windows.
    assert!(found.is_some_and(|step| step < 20), "{found:?}");
    assert!(bench.table.evicted() > 100_000);
}

#[test]
fn hot_sources_stay_in_a_full_set() {
    let bench = Bench::new(2, LIMIT); // one set of four ways
    for key in 1..=4 {
        assert_eq!(bench.requests(key, 6).last(), Some(&Rate::NewlyHot));
    }
    assert_eq!(
        bench.requests(5, 20),
        [Rate::Fine; 20],
        "no place, so not counted"
    );
    assert_eq!(bench.table.uncounted(), 20);
    for key in 1..=4 {
        assert_eq!(bench.request(key), Rate::Hot);
    }
    bench.clock.advance(4000);
    assert_eq!(
        bench.requests(5, 6).last(),
        Some(&Rate::NewlyHot),
        "the others' time is over"
    );
}

#[test]
fn a_place_that_became_anothers_is_not_charged() {
    let bench = Bench::new(2, LIMIT);
    let [tag, window] = &bench.table.sets[0].ways[0];
    bench.request(1);
    // A process died between taking the place and signing it.
    let other = Window::first(
        bench.clock.coarse_ms(),
        SourceTag::of(Source { key: 1 }, bench.hash.source(Source { key: 1 })).check() ^ 1,
    );
    let signed = tag.load(Ordering::Relaxed);
    window.store(other.pack(), Ordering::Relaxed);
    assert_eq!(bench.request(1), Rate::Fine);
    assert_eq!(window.load(Ordering::Relaxed), other.pack());
    assert_eq!(tag.load(Ordering::Relaxed), signed);
}

#[test]
fn a_window_survives_its_word() {
    for window in [
        Window::default(),
        Window {
            start_ms: (1 << 34) - 1,
            hits: 65_535,
            was_hot: true,
            last: 31,
            check: 255,
        },
        Window {
            start_ms: 12_345,
            hits: 7,
            was_hot: false,
            last: 3,
            check: 9,
        },
    ] {
        assert_eq!(Window::unpack(window.pack()), window);
    }
}

#[test]
fn counts_stop_at_their_end() {
    let limit = Limit {
        requests: MAX_REQUESTS,
        window_ms: 2000,
    };
    let bench = Bench::new(16, limit);
    let answers = bench.requests(1, 65_600);
    assert_eq!(
        answers.iter().filter(|&&rate| rate == Rate::Fine).count(),
        65_534
    );
    assert_eq!(bench.usage(1).current, 65_535);
}

#[test]
fn a_clock_a_moment_behind_is_the_same_window() {
    let window = Window {
        hits: 3,
        ..Window::first(10_000, 0)
    };
    assert_eq!(window.after_request(9_990, LIMIT).hits, 4);
    assert!(!window.is_over(9_990, LIMIT));
}

proptest! {
    /// Whatever it sends: a source that never sends more than the limit in any window's time is
    /// never blocked, and nobody gets twice the limit through in a window's time.
    #[test]
    fn the_contract(pauses in proptest::collection::vec(0_u64..1500, 1..300)) {
        let bench = Bench::new(16, LIMIT);
        let mut now = 0;
        let mut sent: Vec<u64> = Vec::new();
        let mut passed: Vec<u64> = Vec::new();
        let within = |times: &[u64], now: u64| {
            times.iter().filter(|&&at| at + LIMIT.window_ms > now).count() as u64
        };
        let mut ever_over = false;
        for pause in pauses {
            now += pause;
            bench.clock.advance(pause);
            sent.push(now);
            ever_over |= within(&sent, now) > LIMIT.requests;
            if bench.request(1) == Rate::Fine {
                passed.push(now);
                prop_assert!(within(&passed, now) < 2 * LIMIT.requests);
            } else {
                prop_assert!(ever_over, "blocked without ever being over the limit");
            }
        }
    }

    /// Two sources in one set do not mix.
    #[test]
    fn sources_count_apart(order in proptest::collection::vec(0_usize..4, 1..60)) {
        let bench = Bench::new(2, LIMIT);
        let mut sent = [0; 4];
        for key in order {
            sent[key] += 1;
            let expected = match sent[key] {
                ..=5 => Rate::Fine,
                6 => Rate::NewlyHot,
                _ => Rate::Hot,
            };
            prop_assert_eq!(bench.request(key as u128 + 1), expected);
        }
    }
}

#[test]
fn a_source_with_an_allowance_may_send_that_much_and_others_as_before() {
    let bench = Bench::new(100, LIMIT);
    let source = Source { key: 1 };
    let request = |requests| {
        let hash = bench.hash.source(source);
        bench
            .table
            .charge_within(source, hash, requests, &bench.clock)
    };
    // In two windows on end: the first one does not count against the second.
    for _ in 0..2 {
        assert!((0..50).all(|_| request(50) == Rate::Fine));
        assert_eq!(bench.requests(2, 5), [Rate::Fine; 5]);
        bench.clock.advance(LIMIT.window_ms);
    }
    assert!((0..50).all(|_| request(50) == Rate::Fine));
    assert_eq!(request(50), Rate::NewlyHot);
    assert_eq!(request(50), Rate::Hot);
    let usage = bench.usage(1);
    assert!(usage.is_over(Some(50)) && !usage.is_over(Some(52)));
    bench.clock.advance(LIMIT.window_ms);
    assert_eq!(
        request(50),
        Rate::Hot,
        "as in any window after one that was over"
    );
}
