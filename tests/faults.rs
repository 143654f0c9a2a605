//! The module's own faults, injected through fail points (`src/shm/fail.rs`) into the real module in a
//! real Kamailio: a panic costs one verdict, a killed process costs no hang.

use crate::support::{Kamailio, Phone, Rpc, Server, wait_until};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Does what X-Do says and answers with its return code.
const ROUTE: &str = r#"
request_route {
    if ($hdr(X-Do) == "check") palisade_check();
    else if ($hdr(X-Do) == "pike") pike_check_req();
    else if ($hdr(X-Do) == "failed") palisade_auth_failed("alice");
    else if ($hdr(X-Do) == "ban") palisade_ban("192.0.2.1", "60");
    $var(rc) = $rc;
    sl_send_reply("200", "rc $var(rc)");
}"#;

/// The module with its fail points built in.
pub fn module() -> PathBuf {
    let module = std::env::var_os("PALISADE_FAILPOINTS_SO").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/failpoints/palisade.so"),
        PathBuf::from,
    );
    assert!(
        module.exists(),
        "{}: run make build-failpoints",
        module.display()
    );
    module
}

fn failing(points: &str, on_fault: &str) -> Kamailio {
    let config = format!(
        "loadmodule \"palisade.so\"\nmodparam(\"palisade\", \"on_fault\", \"{on_fault}\")\n{ROUTE}"
    );
    Kamailio::with(&config)
        .palisade_so(module())
        .environment("PALISADE_FAIL", points)
}

fn ask(phone: &Phone, what: &str) -> Option<String> {
    let answer = phone.ask(&phone.request("OPTIONS").header("X-Do", what))?;
    answer.reason().map(str::to_string)
}

/// What the script is told in place of a verdict: what it does, the function that fails, its return
/// code with `on_fault=pass`, and with `on_fault=drop`.
type Answer = (&'static str, &'static str, i32, i32);

const ANSWERS: [Answer; 4] = [
    ("check", "palisade_check", 1, -1),
    ("pike", "palisade_rate_check", 1, -1),
    ("failed", "palisade_auth_failed", 1, -1),
    ("ban", "palisade_ban_for", -1, -1),
];

#[test]
fn a_panic_costs_one_verdict_and_nothing_else() {
    for points in [
        "policy.check=panic rate.insert=panic auth.claimed=panic ban.claimed=panic",
        "rate.insert=panic auth.fail=panic ban.half_written=panic",
    ] {
        for on_fault in ["pass", "drop"] {
            check_panics(points, on_fault);
        }
    }
}

#[track_caller]
fn check_panics(points: &str, on_fault: &str) {
    const TIMES: i64 = 12;
    let kam = failing(points, on_fault).start();
    for (what, function, pass, drop) in ANSWERS {
        let rc = if on_fault == "pass" { pass } else { drop };
        for number in 0..TIMES {
            let phone = match number % 3 {
                0 => Phone::tcp(&kam, "127.0.0.5"),
                1 => Phone::udp(&kam, "::1"),
                _ => Phone::udp(&kam, "127.0.0.6"),
            };
            let told = format!("{points}, on_fault={on_fault}: {what}");
            assert_eq!(
                ask(&phone, what),
                Some(format!("rc {rc}")),
                "{told}\n{}",
                kam.log()
            );
        }
        let line = kam
            .log()
            .expect(&format!("palisade: fault function={function} file="));
        assert!(line.ends_with(&format!(" on_fault={on_fault}")), "{line}");
    }
    let stats = kam
        .rpc(Rpc::Kamcmd, "palisade.stats", json!([]))
        .expect("the counts");
    let faults = TIMES * ANSWERS.len() as i64;
    assert_eq!(stats.number("faults"), faults, "{stats}");
    // The same fault is not told again for ten seconds.
    let told = kam.log().matching("palisade: fault function=").len() as i64;
    assert!(
        told < faults / 2,
        "{told} lines for {faults} faults\n{}",
        kam.log()
    );
    assert_eq!(told + stats.number("log_suppressed"), faults, "{stats}");
    kam.assert_healthy();
    assert!(kam.stop().contains(&format!("faults={faults}")));
}

#[test]
fn a_panic_in_an_rpc_command_is_answered_with_500() {
    let kam = failing("report.answer=panic", "pass").start();
    let commands = ["stats", "bans", "unban_all", "settings"];
    for command in commands {
        for via in Rpc::ALL {
            let error = kam
                .rpc(via, &format!("palisade.{command}"), json!([]))
                .expect_err(command);
            let told = (error.code, error.message.as_str());
            assert_eq!(
                told,
                (500, "the module failed, see the log"),
                "{via:?} {command}"
            );
        }
    }
    assert_eq!(
        ask(&Phone::udp(&kam, "127.0.0.5"), "check"),
        Some("rc 1".into())
    );
    kam.log()
        .expect("palisade: fault function=palisade_rpc file=");
    kam.assert_healthy();
    let faults = commands.len() * Rpc::ALL.len();
    assert!(
        kam.stop()
            .contains(&format!("palisade: stop checked=1 faults={faults}"))
    );
}

#[test]
fn a_release_has_no_fail_points() {
    let points = "policy.check=panic rate.insert=kill report.answer=panic";
    let config = format!("loadmodule \"palisade.so\"\n{ROUTE}");
    let kam = Kamailio::with(&config)
        .environment("PALISADE_FAIL", points)
        .start();
    assert_eq!(
        ask(&Phone::udp(&kam, "127.0.0.5"), "check"),
        Some("rc 1".into())
    );
    let stats = kam
        .rpc(Rpc::Kamcmd, "palisade.stats", json!([]))
        .expect("the counts");
    assert_eq!((stats.number("checked"), stats.number("faults")), (1, 0));
}

/// Kamailio gives a shutdown 60 s (`exit_timeout`) and then aborts: less than that is an end of its
/// own accord.
const SHUTDOWN: Duration = Duration::from_secs(30);

/// When one process dies, Kamailio stops all; none of them, and no cleanup, may wait for what the
/// dead one had in its hands.
#[test]
fn a_process_killed_in_the_middle_of_an_update_does_not_hold_up_the_shutdown() {
    for (point, what) in [
        ("policy.check", "check"),
        ("rate.insert", "check"),
        ("rate.insert", "pike"),
        ("auth.claimed", "failed"),
        ("auth.fail", "failed"),
        ("ban.claimed", "ban"),
        ("ban.half_written", "ban"),
    ] {
        check_killed(point, |kam| {
            let phones = ["127.0.0.5", "127.0.0.6", "::1"].map(|source| Phone::udp(kam, source));
            for phone in phones.iter().cycle().take(30) {
                // Datagrams to a server that is gone by now are refused.
                let request = phone.request("OPTIONS").header("X-Do", what);
                let _gone = phone.try_send_raw(&request.bytes());
            }
        });
    }
}

#[test]
fn an_rpc_process_killed_in_the_middle_of_an_update_does_not_hold_up_the_shutdown() {
    for (point, via) in [
        ("report.answer", Rpc::Kamcmd),
        ("ban.claimed", Rpc::Kamcmd),
        ("ban.half_written", Rpc::Kamcmd),
        ("ban.claimed", Rpc::Http),
    ] {
        check_killed(point, |kam| {
            let answer = kam.rpc(via, "palisade.ban", json!(["192.0.2.1", 60]));
            assert_eq!(
                answer.expect_err("killed").code,
                0,
                "{via:?}: no reply at all"
            );
        });
    }
}

#[track_caller]
fn check_killed(point: &str, provoke: impl FnOnce(&Server)) {
    let kam = failing(&format!("{point}=kill"), "pass")
        .allow("exited by a signal 9")
        .start();

    provoke(&kam);
    kam.log().expect("exited by a signal 9");
    let is_over = || kam.processes().iter().all(|process| !process.is_alive());
    assert!(
        wait_until(is_over, SHUTDOWN),
        "{point}: still there\n{}",
        kam.log()
    );
    kam.log().expect("palisade: stop checked=");
}
