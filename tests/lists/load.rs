//! Lists changed by hand, and sources that fail.

use super::{Lists, call, row, rpc, values};
use crate::support::{Phone, Server, wait_until};
use serde_json::json;
use std::time::Duration;

#[track_caller]
fn reloaded(kam: &Server) -> (i64, String) {
    let row = call(kam, "reload", json!(["a"])).rows("rows").remove(0);
    (row.number("entries"), row.text("error"))
}

#[test]
fn what_was_edited_by_hand_counts_after_a_reload() {
    let lists = Lists::new()
        .with("a", "a.list", "x\n", "kind=user;action=deny")
        .with("b", "b.list", "x\n", "kind=user;action=deny");
    let kam = lists.start();
    let phone = Phone::udp(&kam, "127.0.0.5");
    let generation = row(&kam, "a").number("generation");
    std::fs::write(lists.path("a.list"), "y\nz\n").expect("write");
    std::fs::write(lists.path("b.list"), "y\n").expect("write");
    assert_eq!(values(&kam, "a"), ["x"]);
    assert_eq!(reloaded(&kam), (2, String::new()));
    assert_eq!(
        (values(&kam, "a"), values(&kam, "b")),
        (vec!["y".into(), "z".into()], vec!["x".into()])
    );
    assert!(row(&kam, "a").number("generation") > generation);
    assert_eq!(super::asked(&phone, "a", Some("Z")), 1);
    let all = call(&kam, "reload", json!([]));
    assert_eq!(
        (all.rows("rows").len(), all.text("done").as_str()),
        (2, "0 failed")
    );
    assert_eq!(values(&kam, "b"), ["y"]);
    kam.stop();
}

#[test]
fn a_source_that_fails_keeps_the_old_list() {
    let lists = Lists::new().with("a", "a.list", "x\ny\n", "kind=user;action=deny");
    let kam = lists.start();
    let path = lists.path("a.list");
    let moved = lists.path("moved");
    let mut errors = 0;
    for (why, spoil) in [
        (
            "has no entry (0 bad lines), the 2 entries of before stay",
            Box::new(|| {
                std::fs::write(&path, "# nothing\n").expect("write");
            }) as Box<dyn Fn()>,
        ),
        (
            "has no entry (2 bad lines), the 2 entries of before stay",
            Box::new(|| {
                std::fs::write(&path, "prefix:\nsuffix:\n").expect("write");
            }),
        ),
        (
            "there is no such file",
            Box::new(|| {
                std::fs::remove_file(&path).expect("remove");
            }),
        ),
        (
            "is a directory",
            Box::new(|| {
                std::fs::create_dir(&path).expect("a folder");
            }),
        ),
        (
            "is a directory",
            Box::new(|| {
                std::fs::rename(&path, &moved).expect("rename");
                std::os::unix::fs::symlink("moved", &path).expect("a link");
            }),
        ),
    ] {
        spoil();
        errors += 1;
        let (entries, error) = reloaded(&kam);
        assert_eq!(entries, 2, "{why}");
        assert!(error.ends_with(why), "{error}");
        assert_eq!(values(&kam, "a"), ["x", "y"], "{why}");
        let row = row(&kam, "a");
        assert_eq!(
            (row.number("errors"), row.text("last_error")),
            (errors, error)
        );
        assert_eq!(call(&kam, "stats", json!([])).number("list_errors"), errors);
    }
    let told = || kam.log().matching("list_error name=a ").len() as i64;
    assert!(wait_until(|| told() == errors, Duration::from_secs(10)));
    std::fs::remove_file(&path).expect("remove");
    std::fs::write(&path, "z\n").expect("write");
    assert_eq!(reloaded(&kam), (1, String::new()));
    assert_eq!(row(&kam, "a").text("last_error"), "");
    kam.stop();
}

/// Too large for the memory: the old list stays, and the error names the parameter.
#[test]
fn a_list_without_room_keeps_the_old_one() {
    let lists = Lists::new()
        .with("a", "a.list", "192.0.2.1\n", "kind=network;action=deny")
        .parameter("lists_memory", "16");
    let kam = lists.start();
    let many: String = (0..400_000_u32)
        .map(|number| format!("{}\n", std::net::Ipv4Addr::from(0x0100_0000 + 2 * number)))
        .collect();
    std::fs::write(lists.path("a.list"), many).expect("write");
    let (entries, error) = reloaded(&kam);
    assert!(entries == 1 && error.contains("lists_memory"), "{error}");
    assert_eq!(values(&kam, "a"), ["192.0.2.1"]);
    // One that can't fit, whatever is in it, is not even read.
    let few = std::fs::read(lists.path("a.list")).expect("the file");
    std::fs::write(lists.path("a.list"), vec![b'#'; 17 << 20]).expect("write");
    let (entries, error) = reloaded(&kam);
    let told = "a.list: has 17 MB, more than lists_memory=16";
    assert!(entries == 1 && error.ends_with(told), "{error}");
    std::fs::write(lists.path("a.list"), few).expect("write");
    // An edit that would not fit leaves the file as it is.
    let before = std::fs::metadata(lists.path("a.list"))
        .expect("the file")
        .len();
    let error = rpc(&kam, "list_add", json!(["a", "192.0.2.9"])).expect_err("no room");
    assert_eq!(error.code, 500, "{error}");
    let after = std::fs::metadata(lists.path("a.list"))
        .expect("the file")
        .len();
    assert!(
        after == before || error.message.starts_with("added in the file, but"),
        "{error}"
    );
    kam.stop();
}
