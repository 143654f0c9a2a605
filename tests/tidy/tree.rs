//! The files of the project.

use super::words::{without_tests, words};
use std::fs;
use std::path::Path;

/// A file of Rust.
pub struct File {
    /// From the project's root: `src/abi/checks.rs`.
    pub path: String,
    pub text: String,
    pub words: Vec<String>,
    /// Its words that are in the product, not in a test beside it.
    pub product: Vec<String>,
}

impl File {
    pub fn new(path: &str, text: &str) -> File {
        let words = words(text);
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        let product = if is_test {
            vec![]
        } else {
            without_tests(&words)
        };
        File {
            path: path.into(),
            text: text.into(),
            words,
            product,
        }
    }

    /// The room that it belongs to, `abi`; none for lib.rs.
    pub fn room(&self) -> Option<&str> {
        let path = self.path.strip_prefix("src/")?;
        let room = path.split('/').next()?;
        let room = room.strip_suffix(".rs").unwrap_or(room);
        (room != "lib").then_some(room)
    }

    /// How many modules deep it lies: 1 for `src/auth.rs` and `src/abi/mod.rs`.
    pub fn depth(&self) -> usize {
        let path = self
            .path
            .trim_end_matches("/mod.rs")
            .trim_end_matches(".rs");
        path.split('/').count() - 1
    }
}

/// All files of Rust below this folder of the project.
pub fn files(folder: &str) -> Vec<File> {
    let mut files = Vec::new();
    collect(Path::new(folder), &mut files);
    assert!(!files.is_empty(), "{folder} holds no Rust");
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn collect(folder: &Path, files: &mut Vec<File>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(root.join(folder)).expect("a folder").flatten() {
        let path = folder.join(entry.file_name());
        if entry.file_type().expect("its type").is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(root.join(&path)).expect("it can be read");
            files.push(File::new(path.to_str().expect("plain names"), &text));
        }
    }
}
