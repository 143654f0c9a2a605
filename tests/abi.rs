//! The C ABI, used from C: `tests/abi/*.c` against the library that cargo built for these tests;
//! what the library and the module export; the example.

#[path = "abi/build.rs"]
mod build;

use build::{build, compiler, libraries, lines_of, root, run, static_library};
use palisade::abi::{palisade_address_t, palisade_message_t, palisade_text_t};
use palisade::host::{HostReading, HostTable};
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::mem::offset_of;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// With the static library; built once.
fn plain() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| build("abi-plain", &[], &[&static_library()]))
}

/// The same, and it ends at the first thing that C does not allow.
fn sanitized() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    const SANITIZE: &[&str] = &["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    PROGRAM.get_or_init(|| build("abi-sanitized", SANITIZE, &[&static_library()]))
}

#[track_caller]
fn check_scenarios(program: &Path) {
    let scenarios = lines_of(&mut Command::new(program));
    assert!(scenarios.len() >= 15, "{scenarios:?}");
    for scenario in &scenarios {
        // Nothing waits for anything; a minute is for a machine that is busy.
        let said = lines_of(
            Command::new("timeout")
                .args(["60"])
                .arg(program)
                .arg(scenario),
        );
        assert_eq!(said.last(), Some(&format!("{scenario}: done")), "{said:?}");
    }
}

#[test]
fn a_c_program_gets_the_answers_that_the_header_promises() {
    check_scenarios(plain());
}

#[test]
fn the_same_under_the_sanitizers() {
    check_scenarios(sanitized());
}

#[test]
fn the_same_with_the_shared_library() {
    let folder = libraries();
    let folder = folder.to_str().expect("a plain path");
    let program = build(
        "abi-shared",
        &[],
        &[
            &format!("-L{folder}"),
            "-lpalisade",
            &format!("-Wl,-rpath,{folder}"),
        ],
    );
    let linked = lines_of(Command::new("readelf").arg("-d").arg(&program));
    assert!(
        linked
            .iter()
            .any(|line| line.contains("NEEDED") && line.contains("libpalisade.so")),
        "{linked:?}"
    );
    check_scenarios(&program);
}

/// The scenarios are able to fail.
#[test]
fn mistakes_are_noticed() {
    for (mistake, told) in [
        ("wrong_answer", "palisade_rate_check(NULL) is 1, not -1"),
        ("byte_too_far", "AddressSanitizer"),
        ("leak", "LeakSanitizer"),
    ] {
        let output = Command::new(sanitized())
            .arg(mistake)
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(
            !output.status.success() && said.contains(told),
            "{mistake}: {said}"
        );
    }
}

#[test]
fn structs_are_laid_out_alike_on_both_sides() {
    macro_rules! layout {
        ($($type:ty as $name:literal: $($field:ident),+;)+) => {
            vec![$(
                format!("{} {}", $name, size_of::<$type>()),
                $(format!("{}.{} {}", $name, stringify!($field), offset_of!($type, $field)),)+
            )+]
        };
    }
    let rust = layout! {
        palisade_text_t as "palisade_text_t": data, len;
        palisade_address_t as "palisade_address_t": bytes, len, port;
        palisade_message_t as "palisade_message_t": source, flags, handle;
        HostReading as "palisade_host_reading_t": method, unreadable, single, credentials, contacts;
        HostTable as "palisade_host_t": log, read, bytes, route, in_dialog, close_connection, open_struct, open_list, close,
            add_number, add_text, fault;
    };
    let mut c = lines_of(Command::new(plain()).arg("layout"));
    assert_eq!(c.pop().as_deref(), Some("layout: done"));
    assert_eq!(rust, c);
}

#[test]
fn each_header_stands_alone() {
    for header in ["include/palisade.h", "kamailio-glue/host.h"] {
        let mut command = compiler();
        command.args(["-pedantic", "-fsyntax-only", "-include"]);
        run(command
            .arg(root().join(header))
            .args(["-x", "c", "/dev/null"]));
    }
}

/// The functions that the header declares.
fn declared() -> BTreeSet<String> {
    let header = fs::read_to_string(root().join("include/palisade.h")).expect("the header");
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let before_brackets = header.match_indices('(').map(|(place, _)| &header[..place]);
    before_brackets
        .filter_map(|before| before.rsplit(|letter| !is_name(letter)).next())
        .filter(|name| name.starts_with("palisade_"))
        .map(String::from)
        .collect()
}

#[test]
fn the_shared_library_exports_the_functions_of_the_header_and_nothing_else() {
    let library = libraries().join("libpalisade.so");
    let shown = lines_of(
        Command::new("nm")
            .args(["-D", "--defined-only"])
            .arg(library),
    );
    let exported: BTreeSet<String> = shown
        .iter()
        .filter_map(|line| line.split(' ').nth(2))
        .map(String::from)
        .collect();
    assert_eq!(exported, declared());
    assert!(exported.len() >= 20, "{exported:?}");
}

/// It also runs where there is no Kamailio.
#[test]
fn the_shared_library_needs_only_the_system() {
    let library = libraries().join("libpalisade.so");
    let needed = lines_of(Command::new("readelf").arg("-d").arg(library));
    let needed: Vec<&str> = needed
        .iter()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        .collect();
    let system = ["libgcc_s.so", "libc.so", "libm.so", "ld-linux"];
    let strange: Vec<_> = needed
        .iter()
        .filter(|name| !system.iter().any(|known| name.starts_with(known)))
        .collect();
    assert!(!needed.is_empty() && strange.is_empty(), "{needed:?}");
}

fn module() -> PathBuf {
    env::var_os("PALISADE_SO").map_or_else(|| root().join("target/palisade.so"), PathBuf::from)
}

fn check_module(module: &Path) -> Output {
    let kamailio = env::var("KAMAILIO").unwrap_or_else(|_| "/usr/sbin/kamailio".into());
    let mut command = Command::new(root().join("scripts/check-module"));
    command
        .arg(module)
        .arg(kamailio)
        .output()
        .expect("scripts/check-module runs")
}

#[test]
fn the_module_exports_what_kamailio_looks_up_and_nothing_else() {
    let checked = check_module(&module());
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
    // What is no module of this Kamailio's is refused, with one sentence that says why.
    let library = libraries().join("libpalisade.so");
    for (other, why) in [
        (library.as_path(), "MODULE_VERSION is missing"),
        (Path::new("/nowhere.so"), "no such module"),
    ] {
        let refused = check_module(other);
        let told = String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success() && told.contains(why), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    }
}

/// As its README says, but for the library, which is there already.
#[test]
fn the_example_does_what_its_readme_shows() {
    let example = root().join("examples/c");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("checklist");
    let mut make = Command::new("make");
    make.arg("-B")
        .arg("-C")
        .arg(&example)
        .arg(format!("OUT={}", program.display()));
    make.arg(format!("LIBRARY={}", static_library()));
    make.arg("CFLAGS=-std=c11 -Wall -Wextra -Werror");
    run(&mut make);
    let list = fs::File::open(example.join("addresses.txt")).expect("the list");
    let output = run(Command::new(program).stdin(list));
    let said = String::from_utf8(output.stdout).expect("ASCII");
    let readme = fs::read_to_string(example.join("README.md")).expect("the README");
    let shown: String = readme
        .lines()
        .skip_while(|line| *line != "    $ make run")
        .skip(1)
        .map_while(|line| line.strip_prefix("    ").or(line.is_empty().then_some("")))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(said, shown);
}
