//! Coverage-guided fuzzing of what reads bytes from outside, and of the tables against models of them.
//!
//! One program for all targets: `FUZZ_TARGET=name` chooses, `FUZZ_TARGET=list` lists. libFuzzer
//! does the rest, see README.md. A target panics when a promise is broken; that it comes back at
//! all is the promise that each of them checks.

#![no_main]

mod auth;
mod ban;
mod firewall;
mod image;
mod input;
mod message;
mod rate;
mod report;
mod texts;
mod world;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

type Target = fn(&[u8]);

const TARGETS: [(&str, Target); 13] = [
    ("key", texts::key),
    ("trusted", texts::trusted),
    ("escaped", texts::escaped),
    ("edge", texts::edge),
    ("agent", texts::agent),
    ("sqli", texts::sqli),
    ("settings", texts::settings),
    ("report", report::run),
    ("message", message::run),
    ("ban", ban::run),
    ("rate", rate::run),
    ("auth", auth::run),
    ("image", image::run),
];

static TARGET: OnceLock<Target> = OnceLock::new();

fn choose() {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let names = TARGETS.map(|(name, _)| name);
    if name == "list" {
        println!("{}", names.join("\n"));
        std::process::exit(0);
    }
    let Some((_, target)) = TARGETS.iter().find(|(known, _)| *known == name) else {
        eprintln!("FUZZ_TARGET={name}: must be one of {}", names.join(", "));
        std::process::exit(2);
    };
    TARGET.set(*target).expect("libFuzzer starts once");
}

fuzz_target!(init: choose(), |data: &[u8]| {
    TARGET.get().expect("init has run")(data);
});
