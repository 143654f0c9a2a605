//! An exact rate: the n-th tick is n intervals after the first, however long the work between them
//! took.

use std::thread::sleep;
use std::time::{Duration, Instant};

pub struct Pace {
    start: Instant,
    interval: Duration,
    ticks: u32,
}

impl Pace {
    pub fn every(interval: Duration) -> Pace {
        Pace {
            start: Instant::now(),
            interval,
            ticks: 0,
        }
    }

    pub fn per_second(rate: f64) -> Pace {
        Pace::every(Duration::from_secs_f64(1.0 / rate))
    }

    /// Sleeps until the next tick; the first is at once. Answers when this tick was due, counted
    /// from the first.
    pub fn tick(&mut self) -> Duration {
        let due = self.interval * self.ticks;
        self.ticks += 1;
        sleep_until(self.start + due);
        due
    }
}

pub fn sleep_until(due: Instant) {
    sleep(due.saturating_duration_since(Instant::now()));
}
