//! The module parameters: a bad one stops the start and says why in one line; a good one is in
//! force.

use crate::support::{Flood, Kamailio, Log, Rpc, Server};
use serde_json::json;
use std::process::Command;

const MODULE: &str = r#"loadmodule "palisade.so""#;
const ROUTE: &str = r#"
request_route {
    if (!palisade_check()) exit;
    sl_send_reply("200", "OK");
}"#;

/// `name=value`, as modparam lines; a value that is text has its quotes.
fn with(params: &[(&str, &str)]) -> Kamailio {
    let lines = params.iter().map(|(name, value)| format!("modparam(\"palisade\", \"{name}\", {value})\n"));
    Kamailio::with(&format!("{MODULE}\n{}{ROUTE}", lines.collect::<String>()))
}

/// The start fails, and exactly one line of Palisade's says this.
#[track_caller]
fn check_refused(params: &[(&str, &str)], told: &str) {
    let log = with(params).expect_start_failure();
    let lines = log.matching("palisade: ");
    assert_eq!(lines.len(), 1, "{params:?}\n{log}");
    let (_, line) = lines[0].split_once("ERROR: ").unwrap_or_else(|| panic!("{params:?}\n{log}"));
    assert!(line.starts_with(&format!("palisade: {told}")), "{params:?}: {line}, not {told}");
}

/// Every number, its least and its most.
const NUMBERS: [(&str, i64, i64); 17] = [
    ("sampling_time_unit", 1, 3600),
    ("reqs_density_per_unit", 1, 65_534),
    ("remove_latency", 0, 31_536_000),
    ("rate_ban_time", 0, 31_536_000),
    ("ipv4_prefix", 8, 32),
    ("ipv6_prefix", 32, 128),
    ("sources_max", 16, 67_108_864),
    ("bans_max", 1, 16_777_216),
    ("users_max", 16, 16_777_216),
    ("auth_max_failures", 1, 1000),
    ("auth_window", 1, 31_536_000),
    ("auth_ban_time", 1, 31_536_000),
    ("auth_user_max_failures", 0, 65_000),
    ("auth_known_time", 0, 315_360_000),
    ("agent_builtin", 0, 1),
    ("agent_ban_time", 0, 31_536_000),
    ("log_level", -5, 3),
];

#[test]
fn a_number_out_of_its_range_stops_the_start() {
    for (name, least, most) in NUMBERS {
        for value in [least - 1, most + 1, i64::from(i32::MIN), i64::from(i32::MAX)] {
            let value = value.to_string();
            let told = format!("{name}={value}: must be between {least} and {most}");
            check_refused(&[(name, &value)], &told);
        }
        check_refused(&[(name, r#""1""#)], &format!("{name}=1: must be a number, without quotes"));
    }
    check_refused(&[("pike_log_level", "9")], "log_level=9: must be between -5 and 3");
}

#[test]
fn a_text_that_is_not_allowed_stops_the_start() {
    let networks = "must be networks such as 192.0.2.0/24 or 2001:db8::/32, separated by commas or spaces";
    let expression = "must be a regular expression: ";
    let long = format!("\"{}\"", "x".repeat(900));
    for (name, value, told) in [
        ("auth_scope", r#""ip""#, "auth_scope=ip: must be one of user_source, user, source".into()),
        ("auth_scope", r#""""#, "auth_scope=: must be one of user_source, user, source".into()),
        ("auth_scope", r#""User""#, "auth_scope=User: must be one of user_source, user, source".into()),
        ("auth_scope", "1", "auth_scope=1: must be a text".into()),
        ("on_fault", r#""block""#, "on_fault=block: must be one of pass, drop".into()),
        ("on_fault", r#""pa\"ss\n""#, r#"on_fault=pa\"ss\n: must be one of pass, drop"#.into()),
        ("on_fault", "0", "on_fault=0: must be a text".into()),
        ("on_fault", &long, format!("on_fault={}...: must be one of pass, drop", "x".repeat(256))),
        ("trusted", r#""home""#, format!("trusted=home: {networks}")),
        ("trusted", r#""192.0.2.0/24, 192.0.2.0/33""#, format!("trusted=192.0.2.0/33: {networks}")),
        ("trusted", r#""192.0.2.0-192.0.2.9""#, format!("trusted=192.0.2.0-192.0.2.9: {networks}")),
        ("trusted", r#""192.0.2.256""#, format!("trusted=192.0.2.256: {networks}")),
        ("trusted", r#""2001:db8::/129""#, format!("trusted=2001:db8::/129: {networks}")),
        ("trusted", "1", "trusted=1: must be a text".into()),
        ("agent_deny", r#""(""#, format!("agent_deny=(: {expression}unclosed group")),
        ("agent_deny", r#""a{2""#, format!("agent_deny=a{{2: {expression}")),
        ("agent_deny", r#""(?=x)""#, format!("agent_deny=(?=x): {expression}look-around")),
        ("agent_deny", r#""(a{1000}){1000}""#, format!("agent_deny=(a{{1000}}){{1000}}: {expression}Compiled regex exceeds size limit")),
        ("agent_deny", r#""""#, format!("agent_deny=: {expression}it is empty")),
        ("agent_deny", "7", "agent_deny=7: must be a text".into()),
    ] {
        check_refused(&[(name, value)], &told);
    }
    check_refused(
        &[("trusted", r#""192.0.2.0/24""#), ("trusted", r#""192.0.2.1/x""#)],
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

#[track_caller]
fn check_in_force(params: &[(&str, &str)]) -> Server {
    let kam = with(params).start();
    let settings = kam.rpc(Rpc::Http, "palisade.settings", json!([])).expect("the settings");
    for (name, value) in params {
        assert_eq!(settings.text(name), value.trim_matches('"'), "{name}: {settings}");
    }
    kam
}

#[test]
fn the_extremes_are_in_force() {
    let texts = |number: fn(&(&'static str, i64, i64)) -> i64| NUMBERS.map(|row| (row.0, number(&row).to_string()));
    for (numbers, scope, on_fault) in
        [(texts(|row| row.1), "\"user_source\"", "\"drop\""), (texts(|row| row.2), "\"source\"", "\"pass\"")]
    {
        let mut params: Vec<(&str, &str)> = numbers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        params.extend([("auth_scope", scope), ("on_fault", on_fault)]);
        // The largest tables take more memory than a test may ask for.
        params.iter_mut().filter(|(_, value)| value.ends_with("777216") || value.ends_with("108864")).for_each(|(_, value)| *value = "500000");
        let kam = check_in_force(&params);
        let tally = Flood::on(&kam).from("127.0.0.5").requests(1).send();
        assert_eq!(tally.answered(), 1);
        let stats = kam.rpc(Rpc::Http, "palisade.stats", json!([])).expect("the counts");
        assert_eq!((stats.number("checked"), stats.number("faults")), (1, 0));
        kam.assert_healthy();
    }
}

#[test]
fn the_defaults_are_those_of_the_handbook() {
    let kam = with(&[]).start();
    let settings = kam.rpc(Rpc::Http, "palisade.settings", json!([])).expect("the settings");
    let expected = json!({
        "sampling_time_unit": 2, "reqs_density_per_unit": 30, "remove_latency": 120,
        "rate_ban_time": 300, "ipv4_prefix": 32, "ipv6_prefix": 64, "trusted": "",
        "sources_max": 262_144, "bans_max": 65_536, "users_max": 65_536, "auth_max_failures": 3,
        "auth_window": 900, "auth_ban_time": 3600, "auth_scope": "user_source",
        "auth_user_max_failures": 10, "auth_known_time": 604_800, "agent_deny": "",
        "agent_builtin": 1, "agent_ban_time": 0, "log_level": 0, "on_fault": "pass",
    });
    for (name, value) in expected.as_object().expect("a struct") {
        assert_eq!(&settings[name], value, "{name}");
    }
}

#[test]
fn repeated_texts_add_up_and_of_repeated_numbers_the_last_counts() {
    let kam = with(&[
        ("trusted", r#""192.0.2.0/24, 198.51.100.7""#),
        ("trusted", r#""2001:db8::/32;203.0.113.128/25""#),
        ("trusted", r#""""#),
        ("agent_deny", r#""^one""#),
        ("agent_deny", r#""two$""#),
        ("ipv6_prefix", "48"),
        ("ipv6_prefix", "56"),
        ("on_fault", r#""drop""#),
        ("on_fault", r#""pass""#),
        ("pike_log_level", "2"),
    ])
    .start();
    let settings = kam.rpc(Rpc::Http, "palisade.settings", json!([])).expect("the settings");
    for (name, value) in [
        ("trusted", "192.0.2.0/24, 198.51.100.7/32, 2001:db8::/32, 203.0.113.128/25"),
        ("agent_deny", "^one, two$"),
        ("ipv6_prefix", "56"),
        ("on_fault", "pass"),
        ("log_level", "2"),
    ] {
        assert_eq!(settings.text(name), value);
    }
    for (ip, trusted) in [
        ("192.0.2.200", 1),
        ("198.51.100.7", 1),
        ("198.51.100.8", 0),
        ("2001:db8:ffff::1", 1),
        ("2001:db9::1", 0),
        ("203.0.113.129", 1),
        ("203.0.113.127", 0),
    ] {
        let shown = kam.rpc(Rpc::Http, "palisade.show", json!([ip])).expect(ip);
        assert_eq!(shown.number("trusted"), trusted, "{ip}");
    }
}

fn shared_bytes(log: &Log) -> i64 {
    let line = log.expect("palisade: start version=");
    let (_, bytes) = line.split_once("shared_bytes=").expect("bytes in the line");
    bytes.split(' ').next().and_then(|bytes| bytes.parse().ok()).unwrap_or_else(|| panic!("{line}"))
}

#[test]
fn the_start_line_states_the_memory() {
    let bytes = [&[][..], &[("sources_max", "1000000")], &[("bans_max", "1000000"), ("users_max", "1000000")]].map(|params| {
        let kam = with(params).start();
        let stats = kam.rpc(Rpc::Http, "palisade.stats", json!([])).expect("the counts");
        let told = shared_bytes(kam.log());
        assert_eq!(told, stats.number("shared_bytes"), "{params:?}");
        told
    });
    assert!((10 << 20..100 << 20).contains(&bytes[0]), "the default: {bytes:?}");
    // A source takes 64 bytes, a ban 272, a user 400, room for growth included.
    assert!(bytes[1] > bytes[0] + 40_000_000 && bytes[2] > bytes[0] + 500_000_000, "{bytes:?}");
}

/// The limit leaves room for Kamailio itself, and none for tables that big.
#[test]
fn too_little_memory_stops_the_start_with_one_line() {
    let dir = tempfile::tempdir().expect("a folder");
    let module = std::env::var("PALISADE_SO").unwrap_or_else(|_| format!("{}/target/palisade.so", env!("CARGO_MANIFEST_DIR")));
    let config = format!(
        "log_stderror=yes\nloadmodule \"{module}\"\nmodparam(\"palisade\", \"bans_max\", 16777216)\n\
         listen=udp:127.0.0.1:9\nrequest_route {{ exit; }}\n"
    );
    let path = dir.path().join("kamailio.cfg");
    std::fs::write(&path, config).expect("write it");
    let kamailio = std::env::var("KAMAILIO").unwrap_or_else(|_| "/usr/sbin/kamailio".into());
    let started = Command::new("sh")
        .args(["-c", "ulimit -v 2000000; exec \"$0\" -DD -E -f \"$1\" -Y \"$2\""])
        .args([kamailio.as_ref(), path.as_os_str(), dir.path().as_os_str()])
        .output()
        .expect("a shell");
    let log = String::from_utf8_lossy(&started.stderr);
    assert!(!started.status.success() && started.status.code().is_some(), "{}: {log}", started.status);
    let lines: Vec<_> = log.lines().filter(|line| line.contains("palisade: ")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    let told = "palisade: no start: sources_max=262144 bans_max=16777216 users_max=65536 need ";
    assert!(lines[0].contains(told) && lines[0].contains("Cannot allocate memory"), "{log}");
}
