//! What the processes of a stage share: words, a clock, a barrier; and the keys that they use.

use palisade::clock::Clock;
use palisade::hash::Hash;
use palisade::shm::atomic::{AtomicU64, Ordering::SeqCst};
use palisade::shm::region::{Region, room_for};
use palisade::source::Source;
use std::time::Duration;

/// Where [`SharedClock`] begins.
pub const NOW_MS: u64 = 10_000;

/// Zeroed words that children share.
pub fn words(count: usize) -> &'static [AtomicU64] {
    let mut region = Region::new(room_for::<AtomicU64>(count)).expect("shared memory");
    region.array(count).expect("room")
}

/// A clock that stands still, the same in all processes, until somebody moves it.
#[derive(Clone, Copy)]
pub struct SharedClock(&'static AtomicU64);

impl SharedClock {
    pub fn new() -> SharedClock {
        let clock = SharedClock(&words(1)[0]);
        clock.advance(Duration::from_millis(NOW_MS));
        clock
    }

    pub fn advance(self, time: Duration) {
        self.0.fetch_add(time.as_millis() as u64, SeqCst);
    }
}

impl Clock for SharedClock {
    fn coarse_ms(&self) -> u64 {
        self.0.load(SeqCst)
    }

    fn exact_ms(&self) -> u64 {
        self.coarse_ms()
    }
}

/// Lets go of all when the last has come, once for each round.
#[derive(Clone, Copy)]
pub struct Barrier {
    arrived: &'static AtomicU64,
    count: u64,
}

impl Barrier {
    pub fn of(count: usize) -> Barrier {
        Barrier {
            arrived: &words(1)[0],
            count: count as u64,
        }
    }

    /// Rounds are numbered from 0.
    pub fn wait(self, round: usize) {
        self.arrived.fetch_add(1, SeqCst);
        // Spinning first: who yields comes back when the others are long done.
        for spins in 0_u64.. {
            if self.arrived.load(SeqCst) >= self.count * (round as u64 + 1) {
                break;
            }
            if spins % 500 == 499 {
                std::thread::yield_now();
            }
            std::hint::spin_loop();
        }
    }
}

/// The same in all processes of all tests, so that a failure comes again.
pub fn hash() -> Hash {
    Hash::keyed([1, 2, 3, 4])
}

/// A source and its hash.
pub fn source(number: u128) -> (Source, u64) {
    let source = Source {
        key: 0xffff_0000_0000 + number,
    };
    (source, hash().source(source))
}
