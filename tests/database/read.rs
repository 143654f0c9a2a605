//! Every layout and every type of column, as each database has them.

use super::engine::Engine;
use super::{call, configured, each, entries, kamailio, row, stop};
use crate::support::Kamailio;
use serde_json::json;

const TABLES: &str = "
INSERT INTO palisade_list (name, value, matching, until, comment) VALUES
    ('agents', 'sip', 'prefix', NULL, 'a scanner''s'),
    ('agents', 'exact:Müller', NULL, NULL, NULL),
    ('agents', 'past', NULL, 1000000000, NULL),
    ('agents', 'bad', 'like', NULL, NULL),
    ('other', 'z', NULL, NULL, NULL);
CREATE TABLE secfilter (
    id @ID@,
    action SMALLINT DEFAULT 0 NOT NULL,
    type SMALLINT DEFAULT 0 NOT NULL,
    data VARCHAR(64) DEFAULT '' NOT NULL
);
INSERT INTO version (table_name, table_version) VALUES ('secfilter', 1);
INSERT INTO secfilter (action, type, data) VALUES
    (0, 0, 'friendly-scanner'), (0, 0, ''), (1, 0, 'Linphone'), (0, 1, 'CN'), (1, 2, 'example.com'),
    (0, 3, '203.0.113.0/24'), (0, 3, '203.0.113.'), (0, 4, 'admin'), (2, 0, '+882');
CREATE TABLE address (
    id @ID@,
    grp INT DEFAULT 1 NOT NULL,
    ip_addr VARCHAR(50) NOT NULL,
    mask INT DEFAULT 32 NOT NULL,
    port SMALLINT DEFAULT 0 NOT NULL,
    tag VARCHAR(64)
);
INSERT INTO version (table_name, table_version) VALUES ('address', 6);
INSERT INTO address (grp, ip_addr, mask, port, tag) VALUES
    (1, '192.0.2.0', 24, 0, 'carrier'), (1, '2001:db8::', 32, 0, NULL), (2, '198.51.100.7', 32, 5060, NULL);
CREATE TABLE black_list (id @ID@, ip VARCHAR(32) NOT NULL, detail VARCHAR(255) NOT NULL);
INSERT INTO black_list (ip, detail) VALUES ('203.0.113.9', 'fraud');
CREATE TABLE black_list_country (id @ID@, country VARCHAR(5) NOT NULL, detail VARCHAR(255) NOT NULL);
INSERT INTO black_list_country (country, detail) VALUES ('ES', 'why');
CREATE TABLE ipcountry (
    ipstart VARCHAR(20) NOT NULL, ipend VARCHAR(20) NOT NULL, countrycode VARCHAR(5) NOT NULL,
    ipfrom BIGINT NOT NULL, ipto BIGINT NOT NULL
);
INSERT INTO ipcountry VALUES
    ('2.20.179.0', '2.20.179.255', 'ES', 34910976, 34911231),
    ('', '', 'FR', 3405803776, 3405804031),
    ('x', 'y', 'DE', 0, 0);
";

/// A list, how many of its rows are bad, its entries.
const LAYOUTS: [(&str, i64, &[&str]); 12] = [
    (
        "name=agents;kind=agent;action=deny;db=palisade_list",
        1,
        &["exact:Müller 0 ", "prefix:sip 0 a scanner's"],
    ),
    (
        "name=a;kind=agent;action=deny;db=secfilter;layout=secfilter",
        1,
        &["friendly-scanner 0 "],
    ),
    (
        "name=ta;kind=agent;action=trust;db=secfilter;layout=secfilter",
        0,
        &["Linphone 0 "],
    ),
    (
        "name=c;kind=country;action=deny;db=secfilter;layout=secfilter",
        0,
        &["CN 0 "],
    ),
    (
        "name=d;kind=domain;action=trust;db=secfilter;layout=secfilter",
        0,
        &["example.com 0 "],
    ),
    (
        "name=n;kind=network;action=deny;db=secfilter;layout=secfilter",
        1,
        &["203.0.113.0/24 0 "],
    ),
    (
        "name=u;kind=user;action=deny;db=secfilter;layout=secfilter",
        0,
        &["admin 0 "],
    ),
    (
        "name=dst;kind=destination;action=deny;db=secfilter;layout=secfilter",
        0,
        &["+882 0 "],
    ),
    (
        "name=gw;kind=network;action=trust;db=address;layout=address;group=1",
        0,
        &["192.0.2.0/24 0 carrier", "2001:db8::/32 0 "],
    ),
    (
        "name=gw2;kind=network;action=trust;db=address;layout=address;group=2",
        0,
        &["198.51.100.7 0 "],
    ),
    (
        "name=b;kind=network;action=deny;db=black_list;layout=black_list",
        0,
        &["203.0.113.9 0 fraud"],
    ),
    (
        "name=bc;kind=country;action=deny;db=black_list_country;layout=black_list_country",
        0,
        &["ES 0 why"],
    ),
];

#[test]
fn every_layout_is_read() {
    each(|store| {
        store.run(TABLES);
        let lists = LAYOUTS.map(|(list, ..)| list);
        let geo = "modparam(\"palisade\", \"geo\", \"db=ipcountry\")\n";
        let kam = configured(store, &lists, geo).start();
        for (list, bad, expected) in LAYOUTS {
            let name = &list["name=".len()..list.find(';').expect("keys")];
            let shown = entries(&kam, name);
            // How palisade.list shows what is no ASCII is not our matter.
            let shown: Vec<String> = shown
                .iter()
                .map(|line| line.replace("M\\xc3\\xbcller", "Müller"))
                .collect();
            assert_eq!(shown, expected, "{list}\n{}", kam.log());
            assert_eq!(
                row(&kam, name).number("bad_lines"),
                bad,
                "{list}\n{}",
                kam.log()
            );
        }
        kam.log().expect(
            "list_bad_line name=agents file=db:palisade_list line=4 text=\"bad\": match must be",
        );
        kam.log().expect(
            "list_bad_line name=n file=db:secfilter line=7 text=\"203.0.113.\": must be an address",
        );
        kam.log().expect("geo_bad_line");
        for (ip, country) in [("2.20.179.9", "ES"), ("203.0.113.77", "FR")] {
            let shown = call(&kam, "show", json!([ip]));
            assert_eq!(shown.text("country"), country, "{shown}");
        }
        stop(kam);
    });
}

/// A column, the kind of a list over it, what is read of it.
const TYPES: [(&str, &str, &str); 6] = [
    ("n_int", "asn", "64500"),
    ("n_big", "asn", "4200000000"),
    ("n_double", "asn", "64501"),
    ("t_char", "user", "alice"),
    ("t_text", "user", "O'Brien; --"),
    ("t_blob", "user", "bob"),
];

#[test]
fn every_type_of_column_is_read() {
    each(|store| {
        let time = match store.engine {
            Engine::Sqlite => "julianday('2030-01-02 03:04:05')",
            Engine::MariaDb | Engine::Postgres => "'2030-01-02 03:04:05'",
        };
        store.run(&format!(
            "CREATE TABLE types (n_int INT, n_big BIGINT, n_double DOUBLE PRECISION, t_char VARCHAR(20),
                t_text TEXT, t_blob @BLOB@, ends @TIME@);
             INSERT INTO types VALUES (64500, 4200000000, 64501.0, ' alice ', 'O''Brien; --', 'bob', {time});
             INSERT INTO types VALUES (NULL, NULL, NULL, NULL, NULL, NULL, NULL);"
        ));
        let lists = TYPES.map(|(column, kind, _)| {
            format!("name={column};kind={kind};action=deny;db=types;value_col={column};until_col=ends;comment_col=t_char")
        });
        let kam = kamailio(store, &lists.each_ref().map(String::as_str)).start();
        for (column, _, value) in TYPES {
            let shown = entries(&kam, column);
            // The time is shown to about a second.
            let expected = [4, 5, 6].map(|second| [format!("{value} 189355344{second} alice")]);
            assert!(
                expected.iter().any(|entry| shown == *entry),
                "{column}: {shown:?}"
            );
            assert_eq!(row(&kam, column).number("bad_lines"), 1, "{column}");
        }
        stop(kam);
    });
}

#[test]
fn a_driver_that_is_not_there_in_time_is_named() {
    let list = "modparam(\"palisade\", \"list\", \"name=a;kind=user;action=deny;db=palisade_list;required=1\")";
    let url = "modparam(\"palisade\", \"db_url\", \"sqlite:////nonexistent/x\")";
    let (driver, palisade) = ("loadmodule \"db_sqlite.so\"", "loadmodule \"palisade.so\"");
    let load =
        "list=a is required: db_url=sqlite:////nonexistent/x: load db_sqlite.so before palisade.so";
    for (config, told) in [
        ([palisade, url, list, ""], load),
        ([palisade, driver, url, list], load),
        (
            [driver, palisade, url, list],
            "list=a is required: db_url=sqlite:////nonexistent/x: can't be opened, db_sqlite says why",
        ),
        (
            [driver, palisade, list, ""],
            "list=a is required: the parameter db_url is missing, such as",
        ),
        (
            [
                palisade,
                "modparam(\"palisade\", \"db_url\", \"mysql://u:secret@host\")",
                "",
                "",
            ],
            "db_url=mysql://...: must be driver://user:password@host/database",
        ),
    ] {
        let config = config.join("\n") + "\nrequest_route { exit; }\n";
        let log = Kamailio::with(&config).expect_start_failure();
        assert!(log.contains(told), "{config}\n{log}");
        assert!(!log.contains("u:secret"), "{log}");
    }
}

#[test]
fn a_table_that_is_not_as_it_should_be_stops_the_start_where_it_is_required() {
    each(|store| {
        let list = "name=a;kind=user;action=deny;db=palisade_list;required=1";
        for (statement, told) in [
            (
                "UPDATE version SET table_version = 2 WHERE table_name = 'palisade_list'",
                "the table \"version\" has version 2 for it, must be 1",
            ),
            (
                "DELETE FROM version WHERE table_name = 'palisade_list'",
                "the table \"version\" has no version for it, must be 1",
            ),
            (
                "INSERT INTO version (table_name, table_version) VALUES ('palisade_list', 1); \
                 DROP TABLE palisade_list",
                "can't be read (columns value, id, matching, until, comment)",
            ),
        ] {
            store.run(&format!("{statement};"));
            let log = kamailio(store, &[list]).expect_start_failure();
            assert!(
                log.contains(&format!("list=a is required: db=palisade_list: {told}")),
                "{log}"
            );
        }
    });
}
