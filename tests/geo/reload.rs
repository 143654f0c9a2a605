//! Files that change under a running server.

use super::*;
use crate::support::{Reply, Rpc};
use serde_json::json;

/// Not over HTTP: a SIP worker, which serves that, waits for nobody.
#[track_caller]
fn reload(kam: &Server, arguments: serde_json::Value) {
    let answer = kam.rpc(Rpc::Datagram, "palisade.reload", arguments);
    answer.unwrap_or_else(|error| panic!("palisade.reload: {error}"));
}

/// The row of the file that ends so.
#[track_caller]
fn row(kam: &Server, name: &str) -> Reply {
    row_via(kam, Rpc::Http, name)
}

#[track_caller]
fn row_via(kam: &Server, via: Rpc, name: &str) -> Reply {
    let files = kam
        .rpc(via, "palisade.geo", json!([]))
        .expect("palisade.geo");
    let rows = files.rows("rows").into_iter();
    let mut rows = rows.filter(|row| row.text("file").ends_with(name));
    rows.next()
        .unwrap_or_else(|| panic!("no {name} in {files}"))
}

#[test]
fn a_new_file_counts_after_a_reload_and_a_broken_one_does_not() {
    let folder = folder();
    let kam = kamailio(&folder, ROUTE).start();
    assert_eq!(told(&kam, "127.0.0.5"), "ES 64500 127.0.0.0/24");
    for via in Rpc::ALL {
        let row = row_via(&kam, via, "country.mmdb");
        let told = (row.number("entries"), row.text("last_error"));
        assert_eq!(told, (3, String::new()), "{via:?}: {row}");
        assert!(row.number("bytes") > 0, "{via:?}: {row}");
        assert!(row.number("loaded") > 1_700_000_000, "{via:?}: {row}");
        assert!(row.number("ms") >= 0, "{via:?}: {row}");
    }

    put(folder.path(), "country.mmdb", &countries("PT"));
    assert_eq!(told(&kam, "127.0.0.5"), "ES 64500 127.0.0.0/24");
    reload(&kam, json!(["geo"]));
    assert_eq!(told(&kam, "127.0.0.5"), "PT 64500 127.0.0.0/24");

    let whole = countries("IT");
    std::fs::write(
        folder.path().join("country.mmdb"),
        &whole[..whole.len() / 2],
    )
    .expect("half");
    std::fs::remove_file(folder.path().join("asn.csv")).expect("removed");
    reload(&kam, json!([]));
    assert_eq!(told(&kam, "127.0.0.5"), "PT 64500 127.0.0.0/24");
    for (name, why) in [
        ("country.mmdb", "country.mmdb: no sound MaxMind file"),
        ("asn.csv", "asn.csv: there is no such file"),
    ] {
        let row = row(&kam, name);
        assert!(row.text("last_error").contains(why), "{row}");
        assert!(row.number("entries") > 0, "{row}");
        kam.log().expect(&format!("{name}: "));
    }
    let stats = kam
        .rpc(Rpc::Http, "palisade.stats", json!([]))
        .expect("stats");
    assert_eq!(stats.number("geo_errors"), 2);

    put(folder.path(), "country.mmdb", &whole);
    reload(&kam, json!(["geo"]));
    assert_eq!(told(&kam, "127.0.0.5"), "IT 64500 127.0.0.0/24");
    assert_eq!(row(&kam, "country.mmdb").text("last_error"), "");
    kam.assert_healthy();
}

#[test]
fn a_server_starts_without_its_files_and_gets_them_later() {
    let folder = folder();
    for name in ["country.mmdb", "asn.csv"] {
        std::fs::rename(
            folder.path().join(name),
            folder.path().join(name.replace('.', "-")),
        )
        .expect("renamed");
    }
    let kam = kamailio(&folder, ROUTE).start();
    assert_eq!(told(&kam, "127.0.0.5"), "<null> <null> 127.0.0.0/24");
    assert_eq!(row(&kam, "asn.csv").number("loaded"), 0);
    kam.log().expect("geo_error file=");
    put(folder.path(), "country.mmdb", &countries("ES"));
    reload(&kam, json!([]));
    assert_eq!(told(&kam, "127.0.0.5"), "ES <null> 127.0.0.0/24");
}
