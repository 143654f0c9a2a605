//! Adding to a list and removing from it, for good: what stands in its file is changed, then the
//! list is loaded from it. Other lines, comments and their order stay as they are.
//!
//! The file is the old one or the new one, never half of each: a new one is written beside it and
//! takes its place.

use std::borrow::Cow;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::clock::Clock;
use crate::escape::Brief;
use crate::shm::fail;
use crate::shm::os;

use super::load::Desk;
use super::registry::List;
use crate::file::words;
use crate::lists::reading::format::{Format, NewRecord, Record};
use crate::lists::reading::records::{Key, Reading, refusal, value_of};
use crate::lists::reading::spec::{Origin, Spec};

mod table;

/// How often a file may change under our hands.
const TRIES: usize = 3;

/// Why nothing was changed: a code of RPC's and a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// 400, 403, 404, 500.
    pub code: u16,
    /// What is wrong.
    pub sentence: String,
}

impl Refused {
    pub(super) const fn new(code: u16, sentence: String) -> Self {
        Self { code, sentence }
    }

    const fn failed(sentence: String) -> Self {
        Self::new(500, sentence)
    }
}

/// What is to become of a value.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// It is added, or what was said of it is replaced.
    Add {
        /// Seconds until it ends; 0: never.
        seconds: u64,
        /// A person's words; empty: those that are there stay.
        comment: &'a [u8],
    },
    /// It is removed.
    Remove,
}

impl<C: Clock> Desk<'_, C> {
    /// Changes what a list says of a value. Answers what was done.
    ///
    /// # Errors
    ///
    /// [`Refused`]; the list and its source are as they were.
    pub fn edit(
        &self,
        list: &List<'_>,
        value: &[u8],
        change: Change<'_>,
    ) -> Result<&'static str, Refused> {
        let spec = list.spec;
        let record = Record {
            value: Cow::Borrowed(value),
            ..Record::default()
        };
        let meant = value_of(spec, &record).map_err(|allowed| {
            Refused::new(400, format!("value={}: must be {allowed}", Brief(value)))
        })?;
        if let Change::Add { .. } = change
            && let Some(why) = refusal(spec, &meant, &self.all_trusted())
        {
            let value = Brief(value);
            let sentence = format!("value={value}: {why}; a list with force=1 takes it");
            return Err(Refused::new(403, sentence));
        }
        let key = Key::of(&meant);
        let wanted = Wanted { value, key, change };
        let done = match &spec.origin {
            Origin::File { path, format } => self.edit_file(list, path, *format, &wanted),
            Origin::Table(table) => self.edit_table(list, table, &wanted),
            Origin::Names(_) => {
                let sentence = "list=trusted: holds the hosts that the parameter trusted names";
                return Err(Refused::new(403, sentence.to_owned()));
            }
        };
        if let Err(Refused {
            code: 500,
            sentence,
        }) = &done
        {
            self.log_error(list, sentence);
        }
        done
    }

    fn edit_file(
        &self,
        list: &List<'_>,
        path: &Path,
        format: Format,
        wanted: &Wanted<'_>,
    ) -> Result<&'static str, Refused> {
        let _alone = self.alone().map_err(Refused::failed)?;
        for _ in 0..TRIES {
            let started = Instant::now();
            let content = self.read_file(list, path).map_err(Refused::failed)?;
            let about = content
                .file
                .metadata()
                .map_err(|error| failed(path, &error))?;
            let trusted = self.all_trusted();
            let now_s = os::wall_ms() / 1000;
            let found = wanted.find(list.spec, format, &content.bytes);
            self.must_not_be_empty(list, found.good, found.bad)
                .map_err(Refused::failed)?;
            let (bytes, done) = wanted.apply(format, &content.bytes, &found)?;
            // As a reload would read it; when that can't be, the file stays as it is.
            let mut reading = Reading::new(list.spec, &trusted, now_s);
            format.each(&bytes, |record| reading.take(record));
            let image = self.image_of(list, &mut reading).map_err(Refused::failed)?;
            if replace(path, &about, &bytes)? {
                self.put(list, &reading, &image, started)
                    .map_err(|why| Refused::failed(format!("{done} in the file, but: {why}")))?;
                return Ok(done);
            }
        }
        let path = path.display();
        Err(Refused::failed(format!(
            "file={path}: others change it all the time"
        )))
    }
}

/// What is to be done.
struct Wanted<'a> {
    value: &'a [u8],
    key: Key,
    change: Change<'a>,
}

/// Where a value stands in a file.
#[derive(Default)]
struct InFile<'a> {
    spans: Vec<Range<usize>>,
    comment: Cow<'a, [u8]>,
    /// Lines that can be read, of any value.
    good: u64,
    /// Lines that can't.
    bad: u64,
}

impl Wanted<'_> {
    fn find<'a>(&self, spec: &Spec, format: Format, bytes: &'a [u8]) -> InFile<'a> {
        let mut found = InFile::default();
        format.each(bytes, |record| {
            let understood = record.ok().and_then(|record| {
                let value = value_of(spec, &record).ok()?;
                Some((record, value))
            });
            let Some((record, value)) = understood else {
                found.bad += 1;
                return;
            };
            found.good += 1;
            if Key::of(&value) == self.key {
                found.spans.push(record.span);
                if !record.comment.is_empty() {
                    found.comment = record.comment;
                }
            }
        });
        found
    }

    /// The bytes that the file is to have, and what was done.
    fn apply(
        &self,
        format: Format,
        bytes: &[u8],
        found: &InFile<'_>,
    ) -> Result<(Vec<u8>, &'static str), Refused> {
        let (line, done) = match self.change {
            Change::Remove if found.spans.is_empty() => {
                let sentence = format!("value={}: is not in the list", Brief(self.value));
                return Err(Refused::new(404, sentence));
            }
            Change::Remove => (None, "removed"),
            Change::Add { seconds, comment } => {
                let until_ms = os::wall_ms() + seconds.saturating_mul(1000);
                let record = NewRecord {
                    value: self.value,
                    until_s: (seconds > 0).then_some(until_ms.div_ceil(1000)),
                    comment: match comment {
                        [] => &found.comment,
                        comment => comment,
                    },
                };
                let line = format.write(bytes, record).map_err(|why| {
                    Refused::new(400, format!("value={}: {why}", Brief(self.value)))
                })?;
                let done = if found.spans.is_empty() {
                    "added"
                } else {
                    "replaced"
                };
                (Some(line), done)
            }
        };
        Ok((rewrite(bytes, &found.spans, line.as_deref()), done))
    }
}

/// The bytes of a file without some of its records; a new one takes the place of the first of them,
/// else comes at the end.
fn rewrite(bytes: &[u8], spans: &[Range<usize>], line: Option<&[u8]>) -> Vec<u8> {
    let end = if bytes.windows(2).take(4096).any(|two| two == b"\r\n") {
        &b"\r\n"[..]
    } else {
        b"\n"
    };
    let mut new = Vec::with_capacity(bytes.len() + line.map_or(0, <[u8]>::len) + 4);
    let mut line = line;
    let mut at = 0;
    for span in spans {
        new.extend_from_slice(bytes.get(at..span.start).unwrap_or_default());
        at = span.end;
        if let Some(line) = line.take() {
            new.extend_from_slice(line);
            new.extend_from_slice(end);
        }
    }
    new.extend_from_slice(bytes.get(at..).unwrap_or_default());
    if let Some(line) = line {
        if !new.is_empty() && !new.ends_with(b"\n") {
            new.extend_from_slice(end);
        }
        new.extend_from_slice(line);
        new.extend_from_slice(end);
    }
    new
}

/// Puts a file with these bytes in the place of the one that `about` tells of, with its owner and
/// mode. False: it is no longer the one that was read.
fn replace(path: &Path, about: &Metadata, bytes: &[u8]) -> Result<bool, Refused> {
    let fail = |error: io::Error| failed(path, &error);
    // Of a link, the file that it stands for is replaced, not the link.
    let real = fs::canonicalize(path).map_err(fail)?;
    let beside = name_beside(&real);
    // One that was left by a process that died.
    let _none = fs::remove_file(&beside);
    let written = write_beside(&beside, about, bytes).and_then(|()| {
        fail::point("lists.written");
        let is_same = same(&fs::metadata(&real)?, about);
        if is_same {
            fs::rename(&beside, &real)?;
        }
        Ok(is_same)
    });
    if !matches!(written, Ok(true)) {
        let _gone = fs::remove_file(&beside);
    }
    let is_same = written.map_err(fail)?;
    if is_same {
        fail::point("lists.renamed");
        // That the name stands for the new file is to outlive a power failure, too. A folder that
        // may not be read is not worth an error: the work is done.
        if let Some(folder) = real.parent().and_then(|folder| File::open(folder).ok()) {
            let _synced = folder.sync_all();
        }
    }
    Ok(is_same)
}

fn name_beside(real: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(real.file_name().unwrap_or_default());
    name.push(".palisade");
    real.with_file_name(name)
}

fn write_beside(beside: &Path, about: &Metadata, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(beside)?;
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (about.uid(), about.gid()) {
        fchown(&file, Some(about.uid()), Some(about.gid())).map_err(|error| {
            let (uid, gid) = (about.uid(), about.gid());
            io::Error::other(format!(
                "it belongs to uid {uid} and gid {gid}, which this process can't give to a new \
                 file: {}",
                words(&error)
            ))
        })?;
    }
    file.set_permissions(about.permissions())?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Is it still the file that was read?
fn same(now: &Metadata, then: &Metadata) -> bool {
    let sign = |about: &Metadata| {
        (
            about.dev(),
            about.ino(),
            about.size(),
            about.mtime(),
            about.mtime_nsec(),
        )
    };
    sign(now) == sign(then)
}

fn failed(path: &Path, error: &io::Error) -> Refused {
    Refused::failed(format!(
        "file={}: can't be written back: {}",
        path.display(),
        words(error)
    ))
}

#[cfg(all(test, not(loom)))]
mod tests;
