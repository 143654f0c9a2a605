//! Commands that change something do it whichever way they come.

use super::{busy, call, kamailio};
use crate::support::{Phone, Rpc, Server};
use serde_json::{Value, json};

fn code(kam: &Server, via: Rpc, command: &str, params: Value) -> i64 {
    let params = super::arguments(via, &params);
    kam.rpc(via, &format!("palisade.{command}"), params)
        .map_or_else(|error| error.code, |_| 0)
}

/// Seconds left of the ban under this key, with its reason and count.
fn banned(kam: &Server, key: &str) -> Option<(i64, String, i64)> {
    let bans = call(kam, Rpc::Http, "bans", json!([0, 200])).rows("rows");
    let ban = bans.iter().find(|ban| ban.text("key") == key)?;
    assert_eq!(ban.text("origin"), "rpc");
    Some((ban.number("left"), ban.text("reason"), ban.number("count")))
}

#[test]
fn bans_and_unbans() {
    let kam = kamailio().start();
    for (via, key) in
        Rpc::ALL
            .into_iter()
            .zip(["192.0.2.1", "2001:db8:1::", "192.0.2.3", "192.0.2.4"])
    {
        let shown = if key.contains(':') {
            format!("{key}/64")
        } else {
            key.to_string()
        };
        for (params, seconds, reason, count) in [
            (json!([key]), 300, "manual", 1),
            (json!([key, 60]), 60, "manual", 1),
            (json!([key, "70", "toll fraud"]), 70, "toll fraud", 1),
            (json!([shown, 0, 42]), 0, "42", 1),
            (json!([key, 315_360_000, "0042"]), 315_360_000, "0042", 1),
        ] {
            let what = format!("{via:?} {params}");
            let reply = call(&kam, via, "ban", params);
            assert_eq!(
                (reply.text("key"), reply.number("seconds")),
                (shown.clone(), seconds),
                "{what}"
            );
            let (left, why, times) = banned(&kam, &shown).expect(&what);
            assert_eq!((why.as_str(), times), (reason, count), "{what}");
            assert!((seconds - 20..=seconds).contains(&left), "{what}: {left}");
        }
        assert_eq!(call(&kam, via, "unban", json!([key])).text("key"), shown);
        assert_eq!(banned(&kam, &shown), None);
        assert_eq!(
            code(&kam, via, "unban", json!([key])),
            404,
            "{via:?}: the second time"
        );
        call(&kam, via, "ban", json!([key, 9]));
        assert_eq!(
            banned(&kam, &shown).expect("banned again").2,
            2,
            "{via:?}: its second ban"
        );
        call(&kam, via, "ban", json!(["198.51.100.1"]));
        assert_eq!(
            call(&kam, via, "unban_all", json!([])).number("lifted"),
            2,
            "{via:?}"
        );
        assert_eq!(
            call(&kam, via, "unban_all", json!([])).number("lifted"),
            0,
            "{via:?}"
        );
    }
    assert_eq!(
        kam.log()
            .matching("palisade: unban key=192.0.2.1 reason=rpc")
            .len(),
        2
    );
}

/// A ban from the operator's hand meets the very next message, in whichever worker.
#[test]
fn a_ban_is_in_force_at_once() {
    let kam = kamailio().workers(3).start();
    let phone = Phone::udp(&kam, "127.0.0.5");
    for via in Rpc::ALL {
        assert_eq!(
            phone.status(&phone.request("OPTIONS")),
            Some(200),
            "{via:?}"
        );
        call(&kam, via, "ban", json!(["::ffff:127.0.0.5", 600]));
        assert_eq!(phone.status(&phone.request("OPTIONS")), None, "{via:?}");
        call(&kam, via, "unban", json!(["127.0.0.5"]));
        assert_eq!(
            phone.status(&phone.request("OPTIONS")),
            Some(200),
            "{via:?}"
        );
    }
}

#[test]
fn users_are_texts_and_their_failures_can_be_forgotten() {
    for via in Rpc::ALL {
        let kam = busy();
        let users = || {
            let rows = call(&kam, via, "auth", json!([])).rows("rows");
            let mut users: Vec<_> = rows
                .iter()
                .map(|row| (row.text("user"), row.text("source")))
                .collect();
            users.sort();
            users
        };
        let row = |user: &str, source: &str| (user.to_string(), source.to_string());
        let everybody = [
            ("100", "*"),
            ("100", "127.0.0.7"),
            ("alice@r", "*"),
            ("alice@r", "127.0.0.7"),
        ];
        assert_eq!(
            users(),
            everybody.map(|(user, source)| row(user, source)),
            "{via:?}"
        );
        assert_eq!(
            code(&kam, via, "auth_clear", json!(["0100"])),
            404,
            "{via:?}"
        );
        let one = call(&kam, via, "auth_clear", json!(["ALICE@R", "127.0.0.7"]));
        assert_eq!((one.number("cleared"), users().len()), (1, 3), "{via:?}");
        let both = call(&kam, via, "auth_clear", json!([100]));
        assert_eq!(both.number("cleared"), 2, "{via:?}");
        assert_eq!(users(), [row("alice@r", "*")], "{via:?}");
        assert_eq!(
            code(&kam, via, "auth_clear", json!(["100"])),
            404,
            "{via:?}"
        );
    }
}
