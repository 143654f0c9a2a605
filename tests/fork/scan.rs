//! The scan table: what several processes count of one source at once.

#[cfg(feature = "failpoints")]
use super::failpoints::{die_at, stop_at};
use super::processes::{fork_all, on_stage};
use super::shared::{Barrier, SharedClock, hash, source, words};
use palisade::scan::{Counted, Kind, Rules, ScanTable, Signal};
use palisade::shm::atomic::{AtomicU64, Ordering::SeqCst};
use palisade::shm::region::Region;
#[cfg(feature = "failpoints")]
use palisade::shm::table::LEASE_S;
use palisade::source::Source;
use std::time::Duration;

fn table(sources: usize, rules: Rules) -> ScanTable {
    let mut region = Region::new(ScanTable::room(sources)).expect("shared memory");
    ScanTable::new(&mut region, sources, hash(), rules).expect("room")
}

const RULES: Rules = Rules {
    max_users: 10,
    max_destinations: 20,
    max_signals: 1000,
    window_s: 600,
};

/// What the processes were told in each round: newly, and not counted.
struct Told {
    newly: &'static [AtomicU64],
    uncounted: &'static [AtomicU64],
}

impl Told {
    fn of(rounds: usize) -> Told {
        Told {
            newly: words(rounds),
            uncounted: words(rounds),
        }
    }

    fn take(&self, round: usize, counted: Counted) {
        let word = match counted {
            Counted::Newly(_) => &self.newly[round],
            Counted::Uncounted => &self.uncounted[round],
            Counted::Below | Counted::Over => return,
        };
        word.fetch_add(1, SeqCst);
    }

    /// A process that was stopped while it took the place of a new source costs the others one
    /// count. How often that comes is up to the machine; not every time.
    fn are_not_all_uncounted(&self) {
        let rounds = self.uncounted.len();
        let with = |word: &&AtomicU64| word.load(SeqCst) > 0;
        let stopped = self.uncounted.iter().filter(with).count();
        assert!(stopped < rounds, "{stopped} of {rounds} rounds");
    }
}

fn fail(
    table: &ScanTable,
    source: Source,
    kind: Kind,
    name: &[u8],
    clock: &SharedClock,
) -> Counted {
    table.fail(source, kind, hash().user(name).bare, clock, || false, || 0)
}

/// In each round all processes see the same users fail, and users of their own.
#[test]
fn no_user_is_lost_and_one_process_is_told_of_the_scan() {
    const ROUNDS: usize = 200;
    for (shared, own) in [(18, 0), (9, 0), (1, 4), (0, 5), (300, 100)] {
        for processes in [2_usize, 4] {
            on_stage(|| {
                let (table, clock) = (table(1024, RULES), SharedClock::new());
                let barrier = Barrier::of(processes);
                let told = Told::of(ROUNDS);
                fork_all(processes, |number| {
                    for round in 0..ROUNDS {
                        let fail = |name: usize| {
                            let (source, _) = source(round as u128);
                            let name = name.to_string();
                            let counted = fail(&table, source, Kind::User, name.as_bytes(), &clock);
                            told.take(round, counted);
                        };
                        barrier.wait(round);
                        (0..shared).for_each(fail);
                        (0..own).for_each(|name| fail(1_000_000 * (number + 1) + name));
                    }
                });
                told.are_not_all_uncounted();
                let users = (shared + own * processes) as u64;
                for round in 0..ROUNDS {
                    if told.uncounted[round].load(SeqCst) > 0 {
                        continue;
                    }
                    let what = format!("round {round}: {shared} + {own} of {processes}");
                    let row = table.get(source(round as u128).0, &clock).expect(&what);
                    if users <= 20 {
                        assert_eq!(row.users, users, "{what}");
                    } else {
                        let off = row.users.abs_diff(users);
                        assert!(off * 100 <= users * 15, "{what}: {}", row.users);
                    }
                    let newly = told.newly[round].load(SeqCst);
                    assert_eq!(newly, u64::from(users >= 10), "{what}");
                }
            });
        }
    }
}

/// The weights add up, in a window of all processes together. (What finds the record being made by a
/// process that was stopped in this very moment is told as uncounted.)
#[test]
fn no_signal_is_lost() {
    const WINDOWS: usize = 50;
    const EACH: u64 = 100;
    for processes in [2_usize, 4] {
        on_stage(|| {
            let (table, clock) = (table(64, RULES), SharedClock::new());
            let barrier = Barrier::of(processes);
            let signal = Signal::parse(b"odd").expect("a reason");
            let (one, _) = source(1);
            let told = Told::of(WINDOWS);
            fork_all(processes, |number| {
                for window in 0..WINDOWS {
                    barrier.wait(2 * window);
                    for _ in 0..EACH {
                        told.take(window, table.signal(one, &signal, 2, &clock));
                    }
                    barrier.wait(2 * window + 1);
                    if number == 0 {
                        let sum = table.get(one, &clock).expect("a row").signals;
                        let uncounted = told.uncounted[window].load(SeqCst);
                        let sent = EACH * processes as u64 - uncounted;
                        assert_eq!(sum, 2 * sent, "window {window}");
                        clock.advance(Duration::from_secs(600));
                    }
                }
            });
            let reached = 2 * EACH * processes as u64 >= RULES.max_signals;
            for newly in told.newly {
                assert_eq!(newly.load(SeqCst), u64::from(reached), "{processes}");
            }
        });
    }
}

/// While some see users fail and others see them work, none of them is counted in the end; and
/// what another source has is its own, however often places change hands.
#[test]
fn nothing_is_left_of_what_works_and_nothing_goes_to_another() {
    for processes in [2_usize, 4] {
        on_stage(|| {
            let (table, clock) = (table(4, RULES), SharedClock::new());
            fork_all(processes, |number| {
                for round in 0..20_000_u64 {
                    // More sources than there are places.
                    let (one, _) = source(1);
                    let (passer_by, _) = source(u128::from(round) % 32 + 100);
                    let name = [b"abcd"[number]];
                    fail(&table, one, Kind::User, &name, &clock);
                    fail(&table, passer_by, Kind::Destination, b"1", &clock);
                    table.succeed(one, Kind::User, hash().user(&name).bare, &clock);
                }
            });
            for row in table.rows(&clock) {
                let is_its_own = row.users == 0 && row.destinations == 1;
                assert!(is_its_own, "{processes}: {row:?}");
            }
        });
    }
}

#[cfg(feature = "failpoints")]
#[test]
fn a_process_that_dies_while_it_counts_a_scan() {
    // (where, users before, what the next one is told at once, users when the lease is over)
    for (point, before, at_once, later) in [
        ("scan.claimed", 0, Counted::Uncounted, 1),
        ("scan.fail", 0, Counted::Below, 2),
        ("scan.fail", 5, Counted::Below, 7),
    ] {
        on_stage(|| {
            let (table, clock) = (table(64, RULES), SharedClock::new());
            let (subject, _) = source(1);
            let name = |name: u8| hash().user(format!("user{name}").as_bytes()).bare;
            let fail = |user| table.fail(subject, Kind::User, name(user), &clock, || false, || 0);
            let prepare = || (0..before).for_each(|name| assert_eq!(fail(name), Counted::Below));
            die_at(point, prepare, || _ = fail(100));
            assert_eq!(fail(101), at_once, "{point}");
            let (other, _) = source(2);
            let counted = table.fail(other, Kind::User, name(b'x'), &clock, || false, || 0);
            assert_eq!(counted, Counted::Below, "{point}: another source");
            clock.advance(Duration::from_secs(u64::from(LEASE_S) + 1));
            assert_eq!(fail(102), Counted::Below, "{point}");
            let users = table.get(subject, &clock).map(|row| row.users);
            assert_eq!(users, Some(later), "{point}");
        });
    }
}

/// It stops for longer than its claim lasts, and goes on when its place is another source's.
#[cfg(feature = "failpoints")]
#[test]
fn a_process_that_stops_while_it_counts_a_scan_counts_for_nobody_else() {
    for (point, before) in [("scan.claimed", 0), ("scan.fail", 5)] {
        on_stage(|| {
            const SOURCES: u128 = 16;
            let (table, clock) = (table(SOURCES as usize, RULES), SharedClock::new());
            let name = |name: u8| hash().user(format!("user{name}").as_bytes()).bare;
            let fail = |from, user| {
                let (source, _) = source(from);
                table.fail(source, Kind::User, name(user), &clock, || false, || 0)
            };
            let prepare = || (0..before).for_each(|name| assert_eq!(fail(1, name), Counted::Below));
            let meanwhile = || {
                if point == "scan.claimed" {
                    assert_eq!(fail(1, 101), Counted::Uncounted);
                    assert_eq!(fail(2, 101), Counted::Below, "another source");
                }
                // Each in a place that has expired, until all places have been taken once.
                for round in 0..20 {
                    clock.advance(Duration::from_secs(1000));
                    for other in 0..SOURCES {
                        assert_eq!(fail(1000 + 100 * round + other, 1), Counted::Below);
                    }
                }
            };
            stop_at(point, prepare, || _ = fail(1, 100), meanwhile);
            let (subject, _) = source(1);
            let mut others = 0;
            for row in table.rows(&clock).filter(|row| row.source != subject) {
                let is_its_own = (row.users, row.destinations, row.signals) == (1, 0, 0);
                assert!(is_its_own, "{point}: {row:?}");
                others += 1;
            }
            assert_eq!(others, SOURCES, "{point}");
            // And it is counted as any other.
            for user in 0..9 {
                assert_eq!(fail(1, user), Counted::Below, "{point}");
            }
            let count = table.get(subject, &clock).map(|row| row.users);
            assert!(matches!(count, Some(9 | 10)), "{point}: {count:?}");
        });
    }
}
