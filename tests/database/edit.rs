//! What is added and removed by RPC counts at once, and is kept in the table.

use super::engine::Store;
use super::{call, each, entries, kamailio, rpc, stop};
use crate::support::Server;
use serde_json::json;

const LIST: &str = "name=a;kind=user;action=deny;db=palisade_list";

fn table(store: &Store) -> String {
    store.ask(
        "SELECT name, value, comment FROM palisade_list WHERE value NOT LIKE 'back%' ORDER BY id;",
    )
}

/// The time when an entry ends is shown to about a second.
fn lasting(kam: &Server) -> Vec<String> {
    let shown = entries(kam, "a").into_iter();
    let is_time = |word: &str| word.len() == 10 && word.bytes().all(|byte| byte.is_ascii_digit());
    let entry = |entry: String| {
        let words = entry.split(' ');
        let words = words.map(|word| if is_time(word) { "until" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    shown.map(entry).collect()
}

#[test]
fn what_is_added_and_removed_is_kept_across_reload_and_restart() {
    each(|store| {
        store.run(
            "INSERT INTO palisade_list (name, value, matching, comment) VALUES
                ('a', 'Bob', 'exact', 'before'), ('a', 'sip', 'prefix', NULL), ('z', 'bob', NULL, 'stays');",
        );
        let kam = kamailio(store, &[LIST]).start();
        for (command, arguments, done) in [
            (
                "list_add",
                json!(["a", "o'brien \"é\"; --", 0, "it's \"é\""]),
                "added",
            ),
            ("list_add", json!(["a", "prefix:admin", 0, ""]), "added"),
            ("list_add", json!(["a", "back\\slash'", 0, "\\'"]), "added"),
            ("list_add", json!(["a", "bob", 4000, ""]), "replaced"),
            ("list_remove", json!(["a", "prefix:SIP"]), "removed"),
        ] {
            let reply = call(&kam, command, arguments.clone());
            assert_eq!(reply.text("done"), done, "{arguments}: {reply}");
        }
        assert_eq!(
            rpc(&kam, "list_remove", json!(["a", "sip"]))
                .unwrap_err()
                .code,
            404
        );
        let before = lasting(&kam);
        assert_eq!(before.len(), 4, "{before:?}");
        let bob = before
            .iter()
            .find(|entry| entry.starts_with("bob "))
            .expect("bob");
        assert!(
            bob.ends_with(" before") && !bob.starts_with("bob 0"),
            "{bob}"
        );
        call(&kam, "reload", json!(["a"]));
        assert_eq!(lasting(&kam), before);
        stop(kam);
        let kam = kamailio(store, &[LIST]).start();
        assert_eq!(lasting(&kam), before);
        assert_eq!(
            table(store),
            "z|bob|stays\na|o'brien \"é\"; --|it's \"é\"\na|prefix:admin|\na|bob|before"
        );
        // The last one, too.
        for value in ["o'brien \"é\"; --", "prefix:admin", "back\\slash'", "bob"] {
            call(&kam, "list_remove", json!(["a", value]));
        }
        assert_eq!(entries(&kam, "a"), [""; 0]);
        assert_eq!(table(store), "z|bob|stays");
        stop(kam);
    });
}

#[test]
fn the_tables_of_others_are_written_as_they_want_it() {
    each(|store| {
        store.run(
            "CREATE TABLE secfilter (id @ID@, action SMALLINT DEFAULT 0 NOT NULL, type SMALLINT DEFAULT 0 NOT NULL,
                data VARCHAR(64) DEFAULT '' NOT NULL);
             INSERT INTO version (table_name, table_version) VALUES ('secfilter', 1), ('address', 6);
             CREATE TABLE address (id @ID@, grp INT DEFAULT 1 NOT NULL, ip_addr VARCHAR(50) NOT NULL,
                mask INT DEFAULT 32 NOT NULL, port SMALLINT DEFAULT 0 NOT NULL, tag VARCHAR(64));
             CREATE TABLE black_list (id @ID@, ip VARCHAR(32) NOT NULL, detail VARCHAR(255) NOT NULL);
             CREATE TABLE mine (cidr VARCHAR(50), ends BIGINT);",
        );
        let kam = kamailio(
            store,
            &[
                "name=s;kind=agent;action=trust;db=secfilter;layout=secfilter",
                "name=g;kind=network;action=trust;db=address;layout=address;group=3",
                "name=b;kind=network;action=deny;db=black_list;layout=black_list",
                "name=m;kind=network;action=deny;db=mine;value_col=cidr;until_col=ends",
            ],
        )
        .start();
        for (list, value, seconds, comment) in [
            ("s", "Linphone", 0, ""),
            ("g", "192.0.2.0/24", 0, "carrier"),
            ("b", "203.0.113.9", 0, ""),
            ("m", "203.0.113.8", 4000, ""),
        ] {
            let reply = call(&kam, "list_add", json!([list, value, seconds, comment]));
            assert_eq!(reply.number("entries"), 1, "{list}: {reply}");
        }
        let refused = rpc(&kam, "list_add", json!(["s", "x", 60, ""])).unwrap_err();
        assert_eq!(refused.code, 400, "{refused}");
        for (question, expected) in [
            ("SELECT action, type, data FROM secfilter;", "1|0|Linphone"),
            (
                "SELECT grp, ip_addr, mask, port, tag FROM address;",
                "3|192.0.2.0|24|0|carrier",
            ),
            ("SELECT ip, detail FROM black_list;", "203.0.113.9|"),
            (
                "SELECT cidr FROM mine WHERE ends > 1000000000;",
                "203.0.113.8",
            ),
        ] {
            assert_eq!(store.ask(question), expected, "{question}");
        }
        assert_eq!(
            call(&kam, "list_remove", json!(["m", "203.0.113.8/32"])).number("entries"),
            0
        );
        assert_eq!(store.ask("SELECT COUNT(*) FROM mine;"), "0");
        stop(kam);
    });
}
