//! The scripts of the build, without a Kamailio: what is compared with one, and what is taken for its source.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const FLAGS: &str = "USE_TCP, USE_TLS, USE_SCTP, TLS_HOOKS, PKG_MALLOC, Q_MALLOC";

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("scripts")
        .join(name)
}

/// A module that was built for this version with these flags, and shows what a module does.
fn module(dir: &Path, version: &str, flags: &str) -> PathBuf {
    let (source, module) = (dir.join("module.c"), dir.join("module.so"));
    let text = format!(
        "char *module_version = \"{version}\"; char *module_flags = \"{flags}\";\n\
         int module_interface_ver = 1, exports = 1;\n"
    );
    fs::write(&source, text).unwrap();
    let mut compiler = Command::new("cc");
    let compiled = compiler
        .args(["-shared", "-fPIC", "-nostdlib", "-o"])
        .args([&module, &source]);
    assert!(compiled.status().unwrap().success());
    module
}

/// What `kamailio -v` prints, and the flags that are compared, which are somewhere in the binary.
fn kamailio(dir: &Path, version: &str, printed: &str, compared: &str) -> PathBuf {
    let path = dir.join("kamailio");
    let text =
        format!("#!/bin/sh\ncat <<END\nversion: {version}\nflags: {printed}\nEND\n# {compared}\n");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr)
        .trim_end()
        .to_owned()
}

struct Case {
    name: &'static str,
    /// Of the module.
    built: (&'static str, &'static str),
    /// Version, flags printed, flags compared.
    kamailio: (&'static str, &'static str, &'static str),
    /// What the one line says that refuses it; empty: it does not.
    refused: &'static str,
}

const CASES: &[Case] = &[
    Case {
        name: "the same",
        built: ("kamailio 5.6.3 (x86_64/linux)", FLAGS),
        kamailio: ("kamailio 5.6.3 (x86_64/linux) ", FLAGS, FLAGS),
        refused: "",
    },
    Case {
        name: "6.1, built from git: a commit, and words of ver.c",
        built: ("kamailio 6.1.4 (x86_64/linux)", FLAGS),
        kamailio: (
            "kamailio 6.1.4 (x86_64/linux) 1a2b3c-dirty",
            "USE_TCP, USE_TLS, USE_SCTP, TLS_HOOKS, PKG_MALLOC, Q_MALLOC, DBG_QM_MALLOC",
            FLAGS,
        ),
        refused: "",
    },
    Case {
        name: "with extra debugging, whose word comes first and with a comma",
        built: (
            "kamailio 5.6.3 (x86_64/linux)",
            ", EXTRA_DEBUGUSE_TCP, USE_TLS, USE_SCTP, TLS_HOOKS, PKG_MALLOC",
        ),
        kamailio: (
            "kamailio 5.6.3 (x86_64/linux)",
            ", EXTRA_DEBUGUSE_TCP, USE_TLS, USE_SCTP, TLS_HOOKS, PKG_MALLOC",
            "",
        ),
        refused: "",
    },
    Case {
        name: "make's module, CMake's Kamailio",
        built: ("kamailio 6.1.5 (x86_64/linux)", FLAGS),
        kamailio: ("kamailio 6.1.5 (x86_64/Linux)", FLAGS, FLAGS),
        refused: "is built for 'kamailio 6.1.5 (x86_64/linux)', but",
    },
    Case {
        name: "another version",
        built: ("kamailio 6.1.5 (x86_64/linux)", FLAGS),
        kamailio: ("kamailio 6.1.50 (x86_64/linux)", FLAGS, FLAGS),
        refused: "is built for 'kamailio 6.1.5 (x86_64/linux)', but",
    },
    Case {
        name: "a word less, a word more",
        built: (
            "kamailio 6.1.4 (x86_64/linux)",
            "USE_TCP, USE_TLS, TLS_HOOKS, PKG_MALLOC, Q_MALLOC, MEM_JOIN_FREE",
        ),
        kamailio: (
            "kamailio 6.1.4 (x86_64/linux)",
            "USE_TCP, USE_TLS, USE_SCTP, TLS_HOOKS, PKG_MALLOC, Q_MALLOC, DBG_QM_MALLOC",
            FLAGS,
        ),
        refused: "was compiled with MEM_JOIN_FREE and without USE_SCTP, unlike",
    },
];

#[test]
fn a_module_is_refused_for_what_kamailio_compares_and_nothing_else() {
    for case in CASES {
        let dir = tempfile::tempdir().unwrap();
        let module = module(dir.path(), case.built.0, case.built.1);
        let (version, printed, compared) = case.kamailio;
        let kamailio = kamailio(dir.path(), version, printed, compared);
        let output = Command::new(script("check-module"))
            .args([module, kamailio])
            .output()
            .unwrap();
        let told = told(&output);
        assert_eq!(
            output.status.success(),
            case.refused.is_empty(),
            "{}: {told}",
            case.name
        );
        assert!(told.contains(case.refused), "{}: {told}", case.name);
        assert!(told.lines().count() <= 1, "{}: {told}", case.name);
    }
}

#[test]
fn a_source_of_ones_own_is_what_make_or_cmake_has_configured() {
    const CMAKES: &str = "src/CMakeFiles/kamailio.dir/flags.make";
    for (files, found) in [
        (&["src/config.mak"][..], Ok("")),
        (&[CMAKES], Ok("")),
        (&[&*format!("build/{CMAKES}")], Ok("build")),
        (
            &["build/CMakeCache.txt"],
            Err("run cmake with -G 'Unix Makefiles'"),
        ),
        (&["src/Makefile.defs"], Err("is no configured Kamailio")),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        for file in files {
            let path = root.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let output = Command::new(script("kamailio-source"))
            .env("KAMAILIO_SRC", &root)
            .output()
            .unwrap();
        let answer = String::from_utf8_lossy(&output.stdout);
        match found {
            Ok(folder) => assert_eq!(Path::new(answer.trim_end()), root.join(folder), "{files:?}"),
            Err(why) => assert!(told(&output).contains(why), "{files:?}: {}", told(&output)),
        }
        assert_eq!(output.status.success(), found.is_ok(), "{files:?}");
    }
}
