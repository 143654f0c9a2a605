//! Lists and countries from real databases, through Kamailio's drivers: SQLite, MariaDB, PostgreSQL.

mod away;
mod edit;
mod engine;
mod many;
mod read;
mod silent;
mod spelling;

use crate::lists::{call, row, rpc};
use crate::support::{Kamailio, Reply, Server};
use engine::{Engine, PASSWORD, Store};
use serde_json::json;

/// A Kamailio with these lists from this database. `lists`: `name=…;kind=…;action=…;db=…`.
fn kamailio(store: &Store, lists: &[&str]) -> Kamailio {
    configured(store, lists, "")
}

fn configured(store: &Store, lists: &[&str], more: &str) -> Kamailio {
    let (driver, url) = (store.engine.driver(), store.url());
    let lists: String = lists
        .iter()
        .map(|list| format!("modparam(\"palisade\", \"list\", \"{list}\")\n"))
        .collect();
    let config = format!(
        r#"
        loadmodule "db_{driver}.so"
        loadmodule "palisade.so"
        modparam("palisade", "db_url", "{url}")
        {lists}{more}
        request_route {{ exit; }}"#
    );
    Kamailio::with(&config).environment("TZ", "UTC")
}

/// The entries of a list, up to a hundred, sorted: `value until comment`.
#[track_caller]
fn entries(kam: &Server, name: &str) -> Vec<String> {
    let rows = call(kam, "list", json!([name])).rows("rows");
    let entry = |row: &Reply| {
        let (value, until, comment) = (row.text("value"), row.number("until"), row.text("comment"));
        format!("{value} {until} {comment}")
    };
    let mut entries: Vec<String> = rows.iter().map(entry).collect();
    entries.sort();
    entries
}

/// Ends it; nobody has seen the password.
#[track_caller]
fn stop(kam: Server) {
    kam.assert_healthy();
    let log = kam.stop();
    assert!(!log.contains(PASSWORD), "{log}");
}

/// Runs a test with each of them.
fn each(test: impl Fn(&Store)) {
    for engine in Engine::ALL {
        eprintln!("{engine:?}"); // shown when it fails
        test(&Store::new(engine));
    }
}
