//! A config that was written for pike works when the module's name is replaced, and nothing else.

use super::scenarios::palisade_as;
use super::{ROUTE, code, code_of};
use crate::support::{Kamailio, Phone, wait_until};
use std::ops::RangeInclusive;
use std::time::Duration;

const LIMIT: usize = 5;

/// All four parameters of pike, both functions.
const CONFIG: &str = r#"
loadmodule "pike.so"
modparam("pike", "sampling_time_unit", 30)
modparam("pike", "reqs_density_per_unit", 5)
modparam("pike", "remove_latency", 60)
modparam("pike", "pike_log_level", 1)
"#;

/// What one module does, and the other one should.
struct Module {
    config: String,
    /// Requests that pass before the first one that does not.
    passing: RangeInclusive<usize>,
    /// Logged once when a source is blocked.
    blocked: fn(&str) -> String,
    /// What no address is answered with, beside -1.
    unreadable: &'static str,
}

#[test]
fn pikes_config_with_pike() {
    check(&Module {
        config: format!("{CONFIG}{ROUTE}"),
        passing: LIMIT - 1..=3 * LIMIT,
        blocked: |source| format!("PIKE - BLOCKing ip {source},"),
        unreadable: "ERROR: pike ",
    });
}

#[test]
fn pikes_config_with_palisade() {
    check(&Module {
        config: palisade_as(&format!("{CONFIG}{ROUTE}")),
        passing: LIMIT..=LIMIT,
        blocked: |source| format!("NOTICE: palisade: block key={source} reason=rate"),
        unreadable: "ERROR: palisade: key=",
    });
}

fn check(module: &Module) {
    let kam = Kamailio::with(&module.config).start();
    for (source, key) in [
        ("from 127.0.0.66", "127.0.0.66"),
        ("192.0.2.66", "192.0.2.66"),
    ] {
        let codes: Vec<i32> = (0..4 * LIMIT).map(|_| code_of(&kam, source)).collect();
        let passing = codes.iter().take_while(|&&code| code == 1).count();
        assert!(module.passing.contains(&passing), "{source}: {codes:?}");
        assert_eq!(codes[passing], -2, "{source}: {codes:?}");
        assert!(
            codes[passing + 1..].iter().all(|&code| code == -1),
            "{source}: {codes:?}"
        );
        let line = (module.blocked)(key);
        kam.log().expect(&line);
        assert_eq!(kam.log().matching(&line).len(), 1, "{}", kam.log());
    }
    assert_eq!(code_of(&kam, "198.51.100.7"), 1, "somebody else");

    let phone = Phone::udp(&kam, "127.0.0.5");
    for text in ["alice", "1.2.3", "2001:db8::g", "192.0.2.1 x", "\"%s%n\\"] {
        let mark = kam.log().mark();
        let request = phone.request("OPTIONS").header("X-Ip", text);
        assert_eq!(code(&phone, &request), -1, "{text}");
        let told = || {
            let lines = kam.log().since(mark);
            lines.iter().any(|line| line.contains(module.unreadable))
        };
        assert!(
            wait_until(told, Duration::from_secs(10)),
            "{text}: {}",
            kam.log()
        );
    }
    kam.stop();
}
