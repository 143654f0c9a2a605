//! The committed C header and host bindings are what the sources say: `build.rs` has made fresh ones
//! beside them. So is what repeats the tables of Rust, in C and in the documents.

#[path = "drift/tables.rs"]
mod tables;

use std::fs;
use std::path::Path;

#[test]
fn the_header_is_what_src_abi_says() {
    check("include/palisade.h");
}

/// Needs libclang at build time, which `scripts/setup build` installs.
#[test]
fn the_bindings_are_what_host_h_says() {
    check("src/host/bindings.rs");
}

fn check(name: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let fresh = Path::new(env!("OUT_DIR")).join(name.replace('/', "_"));
    let fresh = fs::read_to_string(&fresh).unwrap_or_else(|error| {
        panic!(
            "{}: {error}: build.rs could not make it, see its warning",
            fresh.display()
        )
    });
    let committed = fs::read_to_string(root.join(name)).unwrap();
    assert!(
        fresh == committed,
        "{name} has drifted: run PALISADE_BLESS=1 cargo build"
    );
}
