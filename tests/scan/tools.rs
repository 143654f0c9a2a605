//! The tools that scanners use, and those who are taken for one by nobody.

use super::backend::{Backend, PASSWORD, chan_pjsip, chan_sip};
use super::{banned, call, counts, proxy, stat};
use crate::support::{Phone, Rpc, Server};
use serde_json::json;
use std::process::Command;

const SCANNER: &str = "127.0.0.66";

/// Runs svwar, which would send from 127.0.0.1 whatever it is told to bind to, from the address that
/// comes first.
const FROM: &str = "
import os, runpy, shutil, socket, sys
path = os.path.realpath(shutil.which('svwar'))
sys.path.insert(0, os.path.dirname(path))
bind, source = socket.socket.bind, sys.argv.pop(1)
socket.socket.bind = lambda self, address: bind(self, (source, address[1]))
runpy.run_path(path, run_name='__main__')
";

/// The real svwar; what it printed.
fn svwar(kam: &Server, arguments: &[&str]) -> String {
    let port = kam.port().to_string();
    let output = Command::new("timeout")
        .args(["60", "/usr/bin/python3", "-c", FROM, SCANNER])
        .args(["-x", SCANNER, "-p", &port])
        .args(["-t", "0.01", "--maximumtime", "2", "--force"])
        .args(arguments)
        .arg("127.0.0.1")
        .output()
        .expect("svwar, which scripts/setup test installs");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    text
}

/// A backend that tells who is there: the extensions from 100 on are, those from 900 on are not.
#[test]
fn svwar_is_banned_after_ten_users_that_are_not_there() {
    let kam = proxy("").workers(1).start();
    let _pbx = Backend::start(&kam, "127.0.0.50", chan_sip);
    let printed = svwar(&kam, &["-m", "REGISTER", "-e", "901-940,100-109"]);
    let line = kam.log().expect("block key=127.0.0.66 reason=scan");
    assert!(line.contains("users=10 destinations=0"), "{line}");
    kam.log()
        .expect("ban key=127.0.0.66 reason=scan seconds=300 count=1 proof=no");
    assert_eq!(banned(&kam), [(SCANNER.into(), "scan".into())]);
    assert!(!printed.contains("| 100"), "it found one:\n{printed}");
    let phone = Phone::udp(&kam, "127.0.0.5");
    assert_eq!(phone.register("100", PASSWORD), Some(200));
}

#[test]
fn without_palisade_svwar_finds_who_is_there() {
    let kam = proxy(r#"modparam("palisade", "policy", "scan=off")"#).start();
    let _pbx = Backend::start(&kam, "127.0.0.50", chan_sip);
    let printed = svwar(&kam, &["-m", "REGISTER", "-e", "901-915,100-102"]);
    assert!(printed.contains("| 100"), "{printed}");
    assert_eq!(banned(&kam), []);
}

/// The second kind of attack of the wiki: an outside line is looked for by prefix.
#[test]
fn who_tries_dial_prefixes_is_banned_at_the_twentieth() {
    let kam = proxy("").start();
    let _pbx = Backend::start(&kam, "127.0.0.50", chan_sip);
    let attacker = Phone::udp(&kam, SCANNER);
    for attempt in 0..20 {
        // 404 for the long ones, 484 for the short.
        let number = match attempt % 2 {
            0 => format!("9{attempt:03}00972599"),
            _ => format!("1{attempt}00"),
        };
        let expected = [404, 484][attempt % 2];
        assert_eq!(call(&attacker, &number), Some(expected), "{number}");
        if attempt < 19 {
            assert_eq!(call(&attacker, &number), Some(expected), "once more");
        }
    }
    kam.log()
        .expect("block key=127.0.0.66 reason=scan users=0 destinations=20 method=INVITE");
    assert_eq!(call(&attacker, "00491234"), None);
    assert_eq!(banned(&kam), [(SCANNER.into(), "scan".into())]);
    kam.rpc(Rpc::Kamcmd, "palisade.unban", json!([SCANNER]))
        .expect("unban");
    assert_eq!(counts(&kam, SCANNER), [0; 3], "forgotten with its ban");
    assert_eq!(call(&attacker, "00491234"), Some(200));
}

#[test]
fn an_office_of_fifty_phones_behind_one_address_is_no_scan() {
    let office = "127.0.0.10";
    for manner in [chan_sip, chan_pjsip] {
        let kam = proxy("").start();
        let pbx = Backend::start(&kam, "127.0.0.50", manner);
        let phone = Phone::udp(&kam, office);
        let users: Vec<String> = (100..150).map(|user| user.to_string()).collect();
        for user in &users {
            // Some mistype their password first, some call a number that is not there.
            if user.ends_with(['0', '5']) {
                assert_ne!(phone.register(user, "mistyped"), Some(200));
            }
            assert_eq!(phone.register(user, PASSWORD), Some(200), "{user}");
        }
        for number in ["600", "00491235", "00491236", "61", "71", "81"] {
            call(&phone, number);
        }
        assert_eq!(counts(&kam, office), [0, 2, 0]);
        // A new password at the PBX, and fifty phones that do not know of it yet.
        for user in &users {
            assert_ne!(phone.register(user, "the old one"), Some(200));
        }
        assert_eq!(counts(&kam, office), [0, 2, 0]);
        assert_eq!(banned(&kam), []);
        assert_eq!(stat(&kam, "auth_failures"), 60);
        drop(pbx);
        kam.stop();
    }
}

/// A stranger's fifty users with wrong passwords are.
#[test]
fn ten_users_with_wrong_passwords_are_a_scan() {
    let kam = proxy(r#"modparam("palisade", "policy", "scan=ban:77")"#).start();
    let _pbx = Backend::start(&kam, "127.0.0.50", chan_pjsip);
    let stranger = Phone::udp(&kam, SCANNER);
    let told: Vec<_> = (100..112)
        .map(|user| stranger.register(&user.to_string(), "guess"))
        .collect();
    assert_eq!(told[..10], [Some(401); 10]);
    assert_eq!(told[10..], [None; 2]);
    kam.log()
        .expect("ban key=127.0.0.66 reason=scan seconds=77 count=1");
}

#[test]
fn a_trusted_source_may_fail_as_it_likes() {
    let kam = proxy(r#"modparam("palisade", "trusted", "127.0.0.66")"#).start();
    let _pbx = Backend::start(&kam, "127.0.0.50", chan_sip);
    let carrier = Phone::udp(&kam, SCANNER);
    for number in 0..25 {
        assert_eq!(call(&carrier, &format!("1{number}00004999")), Some(404));
        assert_eq!(carrier.register(&format!("9{number:02}"), "x"), Some(404));
    }
    assert_eq!(counts(&kam, SCANNER), [0; 3]);
    assert_eq!(banned(&kam), []);
}

#[test]
fn what_is_only_logged_is_let_through() {
    let kam = proxy(
        r#"
        modparam("palisade", "policy", "scan=log")
        modparam("palisade", "scan_max_destinations", 3)
        "#,
    )
    .start();
    let _pbx = Backend::start(&kam, "127.0.0.50", chan_sip);
    let attacker = Phone::udp(&kam, SCANNER);
    for number in 0..6 {
        assert_eq!(call(&attacker, &format!("1{number}00004999")), Some(404));
    }
    kam.log()
        .expect("found key=127.0.0.66 reason=scan users=0 destinations=3");
    assert_eq!(banned(&kam), []);
    assert_eq!(counts(&kam, SCANNER), [0, 6, 0]);
    let log = kam.stop();
    assert_eq!(log.matching("reason=scan").len(), 1, "{log}");
}
