//! The rate check against its contract, written down as a list of requests.

use std::sync::LazyLock;

use palisade::clock::Clock;
use palisade::hash::Hash;
use palisade::rate::{Limit, Rate, RateTable};
use palisade::source::Source;

use crate::input::Input;
use crate::world::{self, Quarry};

const SOURCES: usize = 64;

/// Few enough to find a place each, so that nothing is forgotten.
const KEYS: u8 = 4;

static MEMORY: LazyLock<Quarry> = LazyLock::new(|| Quarry::new(RateTable::room(SOURCES)));

/// What one source sent, window by window: when each began, and how many were in it.
#[derive(Default)]
struct Sent {
    windows: Vec<(u64, u64)>,
    at_ms: Vec<u64>,
    passed_ms: Vec<u64>,
    /// The most requests that lay within one window's length, whenever that began.
    most: u64,
}

impl Sent {
    fn request(&mut self, now_ms: u64, limit: Limit) {
        match self.windows.last_mut() {
            Some((start_ms, hits)) if now_ms < *start_ms + limit.window_ms => *hits += 1,
            _ => self.windows.push((now_ms, 1)),
        }
        self.at_ms.push(now_ms);
        self.most = self.most.max(within(&self.at_ms, now_ms, limit));
    }

    /// Over the limit in the window of this time, or in the one that it follows on.
    fn is_hot(&self, now_ms: u64, limit: Limit) -> bool {
        let blocks = |&(start_ms, hits): &(u64, u64)| {
            hits > limit.requests && now_ms < start_ms + 2 * limit.window_ms
        };
        // Of the last two windows, the earlier one counts while the later one is open.
        let mut latest = self.windows.iter().rev();
        let Some(last) = latest.next() else {
            return false;
        };
        let before = latest.next();
        let is_open = now_ms < last.0 + limit.window_ms;
        let follows = |(start_ms, hits): &(u64, u64)| {
            *hits > limit.requests && last.0 < start_ms + 2 * limit.window_ms
        };
        blocks(last) || (is_open && before.is_some_and(follows))
    }
}

/// How many of these times lie within one window's length that ends now.
fn within(at_ms: &[u64], now_ms: u64, limit: Limit) -> u64 {
    at_ms
        .iter()
        .rev()
        .take_while(|&&at| at + limit.window_ms > now_ms)
        .count() as u64
}

pub fn run(data: &[u8]) {
    world::begin();
    let mut input = Input(data);
    let limit = Limit {
        requests: u64::from(1 + input.below(6)),
        window_ms: 2000,
    };
    let mut region = MEMORY.again();
    let table = RateTable::new(&mut region, SOURCES, limit).expect("there is room");
    let (hash, clock) = (Hash::keyed([1, 2, 3, 4]), world::clock());
    let mut model: [Sent; KEYS as usize] = Default::default();
    while !input.is_empty() {
        let operation = input.below(8);
        let key = input.below(KEYS);
        let (source, sent) = (Source { key: key.into() }, &mut model[usize::from(key)]);
        let (hash, now_ms) = (hash.source(source), clock.exact_ms());
        match operation {
            0..=4 => {
                let was_hot = sent.is_hot(now_ms, limit);
                let expected = {
                    sent.request(now_ms, limit);
                    match (was_hot, sent.is_hot(now_ms, limit)) {
                        (_, false) => Rate::Fine,
                        (false, true) => Rate::NewlyHot,
                        (true, true) => Rate::Hot,
                    }
                };
                let told = table.charge(source, hash, &clock);
                assert_eq!(told == Rate::Fine, expected == Rate::Fine, "{told:?}");
                assert!(
                    expected != Rate::NewlyHot || told == Rate::NewlyHot,
                    "{told:?}"
                );
                if told == Rate::Fine {
                    sent.passed_ms.push(now_ms);
                } else {
                    assert!(
                        sent.most > limit.requests,
                        "blocked, but never over the limit"
                    );
                }
                let through = within(&sent.passed_ms, now_ms, limit);
                assert!(through < 2 * limit.requests, "{through}");
            }
            5 => {
                table.forget(source, hash);
                *sent = Sent::default();
            }
            6 => world::advance(input.one_of(&[1, 100, 1999, 2000, 2001, 3999, 4000, 86_400_000])),
            _ => {
                if let Some(usage) = table
                    .usage(source, hash, now_ms)
                    .filter(|_| !sent.at_ms.is_empty())
                {
                    assert_eq!(usage.source, source);
                    assert_eq!(usage.hot, sent.is_hot(now_ms, limit));
                    assert!(usage.current <= sent.at_ms.len() as u64);
                }
            }
        }
        assert!(table.usages(now_ms).count() <= KEYS.into());
    }
    let lost = (table.evicted(), table.uncounted());
    assert_eq!(lost, (0, 0), "choose other keys");
}
