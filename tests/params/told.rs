//! What is allowed and hardly meant so is told at start, in one line each; what can't work is refused.

use super::{MODULE, ROUTE, check_refused, with};
use crate::support::Kamailio;

/// It starts, and of what it warns these are the lines, and no others.
#[track_caller]
fn check_told(params: &[(&str, &str)], told: &[&str]) {
    let kam = with(params).start();
    check_warnings(&kam.log().matching("WARNING: palisade: "), told);
    kam.assert_healthy();
}

#[track_caller]
fn check_warnings(lines: &[String], told: &[&str]) {
    assert_eq!(lines.len(), told.len(), "{lines:#?}");
    for (line, told) in lines.iter().zip(told) {
        assert!(
            line.contains(&format!("palisade: {told}")),
            "{line}, not {told}"
        );
    }
}

#[test]
fn what_is_hardly_meant_so_is_told() {
    for (params, told) in [
        (&[][..], &[][..]),
        (
            &[("trusted", r#""0.0.0.0/0""#)],
            &["trusted=0.0.0.0/0: trusts every IPv4 address: no check blocks any of them"],
        ),
        (
            &[("trusted", r#""::/0""#)],
            &["trusted=::/0: trusts every IPv4 and IPv6 address"],
        ),
        (
            &[("trusted", r#""192.0.2.5/24, 2001:db8::1/32""#)],
            &[
                "trusted=192.0.2.5/24: has bits beyond its length, taken for 192.0.2.0/24",
                "trusted=2001:db8::1/32: has bits beyond its length, taken for 2001:db8::/32",
            ],
        ),
        (
            &[("agent_deny", r#"".*""#), ("agent_deny", r#""^evil""#)],
            &["agent_deny=.*: matches ordinary phones"],
        ),
        (
            &[
                ("policy", r#""sqli=ban:60 scan=log""#),
                ("policy", r#""sqli=log""#),
            ],
            &["policy=sqli=log: sqli is named 2 times, the last one counts"],
        ),
    ] {
        check_told(params, told);
    }
}

#[test]
fn a_pair_that_counts_nothing_is_refused() {
    check_refused(
        &[("policy", r#""rate=off""#), ("edge", r#""rate""#)],
        "no start: edge=rate: with policy rate=off nothing is counted there",
    );
    check_told(&[("policy", r#""rate=off""#), ("edge", r#""bans""#)], &[]);
    check_told(&[("policy", r#""rate=log""#), ("edge", r#""rate""#)], &[]);
}

#[test]
fn pike_beside_it_is_told() {
    let pike = r#"loadmodule "pike.so""#;
    for part in [format!("{pike}\n{MODULE}"), format!("{MODULE}\n{pike}")] {
        let kam = Kamailio::with(&format!("{part}{ROUTE}")).start();
        check_warnings(
            &kam.log().matching("WARNING: palisade: "),
            &["pike.so is loaded too: "],
        );
    }
}

/// The same file a second time is Kamailio's to refuse.
#[test]
fn a_second_one_is_refused() {
    let copies = tempfile::tempdir().expect("a folder");
    let copy = copies.path().join("other.so");
    let module = std::env::var("PALISADE_SO")
        .unwrap_or_else(|_| format!("{}/target/palisade.so", env!("CARGO_MANIFEST_DIR")));
    std::fs::copy(module, &copy).expect("a copy");
    let second = format!("loadmodule \"{}\"", copy.display());
    for (second, told) in [
        (
            second.as_str(),
            "ERROR: palisade: palisade.so is loaded twice",
        ),
        (MODULE, "attempting to load the same module twice"),
    ] {
        let log = Kamailio::with(&format!("{MODULE}\n{second}{ROUTE}")).expect_start_failure();
        assert_eq!(log.matching(told).len(), 1, "{log}");
    }
}
