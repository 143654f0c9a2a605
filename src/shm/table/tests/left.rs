//! What others have left: replacements half done, claims of the dead, records that have expired.

use super::*;

/// The key's record was replaced by one in another place, and the writer died before that one was live.
/// Returns the tag of that one.
fn leave_replaced(bench: &Bench, old: usize, new: usize) -> Tag {
    let (hash, table) = (bench.hash(1), &bench.table);
    let ready = table.tag(new).replacing(hash, NOW_S).ready(NOW_S + 99);
    let live = table.tag(old).claimed(hash, NOW_S).live(NOW_S + 10);
    table.cell(old).store(live.moved(new, ready).0, Relaxed);
    table.cell(new).store(ready.0, Relaxed);
    table.records[new].set(0, 1);
    table.totals.live.store(1, Relaxed);
    ready
}

#[test]
fn a_walk_comes_to_the_new_record_wherever_it_lies() {
    for (old, new) in [(0, 5), (5, 0)] {
        let bench = Bench::new(4);
        leave_replaced(&bench, old, new);
        let places: Vec<usize> = bench.table.live().map(|entry| entry.index).collect();
        assert_eq!(places, [new]);
    }
}

/// Who made the new record live has died before the old tag said so, and another has ended the record.
#[test]
fn a_new_record_that_has_ended_stays_ended() {
    let bench = Bench::new(4);
    let tag = leave_replaced(&bench, 0, 5).live(NOW_S + 99);
    bench.table.cell(5).store(tag.0, Relaxed);
    assert!(bench.table.end(RecordRef { index: 5, tag }, NOW_S));
    assert_eq!(bench.find(1, NOW_S), Lookup::Nothing);
    bench.check_count();
}

/// A key whose two sets are not those of this place.
fn far_from(bench: &Bench, index: usize) -> u64 {
    let is_far = |key: &u64| bench.table.ways(bench.hash(*key)).all(|way| way != index);
    (1000..).find(is_far).unwrap()
}

/// In a full table of which one sweep sees all.
#[test]
fn what_has_expired_anywhere_in_the_sweep_goes_first_and_is_not_evicted() {
    let bench = Bench::new(200);
    let expired = bench.write(0, NOW_S, NOW_S + 10).unwrap();
    (1..200).for_each(|key| _ = bench.write(key, NOW_S, NOW_S + 100).unwrap());
    let newcomer = far_from(&bench, expired.index);
    assert!(bench.write(newcomer, NOW_S + 10, NOW_S + 100).is_ok());
    assert!(!bench.holds(0) && (1..200).all(|key| bench.holds(key)));
    assert_eq!(bench.table.totals.evicted.load(Relaxed), 0);
    bench.check_count();
}

#[test]
fn a_sweep_takes_the_share_of_a_dead_process_back() {
    let bench = Bench::new(200);
    let claim = bench
        .table
        .claim(bench.hash(0), NOW_S, FOREVER_S, |_| false);
    std::mem::forget(claim.ok());
    let is_claimed = |index: &usize| bench.table.tag(*index).state() == State::Claimed;
    let dead = (0..).find(is_claimed).unwrap();
    (1..200).for_each(|key| _ = bench.write(key, NOW_S, NOW_S + 100).unwrap());
    let (newcomer, then_s) = (far_from(&bench, dead), NOW_S + LEASE_S + 1);
    assert!(bench.write(newcomer, then_s, NOW_S + 100).is_ok());
    bench.check_count();
}
