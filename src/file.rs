//! Reading a file of the operator's: as bytes, never more than fit, never a device that doesn't end.
//!
//! How large it is, and how much memory it takes to make something of it, is known before that memory
//! is taken: where there is less, Kamailio would be killed, not the loading refused.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

pub mod memory;

/// A file that was read, and what it was like then.
#[derive(Debug)]
pub struct Content {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// The file, still open.
    pub file: File,
}

/// How large a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes.
    pub bytes: u64,
    /// Ends of lines, and one more where the last line has none.
    pub lines: u64,
}

/// Reads a file of at most `most` bytes, which is what the parameter `lists_memory` allows. `needs`
/// says how many bytes of memory it takes to load a file of this size.
///
/// # Errors
///
/// A sentence: what kept it from being read.
pub fn read(path: &Path, most: u64, needs: impl Fn(Size) -> u64) -> Result<Content, String> {
    let shown = path.display();
    let refuse = |error: &io::Error| format!("file={shown}: {}", words(error));
    let mut options = OpenOptions::new();
    // Or a FIFO would wait for someone who writes.
    options.read(true).custom_flags(libc::O_NONBLOCK);
    let mut file = options.open(path).map_err(|error| refuse(&error))?;
    let about = file.metadata().map_err(|error| refuse(&error))?;
    if about.is_dir() {
        return Err(format!("file={shown}: is a directory"));
    }
    if !about.is_file() {
        return Err(format!("file={shown}: is no ordinary file"));
    }
    if about.len() > most {
        let (size, most) = (megabytes(about.len()), megabytes(most));
        return Err(format!(
            "file={shown}: has {size} MB, more than lists_memory={most}"
        ));
    }
    let size = measure(&mut file).map_err(|error| refuse(&error))?;
    let needed = needs(size);
    if let Some(free) = memory::free()
        && needed > free
    {
        let (needed, free) = (megabytes(needed), megabytes(free));
        let (bytes, lines) = (megabytes(size.bytes), size.lines);
        return Err(format!(
            "file={shown}: has {bytes} MB in {lines} lines, which take about {needed} MB to load; \
             {free} MB are free on the machine, or in its control group"
        ));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size.bytes).unwrap_or_default() + 1);
    file.rewind().map_err(|error| refuse(&error))?;
    // It may grow while it is read.
    let read = (&mut file).take(most).read_to_end(&mut bytes);
    read.map_err(|error| refuse(&error))?;
    Ok(Content { bytes, file })
}

/// Reads to the end, a piece at a time.
fn measure(file: &mut File) -> io::Result<Size> {
    let mut size = Size::default();
    let mut piece = vec![0; 64 << 10];
    let mut last = b'\n';
    loop {
        let read = match file.read(&mut piece) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let Some(&end) = piece.get(..read).and_then(<[u8]>::last) else {
            size.lines += u64::from(last != b'\n');
            return Ok(size);
        };
        last = end;
        size.bytes += read as u64;
        let ends = piece[..read].iter().filter(|&&byte| byte == b'\n');
        size.lines += ends.count() as u64;
    }
}

/// Rounded up.
const fn megabytes(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

/// An error of the system, without its number.
pub fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn check(content: &str, most: u64, needed: u64) -> Result<(Size, String), String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, content).unwrap();
        let mut seen = Size::default();
        let seen = std::cell::Cell::from_mut(&mut seen);
        let read = read(&path, most, |size| {
            seen.set(size);
            needed
        });
        let text = read.map(|content| String::from_utf8(content.bytes).unwrap());
        text.map(|text| (seen.get(), text))
            .map_err(|why| why.replace(&path.display().to_string(), "x"))
    }

    #[test]
    fn what_is_read_has_been_measured() {
        for (content, lines) in [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("\n\n", 2)] {
            let bytes = content.len() as u64;
            let size = Size { bytes, lines };
            assert_eq!(check(content, bytes, 0), Ok((size, content.to_owned())));
        }
        let long = "a line\n".repeat(100_000);
        let size = Size {
            bytes: 700_000,
            lines: 100_000,
        };
        assert_eq!(check(&long, 1 << 20, 0), Ok((size, long)));
    }

    #[test]
    fn the_size_is_told_before_the_memory_is_taken() {
        let two = "a line\n".repeat(300_000);
        assert_eq!(
            check(&two, 2 << 20, 0),
            Err("file=x: has 3 MB, more than lists_memory=2".to_owned())
        );
        let told = check(&two, 4 << 20, 1 << 60).unwrap_err();
        let begin = "file=x: has 3 MB in 300000 lines, which take about 1099511627776 MB to load; ";
        assert!(told.starts_with(begin), "{told}");
    }
}
