//! What was set is in force.

use super::{numbers, with};
use crate::support::{Flood, Reply, Rpc, Server};
use palisade::settings::table::PARAMETERS;
use palisade::settings::{Settings, Value};
use serde_json::json;

#[track_caller]
fn ask(kam: &Server, command: &str) -> Reply {
    let answer = kam.rpc(Rpc::Http, &format!("palisade.{command}"), json!([]));
    answer.unwrap_or_else(|error| panic!("{command}: {error}\n{}", kam.log()))
}

/// As the settings show it; a text has no quotes there.
#[track_caller]
fn check_in_force(params: &[(&str, &str)]) -> Server {
    let kam = with(params).start();
    let settings = ask(&kam, "settings");
    for (name, value) in params {
        let value = value.trim_matches('"');
        assert_eq!(settings.text(name), value, "{name}: {settings}");
    }
    kam
}

#[test]
fn the_extremes_are_in_force() {
    // The largest tables take more memory than a test may ask for.
    let feasible = |name: &str, most: i64| {
        if name.ends_with("s_max") {
            100_000
        } else {
            most
        }
    };
    let least: Vec<_> = numbers()
        .map(|(name, least, _)| (name, least.to_string()))
        .collect();
    let most: Vec<_> = numbers()
        .map(|(name, _, most)| (name, feasible(name, most).to_string()))
        .collect();
    for (numbers, scope, on_fault) in [
        (least, "\"user_source\"", "\"drop\""),
        (most, "\"source\"", "\"pass\""),
    ] {
        let numbers = numbers.iter().map(|(name, value)| (*name, &**value));
        let texts = [("auth_scope", scope), ("on_fault", on_fault)];
        let kam = check_in_force(&numbers.chain(texts).collect::<Vec<_>>());
        let tally = Flood::on(&kam).from("127.0.0.5").requests(1).send();
        assert_eq!(tally.answered(), 1);
        let stats = ask(&kam, "stats");
        assert_eq!((stats.number("checked"), stats.number("faults")), (1, 0));
        kam.assert_healthy();
    }
}

/// What `palisade.settings` shows of a server that was told nothing is the default of each row.
#[test]
fn the_defaults_are_those_of_the_table() {
    let settings = ask(&with(&[]).start(), "settings");
    assert_eq!(
        settings.as_object().expect("a struct").len(),
        PARAMETERS.len(),
        "{settings}"
    );
    for (parameter, default) in Settings::default().each() {
        let expected = match default {
            Value::Number(number) => json!(number),
            Value::Text(text) => json!(text),
        };
        assert_eq!(settings[parameter.name], expected, "{}", parameter.name);
    }
}

/// The defaults that operators count on: a change of one wants a line in the CHANGELOG.
#[test]
fn the_defaults_are_those_of_the_handbook() {
    let settings = ask(&with(&[]).start(), "settings");
    let expected = json!({
        "sampling_time_unit": 2, "reqs_density_per_unit": 30, "remove_latency": 120,
        "rate_ban_time": 300, "ipv4_prefix": 32, "ipv6_prefix": 64, "trusted": "",
        "sources_max": 262_144, "bans_max": 65_536, "users_max": 65_536, "auth_max_failures": 3,
        "auth_window": 900, "auth_ban_time": 3600, "auth_scope": "user_source",
        "auth_user_max_failures": 10, "auth_known_time": 604_800, "agent_deny": "",
        "scans_max": 16_384, "scan_window": 600, "scan_max_users": 10,
        "scan_max_destinations": 20, "signal_max": 10,
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
    let settings = ask(&kam, "settings");
    let trusted = "192.0.2.0/24, 198.51.100.7/32, 2001:db8::/32, 203.0.113.128/25";
    for (name, value) in [
        ("trusted", trusted),
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

/// In bytes, and the same in the log and in the statistics.
#[track_caller]
fn memory(params: &[(&str, &str)]) -> i64 {
    let kam = with(params).start();
    let bytes = ask(&kam, "stats").number("shared_bytes");
    let line = kam.log().expect("palisade: start version=");
    let told = format!("shared_bytes={bytes}");
    assert!(
        line.split(' ').any(|word| word == told),
        "{line}, not {told}"
    );
    bytes
}

#[test]
fn the_start_line_states_the_memory() {
    let least = memory(&[]);
    let sources = memory(&[("sources_max", "500000")]);
    let records = memory(&[("bans_max", "200000"), ("users_max", "200000")]);
    assert!((10 << 20..128 << 20).contains(&least), "{least}");
    // More than the keys and counts alone would take.
    assert!(sources > least + 250_000 * 32, "{sources}, not {least}");
    assert!(
        records > least + 130_000 * 128 * 2,
        "{records}, not {least}"
    );
}
