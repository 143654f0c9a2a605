//! Those who are there beside the flood: a phone that wants its answers, and a source that sends too
//! much for one, too little to stand out.

use crate::support::{Pace, Phone, Server};
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Between two requests of the phone: below every limit that is used here.
const PAUSE: Duration = Duration::from_millis(250);

#[derive(Clone, Copy, Debug, Default)]
pub struct Answers {
    pub asked: usize,
    pub answered: usize,
    pub slowest: Duration,
}

impl Answers {
    pub fn all(&self) -> bool {
        self.asked > 0 && self.answered == self.asked
    }

    pub fn add(&mut self, other: Answers) {
        self.asked += other.asked;
        self.answered += other.answered;
        self.slowest = self.slowest.max(other.slowest);
    }
}

impl std::fmt::Display for Answers {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        let Answers {
            asked, answered, ..
        } = self;
        let slowest = self.slowest.as_secs_f64() * 1e3;
        write!(out, "{answered} of {asked}, the slowest in {slowest:.1} ms")
    }
}

/// A phone at this address asks until all is done, and once more.
pub fn phone(kam: &Server, source: &str, done: &AtomicBool) -> Answers {
    let phone = Phone::udp(kam, source);
    let mut answers = Answers::default();
    let mut pace = Pace::every(PAUSE);
    loop {
        let last = done.load(Relaxed);
        pace.tick();
        let begin = Instant::now();
        let status = phone.status(&phone.request("OPTIONS"));
        answers.add(Answers {
            asked: 1,
            answered: usize::from(status == Some(200)),
            slowest: begin.elapsed(),
        });
        if last {
            return answers;
        }
    }
}

/// Each of these sends at twice the limit of 30 in 2 s until it is banned; how long each took. None:
/// not within `patience`.
pub fn found(
    kam: &Server,
    sources: impl Iterator<Item = Ipv4Addr>,
    patience: Duration,
    done: &AtomicBool,
) -> Vec<Option<Duration>> {
    sources
        .take_while(|_| !done.load(Relaxed))
        .map(|source| {
            let phone = Phone::udp(kam, &source.to_string());
            let told = format!("ban key={source} reason=rate");
            let mut pace = Pace::per_second(30.0);
            let begin = Instant::now();
            while begin.elapsed() < patience {
                pace.tick();
                phone.send(&phone.request("MESSAGE"));
                if kam.log().contains(&told) {
                    return Some(begin.elapsed());
                }
            }
            None
        })
        .collect()
}
