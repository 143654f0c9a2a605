//! The source keeps the architecture's promises. Each rule is shown to fail on a bad example.

#[path = "tidy/arrows.rs"]
mod arrows;
#[path = "tidy/boundary.rs"]
mod boundary;
#[path = "tidy/leftovers.rs"]
mod leftovers;
#[path = "tidy/points.rs"]
mod points;
#[path = "tidy/tree.rs"]
mod tree;
#[path = "tidy/words.rs"]
mod words;

use tree::{File, files};
use words::holds;

/// A room, and those that a file of it uses.
type Arrows = (Option<String>, std::collections::BTreeSet<String>);

/// What is wrong with one file.
type Rule = fn(&File) -> Vec<String>;

#[track_caller]
fn check(folder: &str, rule: Rule) {
    let complaints: Vec<String> = files(folder)
        .iter()
        .flat_map(|file| {
            rule(file)
                .into_iter()
                .map(|what| format!("{}: {what}", file.path))
        })
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// The rule complains of each of these, and not of the good one.
#[track_caller]
fn check_the_rule(rule: Rule, good: (&str, &str), bad: &[(&str, &str)]) {
    let complaints = |(path, text): (&str, &str)| rule(&File::new(path, text));
    assert_eq!(complaints(good), Vec::<String>::new(), "{good:?}");
    for example in bad {
        assert!(
            !complaints(*example).is_empty(),
            "no complaint of {example:?}"
        );
    }
}

#[test]
fn every_exported_function_stays_behind_the_panic_boundary() {
    let rule = boundary::exported_functions_stay_behind_the_boundary;
    let good = r#"unsafe extern "C" fn f(x: i32) -> i32 { exported!(f, A, x, (), |it| 1) }"#;
    check_the_rule(
        rule,
        ("src/abi/checks.rs", good),
        &[
            ("src/host.rs", good),
            ("src/abi/checks.rs", r#"extern "C" fn f() -> i32 { 1 }"#),
            (
                "src/abi/checks.rs",
                r#"extern "C" fn f() -> i32 { let x = g(); guard("f", A, || x) }"#,
            ),
            (
                "src/abi/checks.rs",
                r#"extern "C" fn f() -> i32 { guard("f", A, || 1); h() }"#,
            ),
            (
                "src/abi/checks.rs",
                r#"extern "C" fn f() -> i32 { h(guard("f", A, || 1)) }"#,
            ),
            (
                "src/abi/checks.rs",
                r#"extern "C" fn f() -> i32 { guard("g", A, || 1) }"#,
            ),
            (
                "src/abi/checks.rs",
                r#"extern "C" fn f() -> i32 { unguarded("f", A, || 1) }"#,
            ),
            (
                "src/abi/checks.rs",
                r#"extern "C" fn f() -> i32 { exported!(g, A, (), |it| 1) }"#,
            ),
            (
                "src/abi/checks.rs",
                r#"extern "C" fn f() -> i32 { other!(f, A, (), |it| 1) }"#,
            ),
            ("src/abi/checks.rs", "#[unsafe(no_mangle)] pub fn f() {}"),
            (
                "src/abi/checks.rs",
                r#"mod inner { extern "C" fn f() -> i32 { 1 } }"#,
            ),
            (
                "src/abi/checks.rs",
                r#"impl X { extern "C" fn f() -> i32 { guard("f", A, || 1) } }"#,
            ),
            ("src/abi/checks.rs", r#"unsafe extern "C" { fn abort(); }"#),
        ],
    );
    check("src", rule);
    let abi = files("src/abi");
    let exported = abi
        .iter()
        .map(|file| file.text.matches("extern \"C\" fn").count())
        .sum::<usize>();
    assert!(
        exported >= 20,
        "only {exported} exported functions were found"
    );
    assert_eq!(
        boundary::boundary_functions(&abi),
        boundary::all_boundary_functions()
    );
}

fn unsafe_lives_at_the_edges(file: &File) -> Vec<String> {
    let is_home = matches!(file.room(), Some("abi" | "host" | "shm"));
    let found = !is_home && holds(&file.words, &["unsafe"]);
    found
        .then(|| "unsafe outside abi, host and shm".into())
        .into_iter()
        .collect()
}

#[test]
fn unsafe_lives_in_abi_host_and_shm_alone() {
    check_the_rule(
        unsafe_lives_at_the_edges,
        (
            "src/ban.rs",
            "//! unsafe\nfn f() -> &'static str { \"unsafe\" }",
        ),
        &[
            ("src/ban.rs", "fn f() { unsafe { g() } }"),
            ("src/ban/reason.rs", "unsafe fn f() {}"),
            ("src/policy.rs", "unsafe impl Send for X {}"),
            (
                "src/rate.rs",
                "#[cfg(test)] mod tests { fn f() { m!(unsafe { g() }) } }",
            ),
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
        (
            "src/auth/record.rs",
            "use super::tally::Tally; use crate::{clock::Clock, shm::{self, table}};",
        ),
        &[
            ("src/shm/table.rs", "use crate::ban::BanTable;"),
            ("src/rate.rs", "fn f() { crate::policy::decide() }"),
            ("src/auth/record.rs", "use super::super::policy::Firewall;"),
            ("src/auth.rs", "use super::report;"),
            (
                "src/agent.rs",
                "use crate::{escape::Escaped, auth::{AuthTable}};",
            ),
            ("src/agent.rs", "use crate::{escape::Escaped, auth};"),
            ("src/clock.rs", "m!(crate::host::log(1));"),
            ("src/stranger.rs", ""),
            ("src/geo.rs", "use crate::lists::database::Url;"),
            ("src/geo.rs", "use crate::lists::{lookup::tree, running};"),
            (
                "src/lists/lookup/image.rs",
                "use crate::lists::reading::value;",
            ),
            ("src/lists/lookup.rs", "use crate::lists::Lists;"),
            ("src/lists/reading/spec.rs", "use crate::shm::arena::Arena;"),
        ],
    );
    check("src", rule);
    check_the_rule(
        arrows::inner_rooms_are_named_from_the_root,
        (
            "src/lists/lookup/image.rs",
            "use super::tree; use crate::lists::lookup::text; mod a { use super::b; }",
        ),
        &[
            (
                "src/lists/lookup/image.rs",
                "use super::super::reading::value;",
            ),
            (
                "src/lists/lookup/tree/nodes.rs",
                "use super::super::super::Lists;",
            ),
        ],
    );
    check("src", arrows::inner_rooms_are_named_from_the_root);
    let names: Vec<&str> = arrows::ROOMS.iter().map(|(name, _)| *name).collect();
    let all: Vec<Arrows> = files("src")
        .iter()
        .map(|file| (arrows::room(file), arrows::uses(file)))
        .collect();
    for (place, (name, used)) in arrows::ROOMS.iter().enumerate() {
        for used in used.split(' ').filter(|used| !used.is_empty()) {
            let below = names[place + 1..].contains(&used);
            assert!(below, "{name} → {used}: points up");
            let needs =
                |(room, uses): &Arrows| room.as_deref() == Some(*name) && uses.contains(used);
            let exists = all.iter().any(needs);
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
        &[
            ("src/ban.rs", &long),
            ("src/ban.rs", "// The ban table.\n"),
            ("src/ban.rs", ""),
        ],
    );
    check("src", a_file_is_short_and_says_what_it_is);
    check("tests", a_file_is_short_and_says_what_it_is);
}
