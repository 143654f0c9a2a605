//! A database that is not there: the old list stays, and it is told.

use super::{call, each, entries, kamailio, row, rpc, stop};
use serde_json::json;

#[test]
fn while_the_database_is_away_the_old_list_stays() {
    each(|store| {
        store.run("INSERT INTO palisade_list (name, value) VALUES ('a', 'alice');");
        let kam = kamailio(store, &["name=a;kind=user;action=deny;db=palisade_list"]).start();
        assert_eq!(entries(&kam, "a"), ["alice 0 "]);
        store.go_away();
        call(&kam, "reload", json!(["a"]));
        let shown = row(&kam, "a");
        assert_eq!(
            (shown.number("entries"), shown.number("errors")),
            (1, 1),
            "{shown}"
        );
        assert!(
            shown.text("last_error").contains("can't be opened"),
            "{shown}"
        );
        kam.log().expect("list_error name=a db_url=");
        assert_eq!(
            rpc(&kam, "list_add", json!(["a", "bob"])).unwrap_err().code,
            500
        );
        assert_eq!(entries(&kam, "a"), ["alice 0 "]);
        store.come_back();
        store.run("INSERT INTO palisade_list (name, value) VALUES ('a', 'carol');");
        call(&kam, "reload", json!(["a"]));
        assert_eq!(entries(&kam, "a"), ["alice 0 ", "carol 0 "]);
        assert_eq!(row(&kam, "a").text("last_error"), "");
        // Empty where it was full: that is no list that has become empty.
        store.run("DELETE FROM palisade_list;");
        call(&kam, "reload", json!(["a"]));
        assert_eq!(entries(&kam, "a"), ["alice 0 ", "carol 0 "]);
        stop(kam);
    });
}
