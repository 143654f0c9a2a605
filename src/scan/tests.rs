//! The scan table, with a clock that stands still.

use super::distinct::EXACT;
use super::*;
use crate::clock::manual::Manual;
use crate::shm::table::{LEASE_S, work};

const SEED: [u64; 4] = [1, 2, 3, 4];

const RULES: Rules = Rules {
    max_users: 10,
    max_destinations: 20,
    max_signals: 10,
    window_s: 600,
};

fn table_of(sources: usize, rules: Rules) -> ScanTable {
    let mut region = Region::new(ScanTable::room(sources)).unwrap();
    ScanTable::new(&mut region, sources, Hash::keyed(SEED), rules).unwrap()
}

fn hash_of(name: &[u8]) -> u64 {
    Hash::keyed(SEED).user(name).bare
}

fn fail(table: &ScanTable, source: Source, kind: Kind, name: &[u8], clock: &Manual) -> Counted {
    table.fail(source, kind, hash_of(name), clock, || false, || 0)
}

fn source(number: u128) -> Source {
    Source { key: number }
}

const SCANNER: Source = Source { key: 1 };

/// A table, its clock, and one source.
struct Bench {
    table: ScanTable,
    clock: Manual,
}

impl Bench {
    fn with(rules: Rules) -> Self {
        Self {
            table: table_of(64, rules),
            clock: Manual::default(),
        }
    }

    fn fails(&self, kind: Kind, names: impl IntoIterator<Item = u64>) -> Vec<Counted> {
        let fail = |name: u64| {
            let name = name.to_string();
            fail(&self.table, SCANNER, kind, name.as_bytes(), &self.clock)
        };
        names.into_iter().map(fail).collect()
    }

    fn works(&self, kind: Kind, name: u64) {
        let name = name.to_string();
        self.table
            .succeed(SCANNER, kind, hash_of(name.as_bytes()), &self.clock);
    }

    fn signal(&self, reason: &str, weight: u64) -> Counted {
        let signal = Signal::parse(reason.as_bytes()).unwrap();
        self.table.signal(SCANNER, &signal, weight, &self.clock)
    }

    fn row(&self) -> Option<SourceScan> {
        self.table.get(SCANNER, &self.clock)
    }

    /// Users, destinations, signals.
    fn counts(&self) -> [u64; 3] {
        self.row()
            .map_or([0; 3], |row| [row.users, row.destinations, row.signals])
    }
}

const NEVER: Rules = Rules {
    max_users: u64::MAX,
    max_destinations: u64::MAX,
    ..RULES
};

#[test]
fn the_first_twenty_are_exact_and_can_be_taken_out() {
    let bench = Bench::with(NEVER);
    for name in 0..EXACT {
        bench.fails(Kind::User, [name, name, name]);
        bench.fails(Kind::Destination, [name]);
        assert_eq!(bench.counts(), [name + 1, name + 1, 0]);
    }
    for name in 0..EXACT {
        bench.works(Kind::User, name);
        bench.works(Kind::User, name);
        assert_eq!(bench.counts(), [EXACT - name - 1, EXACT, 0]);
    }
    bench.fails(Kind::User, [7]);
    assert_eq!(bench.counts(), [1, EXACT, 0]);
    bench.works(Kind::Destination, 1_000_000);
    assert_eq!(bench.counts(), [1, EXACT, 0], "one that never failed");
}

#[test]
fn the_case_of_letters_makes_no_other_name() {
    let bench = Bench::with(RULES);
    for name in [b"alice", b"Alice", b"ALICE"] {
        fail(&bench.table, SCANNER, Kind::User, name, &bench.clock);
    }
    assert_eq!(bench.counts(), [1, 0, 0]);
}

#[test]
fn the_sketch_is_as_good_as_it_says() {
    // Of ten tables each, the mean error and the largest, in percent.
    for (names, mean_error, largest) in [(100, 4.0, 10.0), (300, 5.0, 10.0), (1000, 6.0, 15.0)] {
        let errors: Vec<f64> = (0..10)
            .map(|round| {
                let bench = Bench::with(NEVER);
                let first = round * 1_000_000;
                bench.fails(Kind::User, first..first + names);
                let again = bench.counts()[0];
                bench.fails(Kind::User, first..first + names);
                assert_eq!(bench.counts()[0], again, "what is in already adds nothing");
                let off = u32::try_from(again.abs_diff(names)).unwrap();
                f64::from(off) * 100.0 / f64::from(u32::try_from(names).unwrap())
            })
            .collect();
        let mean = errors.iter().sum::<f64>() / 10.0;
        let worst = errors.iter().copied().fold(0.0, f64::max);
        assert!(
            mean <= mean_error && worst <= largest,
            "{names}: {errors:?}"
        );
    }
}

#[test]
fn a_full_sketch_is_still_a_scan() {
    let bench = Bench::with(NEVER);
    bench.fails(Kind::User, 0..100_000);
    assert!(bench.counts()[0] > 2000, "{:?}", bench.counts());
}

#[test]
fn a_limit_is_told_once_in_a_window() {
    for (kind, limit) in [(Kind::User, 10), (Kind::Destination, 20)] {
        let bench = Bench::with(RULES);
        let below = vec![Counted::Below; limit - 1];
        for start in [0, 100] {
            let names = start..start + limit as u64 + 3;
            let told = bench.fails(kind, names);
            assert_eq!(told[..limit - 1], below, "{kind:?}");
            let counts = match kind {
                Kind::User => [10, 0, 0],
                Kind::Destination => [0, 20, 0],
            };
            assert_eq!(told[limit - 1], Counted::Newly(counts));
            assert_eq!(told[limit..], [Counted::Over; 3]);
            assert!(bench.row().unwrap().is_over);
            bench.works(kind, start);
            assert_eq!(bench.fails(kind, [start + 1]), [Counted::Over]);
            bench.clock.advance(600_000);
            assert_eq!(bench.row(), None, "the window is over");
        }
    }
}

#[test]
fn a_window_begins_with_the_first_failure() {
    let bench = Bench::with(RULES);
    bench.clock.advance(5000);
    bench.fails(Kind::User, 0..9);
    let row = bench.row().unwrap();
    assert_eq!((row.since_ms, row.until_ms), (6000, 606_000));
    bench.clock.advance(599_000);
    assert_eq!(bench.counts(), [9, 0, 0]);
    bench.clock.advance(1000);
    assert_eq!(bench.counts(), [0; 3]);
    assert_eq!(bench.fails(Kind::User, 9..18), [Counted::Below; 9]);
    assert_eq!(bench.counts(), [9, 0, 0]);
    assert_eq!(bench.row().unwrap().since_ms, 606_000);
}

#[test]
fn windows_without_end_are_counted_alike() {
    let rules = Rules {
        window_s: 1,
        ..RULES
    };
    let bench = Bench::with(rules);
    // More windows than there are generations: what an old one left does not come back.
    bench.fails(Kind::Destination, 0..EXACT + 100);
    for window in 0..70_000 {
        bench.clock.advance(1000);
        bench.fails(Kind::User, [window]);
        assert_eq!(bench.counts(), [1, 0, 0], "window {window}");
    }
}

#[test]
fn users_that_work_after_all_make_no_scan() {
    let bench = Bench::with(RULES);
    for name in 0..1000 {
        assert_eq!(bench.fails(Kind::User, [name]), [Counted::Below]);
        bench.works(Kind::User, name);
    }
    assert_eq!(bench.row(), None);
}

#[test]
fn signals_add_up() {
    let bench = Bench::with(RULES);
    assert_eq!(bench.signal("no-via", 1), Counted::Below);
    assert_eq!(bench.signal("bad_uri", 8), Counted::Below);
    let row = bench.row().unwrap();
    assert_eq!((row.signals, row.last_signal.as_str()), (9, "bad_uri"));
    assert!(!row.is_over);
    assert_eq!(bench.signal("z", 100), Counted::Newly([0, 0, 109]));
    assert_eq!(bench.signal("z", 1), Counted::Over);
    assert_eq!(bench.fails(Kind::User, [1]), [Counted::Below], "no scan");
    bench.clock.advance(600_000);
    assert_eq!(bench.signal("no-via", 9), Counted::Below);
    assert_eq!(bench.counts(), [0, 0, 9]);
}

#[test]
fn zero_is_off() {
    let off = Rules {
        max_users: 0,
        max_destinations: 0,
        max_signals: 0,
        ..RULES
    };
    let bench = Bench::with(off);
    for kind in [Kind::User, Kind::Destination] {
        let told = bench.fails(kind, 0..100);
        assert!(told.iter().all(|told| *told == Counted::Below));
    }
    assert_eq!(bench.signal("x", 100), Counted::Below);
    assert_eq!(bench.row(), None);
    assert_eq!(bench.table.size().totals.live.load(Ordering::Relaxed), 0);
}

#[test]
fn what_is_forgotten_begins_anew() {
    let bench = Bench::with(RULES);
    bench.fails(Kind::User, 0..15);
    bench.signal("x", 3);
    bench.table.forget(SCANNER, &bench.clock);
    bench.table.forget(SCANNER, &bench.clock);
    assert_eq!(bench.row(), None);
    assert_eq!(bench.fails(Kind::User, 0..9), [Counted::Below; 9]);
    let row = bench.row().unwrap();
    assert_eq!(
        (row.users, row.signals, row.last_signal.as_str()),
        (9, 0, "")
    );
}

#[test]
fn sources_do_not_mix() {
    let (table, clock) = (table_of(64, RULES), Manual::default());
    for number in 0..50 {
        for name in 0..number % 9 {
            let name = (name * 1000 + number).to_string();
            let name = name.as_bytes();
            fail(&table, source(number), Kind::User, name, &clock);
        }
    }
    for number in 0..50 {
        let users = table.get(source(number), &clock).map_or(0, |row| row.users);
        assert_eq!(u128::from(users), number % 9, "{number}");
    }
    assert_eq!(
        table.rows(&clock).count(),
        (0..50).filter(|n| n % 9 > 0).count()
    );
}

#[test]
fn a_flood_of_sources_that_fail_once_hides_no_scanner() {
    let (table, clock) = (table_of(64, RULES), Manual::default());
    let fail = |source: Source, name: u128| {
        let name = name.to_string();
        fail(&table, source, Kind::User, name.as_bytes(), &clock)
    };
    fail(SCANNER, 0);
    for name in 1..9 {
        assert_eq!(fail(SCANNER, name), Counted::Below);
        clock.advance(2000);
        for other in 0..1000 {
            assert_eq!(fail(source(1000 * name + other), other), Counted::Below);
        }
    }
    assert_eq!(fail(SCANNER, 9), Counted::Newly([10, 0, 0]));
    let live = table.size().totals.live.load(Ordering::Relaxed);
    assert_eq!(live, 64);
}

/// The scanner's place goes to another source, whose counts are its own.
#[test]
fn who_takes_a_place_takes_no_counts() {
    let (table, clock) = (table_of(1, RULES), Manual::default());
    for number in 0..100 {
        for name in b'a'..b'j' {
            let told = fail(&table, source(number), Kind::Destination, &[name], &clock);
            assert_eq!(told, Counted::Below, "{number}");
        }
        let row = table.get(source(number), &clock).unwrap();
        assert_eq!((row.users, row.destinations), (0, 9), "{number}");
    }
}

#[test]
fn reasons_of_signals() {
    for (text, is_one) in [
        ("a", true),
        ("no-via_2", true),
        ("abcdefghijklmnopqrstuvwxyz012345", true),
        ("abcdefghijklmnopqrstuvwxyz0123456", false),
        ("", false),
        ("A", false),
        ("a b", false),
        ("a\"\n", false),
        ("ü", false),
    ] {
        match Signal::parse(text.as_bytes()) {
            Ok(signal) => assert!(is_one && signal.as_str() == text, "{text}"),
            Err(sentence) => {
                let told = sentence.contains("must be 1 to 32 of a-z, 0-9, _ and -");
                assert!(!is_one && told, "{text}: {sentence}");
            }
        }
    }
}

/// Sources whose hashes are the same are told apart by what they are.
#[test]
fn a_record_is_of_one_source() {
    let (table, clock) = (table_of(1, RULES), Manual::default());
    let own = source(1 << 64 | 1);
    fail(&table, own, Kind::User, b"alice", &clock);
    let entry = table.table.live().next().unwrap();
    for (number, expected) in [
        (1 << 64 | 1, true),
        (2 << 64 | 1, false),
        (1 << 64 | 2, false),
        (2 << 64 | 2, false),
    ] {
        let is_of = record::is_of(table.table.record(entry), source(number));
        assert_eq!(is_of, expected, "{number:x}");
    }
}

/// A process that was stopped for a whole window, or until its source's place was another's.
#[test]
fn who_is_late_writes_nothing() {
    use super::distinct::{DISTINCT_WORDS, Distinct, count};
    use crate::shm::atomic::AtomicU64;
    for (mine, now) in [(5, 6), (5, 30_000), (65_535, 0), (65_000, 400)] {
        let words: [AtomicU64; DISTINCT_WORDS] = std::array::from_fn(|_| AtomicU64::new(0));
        let in_generation = |generation| Distinct {
            words: &words,
            generation,
        };
        let count = |generation| count(words.iter().map(|w| w.load(Ordering::Relaxed)), generation);
        (0..EXACT + 5).for_each(|name| in_generation(now).add(name << 24 | name));
        let before = count(now);
        assert!(before >= EXACT + 4, "{before}");
        (100..130).for_each(|name| in_generation(mine).add(name << 24 | name));
        in_generation(mine).remove(1 << 24 | 1);
        assert_eq!((count(now), count(mine)), (before, 0), "{mine}, {now}");
    }
}

/// Nothing is counted of a source while its record is being made; and nobody waits for the process
/// that has stopped.
#[test]
fn nobody_waits_for_a_process_that_has_stopped() {
    const MOST_TAGS: u64 = 200;
    let bench = Bench::with(RULES);
    let (hash, now_s) = (bench.table.hash.source(SCANNER), bench.clock.now_s());
    let same = |record: &ScanRecord| record::is_of(record, SCANNER);
    let claim = bench.table.table.claim_new(hash, now_s, FOREVER_S, same);
    std::mem::forget(claim.ok().unwrap());
    for what in ["a user", "a signal", "a success", "a look"] {
        let (tags, ()) = work(|| match what {
            "a user" => assert_eq!(bench.fails(Kind::User, [1]), [Counted::Uncounted]),
            "a signal" => assert_eq!(bench.signal("odd", 1), Counted::Uncounted),
            "a success" => bench.works(Kind::User, 1),
            _ => assert_eq!(bench.row(), None),
        });
        assert!(tags < MOST_TAGS, "{what}: {tags} tags");
    }
    let other = fail(&bench.table, source(2), Kind::User, b"1", &bench.clock);
    assert_eq!(other, Counted::Below);
    bench.clock.advance(1000 * u64::from(LEASE_S + 1));
    assert_eq!(bench.fails(Kind::User, [2]), [Counted::Below]);
    assert_eq!(bench.counts(), [1, 0, 0]);
}
