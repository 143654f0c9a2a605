//! The module parameters: a bad one stops the start and says why in one line; a good one is in
//! force.

mod good;
mod told;

use crate::support::Kamailio;
use palisade::settings::table::{Kind, PARAMETERS};
use std::process::Command;

const MODULE: &str = r#"loadmodule "palisade.so""#;
const ROUTE: &str = r#"
request_route {
    if (!palisade_check()) exit;
    sl_send_reply("200", "OK");
}"#;

/// `name=value`, as modparam lines; a value that is text has its quotes.
fn with(params: &[(&str, &str)]) -> Kamailio {
    let lines = params
        .iter()
        .map(|(name, value)| format!("modparam(\"palisade\", \"{name}\", {value})\n"));
    Kamailio::with(&format!("{MODULE}\n{}{ROUTE}", lines.collect::<String>()))
}

/// The start fails, and exactly one line of Palisade's says this.
#[track_caller]
fn check_refused(params: &[(&str, &str)], told: &str) {
    let log = with(params).expect_start_failure();
    let lines = log.matching("palisade: ");
    assert_eq!(lines.len(), 1, "{params:?}\n{log}");
    let (_, line) = lines[0]
        .split_once("ERROR: ")
        .unwrap_or_else(|| panic!("{params:?}\n{log}"));
    assert!(
        line.starts_with(&format!("palisade: {told}")),
        "{params:?}: {line}, not {told}"
    );
}

/// Every number, its least and its most.
fn numbers() -> impl Iterator<Item = (&'static str, i64, i64)> {
    PARAMETERS
        .iter()
        .filter_map(|parameter| match &parameter.kind {
            Kind::Number { allowed, .. } => {
                Some((parameter.name, *allowed.start(), *allowed.end()))
            }
            _ => None,
        })
}

#[test]
fn a_number_out_of_its_range_stops_the_start() {
    for (name, least, most) in numbers() {
        for value in [
            least - 1,
            most + 1,
            i64::from(i32::MIN),
            i64::from(i32::MAX),
        ] {
            let value = value.to_string();
            let told = format!("{name}={value}: must be between {least} and {most}");
            check_refused(&[(name, &value)], &told);
        }
        check_refused(
            &[(name, r#""1""#)],
            &format!("{name}=1: must be a number, without quotes"),
        );
    }
    check_refused(
        &[("pike_log_level", "9")],
        "log_level=9: must be between -5 and 3",
    );
}

/// Name, value as it stands in the config, what is said of it.
const TEXTS: &str = r#"
auth_scope | "ip" | auth_scope=ip: must be one of user_source, user, source
auth_scope | "" | auth_scope=: must be one of user_source, user, source
auth_scope | "User" | auth_scope=User: must be one of user_source, user, source
on_fault | "block" | on_fault=block: must be one of pass, drop
on_fault | "pa\"ss\n" | on_fault=pa\"ss\n: must be one of pass, drop
edge | "on" | edge=on: must be one of off, bans, rate
country_unknown | "block" | country_unknown=block: must be one of pass, deny
country_unknown | "deny" | no start: country_unknown=deny: needs geo
policy | "sqli=drop" | policy=sqli=drop: must be off, log, block, ban or ban:seconds
policy | "sql=block" | policy=sql=block: the reason must be one of rate, agent, auth
geo | "/a.mmdb, /b.dat" | geo=/b.dat: must be files that end in .mmdb or .csv, or db=table
geo | "db=a b" | geo=db=a b: must be files that end in .mmdb or .csv, or db=table
list | "name=a" | list=a: kind= is missing
list | "name=a;kind=user;action=deny;file=a" | list=a: file=a: must be a whole path, from / on
list | "name=a;kind=network;action=limit;file=/a;limit=65534/1" | no start: list=a: limit=65534/1: is 131068 requests in sampling_time_unit=2 seconds
db_url | "mysql://kamailio:rw@localhost" | db_url=mysql://...: must be driver://user:password@host/database
trusted | "home" | trusted=home: must be networks such as 192.0.2.0/24 or 2001:db8::/32, or names such as
trusted | "192.0.2.0/24, 192.0.2.0/33" | trusted=192.0.2.0/33: must be networks
trusted | "192.0.2.0-192.0.2.9" | trusted=192.0.2.0-192.0.2.9: must be networks
trusted | "192.0.2.256" | trusted=192.0.2.256: must be networks
trusted | "2001:db8::/129" | trusted=2001:db8::/129: must be networks
agent_deny | "(" | agent_deny=(: must be a regular expression: unclosed group
agent_deny | "a{2" | agent_deny=a{2: must be a regular expression: 
agent_deny | "(?=x)" | agent_deny=(?=x): must be a regular expression: look-around
agent_deny | "(a{1000}){1000}" | agent_deny=(a{1000}){1000}: must be a regular expression: Compiled regex
agent_deny | "" | agent_deny=: must be a regular expression: it is empty
"#;

#[test]
fn a_text_that_is_not_allowed_stops_the_start() {
    for line in TEXTS.trim().lines() {
        let parts: Vec<&str> = line.splitn(3, " | ").collect();
        check_refused(&[(parts[0], parts[1])], parts[2]);
    }
    for parameter in PARAMETERS {
        let name = parameter.name;
        let is_tried = |value: &str| TEXTS.contains(&format!("\n{name} | {value}"));
        let is_number = matches!(parameter.kind, Kind::Number { .. });
        assert!(is_number || is_tried("\""), "no bad {name} is tried");
        if !is_number {
            check_refused(&[(name, "1")], &format!("{name}=1: must be a text"));
        }
        if let Kind::Word(words) = parameter.kind {
            let told = format!("{name}=?: must be one of {}", words.join(", "));
            check_refused(&[(name, r#""?""#)], &told);
        }
    }
    let long = format!("\"{}\"", "x".repeat(900));
    let shown = "x".repeat(256);
    check_refused(
        &[("on_fault", &long)],
        &format!("on_fault={shown}...: must be one of pass, drop"),
    );
    check_refused(
        &[
            ("trusted", r#""192.0.2.0/24""#),
            ("trusted", r#""192.0.2.1/x""#),
        ],
        "trusted=192.0.2.1/x: must be networks",
    );
}

#[test]
fn a_parameter_that_does_not_exist_stops_the_start() {
    for value in ["1", r#""x""#] {
        let log = with(&[("no_such", value)]).expect_start_failure();
        assert!(log.contains("parameter <no_such>"), "{log}");
    }
}

/// The limit leaves room for Kamailio itself, and none for tables that big.
#[test]
fn too_little_memory_stops_the_start_with_one_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let module = std::env::var("PALISADE_SO")
        .unwrap_or_else(|_| format!("{}/target/palisade.so", env!("CARGO_MANIFEST_DIR")));
    let config = format!(
        "log_stderror=yes\nloadmodule \"{module}\"\nmodparam(\"palisade\", \"bans_max\", 16777216)\n\
         listen=udp:127.0.0.1:9\nrequest_route {{ exit; }}\n"
    );
    let path = dir.path().join("kamailio.cfg");
    std::fs::write(&path, config).expect("write it");
    let kamailio = std::env::var("KAMAILIO").unwrap_or_else(|_| "/usr/sbin/kamailio".into());
    let started = Command::new("sh")
        .args([
            "-c",
            "ulimit -v 2000000; exec \"$0\" -DD -E -f \"$1\" -Y \"$2\"",
        ])
        .args([kamailio.as_ref(), path.as_os_str(), dir.path().as_os_str()])
        .output()
        .expect("a shell");
    let log = String::from_utf8_lossy(&started.stderr);
    assert!(
        !started.status.success() && started.status.code().is_some(),
        "{}: {log}",
        started.status
    );
    let lines: Vec<_> = log
        .lines()
        .filter(|line| line.contains("palisade: "))
        .collect();
    assert_eq!(lines.len(), 1, "{log}");
    let told = "palisade: no start: sources_max=262144 bans_max=16777216 users_max=65536 need ";
    assert!(
        lines[0].contains(told) && lines[0].contains("Cannot allocate memory"),
        "{log}"
    );
}
