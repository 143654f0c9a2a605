//! The table of ranges of "Protegiendo VoIP con Kamailio", in SQLite.

use super::*;
use std::process::Command;

const TABLE: &str = "CREATE TABLE ipcountry (ipstart VARCHAR(20), ipend VARCHAR(20), \
    countrycode VARCHAR(5), ipfrom BIGINT, ipto BIGINT); \
    INSERT INTO ipcountry VALUES ('127.0.0.5', '127.0.0.6', 'ES', 2130706437, 2130706438);";

#[test]
fn a_table_says_where_a_message_is_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = folder.path().join("geo.sqlite");
    let made = Command::new("sqlite3").arg(&database).arg(TABLE).status();
    assert!(made.expect("sqlite3").success());
    let database = database.display();
    let kam = Kamailio::with(&format!(
        r#"
        loadmodule "db_sqlite.so"
        loadmodule "palisade.so"
        modparam("palisade", "db_url", "sqlite:///{database}")
        modparam("palisade", "geo", "db=ipcountry")
        {ROUTE}"#
    ))
    .start();
    assert_eq!(told(&kam, "127.0.0.6"), "ES <null> 127.0.0.6");
    assert_eq!(told(&kam, "127.0.0.7"), "<null> <null> 127.0.0.7");
    kam.assert_healthy();
}
