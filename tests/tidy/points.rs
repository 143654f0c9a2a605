//! Fail points: those that tests set exist, those that exist are tested, and a release has none.

use super::tree::{File, files};
use super::words::words;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The fail points that a text sets: `ban.claimed` of `"ban.claimed=kill"`.
fn set_fail_points(text: &str) -> BTreeSet<String> {
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter == '.' || letter == '_';
    ["=kill", "=panic"]
        .iter()
        .flat_map(|action| text.match_indices(action))
        .map(|(place, _)| {
            text[..place]
                .rsplit(|letter| !is_name(letter))
                .next()
                .unwrap_or_default()
        })
        .filter(|name| name.contains('.'))
        .map(String::from)
        .collect()
}

/// The fail points in the source: the text after `point(`.
fn fail_points(words: &[String]) -> BTreeSet<String> {
    let found = words
        .windows(3)
        .filter(|next| next[0] == "point" && next[1] == "(" && next[2].starts_with('"'));
    found
        .map(|next| next[2].trim_matches('"').to_string())
        .collect()
}

#[test]
fn fail_points_that_tests_set_exist() {
    assert_eq!(
        set_fail_points(r#"x("a.b=panic c.d_e=kill"); y = kill"#),
        ["a.b", "c.d_e"].map(String::from).into()
    );
    assert_eq!(
        fail_points(&words("fn f() { fail::point(\"a.b\"); point(name) }")),
        ["a.b".to_string()].into()
    );
    let exist: BTreeSet<String> = files("src")
        .iter()
        .flat_map(|file| fail_points(&file.product))
        .collect();
    assert!(exist.len() >= 6, "{exist:?}");
    let all = files("tests");
    let tests: Vec<&File> = all
        .iter()
        .filter(|file| !file.path.starts_with("tests/tidy"))
        .collect();
    let set: BTreeSet<String> = tests
        .iter()
        .flat_map(|file| set_fail_points(&file.text))
        .collect();
    assert_eq!(
        set.difference(&exist).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "no such fail points"
    );
    let named = |point: &String| {
        tests
            .iter()
            .any(|file| file.words.contains(&format!("\"{point}\"")))
    };
    let unused: Vec<_> = exist
        .iter()
        .filter(|point| !set.contains(*point) && !named(point))
        .collect();
    assert!(
        unused.is_empty(),
        "fail points that no test sets: {unused:?}"
    );
    let release = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .expect("Cargo.toml");
    assert!(
        !release.contains("default = [\"failpoints"),
        "fail points in a release"
    );
}
