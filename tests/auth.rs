//! Wrong passwords, against a real Kamailio: who is stopped, after how many guesses, and who is not.

mod counting;
mod guesser;

use crate::support::{Flood, Kamailio, Log, Phone, Rpc, stock};
use guesser::Guesser;
use serde_json::json;
use std::ops::RangeInclusive;

/// A user of examples/dbtext, and of the stock recipe.
const USER: &str = "alice";
const PASSWORD: &str = "secret";
const DOMAIN: &str = "example.com";

/// examples/kamailio.cfg as it stands; only that the rate check leaves the guessers alone, so that
/// the counter has to stop them.
fn edge(workers: usize) -> Kamailio {
    Kamailio::file("examples/kamailio.cfg")
        .define("LISTEN_PORT", "@PORT@")
        .define("CTL", r#""unix:@DIR@/ctl""#)
        .define("DBURL", users())
        .define("WORKERS", &workers.to_string())
        .define("RATE", "60000")
        .define("LOG_LEVEL", "2")
}

/// The database of the examples.
const fn users() -> &'static str {
    concat!("\"text://", env!("CARGO_MANIFEST_DIR"), "/examples/dbtext\"")
}

#[test]
fn experiment() {
    for workers in [1, 2, 4, 8] {
        let mut counts = vec![];
        for _ in 0..6 {
            let kam = edge(workers).start();
            let alice = Phone::udp(&kam, "127.0.0.5").domain(DOMAIN);
            assert_eq!(alice.register(USER, PASSWORD), Some(200));
            for n in 0..3 {
                Guesser::new(&kam, &format!("127.0.1.{n}"), USER).burst(60);
            }
            assert!((0..6).all(|_| alice.register(USER, PASSWORD) == Some(200)));
            let log = kam.stop();
            for n in 0..3 {
                counts.push(log.matching(&format!("from 127.0.1.{n}: -2")).len());
            }
        }
        eprintln!("workers {workers}: {counts:?}");
    }
}
