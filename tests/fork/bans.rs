//! The ban table: several processes ban, lift and meet bans, of the same keys and of different ones.

use super::processes::{fork_all, on_stage};
use super::random::Random;
use super::shared::{Barrier, SharedClock, source, words};
use palisade::ban::{BanReason, BanTable, Banned, Order, Origin};
use palisade::shm::atomic::Ordering::SeqCst;
use palisade::shm::region::Region;
use std::collections::HashMap;

fn table(bans: usize) -> BanTable {
    let mut region = Region::new(BanTable::room(bans)).expect("shared memory");
    BanTable::new(&mut region, bans).expect("room")
}

fn ban(bans: &BanTable, key: u128, until_ms: u64, clock: SharedClock) -> Banned {
    ban_for(bans, key, until_ms, BanReason::RATE, clock)
}

fn ban_for(
    bans: &BanTable,
    key: u128,
    until_ms: u64,
    reason: BanReason,
    clock: SharedClock,
) -> Banned {
    let (source, hash) = source(key);
    let order = Order::against_everybody(until_ms, reason, Origin::Check);
    bans.ban(source, hash, order, &clock)
}

/// No key is live twice, and the total says how many are.
#[track_caller]
fn check_consistent(bans: &BanTable, clock: SharedClock) -> HashMap<u128, u64> {
    let all: Vec<_> = bans.bans(&clock).collect();
    let keys: HashMap<u128, u64> = all
        .iter()
        .map(|ban| (ban.source.key - source(0).0.key, ban.count))
        .collect();
    assert_eq!(keys.len(), all.len(), "a key is live twice");
    assert_eq!(bans.size().totals.live.load(SeqCst), all.len() as u64);
    keys
}

#[test]
fn no_ban_is_lost_while_there_is_room() {
    const EACH: usize = 20_000;
    for processes in [2, 4] {
        on_stage(|| {
            let (bans, clock) = (table(processes * EACH), SharedClock::new());
            fork_all(processes, |number| {
                for key in (number * EACH) as u128..((number + 1) * EACH) as u128 {
                    let banned = ban(&bans, key, 0, clock);
                    assert_eq!(banned, Banned::New(1), "key {key} of process {number}");
                }
            });
            assert_eq!(check_consistent(&bans, clock).len(), processes * EACH);
        });
    }
}

/// In each round, all processes ban the same keys at once: one makes the ban, the others find it.
#[test]
fn one_key_is_banned_once() {
    const ROUNDS: usize = 2000;
    for processes in [2, 4] {
        on_stage(|| {
            // Each may hold a share of the limit for a moment, and find that another came first.
            let (bans, clock) = (table(ROUNDS + processes), SharedClock::new());
            let barrier = Barrier::of(processes);
            let news = words(ROUNDS);
            fork_all(processes, |_| {
                for (round, news) in news.iter().enumerate() {
                    barrier.wait(round);
                    match ban(&bans, round as u128, 0, clock) {
                        Banned::New(1) => _ = news.fetch_add(1, SeqCst),
                        Banned::Renewed(1) | Banned::Busy => {}
                        other => panic!("{other:?}"),
                    }
                }
            });
            assert!(news.iter().all(|news| news.load(SeqCst) == 1));
            assert_eq!(check_consistent(&bans, clock).len(), ROUNDS);
        });
    }
}

/// All processes ban, prolong, lift and meet the same few keys, for one reason or another, as they
/// come. What they were told adds up.
#[test]
fn bans_come_and_go_in_one_order_for_all() {
    const KEYS: usize = 8;
    const STEPS: usize = 100_000;
    for processes in [2, 4] {
        on_stage(|| {
            let (bans, clock) = (table(64), SharedClock::new());
            let [made, lifted] = [(); 2].map(|()| words(KEYS));
            fork_all(processes, |number| {
                let mut random = Random(number as u64);
                for step in 1..=STEPS as u64 {
                    let key = random.below(KEYS as u64) as usize;
                    let (source, hash) = source(key as u128);
                    let reason = [BanReason::RATE, BanReason::AUTH][random.below(2) as usize];
                    let until_ms = [0, step * 1000 * 1000][random.below(2) as usize];
                    match random.below(3) {
                        0 => match ban_for(&bans, key as u128, until_ms, reason, clock) {
                            Banned::New(_) => _ = made[key].fetch_add(1, SeqCst),
                            Banned::Renewed(_) | Banned::Busy => {}
                            Banned::Full => panic!("full"),
                        },
                        1 => {
                            let was = bans.unban(source, hash, &clock);
                            lifted[key].fetch_add(u64::from(was), SeqCst);
                        }
                        _ => _ = bans.hit(source, hash, &clock),
                    }
                }
            });
            let live = check_consistent(&bans, clock);
            for key in 0..KEYS {
                let [made, lifted] = [made, lifted].map(|words| words[key].load(SeqCst));
                let count = live.get(&(key as u128)).copied();
                let what = format!("key {key}: made {made}, lifted {lifted}, now {count:?}");
                assert!(lifted > 100, "{what}");
                assert_eq!(made - lifted, u64::from(count.is_some()), "{what}");
                assert!(count.is_none_or(|count| count == made), "{what}");
            }
        });
    }
}

/// Newcomers without end into a table that is full: as many live as its limit, but for one more or
/// less for each process that is at it in the same moment.
#[test]
fn a_full_table_keeps_to_its_limit() {
    const EACH: u64 = 20_000;
    const LIMIT: usize = 256;
    for processes in [2, 4] {
        on_stage(|| {
            let (bans, clock) = (table(LIMIT), SharedClock::new());
            fork_all(processes, |number| {
                for n in 0..EACH {
                    let key = n * processes as u64 + number as u64;
                    // Busy: the process that has the place was stopped for longer than anybody waits.
                    let mut tries = std::iter::repeat_with(|| {
                        ban(&bans, key.into(), 1_000_000 + n * 1000, clock)
                    });
                    let banned = tries.find(|&banned| banned != Banned::Busy);
                    let banned = banned.expect("it is repeated without end");
                    assert!(
                        matches!(banned, Banned::New(1) | Banned::Full),
                        "{banned:?}"
                    );
                }
            });
            let live = check_consistent(&bans, clock).len();
            assert!(live.abs_diff(LIMIT) < processes, "{live} of {LIMIT}");
        });
    }
}

#[test]
fn every_hit_is_counted() {
    const HITS: u64 = 100_000;
    for processes in [2_u64, 4] {
        on_stage(|| {
            let (bans, clock) = (table(64), SharedClock::new());
            let (source, hash) = source(1);
            ban(&bans, 1, 0, clock);
            fork_all(processes as usize, |_| {
                assert!((0..HITS).all(|_| bans.hit(source, hash, &clock).is_some()));
            });
            let ban = bans.get(source, hash, &clock).expect("a ban");
            assert_eq!(ban.hits, processes * HITS);
        });
    }
}
