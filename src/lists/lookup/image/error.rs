//! Why there is no image.

use core::fmt;

use crate::escape::Escaped;
use crate::lists::lookup::entry::{Entry, Kind};

/// Why there is no image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    /// The entry at fault, in the order of the source.
    pub index: usize,
    /// What is wrong with it, its value included; printable.
    pub sentence: String,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

fn error(index: usize, entry: &Entry<'_>, why: &str) -> BuildError {
    let sentence = format!("{}: {why}", Escaped(&entry.written));
    BuildError { index, sentence }
}

/// A value of another kind than the list.
pub fn other_kind(index: usize, entry: &Entry<'_>, kind: Kind) -> BuildError {
    error(
        index,
        entry,
        &format!("is no value for a list of kind {}", kind.name()),
    )
}

/// A value that is longer than an image can say.
pub fn too_long(index: usize, entry: &Entry<'_>) -> BuildError {
    error(index, entry, "is longer than 65535 bytes")
}

/// A regular expression that is none, or too large.
pub fn expression(index: usize, entry: &Entry<'_>, why: &str) -> BuildError {
    error(index, entry, why)
}

/// More than an image can hold.
pub fn too_many(index: usize) -> BuildError {
    let sentence =
        "the list is too large: an image holds 4 GB of texts and 268 million networks".to_owned();
    BuildError { index, sentence }
}
