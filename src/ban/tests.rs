//! The ban table against its contract.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::clock::manual::Manual;
use crate::hash::Hash;

struct Bench {
    bans: BanTable,
    hash: Hash,
    clock: Manual,
}

const fn order(until_ms: u64) -> Order {
    Order::against_everybody(until_ms, BanReason::MANUAL, Origin::Rpc)
}

impl Bench {
    fn new(limit: usize) -> Self {
        let mut region = Region::new(BanTable::room(limit)).unwrap();
        let bans = BanTable::new(&mut region, limit).unwrap();
        Self {
            bans,
            hash: Hash::keyed([1, 2, 3, 4]),
            clock: Manual::default(),
        }
    }

    fn at(&self, key: u128) -> (Source, u64) {
        let source = Source { key };
        (source, self.hash.source(source))
    }

    fn ban(&self, key: u128, seconds: u64) -> Banned {
        let (source, hash) = self.at(key);
        let until_ms = if seconds == 0 {
            0
        } else {
            self.clock.exact_ms() + seconds * 1000
        };
        self.bans.ban(source, hash, order(until_ms), &self.clock)
    }

    fn hit(&self, key: u128) -> bool {
        let (source, hash) = self.at(key);
        self.bans.hit(source, hash, &self.clock).is_some()
    }

    fn get(&self, key: u128) -> Option<Ban> {
        let (source, hash) = self.at(key);
        self.bans.get(source, hash, &self.clock)
    }

    fn unban(&self, key: u128) -> bool {
        let (source, hash) = self.at(key);
        self.bans.unban(source, hash, &self.clock)
    }

    fn keys(&self) -> Vec<u128> {
        let mut keys: Vec<u128> = self
            .bans
            .bans(&self.clock)
            .map(|ban| ban.source.key)
            .collect();
        keys.sort_unstable();
        keys
    }

    fn ended(&self) -> Vec<u128> {
        let mut ended = Vec::new();
        self.bans
            .end_those_over(&self.clock, |ban| ended.push(ban.source.key));
        ended.sort_unstable();
        ended
    }
}

#[test]
fn a_ban_ends_to_the_millisecond() {
    let bench = Bench::new(10);
    assert_eq!(bench.ban(1, 3), Banned::New(1));
    bench.clock.advance(2999);
    assert!(bench.hit(1));
    assert_eq!(bench.ended(), []);
    bench.clock.advance(1);
    assert!(!bench.hit(1));
    assert_eq!(bench.get(1), None);
    assert_eq!(bench.ended(), [1]);
    assert_eq!(bench.ended(), [], "told once");
}

/// Sources whose hashes are the same are told apart by what they are.
#[test]
fn the_same_hash_is_not_the_same_source() {
    let hash = 0x1234_5678_9abc_def0;
    let own = Source { key: 1 << 64 | 1 };
    for other in [2 << 64 | 1, 1 << 64 | 2] {
        let Bench { bans, clock, .. } = Bench::new(10);
        bans.ban(own, hash, order(0), &clock);
        for (source, expected) in [(Source { key: other }, false), (own, true)] {
            let expected_against = expected.then_some(Against::Everybody);
            assert_eq!(
                bans.hit(source, hash, &clock),
                expected_against,
                "{other:x}"
            );
            assert_eq!(
                bans.holds(source, hash, &clock),
                expected_against,
                "{other:x}"
            );
            assert_eq!(bans.unban(source, hash, &clock), expected, "{other:x}");
        }
    }
}

#[test]
fn all_bans_are_lifted_and_told() {
    let bench = Bench::new(10);
    bench.ban(1, 3);
    bench.clock.advance(3000);
    for key in 2..5 {
        bench.ban(key, 0);
    }
    let mut told = Vec::new();
    let tell = |ban: Ban| told.push(ban.source.key);
    bench.bans.unban_all(&bench.clock, tell);
    told.sort_unstable();
    assert_eq!((told, bench.keys()), (vec![2, 3, 4], vec![]));
}

#[test]
fn zero_seconds_are_until_lifted() {
    let bench = Bench::new(10);
    bench.ban(1, 0);
    bench.clock.advance(20 * 365 * 86_400_000);
    assert!(bench.hit(1));
    assert_eq!(bench.ended(), []);
    assert!(bench.unban(1));
    assert!(!bench.hit(1));
    assert!(!bench.unban(1));
}

#[test]
fn hits_and_earlier_bans_are_counted() {
    let bench = Bench::new(10);
    bench.ban(1, 10);
    assert!(bench.hit(1) && bench.hit(1));
    assert_eq!(bench.ban(1, 20), Banned::Renewed(1));
    let ban = bench.get(1).unwrap();
    assert_eq!(
        (ban.hits, ban.count, ban.until_ms - ban.since_ms),
        (2, 1, 20_000)
    );
    bench.unban(1);
    assert_eq!(bench.ban(1, 10), Banned::New(2));
    bench.clock.advance(10_000);
    assert_eq!(
        bench.ban(1, 10),
        Banned::New(3),
        "ended, though nobody told of it yet"
    );
    let ban = bench.get(1).unwrap();
    assert_eq!((ban.hits, ban.count), (0, 3));
}

/// As large as one look: the very first goes.
#[test]
fn a_full_table_lets_the_ban_go_that_ends_first() {
    for limit in [1, 2, 7, 8, 9, 100, 256] {
        let bench = Bench::new(limit);
        let keys = 1..=limit as u128;
        for key in keys.clone() {
            // The one with the key in the middle ends first.
            let is_first = key == limit as u128 / 2 + 1;
            assert_eq!(
                bench.ban(key, if is_first { 50 } else { 100 }),
                Banned::New(1)
            );
        }
        assert_eq!(bench.keys(), keys.clone().collect::<Vec<_>>(), "all fit");
        assert_eq!(
            bench.ban(10_000, 40),
            Banned::Full,
            "it would end before all others"
        );
        assert_eq!(bench.ban(10_001, 60), Banned::New(1));
        let expected: Vec<u128> = keys
            .filter(|&key| key != limit as u128 / 2 + 1)
            .chain([10_001])
            .collect();
        assert_eq!(bench.keys(), expected);
        let totals = bench.bans.size().totals;
        assert_eq!(totals.evicted.load(Ordering::Relaxed), 1);
        assert_eq!(totals.refused.load(Ordering::Relaxed), 1);
        assert_eq!(totals.live.load(Ordering::Relaxed), limit as u64);
    }
}

/// Larger than one look: never one that ends later than the newcomer, nor one for ever.
#[test]
fn a_large_full_table_lets_only_bans_go_that_end_before_the_newcomer() {
    const LIMIT: u128 = 4000;
    let bench = Bench::new(LIMIT as usize);
    // (kind, seconds): one in four may go.
    let seconds = |key: u128| [0, 100, 300, 400][key as usize % 4];
    for key in 0..LIMIT {
        assert_eq!(bench.ban(key, seconds(key)), Banned::New(1));
    }
    for key in LIMIT..LIMIT + 500 {
        assert_eq!(bench.ban(key, 200), Banned::New(1));
    }
    for key in 0..LIMIT {
        assert!(bench.hit(key) || seconds(key) == 100, "{key}");
    }
    let gone = (0..LIMIT).filter(|&key| !bench.hit(key)).count();
    assert_eq!(gone, 500, "none of the newcomers went for another");
    assert_eq!(bench.keys().len() as u128, LIMIT);
    assert_eq!(bench.bans.used(&bench.clock) as u128, LIMIT);
}

/// Those whose places a newcomer may take are told of, not only those that `end_those_over` meets.
#[test]
fn an_end_that_a_newcomer_finds_is_told() {
    for limit in [1, 8, 100, 2000] {
        let bench = Bench::new(limit);
        (0..limit as u128).for_each(|key| _ = bench.ban(key, 10));
        bench.clock.advance(10_000);
        let mut told = 0;
        for key in 10_000..10_000 + limit as u128 {
            let (source, hash) = bench.at(key);
            bench
                .bans
                .end_if_over(source, hash, &bench.clock, |_| told += 1);
            assert_eq!(bench.ban(key, 10), Banned::New(1));
        }
        told += bench.ended().len();
        assert_eq!(told, limit, "each of {limit}, once");
        // The last few of a large table may be where the cursor has just been.
        let evicted = bench.bans.size().totals.evicted.load(Ordering::Relaxed);
        assert!(evicted * 100 <= limit as u64, "{evicted} of {limit}");
    }
}

#[test]
fn a_table_of_bans_that_are_over_is_empty() {
    let bench = Bench::new(100);
    (0..100).for_each(|key| _ = bench.ban(key, 10));
    assert_eq!(bench.bans.used(&bench.clock), 100);
    bench.clock.advance(10_000);
    assert_eq!(bench.bans.used(&bench.clock), 0);
}

#[test]
fn a_renewed_ban_needs_no_room() {
    let bench = Bench::new(2);
    bench.ban(1, 100);
    bench.ban(2, 200);
    assert_eq!(bench.ban(1, 1), Banned::Renewed(1));
    assert_eq!(bench.keys(), [1, 2]);
}

#[test]
fn an_ended_ban_that_comes_back_keeps_to_the_limit() {
    let bench = Bench::new(2);
    bench.ban(1, 100);
    bench.unban(1);
    bench.ban(2, 100);
    bench.ban(3, 200);
    assert_eq!(bench.ban(1, 300), Banned::New(2));
    assert_eq!(bench.keys(), [1, 3]);
}

#[test]
fn the_whole_table_is_there() {
    let bench = Bench::new(20_000);
    for key in 0..20_000 {
        assert_eq!(bench.ban(key, 100), Banned::New(1));
    }
    assert!((0..20_000).all(|key| bench.hit(key)));
    assert!(!(20_000..60_000).any(|key| bench.hit(key)));
    assert_eq!(bench.keys().len(), 20_000);
}

#[test]
fn a_claim_of_a_dead_process_is_taken_over() {
    let bench = Bench::new(1); // two places
    let (source, hash) = bench.at(1);
    let claim = bench
        .bans
        .table
        .claim(hash, bench.clock.now_s(), 100, is(source))
        .ok()
        .unwrap();
    std::mem::forget(claim); // Killed with the claim in its hand.
    assert_eq!(bench.ban(1, 10), Banned::Busy);
    assert!(bench.hit(1), "somebody bans it just now");
    bench.clock.advance(3000);
    assert!(!bench.hit(1));
    assert_eq!(bench.ban(1, 10), Banned::New(1));
    assert!(bench.hit(1));
}

#[test]
fn a_claim_that_comes_to_nothing_leaves_nothing() {
    let bench = Bench::new(4);
    bench.ban(1, 10);
    let (source, hash) = bench.at(1);
    drop(
        bench
            .bans
            .table
            .claim(hash, bench.clock.now_s(), 100, is(source))
            .ok(),
    );
    assert_eq!(bench.get(1).map(|ban| ban.count), Some(1));
    let mut claim = bench
        .bans
        .table
        .claim(hash, bench.clock.now_s(), 100, is(source))
        .ok()
        .unwrap();
    claim.record().set(UNTIL_MS, 7);
    drop(claim); // A panic in the middle of writing.
    assert_eq!(bench.get(1).map(|ban| ban.until_ms), Some(11_000));
    assert_eq!(bench.bans.size().totals.live.load(Ordering::Relaxed), 1);
}

#[derive(Clone, Debug)]
enum Step {
    Ban(u128, u64),
    Unban(u128),
    Hit(u128),
    Wait(u64),
    Tick,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = 0_u128..12;
    let step = prop_oneof![
        4 => (key.clone(), 0_u64..20).prop_map(|(key, seconds)| Step::Ban(key, seconds)),
        2 => key.clone().prop_map(Step::Unban),
        3 => key.prop_map(Step::Hit),
        2 => (1_u64..7000).prop_map(Step::Wait),
        1 => Just(Step::Tick),
    ];
    proptest::collection::vec(step, 1..120)
}

proptest! {
    /// With room for all, the table is a map from sources to ends.
    #[test]
    fn agrees_with_a_map(steps in steps()) {
        let bench = Bench::new(12);
        let mut model: HashMap<u128, u64> = HashMap::new();
        let holds = |model: &HashMap<u128, u64>, key: u128, now: u64| {
            model.get(&key).is_some_and(|&until| until == 0 || until > now)
        };
        for step in steps {
            let now = bench.clock.exact_ms();
            match step {
                Step::Ban(key, seconds) => {
                    let was = holds(&model, key, now);
                    let is_renewed = matches!(bench.ban(key, seconds), Banned::Renewed(_));
                    prop_assert_eq!(is_renewed, was);
                    model.insert(key, if seconds == 0 { 0 } else { now + seconds * 1000 });
                }
                Step::Unban(key) => {
                    prop_assert_eq!(bench.unban(key), holds(&model, key, now));
                    model.remove(&key);
                }
                Step::Hit(key) => prop_assert_eq!(bench.hit(key), holds(&model, key, now)),
                Step::Wait(ms) => bench.clock.advance(ms),
                Step::Tick => {
                    for key in bench.ended() {
                        prop_assert!(!holds(&model, key, now));
                        prop_assert!(model.remove(&key).is_some());
                    }
                    prop_assert!(!model.values().any(|&until| until != 0 && until <= now));
                }
            }
        }
        let now = bench.clock.exact_ms();
        let mut expected: Vec<u128> =
            model.keys().copied().filter(|&key| holds(&model, key, now)).collect();
        expected.sort_unstable();
        prop_assert_eq!(bench.keys(), expected);
    }
}
