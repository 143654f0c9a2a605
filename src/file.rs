//! Reading a file of a list: as bytes, never more than fit, never a device that doesn't end.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Bytes of the largest file.
pub const LARGEST: u64 = 1 << 30;

/// A file that was read, and what it was like then.
#[derive(Debug)]
pub struct Content {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// The file, still open.
    pub file: File,
}

/// Reads a file.
///
/// # Errors
///
/// A sentence: what kept it from being read.
pub fn read(path: &Path) -> Result<Content, String> {
    let refuse = |error: &io::Error| format!("file={}: {}", path.display(), words(error));
    let mut options = OpenOptions::new();
    // Or a FIFO would wait for someone who writes.
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let mut file = options.open(path).map_err(|error| refuse(&error))?;
    let about = file.metadata().map_err(|error| refuse(&error))?;
    if about.is_dir() {
        return Err(format!("file={}: is a directory", path.display()));
    }
    if !about.is_file() {
        return Err(format!("file={}: is no ordinary file", path.display()));
    }
    if about.len() > LARGEST {
        return Err(format!(
            "file={}: has {} bytes, must be at most {LARGEST}",
            path.display(),
            about.len()
        ));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default() + 1);
    // It may grow while it is read.
    let read = (&mut file).take(LARGEST).read_to_end(&mut bytes);
    read.map_err(|error| refuse(&error))?;
    Ok(Content { bytes, file })
}

/// An error of the system, without its number.
pub fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}
