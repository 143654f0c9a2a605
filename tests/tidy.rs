//! The source keeps the architecture's promises. Each rule is shown to fail on a bad example.

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/boundary.rs"]
mod boundary;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/words.rs"]
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use tree::{File, files};
use words::{holds, without_const_checks};

/// What is wrong with one file.
type Rule = fn(&File) -> Vec<String>;

#[track_caller]
fn check(folder: &str, rule: Rule) {
    let complaints: Vec<String> = files(folder)
        .iter()
        .flat_map(|file| rule(file).into_iter().map(|what| format!("{}: {what}", file.path)))
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// The rule complains of each of these, and not of the good one.
#[track_caller]
fn check_the_rule(rule: Rule, good: (&str, &str), bad: &[(&str, &str)]) {
    let complaints = |(path, text): (&str, &str)| rule(&File::new(path, text));
    assert_eq!(complaints(good), Vec::<String>::new(), "{good:?}");
    for example in bad {
        assert!(!complaints(*example).is_empty(), "no complaint of {example:?}");
    }
}

#[test]
fn every_exported_function_stays_behind_the_panic_boundary() {
    let rule = boundary::exported_functions_stay_behind_the_boundary;
    let good = r#"unsafe extern "C" fn f(x: i32) -> i32 { unsafe { judge("f", A, x, |x| x) } }"#;
    check_the_rule(
        rule,
        ("src/abi/checks.rs", good),
        &[
            ("src/host.rs", good),
            ("src/abi/checks.rs", r#"extern "C" fn f() -> i32 { 1 }"#),
            ("src/abi/checks.rs", r#"extern "C" fn f() -> i32 { let x = g(); guard("f", A, || x) }"#),
            ("src/abi/checks.rs", r#"extern "C" fn f() -> i32 { guard("f", A, || 1); h() }"#),
            ("src/abi/checks.rs", r#"extern "C" fn f() -> i32 { h(guard("f", A, || 1)) }"#),
            ("src/abi/checks.rs", r#"extern "C" fn f() -> i32 { guard("g", A, || 1) }"#),
            ("src/abi/checks.rs", r#"extern "C" fn f() -> i32 { unguarded("f", A, || 1) }"#),
            ("src/abi/checks.rs", "#[unsafe(no_mangle)] pub fn f() {}"),
            ("src/abi/checks.rs", r#"mod inner { extern "C" fn f() -> i32 { 1 } }"#),
            ("src/abi/checks.rs", r#"impl X { extern "C" fn f() -> i32 { guard("f", A, || 1) } }"#),
            ("src/abi/checks.rs", r#"unsafe extern "C" { fn abort(); }"#),
        ],
    );
    check("src", rule);
    let abi = files("src/abi");
    let exported = abi.iter().map(|file| file.text.matches("extern \"C\" fn").count()).sum::<usize>();
    assert!(exported >= 20, "only {exported} exported functions were found");
    assert_eq!(boundary::boundary_functions(&abi), boundary::all_boundary_functions());
}

fn unsafe_lives_at_the_edges(file: &File) -> Vec<String> {
    let is_home = matches!(file.room(), Some("abi" | "host" | "shm"));
    let found = !is_home && holds(&file.words, &["unsafe"]);
    found.then(|| "unsafe outside abi, host and shm".into()).into_iter().collect()
}

#[test]
fn unsafe_lives_in_abi_host_and_shm_alone() {
    check_the_rule(
        unsafe_lives_at_the_edges,
        ("src/ban.rs", "//! unsafe\nfn f() -> &'static str { \"unsafe\" }"),
        &[
            ("src/ban.rs", "fn f() { unsafe { g() } }"),
            ("src/ban/reason.rs", "unsafe fn f() {}"),
            ("src/policy.rs", "unsafe impl Send for X {}"),
            ("src/rate.rs", "#[cfg(test)] mod tests { fn f() { m!(unsafe { g() }) } }"),
            ("src/shmem.rs", "#[unsafe(no_mangle)] fn f() {}"),
        ],
    );
    check("src", unsafe_lives_at_the_edges);
}

#[test]
fn the_arrows_point_down() {
    let rule = arrows::a_room_uses_only_the_rooms_below_it;
    check_the_rule(
        rule,
        ("src/auth/record.rs", "use super::tally::Tally; use crate::{clock::Clock, shm::{self, table}};"),
        &[
            ("src/shm/table.rs", "use crate::ban::BanTable;"),
            ("src/rate.rs", "fn f() { crate::policy::decide() }"),
            ("src/auth/record.rs", "use super::super::policy::Firewall;"),
            ("src/auth.rs", "use super::report;"),
            ("src/agent.rs", "use crate::{escape::Escaped, auth::{AuthTable}};"),
            ("src/agent.rs", "use crate::{escape::Escaped, auth};"),
            ("src/clock.rs", "m!(crate::host::log(1));"),
            ("src/stranger.rs", ""),
        ],
    );
    check("src", rule);
    let names: Vec<&str> = arrows::ROOMS.iter().map(|(name, _)| *name).collect();
    for (place, (name, used)) in arrows::ROOMS.iter().enumerate() {
        for used in used.split(' ').filter(|used| !used.is_empty()) {
            let below = names[place + 1..].contains(&used);
            assert!(below, "{name} → {used}: points up");
            let exists = files("src").iter().any(|file| file.room() == Some(name) && arrows::uses(file).contains(used));
            assert!(exists, "{name} → {used}: nothing needs this arrow any more");
        }
    }
}

fn a_file_is_short_and_says_what_it_is(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    let (long, mute) = (lines > 500, !file.text.starts_with("//! "));
    let generated = file.path == "src/host/bindings.rs";
    let long = (long && !generated).then(|| format!("{lines} lines: wants to be two"));
    let mute = (mute && !generated).then(|| "does not begin with //! and what it is".into());
    long.into_iter().chain(mute).collect()
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let long = "//! Long.\n".to_owned() + &"// line\n".repeat(500);
    check_the_rule(
        a_file_is_short_and_says_what_it_is,
        ("src/ban.rs", "//! The ban table.\n"),
        &[("src/ban.rs", &long), ("src/ban.rs", "// The ban table.\n"), ("src/ban.rs", "")],
    );
    check("src", a_file_is_short_and_says_what_it_is);
    check("tests", a_file_is_short_and_says_what_it_is);
}

fn has_no_leftovers(file: &File) -> Vec<String> {
    const MACROS: [&str; 7] = ["println", "print", "eprintln", "eprint", "todo", "unimplemented", "dbg"];
    const NAMES: [&str; 8] = ["util", "utils", "helper", "helpers", "common", "manager", "misc", "lib_"];
    let called = MACROS.iter().filter(|name| file.path.starts_with("src/") && holds(&file.words, &[name, "!"]));
    let mut complaints: Vec<String> = called.map(|name| format!("{name}!")).collect();
    for sequence in [&["static", "mut"][..], &["#", "[", "ignore"]] {
        if holds(&file.words, sequence) {
            complaints.push(sequence.join(" "));
        }
    }
    let parts = file.path.trim_end_matches(".rs").split('/');
    complaints.extend(parts.filter(|part| NAMES.contains(part)).map(|part| format!("{part} says nothing")));
    complaints
}

#[test]
fn nothing_is_left_over_from_the_workbench() {
    check_the_rule(
        has_no_leftovers,
        ("src/ban.rs", "fn f() { print(1); /* dbg!(1) */ let _ = \"todo!()\"; }"),
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
    let calls = ["unwrap", "expect"].into_iter().filter(|name| holds(&words, &[".", name, "("]));
    let macros = ["panic", "unreachable", "assert", "assert_eq", "assert_ne"];
    let macros = macros.into_iter().filter(|name| holds(&words, &[name, "!"]));
    let is_fail_point = file.path == "src/fail.rs";
    calls.chain(macros).filter(|_| !is_fail_point).map(|name| format!("{name}: a panic is never the answer")).collect()
}

/// An index out of bounds would still be one; the boundary is there for what nobody thought of.
#[test]
fn the_product_panics_nowhere_on_purpose() {
    check_the_rule(
        panics_nowhere,
        ("src/ban.rs", "const _: () = { assert!(X); }; const _: () = assert!(Y);\
                        fn f() { debug_assert(1); x.unwrap_or(1) } #[cfg(all(test, not(loom)))] mod tests;\
                        #[cfg(test)] mod tests { fn f() { x.unwrap() } }"),
        &[
            ("src/ban.rs", "fn f() { x.unwrap() }"),
            ("src/ban.rs", "fn f() { x.expect(\"y\") }"),
            ("src/ban.rs", "fn f() { panic!() }"),
            ("src/ban.rs", "const _: () = assert!(X); fn f() { assert_eq!(x, 1) }"),
            ("src/ban.rs", "#[cfg(test)] mod tests { } fn f() { unreachable!() }"),
            ("src/ban.rs", "#[cfg(feature = \"test\")] fn f() { x.unwrap() }"),
            ("src/ban.rs", "#[cfg(not(test))] fn f() { x.unwrap() }"),
            ("src/ban.rs", "#[cfg(any(test, loom))] fn f() { x.unwrap() }"),
        ],
    );
    check("src", panics_nowhere);
}

/// The fail points that a text sets: `ban.claimed` of `"ban.claimed=kill"`.
fn set_fail_points(text: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '.' || letter == '_';
    ["=kill", "=panic"]
        .iter()
        .flat_map(|action| text.match_indices(action))
        .map(|(place, _)| text[..place].rsplit(|letter| !is_name(letter)).next().unwrap_or_default())
        .filter(|name| name.contains('.'))
        .map(String::from)
        .collect()
}

/// The fail points in the source: the text after `point(`.
fn fail_points(words: &[String]) -> BTreeSet<String> {
    let found = words.windows(3).filter(|next| next[0] == "point" && next[1] == "(" && next[2].starts_with('"'));
    found.map(|next| next[2].trim_matches('"').to_string()).collect()
}

#[test]
fn fail_points_that_tests_set_exist() {
    assert_eq!(set_fail_points(r#"x("a.b=panic c.d_e=kill"); y = kill"#), ["a.b", "c.d_e"].map(String::from).into());
    assert_eq!(fail_points(&words::words("fn f() { fail::point(\"a.b\"); point(name) }")), ["a.b".to_string()].into());
    let exist: BTreeSet<String> = files("src").iter().flat_map(|file| fail_points(&file.product)).collect();
    assert!(exist.len() >= 6, "{exist:?}");
    let all = files("tests");
    let tests: Vec<&File> = all.iter().filter(|file| !file.path.starts_with("tests/tidy")).collect();
    let set: BTreeSet<String> = tests.iter().flat_map(|file| set_fail_points(&file.text)).collect();
    assert_eq!(set.difference(&exist).collect::<Vec<_>>(), Vec::<&String>::new(), "no such fail points");
    let named = |point: &String| tests.iter().any(|file| file.words.contains(&format!("\"{point}\"")));
    let unused: Vec<_> = exist.iter().filter(|point| !set.contains(*point) && !named(point)).collect();
    assert!(unused.is_empty(), "fail points that no test sets: {unused:?}");
    let release = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).expect("Cargo.toml");
    assert!(!release.contains("default = [\"failpoints"), "fail points in a release");
}
