//! The ban table against a map.

use std::collections::HashMap;
use std::sync::LazyLock;

use palisade::ban::{Ban, BanReason, BanTable, Banned, Order, Origin};
use palisade::clock::{Clock, Monotonic};
use palisade::hash::Hash;
use palisade::source::Source;

use crate::input::Input;
use crate::world::{self, Quarry};

const KEYS: u8 = 12;

static MEMORY: LazyLock<Quarry> = LazyLock::new(|| Quarry::new(BanTable::room(KEYS.into())));

/// What the table should say of one source.
#[derive(Default)]
struct Expected {
    /// `None`: not banned. 0: until lifted.
    until_ms: Option<u64>,
    since_ms: u64,
    hits: u64,
    bans: u64,
}

impl Expected {
    fn is_banned(&self, now_ms: u64) -> bool {
        self.until_ms
            .is_some_and(|until_ms| until_ms == 0 || until_ms > now_ms)
    }
}

struct Run {
    table: BanTable,
    /// Bans that fit. Less than there are keys: the table may let one go for another.
    limit: usize,
    hash: Hash,
    clock: Monotonic,
    model: HashMap<u128, Expected>,
}

impl Run {
    fn has_room(&self) -> bool {
        self.limit >= KEYS.into()
    }

    /// The table knows no ban that the model does not; with room for all, it knows all.
    fn agree(&self, found: bool, expected: bool) {
        assert!(
            found == expected || (!found && !self.has_room()),
            "{found}, not {expected}"
        );
    }

    fn step(&mut self, input: &mut Input<'_>) {
        let (now_ms, has_room) = (self.clock.exact_ms(), self.has_room());
        let operation = input.below(9);
        let key = u128::from(input.below(KEYS));
        let source = Source { key };
        let hash = self.hash.source(source);
        let banned = self.model.entry(key).or_default().is_banned(now_ms);
        match operation {
            0..=2 => {
                let seconds = u64::from(input.byte());
                let reason = BanReason::parse(&input.array::<5>()).unwrap_or(BanReason::MANUAL);
                let origin = input.one_of(&[Origin::Check, Origin::Script, Origin::Rpc]);
                let until_ms = if seconds == 0 {
                    0
                } else {
                    now_ms + seconds * 1000
                };
                let live = self.table.bans(&self.clock).count();
                let order = Order::against_everybody(until_ms, reason, origin);
                let told = self.table.ban(source, hash, order, &self.clock);
                let expected = self.model.get_mut(&key).expect("made above");
                match told {
                    Banned::New(bans) => {
                        assert!(!banned || !has_room);
                        assert!((1..=expected.bans + 1).contains(&bans));
                        *expected = Expected {
                            since_ms: now_ms,
                            bans,
                            ..Expected::default()
                        };
                    }
                    Banned::Renewed(bans) => assert!(banned && bans == expected.bans),
                    Banned::Busy => panic!("there is no other process"),
                    Banned::Full => {
                        assert!(!has_room && live <= self.limit);
                        // What had ended may be gone now; what had not is still there.
                        return;
                    }
                }
                expected.until_ms = Some(until_ms);
                let ban = self
                    .table
                    .get(source, hash, &self.clock)
                    .expect("it was just set");
                assert_eq!(
                    (ban.reason, ban.origin, ban.until_ms),
                    (reason, origin, until_ms)
                );
                self.agree_on(&ban);
            }
            3 => {
                self.agree(self.table.unban(source, hash, &self.clock), banned);
                self.model.get_mut(&key).expect("made above").until_ms = None;
            }
            4 => {
                let hit = self.table.hit(source, hash, &self.clock).is_some();
                self.agree(hit, banned);
                self.model.get_mut(&key).expect("made above").hits += u64::from(hit);
            }
            5 => {
                let found = self.table.get(source, hash, &self.clock);
                assert_eq!(
                    found.is_some(),
                    self.table.holds(source, hash, &self.clock).is_some()
                );
                self.agree(found.is_some(), banned);
                if let Some(ban) = found {
                    self.agree_on(&ban);
                }
            }
            6 => world::advance(input.one_of(&[1, 999, 1000, 1001, 7000, 60_000, 300_000])),
            7 => {
                let mut ended = Vec::new();
                self.table
                    .end_those_over(&self.clock, |ban| ended.push(ban));
                for ban in ended {
                    assert!(ban.is_over(now_ms), "{ban:?}");
                    let expected = &mut self.model.get_mut(&ban.source.key).expect("known");
                    assert_eq!(expected.until_ms.take(), Some(ban.until_ms), "told once");
                }
                let is_due = |until_ms: u64| until_ms != 0 && until_ms <= now_ms;
                let left = self.model.values().filter_map(|expected| expected.until_ms);
                assert!(!has_room || !left.into_iter().any(is_due), "told of all");
            }
            _ => {
                let mut lifted = 0;
                self.table.unban_all(&self.clock, |_| lifted += 1);
                let expected = self
                    .model
                    .values()
                    .filter(|it| it.is_banned(now_ms))
                    .count();
                assert!(lifted == expected || (!has_room && lifted < expected));
                for expected in self.model.values_mut() {
                    expected.until_ms = expected.until_ms.filter(|_| !expected.is_banned(now_ms));
                }
                assert_eq!(self.table.bans(&self.clock).count(), 0);
            }
        }
    }

    fn agree_on(&self, ban: &Ban) {
        let expected = &self.model[&ban.source.key];
        assert_eq!(Some(ban.until_ms), expected.until_ms, "{ban:?}");
        assert_eq!(
            (ban.since_ms, ban.hits),
            (expected.since_ms, expected.hits),
            "{ban:?}"
        );
        assert_eq!(ban.count, expected.bans, "{ban:?}");
    }
}

pub fn run(data: &[u8]) {
    world::begin();
    let mut input = Input(data);
    let limit = usize::from(1 + input.below(KEYS));
    let table = BanTable::new(&mut MEMORY.again(), limit).expect("there is room for all");
    let (hash, clock) = (Hash::keyed([1, 2, 3, 4]), world::clock());
    let mut run = Run {
        table,
        limit,
        hash,
        clock,
        model: HashMap::new(),
    };
    while !input.is_empty() {
        run.step(&mut input);
        let now_ms = run.clock.exact_ms();
        let bans: Vec<Ban> = run.table.bans(&run.clock).collect();
        let expected = run
            .model
            .values()
            .filter(|expected| expected.is_banned(now_ms))
            .count();
        assert!(bans.len() == expected || (!run.has_room() && bans.len() < expected));
        assert!(bans.len() <= limit);
        bans.iter().for_each(|ban| run.agree_on(ban));
    }
}
