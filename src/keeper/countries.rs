//! Reading where addresses are, from the files and tables of the parameter `geo`.

use crate::clock::Clock;
use crate::counters::Counter;
use crate::escape::Escaped;
use crate::geo::{Input, Loaded, ReadTable, Told};
use crate::journal::{ERROR, INFO, WARNING};
use crate::lists::reading::database::countries;

use super::Keeper;

impl<C: Clock> Keeper<'_, C> {
    /// Reads the inputs that are `wanted`. What can't be read stays as it was, and is logged and
    /// counted. Returns how many could not be read.
    pub fn load_countries(&self, wanted: impl Fn(usize, &Input) -> bool) -> usize {
        let mut failed = 0;
        for (number, (input, _)) in self.geo.each().enumerate() {
            if !wanted(number, input) {
                continue;
            }
            match self.load_input(number, input) {
                Ok(loaded) => self.log_countries(input, &loaded),
                Err(sentence) => {
                    failed += 1;
                    self.fail_countries(number, &sentence);
                }
            }
        }
        failed
    }

    /// What is known of each input, to see later which of them a process has come to.
    pub(super) fn geo_marks(&self) -> Vec<Told> {
        self.geo.each().map(|(_, told)| told).collect()
    }

    /// What a process that was ended has not come to: files are read here, tables have failed.
    pub(super) fn finish_countries(&self, before: &[Told], why: &str) {
        let now = self.geo_marks();
        let is_left = |number: usize| now.get(number) == before.get(number);
        for (number, (input, _)) in self.geo.each().enumerate() {
            if is_left(number) && input.is_table() {
                self.fail_countries(number, &format!("{input}: {why}"));
            }
        }
        self.load_countries(|number, input| is_left(number) && !input.is_table());
    }

    /// A database is waited for without the lock that files take.
    fn load_input(&self, number: usize, input: &Input) -> Result<Loaded, String> {
        let access = self.desk.access;
        let table: &ReadTable<'_> = &|name, range, bad| countries::read(&access, name, range, bad);
        let most = self.desk.lists.arena().capacity() as u64;
        let read = || self.geo.read(number, most, table);
        let put = |fresh| {
            let now_ms = self.desk.clock.exact_ms();
            self.geo.put(number, fresh, self.desk.lists.arena(), now_ms)
        };
        if input.is_table() {
            let _alone = self.desk.alone_with_tables()?;
            let fresh = read()?;
            let _alone = self.desk.alone()?;
            put(fresh)
        } else {
            let _alone = self.desk.alone()?;
            put(read()?)
        }
    }

    fn fail_countries(&self, number: usize, sentence: &str) {
        self.geo.fail(number, sentence);
        self.desk.counters.count(Counter::GeoErrors);
        let sentence = Escaped(sentence.as_bytes());
        self.desk
            .journal
            .line(ERROR, format_args!("geo_error {sentence}"));
    }

    fn log_countries(&self, input: &Input, loaded: &Loaded) {
        let journal = self.desk.journal;
        for line in &loaded.bad.told {
            let line = Escaped(line.as_bytes());
            journal.line(WARNING, format_args!("geo_bad_line file={input} {line}"));
        }
        let (entries, ms, bad) = (loaded.entries, loaded.took_ms, loaded.bad.count);
        journal.line(
            INFO,
            format_args!("geo_loaded file={input} entries={entries} ms={ms} bad={bad}"),
        );
    }
}
