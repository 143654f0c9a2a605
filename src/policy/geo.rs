//! Where sources are: the files of the parameter `geo`, and what is told of them.

use crate::clock::Clock;
use crate::counters::Counter;
use crate::escape::Escaped;
use crate::geo::{Input, Loaded, ReadTable};
use crate::journal::{ERROR, INFO, WARNING};
use crate::lists::database::countries;
use crate::source::Address;

use super::Firewall;

impl<C: Clock> Firewall<C> {
    /// Reads the files that say where addresses are. By one process at a time. What can't be read
    /// stays as it was, and is logged and counted.
    ///
    /// Returns how many files could not be read.
    pub fn load_geo(&self) -> usize {
        let mut failed = 0;
        let now_ms = self.clock.exact_ms();
        let access = self.access();
        let table: &ReadTable<'_> = &|name, range, bad| countries::read(&access, name, range, bad);
        self.geo
            .load(self.lists.arena(), table, now_ms, |input, loaded| {
                failed += usize::from(loaded.is_err());
                self.tell_of_geo(input, loaded);
            });
        failed
    }

    fn tell_of_geo(&self, input: &Input, loaded: &Result<Loaded, String>) {
        let journal = &self.journal;
        match loaded {
            Ok(loaded) => {
                for line in &loaded.bad.told {
                    let line = Escaped(line.as_bytes());
                    journal.line(WARNING, format_args!("geo_bad_line file={input} {line}"));
                }
                let (entries, ms, bad) = (loaded.entries, loaded.took_ms, loaded.bad.count);
                let line =
                    format_args!("geo_loaded file={input} entries={entries} ms={ms} bad={bad}");
                journal.line(INFO, line);
            }
            Err(sentence) => {
                self.counters.count(Counter::GeoErrors);
                let sentence = Escaped(sentence.as_bytes());
                journal.line(ERROR, format_args!("geo_error {sentence}"));
            }
        }
    }

    /// The country of an address, as far as it is known.
    #[must_use]
    pub fn country_of(&self, address: Address) -> Option<[u8; 2]> {
        self.geo.country_of(self.lists.arena(), address)
    }

    /// The autonomous system of an address, as far as it is known.
    #[must_use]
    pub fn asn_of(&self, address: Address) -> Option<u32> {
        self.geo.asn_of(self.lists.arena(), address)
    }
}
