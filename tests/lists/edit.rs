//! Lists changed by RPC: what is answered, what then counts, and what stands in the file.

use super::{Lists, asked, call, rpc, values};
use crate::support::{Phone, Rpc};
use serde_json::{Value, json};

#[test]
fn what_is_added_and_removed_counts_at_once_and_is_kept() {
    let file = "# our own\n192.0.2.0/24 ; one\n\n203.0.113.7\n";
    let lists = Lists::new().with("a", "a.list", file, "kind=network;action=deny");
    let kam = lists.start();
    let phone = Phone::udp(&kam, "127.0.0.5");
    for (command, arguments, done, asked_of, expected) in [
        (
            "list_add",
            json!(["a", "198.51.100.1"]),
            "added",
            "198.51.100.1",
            1,
        ),
        (
            "list_add",
            json!(["a", "198.51.100.2", 3600, "for an hour"]),
            "added",
            "198.51.100.2",
            1,
        ),
        (
            "list_add",
            json!(["a", "198.51.100.1", 0, "for ever"]),
            "replaced",
            "198.51.100.1",
            1,
        ),
        (
            "list_remove",
            json!(["a", "192.0.2.0-192.0.2.255"]),
            "removed",
            "192.0.2.1",
            -1,
        ),
        (
            "list_remove",
            json!(["a", "203.0.113.7"]),
            "removed",
            "203.0.113.7",
            -1,
        ),
        (
            "list_add",
            json!(["a", "203.0.113.7"]),
            "added",
            "203.0.113.7",
            1,
        ),
    ] {
        let reply = call(&kam, command, arguments.clone());
        assert_eq!(reply.text("done"), done, "{command} {arguments}");
        assert_eq!(
            asked(&phone, "a", Some(asked_of)),
            expected,
            "{command} {arguments}"
        );
    }
    let text = lists.read("a.list");
    let (before, time) = text.split_once("198.51.100.2 # until=").expect("a time");
    assert_eq!(before, "# our own\n\n198.51.100.1 # for ever\n");
    assert!(time.ends_with("Z for an hour\n203.0.113.7\n"), "{text}");
    let all = ["198.51.100.1", "198.51.100.2", "203.0.113.7"];
    assert_eq!(values(&kam, "a"), all);
    let rows = call(&kam, "list", json!(["a", 1, 1])).rows("rows");
    assert_eq!(rows.len(), 1);
    let in_s =
        rows[0].number("until") - call(&kam, "lists", json!([])).rows("rows")[0].number("loaded");
    assert!((3000..=3602).contains(&in_s), "{in_s}");
    assert_eq!(rows[0].text("comment"), "for an hour");
    // A reload and a restart find what was written.
    call(&kam, "reload", json!(["a"]));
    assert_eq!(values(&kam, "a"), all);
    kam.stop();
    let kam = lists.start();
    assert_eq!(values(&kam, "a"), all);
    kam.stop();
}

#[test]
fn what_is_refused_says_why() {
    let lists = Lists::new()
        .with("a", "a.list", "192.0.2.1\n", "kind=network;action=deny")
        .with("agents", "b.list", "x\n", "kind=agent;action=deny");
    let kam = lists.start();
    let long = "x".repeat(2000);
    let cases: [(&str, Value, i64, &str); 19] = [
        ("list_add", json!([]), 400, "name: is missing"),
        ("list_add", json!(["a"]), 400, "value: is missing"),
        ("list_add", json!(["b", "x"]), 404, "list=b: there is none"),
        (
            "list_add",
            json!(["a", "alice"]),
            400,
            "value=alice: must be an address",
        ),
        (
            "list_add",
            json!(["a", "192.0.2.2", "soon"]),
            400,
            "seconds=soon: must be a number",
        ),
        (
            "list_add",
            json!(["a", "192.0.2.2", -1]),
            400,
            "seconds=-1: must be a number",
        ),
        (
            "list_add",
            json!(["a", "192.0.2.2", 1, "x", "y"]),
            400,
            "y: is one argument too many",
        ),
        (
            "list_add",
            json!(["a", "192.0.2.2", 1, "x\ny"]),
            400,
            "the comment must be one line",
        ),
        (
            "list_add",
            json!(["a", "0.0.0.0/0"]),
            403,
            "value=0.0.0.0/0: it is everybody",
        ),
        (
            "list_add",
            json!(["a", "::/0"]),
            403,
            "value=::/0: it is everybody",
        ),
        (
            "list_add",
            json!(["a", "127.0.0.1"]),
            403,
            "which is the loopback",
        ),
        (
            "list_add",
            json!(["agents", "regex:("]),
            400,
            "must be a regular expression",
        ),
        (
            "list_add",
            json!(["agents", "regex:.*"]),
            403,
            "it matches every text",
        ),
        (
            "list_add",
            json!(["agents", "a #b"]),
            400,
            "a line of text can't hold it",
        ),
        (
            "list_add",
            json!(["agents", long]),
            400,
            "an argument is too long",
        ),
        (
            "list_remove",
            json!(["a", "192.0.2.2"]),
            404,
            "value=192.0.2.2: is not in the list",
        ),
        (
            "list_remove",
            json!(["a", "alice"]),
            400,
            "value=alice: must be an address",
        ),
        ("reload", json!(["b"]), 404, "list=b: there is none"),
        ("list", json!(["b"]), 404, "list=b: there is none"),
    ];
    for (command, arguments, code, part) in cases {
        let error = rpc(&kam, command, arguments.clone()).expect_err("an error");
        assert_eq!(error.code, code, "{command} {arguments}: {error}");
        assert!(
            error.message.contains(part),
            "{command} {arguments}: {error}"
        );
    }
    assert_eq!(
        (lists.read("a.list"), lists.read("b.list")),
        ("192.0.2.1\n".into(), "x\n".into())
    );
    kam.stop();
}

#[test]
fn every_transport_changes_lists_and_a_sip_worker_does_not_wait() {
    let lists = Lists::new().with("a", "a.list", "", "kind=user;action=deny");
    let kam = lists.start();
    for via in Rpc::ALL {
        let value = format!("{via:?}").to_lowercase();
        for (command, done, arguments) in [
            ("list_add", "added", json!(["a", value])),
            ("list_add", "replaced", json!(["a", value])),
            ("reload", "0 failed", json!([])),
            ("list_remove", "removed", json!(["a", value])),
        ] {
            let reply = kam.rpc(via, &format!("palisade.{command}"), arguments);
            let reply = reply.unwrap_or_else(|error| panic!("{via:?} {command}: {error}"));
            let done = if via == Rpc::Http { "started" } else { done };
            assert_eq!(reply.text("done"), done, "{via:?} {command}");
        }
        // The mailbox keeps the order: whoever asks now is told after that.
        call(&kam, "reload", json!([]));
        assert_eq!(lists.read("a.list"), "", "{via:?}");
    }
    kam.stop();
}

#[test]
fn a_change_is_not_lost_to_a_reload_or_to_another_change() {
    let lists = Lists::new().with("a", "a.list", "", "kind=user;action=deny");
    let kam = lists.start();
    const EACH: usize = 30;
    std::thread::scope(|scope| {
        for adder in 0..3 {
            let kam = &kam;
            scope.spawn(move || {
                for number in 0..EACH {
                    call(kam, "list_add", json!(["a", format!("u{adder}-{number}")]));
                }
            });
        }
        let (kam, lists) = (&kam, &lists);
        scope.spawn(move || {
            for _ in 0..EACH {
                let reply = call(kam, "reload", json!([]));
                assert_eq!(reply.rows("rows")[0].text("error"), "");
            }
            assert!(lists.path("a.list").exists());
        });
    });
    let mut expected: Vec<_> = (0..3)
        .flat_map(|adder| (0..EACH).map(move |number| format!("u{adder}-{number}")))
        .collect();
    expected.sort();
    let mut found = values(&kam, "a");
    found.sort();
    assert_eq!(found, expected);
    let mut written: Vec<_> = lists.read("a.list").lines().map(str::to_owned).collect();
    written.sort();
    assert_eq!(written, expected);
    kam.stop();
}

#[test]
fn a_long_list_is_read_page_by_page() {
    const ENTRIES: i64 = 500;
    let long = "#\u{e9}\"\\".repeat(50);
    let content: String = (0..ENTRIES)
        .map(|number| format!("{number}{long} # {long}\n"))
        .collect();
    let lists = Lists::new().with("a", "a.list", content, "kind=user;action=deny");
    let kam = lists.start();
    for via in Rpc::ALL {
        let mut read = 0;
        while read < ENTRIES {
            let reply = kam.rpc(via, "palisade.list", json!(["a", read, 200]));
            let reply = reply.unwrap_or_else(|error| panic!("{via:?} {read}: {error}"));
            assert_eq!(reply.number("total"), ENTRIES, "{via:?}");
            let rows = reply.rows("rows");
            assert!(!rows.is_empty(), "{via:?} {read}");
            for row in rows {
                let number = format!("{read}#\\xc3\\xa9");
                assert!(
                    row.text("value").starts_with(&number),
                    "{via:?} {read}: {row}"
                );
                read += 1;
            }
        }
        assert_eq!(read, ENTRIES, "{via:?}");
    }
    kam.stop();
}
