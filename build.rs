//! Makes the C header and the host's bindings anew, beside the committed ones, for
//! `tests/drift.rs` to compare. `PALISADE_BLESS=1` writes them over the committed ones.

use std::path::PathBuf;
use std::{env, fs, panic};

const HEADER: &str = "include/palisade.h";
const BINDINGS: &str = "src/host/bindings.rs";

fn main() {
    for path in [
        "build.rs",
        "cbindgen.toml",
        "kamailio-glue/host.h",
        "src",
        HEADER,
    ] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=PALISADE_BLESS");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let bless = env::var_os("PALISADE_BLESS").is_some();
    for (name, text) in [(HEADER, header()), (BINDINGS, bindings())] {
        let fresh = out.join(name.replace('/', "_"));
        match text {
            Ok(text) => {
                fs::write(&fresh, &text).expect("OUT_DIR is writable");
                if bless {
                    fs::write(name, &text).expect("the source folder is writable");
                }
            }
            Err(why) => {
                println!("cargo::warning={name}: kept as committed: {why}");
                fs::remove_file(&fresh).unwrap_or_default();
            }
        }
    }
}

fn header() -> Result<Vec<u8>, String> {
    let config = cbindgen::Config::from_file("cbindgen.toml")?;
    // The ABI's own files, not the crate: what is public in Rust is not C's business.
    let header = [
        "types", "life", "checks", "bans", "auth", "geo", "rpc", "messages", "scans", "keeper",
        "lists",
    ]
    .iter()
    .fold(
        cbindgen::Builder::new().with_config(config),
        |builder, file| builder.with_src(format!("src/abi/{file}.rs")),
    )
    .generate()
    .map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    header.write(&mut text);
    Ok(text)
}

fn bindings() -> Result<Vec<u8>, String> {
    // bindgen panics where there is no libclang: the committed bindings serve then.
    panic::set_hook(Box::new(|_| {}));
    let made = panic::catch_unwind(|| {
        bindgen::Builder::default()
            .header("kamailio-glue/host.h")
            .allowlist_type("palisade_host.*")
            .prepend_enum_name(false)
            .disable_header_comment() // It names bindgen's version and nothing else.
            .default_enum_style(bindgen::EnumVariation::Consts)
            .generate()
    });
    let _silent = panic::take_hook();
    let bindings = made
        .map_err(|_| "no libclang here")?
        .map_err(|error| error.to_string())?;
    Ok(bindings.to_string().into_bytes())
}
