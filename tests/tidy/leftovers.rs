//! What must not be in the source: traces of the workbench, names that say nothing, panics.

use super::tree::File;
use super::words::{holds, without_const_checks};
use super::{check, check_the_rule};

fn has_no_leftovers(file: &File) -> Vec<String> {
    const MACROS: [&str; 7] = [
        "println",
        "print",
        "eprintln",
        "eprint",
        "todo",
        "unimplemented",
        "dbg",
    ];
    const NAMES: [&str; 8] = [
        "util", "utils", "helper", "helpers", "common", "manager", "misc", "lib_",
    ];
    let called = MACROS
        .iter()
        .filter(|name| file.path.starts_with("src/") && holds(&file.words, &[name, "!"]));
    let mut complaints: Vec<String> = called.map(|name| format!("{name}!")).collect();
    for sequence in [&["static", "mut"][..], &["#", "[", "ignore"]] {
        if holds(&file.words, sequence) {
            complaints.push(sequence.join(" "));
        }
    }
    let parts = file.path.trim_end_matches(".rs").split('/');
    complaints.extend(
        parts
            .filter(|part| NAMES.contains(part))
            .map(|part| format!("{part} says nothing")),
    );
    complaints
}

#[test]
fn nothing_is_left_over_from_the_workbench() {
    check_the_rule(
        has_no_leftovers,
        (
            "src/ban.rs",
            "fn f() { print(1); /* dbg!(1) */ let _ = \"todo!()\"; }",
        ),
        &[
            ("src/ban.rs", "fn f() { println!(\"x\") }"),
            ("src/ban.rs", "fn f() { todo!() }"),
            ("src/ban.rs", "fn f() { g(std::dbg!(1)) }"),
            ("src/ban.rs", "static mut X: u8 = 0;"),
            ("tests/ban.rs", "#[test] #[ignore] fn f() {}"),
            ("tests/ban.rs", "#[test] #[ignore = \"slow\"] fn f() {}"),
            ("src/utils.rs", ""),
            ("src/ban/helpers.rs", ""),
        ],
    );
    check("src", has_no_leftovers);
    check("tests", has_no_leftovers);
}

fn panics_nowhere(file: &File) -> Vec<String> {
    let words = without_const_checks(&file.product);
    let calls = ["unwrap", "expect"]
        .into_iter()
        .filter(|name| holds(&words, &[".", name, "("]));
    let macros = ["panic", "unreachable", "assert", "assert_eq", "assert_ne"];
    let macros = macros
        .into_iter()
        .filter(|name| holds(&words, &[name, "!"]));
    let is_fail_point = file.path == "src/shm/fail.rs";
    calls
        .chain(macros)
        .filter(|_| !is_fail_point)
        .map(|name| format!("{name}: a panic is never the answer"))
        .collect()
}

/// An index out of bounds would still be one; the boundary is there for what nobody thought of.
#[test]
fn the_product_panics_nowhere_on_purpose() {
    check_the_rule(
        panics_nowhere,
        (
            "src/ban.rs",
            "const _: () = { assert!(X); }; const _: () = assert!(Y);\
                        fn f() { debug_assert(1); x.unwrap_or(1) } #[cfg(all(test, not(loom)))] mod tests;\
                        #[cfg(test)] mod tests { fn f() { x.unwrap() } }",
        ),
        &[
            ("src/ban.rs", "fn f() { x.unwrap() }"),
            ("src/ban.rs", "fn f() { x.expect(\"y\") }"),
            ("src/ban.rs", "fn f() { panic!() }"),
            (
                "src/ban.rs",
                "const _: () = assert!(X); fn f() { assert_eq!(x, 1) }",
            ),
            (
                "src/ban.rs",
                "#[cfg(test)] mod tests { } fn f() { unreachable!() }",
            ),
            (
                "src/ban.rs",
                "#[cfg(feature = \"test\")] fn f() { x.unwrap() }",
            ),
            ("src/ban.rs", "#[cfg(not(test))] fn f() { x.unwrap() }"),
            (
                "src/ban.rs",
                "#[cfg(any(test, loom))] fn f() { x.unwrap() }",
            ),
        ],
    );
    check("src", panics_nowhere);
}
