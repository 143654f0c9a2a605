//! What strangers send in the names of others cuts nobody off, while they themselves are found. On
//! the example configs as they stand, in networks of their own, where a source address can really be
//! forged.
//!
//! A row is one attack, and what the phones do meanwhile and afterwards; the rows of a test share a
//! Kamailio, each at addresses of its own. `FORGED=word` runs only the rows with that word in their
//! name, or on `registrar` or `pbx` alone.

mod customer;
mod flood;
mod flooder;
mod guesses;
mod honest;
mod letter;
mod office;
mod pbx;
mod phone;
mod replies;
mod strangers;
mod tcp;
mod world;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use world::{Edge, World};

/// How long anything may take for a phone that is known.
const SOON: Duration = Duration::from_secs(5);
/// RFC 3261's timer F: then a phone gives up.
const AT_ALL: Duration = Duration::from_secs(32);

/// Its name, and what it does: an error says what the phone saw.
type Row = (&'static str, fn(&World) -> Result<(), String>);

/// Runs all rows, whichever fail, each on each of these.
#[track_caller]
fn check(edges: &[Edge], define: &[(&str, &str)], rows: &[Row]) {
    // Ten thousand packets a second are enough for a machine.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let only = std::env::var("FORGED").unwrap_or_default();
    let mut failures = vec![];
    for edge in edges {
        let wanted = |(name, _): &&Row| format!("{edge:?}: {name}").to_lowercase().contains(&only);
        let rows: Vec<&Row> = rows.iter().filter(wanted).collect();
        if rows.is_empty() {
            continue;
        }
        let world = World::start(*edge, define);
        for (name, row) in rows {
            if let Err(told) = row(&world) {
                failures.push(format!("- {edge:?}: {name}: {told}"));
            }
        }
    }
    let count = failures.len();
    assert!(count == 0, "{count} rows failed:\n{}", failures.join("\n"));
}
