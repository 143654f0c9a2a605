//! Debian's Fail2ban reads the log: it finds every ban, and no text of a stranger has somebody else banned.

mod forged;

use crate::support::{Kamailio, Phone, Rpc};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

const FILTER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/contrib/fail2ban/filter.d/palisade.conf"
);

/// What Kamailio hands to syslog, as rsyslog writes it into a file. With `-E` Kamailio writes ` 0(4711) ` for what
/// there is `kamailio[4711]: `; the rest is the same (LOG_FX in src/core/dprint.h). Kamailio's own lines may quote
/// a message over several lines: in syslog that is one entry, and a newline in it is `#012`.
fn syslog(lines: &[String]) -> String {
    let mut log = String::new();
    for line in lines {
        match message(line) {
            Some(message) => {
                log += "\nNov 21 10:00:00 pbx /usr/sbin/kamailio[4711]: ";
                log += message;
            }
            None => {
                log += "#012";
                log += line;
            }
        }
    }
    log.trim_start_matches("#012").trim_start().to_owned() + "\n"
}

/// Without process number and id, with which each message begins.
fn message(line: &str) -> Option<&str> {
    let (process, message) = line.split_once(") ")?;
    let (number, id) = process.trim_start().split_once('(')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(number) && is_number(id)).then_some(message)
}

/// What this filter, a file or an expression, would have banned.
#[track_caller]
fn found(log: &str, filter: &str) -> BTreeSet<String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("syslog");
    std::fs::write(&file, log).unwrap();
    let answer = Command::new("fail2ban-regex")
        .args(["-o", "id"])
        .args([&*file, Path::new(filter)])
        .output()
        .expect("fail2ban-regex, which scripts/setup installs");
    // 1: nothing found.
    let complaints = String::from_utf8_lossy(&answer.stderr);
    assert!(
        matches!(answer.status.code(), Some(0 | 1)) && complaints.is_empty(),
        "{filter}: {complaints}"
    );
    let ids = String::from_utf8(answer.stdout).unwrap();
    ids.lines().map(str::to_owned).collect()
}

fn ids<'a>(ids: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    ids.into_iter().map(str::to_owned).collect()
}

#[test]
fn every_ban_is_found() {
    let kam = Kamailio::with(
        r#"
loadmodule "palisade.so"
modparam("palisade", "agent_ban_time", 600)
modparam("palisade", "auth_max_failures", 1)
request_route {
	if (!palisade_check()) exit;
	palisade_auth_failed();
}
"#,
    )
    .start();
    let scanner = Phone::tcp(&kam, "127.0.0.66").agent("friendly-scanner");
    assert_eq!(scanner.status(&scanner.request("OPTIONS")), None);
    let guesser = Phone::tcp(&kam, "127.0.0.67").user("o'hara=");
    assert_eq!(guesser.status(&guesser.request("REGISTER")), None);
    for (key, reason) in [
        ("192.0.2.1", "two words"),
        ("2001:db8:1:2::7", "a=\"b\" } \\"),
        ("192.0.2.2", "r\u{e9}sum\u{e9}"),
        ("192.0.2.3", "palisade:"),
    ] {
        kam.rpc(Rpc::Datagram, "palisade.ban", json!([key, 60, reason]))
            .unwrap();
    }
    // What anybody can have done in their name is nobody else's to ban them for.
    let forged = Phone::udp(&kam, "127.0.0.68").agent("friendly-scanner");
    assert_eq!(forged.status(&forged.request("OPTIONS")), None);
    let forged = Phone::udp(&kam, "127.0.0.69");
    assert_eq!(forged.status(&forged.request("REGISTER")), None);
    kam.log().expect("ban key=127.0.0.68");
    kam.log().expect("key=127.0.0.69");
    kam.log().expect("auth_block");
    kam.log().expect("ban key=192.0.2.3");
    let log = syslog(&kam.log().lines());
    let bans = [
        "127.0.0.66",
        "192.0.2.1",
        "2001:db8:1:2::/64",
        "192.0.2.2",
        "192.0.2.3",
    ];
    let guessers = ["127.0.0.67"];
    for (mode, expected) in [
        ("ban", ids(bans)),
        ("auth", ids(guessers)),
        ("all", ids(bans.into_iter().chain(guessers))),
    ] {
        let filter = format!("{FILTER}[mode={mode}]");
        assert_eq!(found(&log, &filter), expected, "{mode}:\n{log}");
    }
    assert_eq!(found(&log, FILTER), ids(bans));
    kam.stop();
}
