//! One user, many spellings: what MariaDB takes for one name is counted as one user.

use super::engine::{Engine, Store};
use crate::support::{Kamailio, Phone, Server};
use palisade::hash::{Hash, User};
use std::collections::HashMap;

/// Collations that a server may have, beside its default one. Not those of one language (`ü` is `y` in Sweden).
const COLLATIONS: &[&str] = &[
    "utf8mb4_general_ci",
    "utf8mb4_unicode_ci",
    "utf8mb4_unicode_520_ci",
    "utf8mb4_uca1400_ai_ci",
];

/// Spellings that some server takes for one name, and some that none does.
const PAIRS: &[(&str, &str)] = &[
    ("alice", "alice   "),
    ("alice", "ALICE"),
    ("alice", "Alice\u{a0}"),
    ("alice", "älicé"),
    ("alice", "a\u{308}lice"),
    ("alice", "ａｌｉｃｅ"),
    ("alice", "al\u{ad}ice"),
    ("alice", "al\u{200b}ice"),
    ("alice", "ali\u{1}ce"),
    ("alice", "ⓐlice"),
    ("strasse", "straße"),
    ("strase", "straße"),
    ("finn", "ﬁnn"),
    ("soren", "søren"),
    ("lukasz", "łukasz"),
    ("aeon", "æon"),
    ("alice", " alice"),
    ("alice", "alicea"),
    ("alice", "al ice"),
    ("1001", "1002"),
];

fn user(name: &str) -> User {
    Hash::keyed([1, 2, 3, 4]).user(name.as_bytes())
}

/// All that no ASCII letter stands for is one user.
fn is_odd(name: &str) -> bool {
    user(name) == user("Ж")
}

/// As SQL, whatever is in it.
fn quoted(text: &str) -> String {
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("_utf8mb4 x'{hex}'")
}

/// The database's own, and what else there is.
fn collations(store: &Store) -> Vec<String> {
    let all = store.ask(
        "SELECT FULL_COLLATION_NAME FROM information_schema.collation_character_set_applicability;",
    );
    let default = store.ask("SELECT @@collation_database;");
    let known = COLLATIONS
        .iter()
        .copied()
        .filter(|name| all.lines().any(|line| line == *name));
    let mut collations: Vec<_> = known.map(str::to_owned).collect();
    collations.push(default);
    collations
}

#[test]
fn names_that_a_server_takes_for_equal_are_one_user() {
    let store = Store::new(Engine::MariaDb);
    let mut equal = 0;
    for collation in collations(&store) {
        for (one, other) in PAIRS {
            let question = format!(
                "SELECT {} = {} COLLATE {collation};",
                quoted(one),
                quoted(other)
            );
            let is_equal = store.ask(&question) == "1";
            equal += usize::from(is_equal);
            assert!(
                !is_equal || user(one) == user(other),
                "{one:?} {other:?} {collation}"
            );
        }
    }
    assert!(equal > 2 * PAIRS.len(), "only {equal} pairs were equal");
}

/// Every character that a server takes for some of ASCII is that here too, or odd; and so it never is a fresh user.
#[test]
fn no_character_makes_a_fresh_user() {
    let store = Store::new(Engine::MariaDb);
    for collation in collations(&store) {
        let question = format!(
            "SELECT seq, HEX(WEIGHT_STRING(CONVERT(CHAR(seq USING utf32) USING utf8mb4) COLLATE {collation}))
             FROM seq_1_to_65535 WHERE seq NOT BETWEEN 0xD800 AND 0xDFFF;"
        );
        let answer = store.ask(&question);
        let weights: Vec<(char, &str)> = answer
            .lines()
            .map(|line| {
                let (code, weight) = line.split_once('|').expect("two fields");
                let code = code.parse().expect("a number");
                (char::from_u32(code).expect("no surrogate"), weight)
            })
            .collect();
        let ascii = ascii_of_weights(&weights);
        let mut same = 0;
        for (letter, weight) in &weights {
            let Some(text) = ascii.get(*weight) else {
                continue;
            };
            let (spelled, plain) = (format!("1{letter}1"), format!("1{text}1"));
            same += usize::from(user(&spelled) == user(&plain));
            assert!(
                user(&spelled) == user(&plain) || is_odd(&spelled),
                "{letter:?} is {text:?} in {collation}"
            );
        }
        assert!(same > 500, "{same} in {collation}");
    }
}

/// What stands for a weight, in ASCII: nothing, a character, two letters.
fn ascii_of_weights(weights: &[(char, &str)]) -> HashMap<String, String> {
    let plain = weights
        .iter()
        .filter(|(letter, _)| matches!(letter, '!'..='~'));
    let plain: Vec<_> = plain.map(|&(letter, weight)| (letter, weight)).collect();
    let mut ascii = HashMap::from([(String::new(), String::new())]);
    for (letter, weight) in &plain {
        ascii.insert((*weight).to_owned(), letter.to_string());
    }
    let letters = plain
        .iter()
        .filter(|(letter, _)| letter.is_ascii_alphanumeric());
    for (first, high) in letters.clone() {
        for (second, low) in letters.clone() {
            ascii
                .entry(format!("{high}{low}"))
                .or_insert_with(|| format!("{first}{second}"));
        }
    }
    ascii
}

const USER: &str = "alice";
const SOURCES: usize = 40;

/// The README's recipe, with a database that takes many spellings for one user.
fn registrar(store: &Store) -> Server {
    store.run(&format!(
        "CREATE TABLE subscriber (username VARCHAR(64), domain VARCHAR(64), password VARCHAR(64));
         INSERT INTO subscriber VALUES ('{USER}', 'palisade.test', 'right');
         CREATE TABLE IF NOT EXISTS version (table_name VARCHAR(32), table_version INT);
         INSERT INTO version (table_name, table_version) VALUES ('subscriber', 7);"
    ));
    let url = store.url();
    Kamailio::with(&format!(
        r#"
loadmodule "db_mysql.so"
loadmodule "auth.so"
loadmodule "auth_db.so"
loadmodule "palisade.so"
modparam("auth", "auth_checks_register", 8)
modparam("auth_db", "db_url", "{url}")
modparam("auth_db", "calculate_ha1", 1)
modparam("auth_db", "password_column", "password")
request_route {{
	if (palisade_auth_blocked()) {{
		sl_send_reply("403", "blocked");
		exit;
	}}
	auth_check("palisade.test", "subscriber", "0");
	$var(code) = $rc;
	palisade_auth_result("$var(code)");
	if ($var(code) == -5) auth_challenge("palisade.test", "1");
	else sl_send_reply("200", "as $var(code)");
}}
"#
    ))
    .start()
}

/// The code of `auth_check()` for one guess as this user; None: it was not looked at.
#[track_caller]
fn guess(kam: &Server, source: &str, user: &str, password: &str) -> Option<String> {
    let phone = Phone::udp(kam, source).domain("palisade.test");
    let request = phone.request("REGISTER");
    let challenge = phone.ask(&request).expect("a challenge");
    let answer = phone.ask(&request.authorize(&challenge, user, password));
    let answer = answer.expect("an answer");
    let reason = answer.reason()?;
    reason.strip_prefix("as ").map(str::to_owned)
}

#[test]
fn a_guesser_gains_nothing_by_spelling() {
    let spellings: [fn(usize) -> String; 3] = [
        |index| format!("{USER}{}", " ".repeat(index)),
        |index| {
            let letter = |(at, letter): (usize, char)| match index >> at & 1 {
                0 => letter,
                _ => letter.to_ascii_uppercase(),
            };
            USER.chars().enumerate().map(letter).collect()
        },
        |index| {
            format!(
                "{}lice{}",
                ["a", "\u{e4}", "\u{e5}"][index % 3],
                " ".repeat(index)
            )
        },
    ];
    for spelling in spellings {
        let store = Store::new(Engine::MariaDb);
        let kam = registrar(&store);
        let looked_at = (0..2 * SOURCES)
            .filter(|index| {
                let source = format!("127.0.1.{}", 1 + index % SOURCES);
                let code = guess(&kam, &source, &spelling(*index), "wrong");
                matches!(code.as_deref(), Some("-2" | "-3" | "1"))
            })
            .count();
        assert_eq!(looked_at, 10, "{:?}", spelling(1)); // auth_user_max_failures
        super::stop(kam);
    }
}

/// It does find the user: else there would be nothing to gain.
#[test]
fn the_database_takes_spellings_for_one_user() {
    let store = Store::new(Engine::MariaDb);
    let kam = registrar(&store);
    for spelling in ["alice", "alice   ", "ALICE"] {
        let code = guess(&kam, "127.0.2.1", spelling, "right");
        assert_eq!(code.as_deref(), Some("1"), "{spelling:?}");
    }
    super::stop(kam);
}
