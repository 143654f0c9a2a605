//! The committed C header and host bindings are what the sources say. This is the one place that needs cbindgen,
//! bindgen and libclang: a build takes the committed files as they are. So is what repeats the tables of Rust, in C and
//! in the documents.
//!
//! `PALISADE_BLESS=1 cargo test --test drift` writes them anew.

#[path = "drift/tables.rs"]
mod tables;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

#[test]
fn the_header_is_what_src_abi_says() {
    check("include/palisade.h", &header());
}

#[test]
fn the_bindings_are_what_host_h_says() {
    check("src/host/bindings.rs", &bindings());
}

#[track_caller]
fn check(name: &str, fresh: &str) {
    let path = root().join(name);
    if env::var_os("PALISADE_BLESS").is_some() {
        fs::write(&path, fresh).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == fresh,
        "{name} has drifted: run PALISADE_BLESS=1 cargo test --test drift"
    );
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The ABI's own files, not the crate: what is public in Rust is not C's business. In this order.
const ABI: &[&str] = &[
    "types", "life", "checks", "bans", "auth", "geo", "rpc", "messages", "scans", "keeper", "lists",
];

fn header() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    let builder = cbindgen::Builder::new().with_config(config);
    let header = ABI
        .iter()
        .map(|file| root().join(format!("src/abi/{file}.rs")))
        .fold(builder, |builder, file| builder.with_src(file))
        .generate()
        .unwrap();
    let mut text = Vec::new();
    header.write(&mut text);
    String::from_utf8(text).unwrap()
}

/// Needs libclang, which `scripts/setup test` installs; of any version.
fn bindings() -> String {
    bindgen::Builder::default()
        .header(root().join("kamailio-glue/host.h").to_str().unwrap())
        .clang_args(["-isystem", compilers_headers().to_str().unwrap()])
        .allowlist_type("palisade_host.*")
        .prepend_enum_name(false)
        .disable_header_comment() // It names bindgen's version and nothing else.
        .default_enum_style(bindgen::EnumVariation::Consts)
        .generate()
        .unwrap()
        .to_string()
}

/// stddef.h belongs to the compiler. libclang's own is a package apart, whose name holds a version; gcc's does as well.
fn compilers_headers() -> PathBuf {
    let answer = Command::new("cc")
        .arg("-print-file-name=include")
        .output()
        .expect("there is a C compiler");
    let folder = String::from_utf8(answer.stdout).unwrap();
    let folder = Path::new(folder.trim_end()).to_path_buf();
    assert!(folder.is_dir(), "{}", folder.display());
    folder
}
