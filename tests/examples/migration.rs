//! examples/secfilter-migration.cfg reads the tables that secfilter and permissions have left, as
//! Kamailio's own schema makes them.

use super::{call, example};
use crate::support::{Kamailio, Phone, Server};
use serde_json::json;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The tables as in utils/kamctl/db_sqlite.
const TABLES: &str = "
CREATE TABLE version (id INTEGER PRIMARY KEY NOT NULL, table_name VARCHAR(32) NOT NULL,
    table_version INTEGER DEFAULT 0 NOT NULL);
CREATE TABLE secfilter (id INTEGER PRIMARY KEY NOT NULL, action SMALLINT DEFAULT 0 NOT NULL,
    type SMALLINT DEFAULT 0 NOT NULL, data VARCHAR(64) DEFAULT '' NOT NULL);
CREATE TABLE address (id INTEGER PRIMARY KEY NOT NULL, grp INTEGER DEFAULT 1 NOT NULL,
    ip_addr VARCHAR(50) NOT NULL, mask INTEGER DEFAULT 32 NOT NULL, port SMALLINT DEFAULT 0 NOT NULL,
    tag VARCHAR(64));
INSERT INTO version (table_name, table_version) VALUES ('secfilter', 1), ('address', 6);
INSERT INTO secfilter (action, type, data) VALUES
    (0, 0, 'EvilPhone'), (0, 1, 'FR'), (0, 2, 'evil.example'), (0, 3, '203.0.113.0/24'),
    (0, 3, '198.51.'), (0, 4, 'mallory'), (2, 0, '+882'), (1, 0, 'EvilPhone of ours'),
    (1, 3, '127.0.4.0/24');
INSERT INTO address (grp, ip_addr, mask, port, tag) VALUES
    (1, '127.0.3.0', 24, 0, 'carrier'), (2, '127.0.5.1', 32, 0, 'another group');
";

fn tables() -> (TempDir, Kamailio) {
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("kamailio.db");
    let mut sqlite = Command::new("sqlite3");
    let sqlite = sqlite.arg("-bail").arg(&file).arg(TABLES);
    let status = sqlite.stdin(Stdio::null()).status();
    assert!(status.expect("sqlite3").success());
    let places = dir.path().join("places.csv");
    std::fs::write(&places, "127.0.2.0,127.0.2.255,FR\n").expect("write places");
    let kam = example("secfilter-migration.cfg")
        .define("DBURL", &format!("\"sqlite:///{}\"", file.display()))
        .define("GEO", &format!("\"{}\"", places.display()));
    (dir, kam)
}

/// What a call gets.
struct Case {
    name: &'static str,
    source: &'static str,
    agent: &'static str,
    user: &'static str,
    number: &'static str,
    status: Option<u16>,
}

const ORDINARY: Case = Case {
    name: "nobody knows it",
    source: "127.0.1.1",
    agent: "Linphone",
    user: "alice",
    number: "+34911234567",
    status: Some(403),
};

const CASES: [Case; 10] = [
    ORDINARY,
    Case {
        name: "a peer",
        source: "127.0.3.9",
        status: Some(200),
        ..ORDINARY
    },
    Case {
        name: "a peer, whom nothing blocks",
        source: "127.0.3.9",
        agent: "EvilPhone",
        number: "+8821234",
        status: Some(200),
        ..ORDINARY
    },
    Case {
        name: "of another group",
        source: "127.0.5.1",
        ..ORDINARY
    },
    Case {
        name: "an agent that begins so",
        agent: "evilphone 2.0",
        status: None,
        ..ORDINARY
    },
    Case {
        name: "an agent that has it in the middle",
        agent: "No EvilPhone",
        ..ORDINARY
    },
    Case {
        name: "an agent in both",
        agent: "EvilPhone of ours",
        ..ORDINARY
    },
    Case {
        name: "a user",
        user: "mallory",
        status: None,
        ..ORDINARY
    },
    Case {
        name: "a destination",
        number: "0088299",
        status: None,
        ..ORDINARY
    },
    Case {
        name: "a country",
        source: "127.0.2.1",
        status: None,
        ..ORDINARY
    },
];

fn dialled(kam: &Server, case: &Case) -> Option<u16> {
    let phone = Phone::udp(kam, case.source);
    let phone = phone.user(case.user).agent(case.agent);
    let uri = format!("sip:{}@palisade.test", case.number);
    phone.status(&phone.request("INVITE").uri(&uri))
}

#[test]
fn the_tables_of_secfilter_and_permissions_are_read_as_they_are() {
    let (_dir, kam) = tables();
    let kam = kam.start();
    for case in &CASES {
        assert_eq!(dialled(&kam, case), case.status, "{}", case.name);
    }
    kam.log()
        .expect("list_bad_line name=bl-ip file=db:secfilter line=5 text=\"198.51.\"");
    for (value, expected) in [
        ("203.0.113.9", vec!["bl-ip"]),
        ("127.0.4.1", vec!["wl-ip"]),
        ("127.0.3.1", vec!["peers"]),
        ("192.0.2.1", vec![]),
    ] {
        let found = call(&kam, "list_find", json!([value])).rows("rows");
        let lists: Vec<String> = found.iter().map(|row| row.text("list")).collect();
        assert_eq!(lists, expected, "{value}");
    }
    kam.stop();
}
