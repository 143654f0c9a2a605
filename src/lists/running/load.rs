//! Loading a list: from its source, through understanding and refusing, into an image.
//!
//! One process at a time does this. Whatever goes wrong, the image that was there stays.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::counters::{Counter, Counters};
use crate::file;
use crate::hash::Hash;
use crate::journal::{ERROR, INFO, Journal, WARNING};
use crate::lists::lookup::entry::{Action, Kind, Matching};
use crate::lists::lookup::image;
use crate::lists::reading::database::Access;
use crate::lists::reading::database::table::Rows;
use crate::lists::reading::format::Format;
use crate::lists::reading::records::{Reading, Told};
use crate::lists::reading::spec::{Origin, Spec, Table};
use crate::lists::reading::value;
use crate::shm::atomic::Ordering;
use crate::shm::os;
use crate::trusted::Trusted;

use super::names::Looking;
use super::registry::{List, Lists};

/// Entries that can't be put into an image, and are left out one after the other.
const ENTRIES_AT_FAULT: usize = 20;

/// How long names of hosts are waited for before those that have come are put in force, where none are:
/// less than the start waits. And how long for all: less than the keeper waits.
const FIRST_NAMES: Duration = Duration::from_secs(3);
const ALL_NAMES: Duration = Duration::from_secs(15);

/// Bytes that loading takes for each line of a file, at the most: for its entry, which is moved once
/// when there are duplicates, and for its places in the index that finds these and in the image.
const LINE_BYTES: u64 = 384;

/// Bytes that loading takes for each byte of a file, at the most: copies of its texts. Where beginnings,
/// ends or parts of texts are searched for, each byte may become a node of a trie, which is made before
/// the image is.
const BYTE_BYTES: u64 = 8;
const TRIE_BYTES: u64 = 44;

/// Bytes of memory that loading a list from a file takes, at the most. Expressions are not foreseen;
/// what they take has a limit of its own.
#[must_use]
pub const fn memory_to_load(spec: &Spec, size: file::Size) -> u64 {
    let of_byte = match (spec.kind, spec.matching) {
        (Kind::Network | Kind::Country | Kind::Asn, _) | (_, Matching::Exact) => BYTE_BYTES,
        _ => TRIE_BYTES,
    };
    let of_bytes = size.bytes.saturating_mul(of_byte);
    of_bytes.saturating_add(size.lines.saturating_mul(LINE_BYTES))
}

/// What it takes to change lists.
#[allow(missing_debug_implementations)]
pub struct Desk<'a, C> {
    /// The lists.
    pub lists: &'a Lists,
    /// The time.
    pub clock: &'a C,
    /// Keyed with the seed of the region.
    pub hash: &'a Hash,
    /// The log.
    pub journal: &'a Journal,
    /// What is counted.
    pub counters: &'a Counters,
    /// The networks of the parameter `trusted`.
    pub trusted: &'a Trusted,
    /// The database of lists that come from one.
    pub access: Access<'a>,
}

impl<C> Clone for Desk<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Desk<'_, C> {}

/// Why a list was not loaded.
struct Failed {
    sentence: String,
    /// The lines that could not be read.
    bad: Told,
}

impl Failed {
    fn of(sentence: String, reading: Reading<'_>) -> Self {
        let bad = reading.bad;
        Self { sentence, bad }
    }
}

impl From<String> for Failed {
    fn from(sentence: String) -> Self {
        let bad = Told::default();
        Self { sentence, bad }
    }
}

impl<C: Clock> Desk<'_, C> {
    /// All lists, those that trust first: those that deny must not hold what they trust.
    pub fn trust_first(&self) -> impl Iterator<Item = List<'_>> {
        let is_trust = |list: &List<'_>| list.spec.action == Action::Trust;
        let others = self.lists.each().filter(move |list| !is_trust(list));
        self.lists.each().filter(is_trust).chain(others)
    }

    /// Loads all lists again. Answers how many could not be loaded.
    pub fn reload_all(&self) -> usize {
        let loaded = self.trust_first().map(|list| self.load_one(&list));
        loaded.filter(Result::is_err).count()
    }

    /// Loads those lists that were never loaded, of those that are `wanted`.
    pub fn load_missing(&self, wanted: impl Fn(&List<'_>) -> bool) {
        let missing = self.lists.each().filter(|list| list.loaded_ms() == 0);
        for list in missing.filter(wanted) {
            let _logged = self.load_one(&list);
        }
    }

    /// Loads one list again.
    ///
    /// # Errors
    ///
    /// A sentence that says why the old one stays.
    pub fn load_one(&self, list: &List<'_>) -> Result<(), String> {
        match list.spec.action {
            Action::Deny => self.load(list, &self.all_trusted()),
            Action::Trust | Action::Allow | Action::Limit => self.load(list, self.trusted),
        }
    }

    /// The networks of the parameter `trusted` and of all lists that trust.
    pub(super) fn all_trusted(&self) -> Trusted {
        let pin = self.lists.arena().pin();
        let mut ranges = Vec::new();
        for list in self.lists.each() {
            let spec = list.spec;
            if spec.action != Action::Trust || spec.kind != Kind::Network {
                continue;
            }
            let Some(image) = list.image(&pin) else {
                continue;
            };
            let entries = (0..image.len()).filter_map(|index| image.entry(index));
            ranges.extend(entries.filter_map(|hit| value::network(hit.written)));
        }
        self.trusted.with(ranges.into_iter())
    }

    fn load(&self, list: &List<'_>, trusted: &Trusted) -> Result<(), String> {
        let loaded = match &list.spec.origin {
            Origin::File { path, format } => self.load_file(list, path, *format, trusted),
            Origin::Table(table) => self.load_table(list, table, trusted),
            Origin::Names(names) => self.load_names(list, names, trusted),
        };
        loaded.map_err(|Failed { sentence, bad }| {
            // A list that is tried again and again tells of its lines once.
            if list.last_error() != sentence {
                self.log_lines(list, "list_bad_line", "list_bad_lines", &bad);
            }
            self.log_error(list, &sentence);
            sentence
        })
    }

    fn load_file(
        &self,
        list: &List<'_>,
        path: &Path,
        format: Format,
        trusted: &Trusted,
    ) -> Result<(), Failed> {
        let _alone = self.alone()?;
        let started = Instant::now();
        let content = self.read_file(list, path)?;
        let mut reading = Reading::new(list.spec, trusted, os::wall_ms() / 1000);
        format.each(&content.bytes, |record| reading.take(record));
        self.must_not_be_empty(list, reading.good, reading.bad.count)
            .and_then(|()| self.publish(list, &mut reading, started))
            .map_err(|sentence| Failed::of(sentence, reading))
    }

    /// The content of a file, where there is memory for the list that it makes.
    pub(super) fn read_file(&self, list: &List<'_>, path: &Path) -> Result<file::Content, String> {
        let most = self.lists.arena().capacity() as u64;
        file::read(path, most, |size| memory_to_load(list.spec, size))
    }

    /// The database is waited for without the lock that loading and editing files takes.
    fn load_table(&self, list: &List<'_>, table: &Table, trusted: &Trusted) -> Result<(), Failed> {
        let _alone = self.alone_with_tables()?;
        let started = Instant::now();
        let room = self.lists.arena().capacity() as u64;
        let mut reading = Reading::new(list.spec, trusted, os::wall_ms() / 1000).with_room(room);
        Rows::new(self.access, list.spec, table)
            .each(&mut |record, _| reading.take(record))
            .and_then(|()| reading.check_room(&list.spec.shown_place()))
            .and_then(|()| self.must_not_be_empty(list, reading.good, reading.bad.count))
            .and_then(|()| {
                let _alone = self.alone()?;
                self.publish(list, &mut reading, started)
            })
            .map_err(|sentence| Failed::of(sentence, reading))
    }

    /// The DNS is waited for without that lock, too; whoever watches this process sees it wait. Where
    /// one name has no address, all stay as they were; where there were none, the others come into
    /// force, and it is tried again.
    fn load_names(
        &self,
        list: &List<'_>,
        names: &[String],
        trusted: &Trusted,
    ) -> Result<(), Failed> {
        let started = Instant::now();
        let is_first = list.loaded_ms() == 0;
        let mut looking = Looking::for_all(names);
        let since_ms = &self.lists.waiting().since_ms;
        // Relaxed: a time, which nothing else is read after.
        since_ms.store(os::coarse_ms().max(1), Ordering::Relaxed);
        if !looking.wait(FIRST_NAMES) {
            if is_first {
                self.publish_some(list, &looking.lines, trusted, started)?;
            }
            looking.wait(ALL_NAMES.saturating_sub(FIRST_NAMES));
            looking.give_up();
        }
        since_ms.store(0, Ordering::Relaxed);
        if looking.failed.is_empty() {
            return self.publish_names(list, &looking.lines, trusted, started);
        }
        if is_first {
            self.publish_some(list, &looking.lines, trusted, started)?;
        }
        Err(looking.failed.join("; ").into())
    }

    /// Puts addresses in force until all are known: the list still counts as one that was never loaded.
    fn publish_some(
        &self,
        list: &List<'_>,
        lines: &str,
        trusted: &Trusted,
        started: Instant,
    ) -> Result<(), Failed> {
        if !lines.is_empty() {
            self.publish_names(list, lines, trusted, started)?;
            list.state.loaded_ms.store(0, Ordering::Relaxed);
        }
        Ok(())
    }

    fn publish_names(
        &self,
        list: &List<'_>,
        lines: &str,
        trusted: &Trusted,
        started: Instant,
    ) -> Result<(), Failed> {
        let _alone = self.alone()?;
        let mut reading = Reading::new(list.spec, trusted, os::wall_ms() / 1000);
        Format::Text.each(lines.as_bytes(), |record| reading.take(record));
        self.publish(list, &mut reading, started)
            .map_err(|sentence| Failed::of(sentence, reading))
    }

    /// What comes up empty where it was full, or holds bad lines alone, is a source at fault, not a
    /// list that has become empty: a feed's page that says "error", a file that is being written.
    pub(super) fn must_not_be_empty(
        &self,
        list: &List<'_>,
        good: u64,
        bad: u64,
    ) -> Result<(), String> {
        let place = list.spec.shown_place();
        match list.entries() {
            _ if good > 0 => Ok(()),
            0 if bad == 0 => Ok(()),
            0 => Err(format!("{place}: has no entry ({bad} bad lines)")),
            before => Err(format!(
                "{place}: has no entry ({bad} bad lines), the {before} entries of before stay"
            )),
        }
    }

    /// Makes the image of what was read, and puts it in the place of the old one.
    fn publish(
        &self,
        list: &List<'_>,
        reading: &mut Reading<'_>,
        started: Instant,
    ) -> Result<(), String> {
        let image = self.image_of(list, reading)?;
        self.put(list, reading, &image, started)
    }

    /// Makes the image of what was read. Nothing is changed yet.
    pub(super) fn image_of(
        &self,
        list: &List<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<Vec<u8>, String> {
        reading.collapse();
        self.build(list, reading)
    }

    /// Puts an image in the place of the old one: from here on every process sees it.
    pub(super) fn put(
        &self,
        list: &List<'_>,
        reading: &Reading<'_>,
        image: &[u8],
        started: Instant,
    ) -> Result<(), String> {
        let now_ms = self.clock.exact_ms();
        self.lists
            .arena()
            .publish(list.slot, image, now_ms)
            .map_err(|no_room| no_room.to_string())?;
        let entries = reading.entries.len();
        let (bad, refused) = (reading.bad.count, reading.refused.count);
        let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        // Relaxed: statistics, each for itself.
        for (word, value) in [
            (&list.state.entries, entries as u64),
            (&list.state.bytes, image.len() as u64),
            (&list.state.bad, bad),
            (&list.state.refused, refused),
            (&list.state.loaded_ms, now_ms),
            (&list.state.took_us, took_us),
        ] {
            word.store(value, Ordering::Relaxed);
        }
        list.set_last_error("");
        self.counters.count(Counter::ListLoads);
        self.log_lines(list, "list_bad_line", "list_bad_lines", &reading.bad);
        self.log_lines(list, "list_refused", "list_refused_lines", &reading.refused);
        let (name, ms, duplicates) = (&list.spec.name, took_us / 1000, reading.duplicates);
        self.journal.line(
            INFO,
            format_args!(
                "list_loaded name={name} entries={entries} ms={ms} bad={bad} refused={refused} \
                 duplicates={duplicates}"
            ),
        );
        Ok(())
    }

    fn build(&self, list: &List<'_>, reading: &mut Reading<'_>) -> Result<Vec<u8>, String> {
        let (now_ms, wall_ms) = (self.clock.exact_ms(), os::wall_ms());
        let to_ms = |until_s: u64| {
            until_s
                .saturating_mul(1000)
                .saturating_add(now_ms)
                .saturating_sub(wall_ms)
                .max(1)
        };
        let mut tries = 0;
        loop {
            match image::build(list.spec.kind, &reading.entries, self.hash, to_ms) {
                Ok(image) => return Ok(image),
                Err(fault) if tries < ENTRIES_AT_FAULT && fault.index < reading.entries.len() => {
                    reading.drop_entry(fault.index, &fault.sentence);
                    tries += 1;
                }
                Err(fault) => return Err(fault.sentence),
            }
        }
    }

    /// Logs and counts that a list could not be loaded or changed.
    pub fn log_error(&self, list: &List<'_>, sentence: &str) {
        self.counters.count(Counter::ListErrors);
        list.state.failures.fetch_add(1, Ordering::Relaxed);
        list.set_last_error(sentence);
        let name = &list.spec.name;
        self.journal
            .line(ERROR, format_args!("list_error name={name} {sentence}"));
    }

    fn log_lines(&self, list: &List<'_>, one: &str, many: &str, told: &Told) {
        let (name, place) = (&list.spec.name, list.spec.shown_place());
        for line in &told.first {
            self.journal.line(
                WARNING,
                format_args!("{one} name={name} file={place} {line}"),
            );
        }
        let count = told.count;
        if count > told.first.len() as u64 {
            self.journal.line(
                WARNING,
                format_args!("{many} name={name} file={place} count={count}"),
            );
        }
    }
}
