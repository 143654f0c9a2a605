//! The table against its contract: what goes for whom, and how much of it is looked at.

use std::cell::Cell;

use super::super::atomic::Ordering::Relaxed;
use super::*;
use crate::hash::Hash;

mod left;

thread_local! {
    /// Tags that this thread has read: the work of a table, whatever the machine.
    pub(super) static TAGS_READ: Cell<u64> = const { Cell::new(0) };
}

/// Tags that are read by `act`.
pub fn work<T>(act: impl FnOnce() -> T) -> (u64, T) {
    let before = TAGS_READ.with(Cell::get);
    let done = act();
    (TAGS_READ.with(Cell::get) - before, done)
}

/// What one claim may read, whatever the state of the table: its two sets, one sweep; both once more
/// to see whether another process is at the same key.
const MOST_WORK: u64 = (SWEEP_SETS * WAYS + 4 * WAYS) as u64;

const NOW_S: u32 = 1000;

struct Bench {
    table: Table<1>,
    hash: Hash,
}

impl Bench {
    fn new(limit: usize) -> Self {
        let mut region = Region::new(Table::<1>::room(limit)).unwrap();
        Self {
            table: Table::new(&mut region, limit).unwrap(),
            hash: Hash::keyed([1, 2, 3, 4]),
        }
    }

    fn hash(&self, key: u64) -> u64 {
        self.hash.texts(&[&key.to_ne_bytes()])
    }

    /// A new record, or another one in its place.
    fn write(&self, key: u64, now_s: u32, keep_until_s: u32) -> Result<RecordRef, Refused> {
        self.write_at(self.hash(key), key, now_s, keep_until_s)
    }

    fn write_at(
        &self,
        hash: u64,
        key: u64,
        now_s: u32,
        keep_until_s: u32,
    ) -> Result<RecordRef, Refused> {
        let same = |record: &Record<1>| record.get(0) == key;
        let mut claim = self.table.claim(hash, now_s, keep_until_s, same)?;
        claim.record().set(0, key);
        Ok(claim.publish(keep_until_s).expect("nobody is in the way"))
    }

    fn find(&self, key: u64, now_s: u32) -> Lookup {
        let same = |record: &Record<1>| record.get(0) == key;
        self.table.find(self.hash(key), now_s, same)
    }

    fn holds(&self, key: u64) -> bool {
        matches!(self.find(key, NOW_S), Lookup::Live(_))
    }

    fn live(&self) -> u64 {
        self.table.totals.live.load(Relaxed)
    }

    /// The count says what the tags say.
    fn check_count(&self) {
        assert_eq!(self.live(), self.table.live().count() as u64);
        assert!(self.live() <= self.table.limit);
        assert!(self.table.used(0) <= self.table.limit);
    }
}

/// How a newcomer fares in a table that is full of records that end then.
#[test]
fn a_full_table_costs_a_newcomer_no_more_than_a_bounded_look() {
    const LIMIT: u64 = 20_000;
    let later = NOW_S + 1000;
    // (what fills it ends at, a newcomer comes at, is worth, has a place, is an eviction counted)
    for (full_until_s, now_s, worth_s, fits, evicts) in [
        (later, NOW_S, later + 1, true, true),
        (later, NOW_S, later, true, true),
        (later, NOW_S, later - 1, false, false),
        (FOREVER_S, NOW_S, FOREVER_S - 1, false, false),
        (FOREVER_S, NOW_S, FOREVER_S, true, true),
        // All have expired.
        (later, later, later + 1, true, false),
        (later, later + 1, later + 2, true, false),
        (later, later - 1, later + 1, true, true),
    ] {
        let what = format!("full until {full_until_s}, at {now_s}, worth {worth_s}");
        let bench = Bench::new(LIMIT as usize);
        for key in 0..LIMIT {
            let (tags, written) = work(|| bench.write(key, NOW_S, full_until_s));
            assert!(written.is_ok() && tags <= MOST_WORK, "{what}: {tags}");
        }
        bench.check_count();
        for key in LIMIT..LIMIT + 3000 {
            let (tags, written) = work(|| bench.write(key, now_s, worth_s));
            assert_eq!(written.is_ok(), fits, "{what}");
            assert!(tags <= MOST_WORK, "{what}: {tags} tags");
            if !evicts && fits {
                assert!(
                    tags <= 8 * WAYS as u64,
                    "{what}: {tags} tags for an expired one"
                );
            }
        }
        bench.check_count();
        let totals = bench.table.totals;
        let expected = [(fits && evicts), !fits].map(|is| u64::from(is) * 3000);
        assert_eq!(
            [totals.evicted.load(Relaxed), totals.refused.load(Relaxed)],
            expected,
            "{what}"
        );
    }
}

#[test]
fn a_look_up_reads_the_tags_that_match() {
    let bench = Bench::new(1000);
    (0..1000).for_each(|key| _ = bench.write(key, NOW_S, NOW_S + 10).unwrap());
    for key in 0..1000 {
        assert_eq!(work(|| bench.holds(key)), (1, true));
    }
    let (tags, found) = work(|| (1000..2000).filter(|&key| bench.holds(key)).count());
    assert_eq!((tags, found), (0, 0));
}

/// Most records stay for ever, one in a hundred ends soon: these go, and never one that would stay.
#[test]
fn what_ends_early_goes_and_what_stays_stays() {
    const LIMIT: u64 = 10_000;
    let bench = Bench::new(LIMIT as usize);
    let ends_soon = |key: u64| key.is_multiple_of(100);
    for key in 0..LIMIT {
        let until_s = if ends_soon(key) {
            NOW_S + 100
        } else {
            FOREVER_S
        };
        bench.write(key, NOW_S, until_s).unwrap();
    }
    let mut refused = 0;
    for key in LIMIT..LIMIT + 1000 {
        refused += u64::from(bench.write(key, NOW_S, NOW_S + 200).is_err());
    }
    bench.check_count();
    for key in 0..LIMIT {
        assert!(bench.holds(key) || ends_soon(key), "{key}");
    }
    assert!(refused < 100, "the cursor goes round: {refused}");
    // Newcomers push out each other, and the first of all go before them.
    let left = (0..LIMIT).filter(|&key| ends_soon(key) && bench.holds(key));
    assert!(left.count() < 20);
}

/// The two sets of a key may be full though the table is not: then one of them goes.
#[test]
fn in_full_sets_the_first_to_end_goes() {
    let bench = Bench::new(WAYS); // two sets, for all keys
    let places = 2 * WAYS as u64;
    bench.table.totals.live.store(0, Relaxed);
    for key in 0..places {
        bench.table.totals.live.store(0, Relaxed); // Never at the limit.
        bench.write(key, NOW_S, NOW_S + 100 + key as u32).unwrap();
    }
    assert_eq!(bench.write(99, NOW_S, NOW_S + 99), Err(Refused::Full));
    assert!(bench.write(99, NOW_S, NOW_S + 100).is_ok());
    assert!(bench.holds(99) && !bench.holds(0) && bench.holds(1));
    assert_eq!(bench.table.totals.evicted.load(Relaxed), 1);
    // No place to replace one in, until one has expired.
    assert_eq!(bench.write(5, NOW_S, NOW_S + 500), Err(Refused::Full));
    assert!(bench.holds(5), "the old one stays");
    assert!(bench.write(5, NOW_S + 101, NOW_S + 500).is_ok());
    assert!(bench.holds(5));
}

#[test]
fn a_record_is_replaced_in_another_place() {
    let bench = Bench::new(4);
    let first = bench.write(1, NOW_S, NOW_S + 10).unwrap();
    for turn in 0..1000_u32 {
        let entry = bench.write(1, NOW_S, NOW_S + turn).unwrap();
        assert_eq!(bench.find(1, NOW_S), Lookup::Live(entry));
        assert_eq!(entry.keep_until_s(), NOW_S + turn);
        bench.check_count();
    }
    assert_eq!(bench.live(), 1);
    assert!(!bench.table.end(first, NOW_S), "it was replaced");
}

/// A reader is stopped after its first glance at the tags, and goes on when the record is two places
/// further.
#[test]
fn a_record_that_is_replaced_twice_while_it_is_looked_for_is_found() {
    let bench = Bench::new(4);
    // Two keys with one hash: the look comes to the other one first.
    let hash = bench.hash(1);
    let write = |key| {
        let same = |record: &Record<1>| record.get(0) == key;
        let claim = bench.table.claim(hash, NOW_S, NOW_S + 10, same);
        let mut claim = claim.ok().unwrap();
        claim.record().set(0, key);
        claim.publish(NOW_S + 10).unwrap()
    };
    let (_, wanted) = (write(2), write(1));
    let is_stopped = Cell::new(true);
    let found = bench.table.find(hash, NOW_S, |record| {
        if record.get(0) == 2 && is_stopped.replace(false) {
            let places = [wanted, write(1), write(1)].map(|entry| entry.index);
            assert!(places.is_sorted_by(|one, next| one != next), "{places:?}");
        }
        record.get(0) == 1
    });
    assert!(!is_stopped.get());
    assert!(matches!(found, Lookup::Live(_)), "{found:?}");
}

#[test]
fn a_new_record_replaces_none() {
    let bench = Bench::new(4);
    bench.write(1, NOW_S, NOW_S + 10).unwrap();
    let same = |record: &Record<1>| record.get(0) == 1;
    let claim = bench.table.claim_new(bench.hash(1), NOW_S, FOREVER_S, same);
    assert_eq!(claim.err(), Some(Refused::Exists));
    let Lookup::Live(entry) = bench.find(1, NOW_S) else {
        panic!("it is there");
    };
    assert!(bench.table.end(entry, NOW_S) && !bench.table.end(entry, NOW_S));
    let claim = bench.table.claim_new(bench.hash(1), NOW_S, FOREVER_S, same);
    let previous = claim.ok().unwrap().previous().map(|record| record.get(0));
    assert_eq!(previous, Some(1), "its own place, with its history");
    assert_eq!(bench.live(), 0, "the claim was dropped");
}

/// What a claim leaves that was not published, by what it was of: (live before, live after).
#[test]
fn a_claim_that_is_dropped_changes_nothing() {
    for (is_renewal, is_touched) in [(false, false), (false, true), (true, false), (true, true)] {
        let bench = Bench::new(4);
        if is_renewal {
            bench.write(1, NOW_S, NOW_S + 10).unwrap();
        }
        let same = |record: &Record<1>| record.get(0) == 1;
        for _ in 0..200 {
            let claim = bench.table.claim(bench.hash(1), NOW_S, FOREVER_S, same);
            let mut claim = claim.ok().unwrap();
            assert_eq!(claim.replaces_live(), is_renewal);
            if is_touched {
                claim.record().set(0, 7);
            }
        }
        assert_eq!(bench.holds(1), is_renewal);
        bench.check_count();
    }
}

/// A process stops while it writes, for longer than its lease, and goes on when another has written
/// the same key.
#[test]
fn a_claim_that_is_late_publishes_nothing() {
    for is_renewal in [false, true] {
        let bench = Bench::new(4);
        if is_renewal {
            bench.write(1, NOW_S, NOW_S + 10).unwrap();
        }
        let same = |record: &Record<1>| record.get(0) == 1;
        let late = bench.table.claim(bench.hash(1), NOW_S, FOREVER_S, same);
        let mut late = late.ok().unwrap();
        let place = late.record();
        if !is_renewal {
            assert_eq!(bench.write(1, NOW_S, NOW_S + 20), Err(Refused::Busy));
            assert_eq!(bench.find(1, NOW_S), Lookup::Busy);
        }
        let then_s = NOW_S + LEASE_S + 1;
        let entry = bench.write(1, then_s, then_s + 20).unwrap();
        let everybody = 100..106; // all the places that are left
        for key in everybody.clone() {
            bench.table.totals.live.store(1, Relaxed);
            bench.write(key, then_s, then_s + 20).unwrap();
        }
        bench.table.totals.live.store(7, Relaxed);
        place.set(0, 666);
        assert_eq!(late.publish(FOREVER_S), Err(NotPublished::Late));
        assert_eq!(bench.find(1, then_s), Lookup::Live(entry));
        assert!(everybody.into_iter().all(|key| bench.holds(key)));
        let keys: Vec<u64> = bench
            .table
            .live()
            .map(|e| bench.table.record(e).get(0))
            .collect();
        assert!(keys.len() == 7 && !keys.contains(&666), "{keys:?}");
        assert_eq!(bench.live(), 7);
        // The late one has given its place back.
        bench.table.totals.live.store(3, Relaxed);
        assert!(bench.write(200, then_s, then_s + 20).is_ok());
        assert!((100..106).all(|key| bench.holds(key)) && bench.holds(1));
    }
}

/// A process dies at any step of a replacement; others meet what it has left.
#[test]
fn what_a_dead_process_leaves_of_a_replacement_is_the_old_record_or_the_new_one() {
    for step in 0..4 {
        for meets in 0..4 {
            let bench = Bench::new(4);
            let old = bench.write(1, NOW_S, NOW_S + 10).unwrap();
            let spare = (0..8).find(|&index| index != old.index).unwrap();
            let tag = bench.table.tag(spare).replacing(bench.hash(1), NOW_S);
            let ready = tag.ready(NOW_S + 99);
            let set = |index, tag: Tag| bench.table.cell(index).store(tag.0, Relaxed);
            set(spare, tag);
            bench.table.records[spare].set(0, 1);
            if step > 0 {
                set(spare, ready);
            }
            if step > 1 {
                set(old.index, old.tag.moved(spare, ready));
            }
            if step > 2 {
                set(spare, ready.live(NOW_S + 99));
            }
            let expected_s = if step < 2 { NOW_S + 10 } else { NOW_S + 99 };
            let what = format!("step {step}, met by {meets}");
            match meets {
                0 => {}
                1 => assert!(bench.table.live().count() == 1, "{what}"),
                2 => assert!(bench.write(2, NOW_S + 9, NOW_S + 50).is_ok(), "{what}"),
                _ => {
                    bench.write(1, NOW_S + 9, expected_s).unwrap();
                }
            }
            for _ in 0..2 {
                let Lookup::Live(entry) = bench.find(1, NOW_S + 5) else {
                    panic!("{what}: it is lost");
                };
                assert_eq!(entry.keep_until_s(), expected_s, "{what}");
            }
            bench.check_count();
            assert_eq!(bench.live(), 1 + u64::from(meets == 2), "{what}");
        }
    }
}

#[test]
fn a_record_is_read_whose_time_has_changed_since_it_was_found() {
    let bench = Bench::new(4);
    let found = bench.write(1, NOW_S, NOW_S + 10).unwrap();
    assert!(bench.table.keep_until(found, NOW_S + 20));
    let (entry, words) = bench.table.read(found).unwrap();
    assert_eq!((entry.keep_until_s(), words), (NOW_S + 20, [1]));
    assert!(bench.table.end(entry, NOW_S) && bench.table.read(found).is_none());
}

#[test]
fn what_is_due_is_told_once_and_nothing_is_read_before() {
    let bench = Bench::new(100);
    for key in 0..50_u64 {
        bench.write(key, NOW_S, NOW_S + 10 + key as u32).unwrap();
    }
    let due = |now_s: u32| {
        let due: Vec<RecordRef> = bench.table.due(now_s).collect();
        due.into_iter()
            .filter(|&entry| bench.table.end(entry, now_s))
            .count()
    };
    assert_eq!(due(NOW_S), 0); // The first one has to look.
    assert_eq!(work(|| due(NOW_S + 9)), (0, 0));
    for second in 0..50 {
        assert_eq!(due(NOW_S + 10 + second), 1, "{second}");
    }
    due(NOW_S + 1000); // Finds those of the last look ended.
    assert_eq!(work(|| due(NOW_S + 1000)), (0, 0));
    bench.write(7, NOW_S, NOW_S + 10).unwrap();
    bench.write(7, NOW_S, NOW_S + 5).unwrap();
    assert_eq!(
        (due(NOW_S + 4), due(NOW_S + 5)),
        (0, 1),
        "the new end counts"
    );
}

/// Keys with one hash are told apart by their records, whatever has happened to these.
#[test]
fn keys_with_the_same_hash_are_two() {
    const HASH: u64 = 0x1234_5678_9abc_def0;
    let bench = Bench::new(100);
    let same = |key| move |record: &Record<1>| record.get(0) == key;
    let find = |key| bench.table.find(HASH, NOW_S, same(key));
    let write = |key| bench.write_at(HASH, key, NOW_S, FOREVER_S).is_ok();
    let end = |key| match find(key) {
        Lookup::Live(entry) => bench.table.end(entry, NOW_S),
        _ => false,
    };
    let check = |expected: &[u64]| {
        let is_live = |key: &u64| matches!(find(*key), Lookup::Live(_));
        let live: Vec<u64> = (0..5).filter(is_live).collect();
        assert_eq!(live, expected);
        bench.check_count();
    };
    assert!(write(1) && write(1)); // The second replaces the first.
    check(&[1]);
    assert!(write(2));
    check(&[1, 2]);
    assert!(write(2) && end(2));
    check(&[1]);
    assert!(write(3) && write(4)); // One of these in the place of the one that has ended.
    check(&[1, 3, 4]);
    assert!(write(1) && end(3) && write(2));
    check(&[1, 2, 4]);
}

#[test]
fn a_claim_of_a_dead_process_is_in_nobodys_way_after_its_lease() {
    let bench = Bench::new(100);
    let same = |record: &Record<1>| record.get(0) == 1;
    let claim = bench.table.claim(bench.hash(1), NOW_S, FOREVER_S, same);
    std::mem::forget(claim.unwrap_or_else(|refused| panic!("{refused:?}")));
    for (now_s, found, is_written) in [
        (NOW_S + LEASE_S, Lookup::Busy, false),
        (NOW_S + LEASE_S + 1, Lookup::Nothing, true),
    ] {
        assert_eq!(bench.find(1, now_s), found);
        assert_eq!(bench.write(1, now_s, FOREVER_S).is_ok(), is_written);
    }
    assert!(bench.holds(1));
    bench.check_count();
}

/// The newcomer's own two sets are not among those that are swept.
#[test]
fn of_its_own_sets_and_those_swept_the_first_to_end_goes() {
    const LIMIT: u64 = 8192;
    let bench = Bench::new(LIMIT as usize);
    let at = |key| bench.write_at(1 << 63 | key, LIMIT + key, NOW_S, NOW_S + 500 * key as u32);
    let first = at(1).unwrap();
    for key in 1..LIMIT {
        bench.write(key, NOW_S, NOW_S + 1000).unwrap();
    }
    assert!(at(2).is_ok());
    let is_there = bench.table.live().any(|entry| entry == first);
    assert!(!is_there && bench.live() == LIMIT);
    bench.check_count();
}

/// A replaced record leads to a place whose next writer has died: others go on without it.
#[test]
fn a_dead_process_in_the_place_of_a_replacement_is_in_nobodys_way() {
    for (old, new) in [(0, 5), (5, 0)] {
        let bench = Bench::new(4);
        let free = bench.table.tag(old);
        let live = free.claimed(bench.hash(1), NOW_S).live(NOW_S + 10);
        let ready = bench
            .table
            .tag(new)
            .replacing(bench.hash(1), NOW_S)
            .ready(NOW_S + 10);
        let dead = ready
            .live(NOW_S + 10)
            .past(NOW_S)
            .claimed(bench.hash(1), NOW_S);
        let set = |index, tag: Tag| bench.table.cell(index).store(tag.0, Relaxed);
        set(old, live.moved(new, ready).settled());
        set(new, dead.with_share());
        bench.table.records[new].set(0, 1);
        bench.table.totals.live.store(1, Relaxed);
        assert_eq!(
            bench.write(1, NOW_S + LEASE_S, FOREVER_S),
            Err(Refused::Busy)
        );
        assert!(bench.write(1, NOW_S + LEASE_S + 1, FOREVER_S).is_ok());
        assert!(bench.holds(1));
        bench.check_count();
    }
}
