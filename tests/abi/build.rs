//! Compiles the C program, and runs what it must.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo puts the library when it builds it for a test.
pub fn libraries() -> PathBuf {
    let program = env::current_exe().expect("a path");
    program.parent().expect("a folder").into()
}

pub fn static_library() -> String {
    let library = libraries().join("libpalisade.a");
    library.to_str().expect("a plain path").into()
}

/// What a program needs besides the static library: `rustc --print native-static-libs`.
const NATIVE: [&str; 6] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"];

#[track_caller]
pub fn run(command: &mut Command) -> Output {
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [&*output.stdout, &*output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(
        output.status.success(),
        "{command:?}: {}\n{said}",
        output.status
    );
    output
}

#[track_caller]
pub fn lines_of(command: &mut Command) -> Vec<String> {
    let text = String::from_utf8(run(command).stdout).expect("ASCII");
    text.lines().map(String::from).collect()
}

pub fn compiler() -> Command {
    let mut command = Command::new(env::var("CC").unwrap_or_else(|_| "gcc".into()));
    command.args(["-std=c11", "-Wall", "-Wextra", "-Werror"]);
    command
}

/// The test program, compiled with these options and linked with that.
#[track_caller]
pub fn build(name: &str, options: &[&str], library: &[&str]) -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let all = fs::read_dir(root().join("tests/abi")).expect("the C sources");
    let sources = all.map(|entry| entry.expect("a file").path());
    let mut command = compiler();
    command
        .args(["-D_DEFAULT_SOURCE", "-O1", "-g"])
        .args(options);
    for folder in ["include", "kamailio-glue"] {
        command.arg("-I").arg(root().join(folder));
    }
    command.args(sources.filter(|path| path.extension().is_some_and(|kind| kind == "c")));
    command.args(library).args(NATIVE).arg("-o").arg(&program);
    run(&mut command);
    program
}
