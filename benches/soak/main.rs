//! `make soak`: the worst floods, against a real Kamailio and against the core alone; and the edge's
//! part of `make bench`. Prints figures, and fails where a promise is broken, not where a figure is
//! merely slow.
//!
//! `scripts/soak [edge] [sources] [dumps] [collisions]`: these, or all. `SOAK=0.01` does a
//! hundredth of the work: a trial.

mod beside;
mod collisions;
mod dumps;
mod edge;
#[path = "../../tests/fork/processes.rs"]
#[allow(dead_code)]
mod processes;
#[path = "../../tests/torture/queue.rs"]
mod queue;
#[path = "../../tests/fork/random.rs"]
mod random;
#[path = "../../tests/fork/shared.rs"]
#[allow(dead_code)]
mod shared;
mod sources;
#[path = "../../tests/support/mod.rs"]
mod support;
mod wire;

use std::fs::read_to_string;
use std::process::ExitCode;

/// What was promised, and whether it held.
#[derive(Default)]
pub struct Promises {
    broken: usize,
}

impl Promises {
    /// Says whether it held.
    pub fn check(&mut self, holds: bool, promise: &str, figures: &str) {
        let mark = if holds { "ok    " } else { "BROKEN" };
        println!("  {mark} {promise}: {figures}");
        self.broken += usize::from(!holds);
    }
}

/// What part of the work is done: 1, or less in a trial.
pub fn share(work: f64) -> f64 {
    let share = std::env::var("SOAK").map_or(1.0, |share| share.parse().expect("SOAK"));
    work * share
}

type Part = fn(&mut Promises);

const PARTS: &[(&str, &str, Part)] = &[
    (
        "edge",
        "what a banned source's datagram costs a worker",
        edge::run,
    ),
    (
        "sources",
        "ten million sources, one packet each",
        sources::run,
    ),
    (
        "dumps",
        "a full table of bans, dumps and a flood at once",
        dumps::run,
    ),
    ("collisions", "100,000 chosen addresses", collisions::run),
];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--")) // cargo's own
        .collect();
    if let Some(word) = wanted
        .iter()
        .find(|word| PARTS.iter().all(|(name, ..)| name != word))
    {
        eprintln!("soak: there is no {word:?}");
        return ExitCode::FAILURE;
    }
    let mut promises = Promises::default();
    for (name, title, run) in PARTS {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            let load = read_to_string("/proc/loadavg").unwrap_or_default();
            let load = load.split(' ').next().unwrap_or_default();
            println!("\n{name}: {title} (load before: {load})");
            run(&mut promises);
        }
    }
    match promises.broken {
        0 => ExitCode::SUCCESS,
        broken => {
            println!("\n{broken} broken");
            ExitCode::FAILURE
        }
    }
}
