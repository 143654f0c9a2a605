//! The auth counter: every failure that several processes count of one pair, and of one user.

use super::processes::{fork_all, on_stage};
use super::shared::{Barrier, NOW_MS, SharedClock, hash, source, words};
use palisade::auth::{Admission, Attempt, AuthTable, Failed, Outcome, Rules};
use palisade::settings::AuthScope;
use palisade::shm::atomic::{AtomicU64, Ordering::SeqCst};
use palisade::shm::region::Region;
use palisade::source::Source;

const USERS: usize = 4096;

pub fn table(max_failures: u64, user_max_failures: u64) -> AuthTable {
    table_for(USERS, max_failures, user_max_failures)
}

pub fn table_for(users: usize, max_failures: u64, user_max_failures: u64) -> AuthTable {
    let mut region = Region::new(AuthTable::room(users)).expect("shared memory");
    let rules = Rules {
        scope: AuthScope::UserSource,
        max_failures,
        user_max_failures,
        window_ms: 900_000,
        block_ms: 3_600_000,
        known_ms: 604_800_000,
    };
    AuthTable::new(&mut region, users, hash(), rules).expect("room")
}

/// Not told as a retransmission: the request is unknown.
pub fn attempt(user: &[u8], from: u128) -> Attempt<'_> {
    Attempt {
        user,
        name: hash().user(user),
        source: source(from).0,
        request: 0,
        is_proven: true,
    }
}

/// The failures of a user from one source, or as a whole (`None`).
fn failures(auth: &AuthTable, from: Option<u128>, clock: SharedClock) -> Vec<u64> {
    let from = from.map_or(Source::NONE, |from| source(from).0);
    let rows = auth.failing(&clock).filter(|row| row.source == from);
    rows.map(|row| row.failures).collect()
}

/// What the processes were told.
#[derive(Clone, Copy)]
struct Told([&'static AtomicU64; 5]);

impl Told {
    fn new() -> Told {
        let words = words(5);
        Told(core::array::from_fn(|index| &words[index]))
    }

    fn take(self, outcome: Outcome) {
        let [counted, newly, blocked, attack, uncounted] = self.0;
        let failed = match outcome.failed {
            Failed::Counted(_) => counted,
            Failed::NewlyBlocked(_) => newly,
            Failed::Blocked => blocked,
            Failed::Uncounted => uncounted,
            Failed::Retransmission => panic!("of what?"),
        };
        failed.fetch_add(1, SeqCst);
        attack.fetch_add(u64::from(outcome.under_attack.is_some()), SeqCst);
    }

    /// Counted, newly blocked, blocked already, newly under attack.
    fn so_far(self) -> [u64; 4] {
        let [counted, newly, blocked, attack, _] = self.0.map(|word| word.load(SeqCst));
        [counted, newly, blocked, attack]
    }

    fn uncounted(self) -> u64 {
        self.0[4].load(SeqCst)
    }
}

/// In each round all processes fail as one user from one address, which nobody knows yet. Every
/// failure counts, but for those that find the record of the pair claimed by a process that was
/// stopped in this very moment: these are told as uncounted.
#[test]
fn every_failure_is_counted_and_one_blocks() {
    const ROUNDS: usize = 60;
    // (failures of each process in each round, limit of the pair)
    for (each, limit) in [(150, 10_000), (150, 100), (2, 2)] {
        for processes in [2_u64, 4] {
            on_stage(|| {
                let clock = SharedClock::new();
                let auth = table(limit, 0);
                let barrier = Barrier::of(processes as usize);
                let told: Vec<Told> = (0..ROUNDS).map(|_| Told::new()).collect();
                fork_all(processes as usize, |_| {
                    for (round, told) in told.iter().enumerate() {
                        barrier.wait(round);
                        for _ in 0..each {
                            told.take(auth.fail(attempt(b"alice", round as u128), &clock));
                        }
                    }
                });
                let stopped = told.iter().filter(|told| told.uncounted() > 0).count();
                assert!(stopped < ROUNDS, "{stopped} of {ROUNDS} rounds");
                for (round, told) in told.iter().enumerate() {
                    let sent = processes * each - told.uncounted();
                    let expected = match sent < limit {
                        true => [sent, 0, 0, 0],
                        false => [limit - 1, 1, sent - limit, 0],
                    };
                    let what = format!("round {round} of {processes} processes, limit {limit}");
                    assert_eq!(told.so_far(), expected, "{what}");
                    let counted = failures(&auth, Some(round as u128), clock);
                    assert_eq!(counted.len(), 1, "{what}: {counted:?}");
                    // A process may count once more before it sees that the pair is blocked.
                    let most = sent.min(limit + processes - 1);
                    assert!(
                        (sent.min(limit)..=most).contains(&counted[0]),
                        "{what}: {counted:?}"
                    );
                    let blocked = auth.is_blocked(attempt(b"alice", round as u128), &clock);
                    assert_eq!(blocked, sent >= limit, "{what}");
                }
            });
        }
    }
}

/// Each process guesses from addresses of its own: together they put the user under attack, once.
#[test]
fn failures_from_everywhere_put_a_user_under_attack_once() {
    const LIMIT: u64 = 1000;
    for processes in [2_u64, 4] {
        on_stage(|| {
            let (auth, clock, told) = (table(3, LIMIT), SharedClock::new(), Told::new());
            auth.succeed(attempt(b"alice", 1_000_000), true, &clock);
            fork_all(processes as usize, |number| {
                for guess in 0..LIMIT {
                    let from = u128::from(guess) * 4 + number as u128;
                    told.take(auth.fail(attempt(b"alice", from), &clock));
                }
            });
            let sent = processes * LIMIT;
            assert_eq!(told.so_far(), [sent, 0, 0, 1], "{processes} processes");
            assert_eq!(told.uncounted(), 0, "each address is one process's own");
            let together = failures(&auth, None, clock);
            assert_eq!(together.len(), 1);
            assert!(
                (LIMIT..LIMIT + processes).contains(&together[0]),
                "{together:?}"
            );
            assert!(auth.is_blocked(attempt(b"alice", 2_000_000), &clock));
            assert!(
                !auth.is_blocked(attempt(b"alice", 1_000_000), &clock),
                "his phone is known"
            );
            assert_eq!(
                auth.failing(&clock).count() as u64,
                sent + 1,
                "at {NOW_MS} ms"
            );
        });
    }
}

/// Guesses that wait for their result take the failures left: no more are let through at once.
#[test]
fn no_more_guesses_are_under_way_than_failures_are_left() {
    const ROUNDS: usize = 100;
    const LIMIT: u64 = 8;
    for processes in [2, 4] {
        on_stage(|| {
            let (auth, clock) = (table(LIMIT, 0), SharedClock::new());
            let barrier = Barrier::of(processes);
            let admitted = words(ROUNDS);
            for round in 0..ROUNDS {
                auth.fail(attempt(b"alice", round as u128), &clock);
            }
            fork_all(processes, |_| {
                for (round, admitted) in admitted.iter().enumerate() {
                    barrier.wait(round);
                    let guess = attempt(b"alice", round as u128);
                    for _ in 0..LIMIT {
                        admitted.fetch_add(
                            u64::from(auth.admit(guess, &clock) == Admission::Admitted),
                            SeqCst,
                        );
                    }
                }
            });
            for (round, admitted) in admitted.iter().enumerate() {
                assert_eq!(
                    admitted.load(SeqCst),
                    LIMIT - 1,
                    "round {round}, {processes}"
                );
            }
        });
    }
}
