//! What the operator is told of wrong passwords, and what he can do: `palisade.auth`,
//! `palisade.auth_clear`, the log.

use super::guesser::{Guesser, Manner};
use super::{DOMAIN, PASSWORD, UNLIMITED, USER, edge, recipe};
use crate::support::{Kamailio, Phone, Reply, Rpc, Server};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

fn rows(kam: &Server, via: Rpc) -> Vec<Reply> {
    let reply = kam.rpc(via, "palisade.auth", json!([]));
    let reply = reply.unwrap_or_else(|error| panic!("{via:?}: {error}"));
    let rows = reply.rows("rows");
    assert_eq!(reply.number("total"), rows.len() as i64, "{via:?}: {reply}");
    rows
}

/// The row of this pair; `*` as the source is the user as a whole.
fn row(rows: &[Reply], user: &str, source: &str) -> Option<Reply> {
    let is_meant = |row: &&Reply| row.text("user") == user && row.text("source") == source;
    rows.iter().find(is_meant).cloned()
}

fn now_s() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("after 1970").as_secs() as i64
}

#[test]
fn rows_show_who_failed_from_where_and_for_how_long_he_is_blocked() {
    let begin = now_s();
    let kam = edge(UNLIMITED).start();
    Guesser::new(&kam, "127.0.0.66", USER).attack(Manner::OneByOne, 2);
    Guesser::new(&kam, "127.0.0.67", USER).attack(Manner::OneByOne, 60);
    for via in [Rpc::Kamcmd, Rpc::Fifo, Rpc::Datagram] {
        let rows = rows(&kam, via);
        let expected = [("127.0.0.66", 2, 0), ("127.0.0.67", 3, 1), ("*", 5, 0)];
        assert_eq!(rows.len(), expected.len(), "{via:?}: {rows:?}");
        for (source, failures, blocked) in expected {
            let row = row(&rows, "alice@example.com", source);
            let row = row.unwrap_or_else(|| panic!("{via:?}: no {source} in {rows:?}"));
            assert_eq!(row.number("failures"), failures, "{via:?}: {row}");
            assert_eq!(row.number("blocked"), blocked, "{via:?}: {row}");
            let (first, last, left) = (row.number("first"), row.number("last"), row.number("left"));
            assert!(
                begin - 1 <= first && first <= last + 1 && last <= now_s() + 1,
                "{via:?}: {row}"
            );
            assert_eq!(
                (3000..=3600).contains(&left),
                blocked == 1,
                "{via:?}: {row}"
            );
            assert!(blocked == 1 || left == 0, "{via:?}: {row}");
        }
    }
}

#[test]
fn auth_clear_lets_the_user_in_again_from_one_address_or_from_all() {
    let kam = edge(UNLIMITED).start();
    let guessers =
        ["127.0.0.66", "127.0.0.67", "127.0.0.68"].map(|at| Guesser::new(&kam, at, USER));
    let register = |at: usize| guessers[at].phone.register(USER, PASSWORD);
    guessers
        .iter()
        .for_each(|guesser| drop(guesser.attack(Manner::OneByOne, 3)));
    assert_eq!([register(0), register(1), register(2)], [Some(403); 3]);

    let clear = |params: Value| kam.rpc(Rpc::Kamcmd, "palisade.auth_clear", params);
    let cleared = clear(json!(["Alice@example.com", "127.0.0.66"])).expect("a reply");
    assert_eq!(cleared.number("cleared"), 1, "{cleared}");
    assert_eq!([register(0), register(1)], [Some(200), Some(403)]);

    let cleared = clear(json!(["alice@example.com"])).expect("a reply");
    assert_eq!(
        cleared.number("cleared"),
        3,
        "two addresses and the user as a whole: {cleared}"
    );
    assert_eq!([register(1), register(2)], [Some(200); 2]);
    assert_eq!(rows(&kam, Rpc::Fifo), []);

    for (params, code) in [
        (json!(["alice@example.com"]), 404),
        (json!(["nobody"]), 404),
        (json!([]), 400),
        (json!(["alice@example.com", "no address"]), 400),
        (json!(["alice@example.com", "127.0.0.66", "more"]), 400),
    ] {
        let refused = clear(params.clone()).expect_err(&params.to_string());
        assert_eq!(refused.code, code, "{params}: {refused}");
    }
}

#[test]
fn a_user_named_100_is_a_text_everywhere() {
    let kam = Kamailio::with(
        r#"
        loadmodule "palisade.so"
        request_route {
            $var(number) = 100;
            switch ($ua) {
                case "constant": palisade_auth_failed("100"); break;
                case "number": palisade_auth_failed("$var(number)"); break;
                case "result": palisade_auth_result("-2", "$var(number)"); break;
            }
            if (palisade_auth_blocked("100") && palisade_auth_blocked("$var(number)"))
                sl_send_reply("403", "blocked");
            else
                sl_send_reply("200", "OK");
        }"#,
    )
    .start();
    let phone = Phone::udp(&kam, "127.0.0.5");
    let ways = [
        (Rpc::Kamcmd, json!(["s:100"])),
        (Rpc::Kamcmd, json!(["100"])),
        (Rpc::Fifo, json!([100])),
        (Rpc::Datagram, json!([100])),
        (Rpc::Http, json!([100])),
        (Rpc::Http, json!(["100"])),
        (Rpc::Http, json!([100, "127.0.0.5"])),
    ];
    for (via, user) in ways {
        let calls = ["constant", "number", "result"];
        let answers = calls.map(|call| phone.status(&phone.request("OPTIONS").agent(call)));
        assert_eq!(answers, [Some(200), Some(200), Some(403)], "{via:?} {user}");
        let failed = row(&rows(&kam, via), "100", "127.0.0.5");
        let failed = failed.unwrap_or_else(|| panic!("{via:?}: {:?}", rows(&kam, via)));
        assert_eq!(failed.number("failures"), 3, "{via:?}: {failed}");
        let cleared = kam.rpc(via, "palisade.auth_clear", user.clone());
        cleared.unwrap_or_else(|error| panic!("{via:?} {user}: {error}"));
        assert!(
            row(&rows(&kam, via), "100", "127.0.0.5").is_none(),
            "{via:?} {user}"
        );
    }
}

/// User, agent: as the network sends them and as the log has them.
const NAMES: &[(&str, &[u8], &str)] = &[
    (
        "alice",
        b"Linphone",
        r#"user="alice@example.com" key=127.0.5.0 failures=3 seconds=3600 agent="Linphone""#,
    ),
    (
        "carol",
        b"",
        r#"user="carol@example.com" key=127.0.5.1 failures=3 seconds=3600 agent="""#,
    ),
    (
        r"a\b key=127.0.0.1",
        b"%s%n\" key=127.0.0.5 \\ \x1b[2J\xff",
        r#"user="a\\b key\x3d127.0.0.1@example.com" key=127.0.5.2 failures=3 seconds=3600 agent="%s%n\" key\x3d127.0.0.5 \\ \x1b\x5b2J\xff""#,
    ),
    (
        "bob\r\n palisade unban",
        b"two\r\n lines",
        r#"user="bob\r\n palisade unban@example.com" key=127.0.5.3 failures=3 seconds=3600 agent="two\r\n lines""#,
    ),
];

#[test]
fn the_log_line_quotes_what_the_network_says() {
    let kam = recipe(&[]).start();
    for (number, &(user, agent, line)) in NAMES.iter().enumerate() {
        let guesser = Guesser::new(&kam, &format!("127.0.5.{number}"), "somebody");
        for _ in 0..4 {
            let named = format!(r#"username="{user}""#);
            let guess = guesser.guess();
            let credentials = guess
                .value("Authorization")
                .replace(r#"username="somebody""#, &named);
            guesser
                .phone
                .ask(&guess.header("Authorization", credentials).agent(agent));
        }
        let expected = format!("palisade: auth_block {line}");
        let told = kam.log().expect(&expected);
        // A nonce that stands in a folded line is not looked at before the message is parsed.
        let proof = if line.contains(r"\r\n") { "no" } else { "yes" };
        assert!(
            told.ends_with(&format!("{expected} proof={proof}")),
            "{told}"
        );
        assert_eq!(
            kam.log().matching(&format!("key=127.0.5.{number} ")).len(),
            1,
            "once: {user}"
        );
    }
    kam.assert_healthy();
}

#[test]
fn a_name_longer_than_a_row_is_cut_and_still_one_user() {
    let kam = recipe(&[("auth_user_max_failures", "0")]).start();
    let long = "x".repeat(110);
    let (one, other) = (format!("{long}1"), format!("{long}2"));
    Guesser::new(&kam, "127.0.0.66", &one).attack(Manner::OneByOne, 3);
    let phone = Phone::udp(&kam, "127.0.0.66").domain(DOMAIN);
    for (user, status) in [(&one, Some(403)), (&other, Some(401))] {
        assert_eq!(phone.status(&phone.request_as("REGISTER", user)), status);
    }
    let shown = rows(&kam, Rpc::Kamcmd)[0].text("user");
    assert!(shown.len() < 110 && long.starts_with(&shown), "{shown}");
}
