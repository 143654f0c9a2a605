//! What strangers send in the names of others cuts nobody off, while they themselves are found. On
//! the example configs as they stand, in networks of their own, where a source address can really be
//! forged.
//!
//! A row is one attack, and what the phones do meanwhile and afterwards; the rows of a test share a
//! Kamailio, each at addresses of its own. `FORGED=word` runs only the rows with that word in their
//! name, or on `registrar` or `pbx` alone. `FORGED_REFUSED=1`: the network refuses what is forged, and
//! nothing may fail but the rows that forge nothing.

mod support;

#[path = "forged/customer.rs"]
mod customer;
#[path = "forged/flood.rs"]
mod flood;
#[path = "forged/flooder.rs"]
mod flooder;
#[path = "forged/guesses.rs"]
mod guesses;
#[path = "forged/honest.rs"]
mod honest;
#[path = "forged/letter.rs"]
mod letter;
#[path = "forged/office.rs"]
mod office;
#[path = "forged/pbx.rs"]
mod pbx;
#[path = "forged/phone.rs"]
mod phone;
#[path = "forged/replies.rs"]
mod replies;
#[path = "forged/strangers.rs"]
mod strangers;
#[path = "forged/tcp.rs"]
mod tcp;
#[path = "forged/world.rs"]
mod world;

use std::sync::{Mutex, PoisonError};
use std::thread::scope;
use std::time::Duration;
use world::{Edge, World};

/// How long anything may take for a phone that is known.
const SOON: Duration = Duration::from_secs(5);
/// RFC 3261's timer F: then a phone gives up.
const AT_ALL: Duration = Duration::from_secs(32);

type Done = Result<(), String>;

/// Its name, and what it does: an error says what the phone saw.
type Row = (&'static str, fn(&World) -> Done);

/// Runs all rows at once, on each of these, whichever fail.
#[track_caller]
fn check(edges: &[Edge], define: &[(&str, &str)], rows: &[Row]) {
    let together = |world: &World, rows: &[&Row]| {
        scope(|scope| {
            let running = rows.iter().map(|(_, row)| scope.spawn(|| row(world)));
            let running: Vec<_> = running.collect();
            let ended = running
                .into_iter()
                .map(|row| row.join().expect("no panic, see above"));
            ended.collect()
        })
    };
    run(edges, define, rows, together);
}

/// The same, one after the other: those that want the whole machine.
#[track_caller]
fn check_one_by_one(edges: &[Edge], define: &[(&str, &str)], rows: &[Row]) {
    let in_turn = |world: &World, rows: &[&Row]| rows.iter().map(|(_, row)| row(world)).collect();
    run(edges, define, rows, in_turn);
}

#[track_caller]
fn run(
    edges: &[Edge],
    define: &[(&str, &str)],
    rows: &[Row],
    all: impl Fn(&World, &[&Row]) -> Vec<Done>,
) {
    // Of what lasts five seconds at the most, and of ten thousand packets a second, one is enough.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let only = std::env::var("FORGED").unwrap_or_default();
    let mut failures = vec![];
    for edge in edges {
        let named = |row: &Row| format!("{edge:?}: {}", row.0);
        let is_wanted = |row: &&Row| named(row).to_lowercase().contains(&only);
        let rows: Vec<&Row> = rows.iter().filter(is_wanted).collect();
        if rows.is_empty() {
            continue;
        }
        let world = World::start(*edge, define);
        let done = all(&world, &rows);
        for (row, done) in rows.into_iter().zip(done) {
            failures.extend(done.err().map(|told| format!("- {}: {told}", named(row))));
        }
    }
    let count = failures.len();
    assert!(count == 0, "{count} rows failed:\n{}", failures.join("\n"));
}
