//! The files that say where addresses are.

use crate::clock::{Clock, wall_s};
use crate::policy::Firewall;

use super::Fault;
use super::arguments::{Arguments, Page};
use super::fields::reply_struct;
use super::pages::{Listed, list};
use super::rows::TableRow;

reply_struct! {
    /// A file or table. `loaded`: seconds since 1970, `ms`: how long that took.
    GeoRow {
        file: String,
        entries: u64,
        bytes: u64,
        loaded: i64,
        ms: u64,
        last_error: String,
    }
}

impl<C: Clock> Firewall<C> {
    /// Of `palisade.tables`: all files together, as large as they are.
    pub(super) fn geo_table(&self) -> TableRow {
        let rows = self.geo.each().map(|(_, told)| (told.entries, told.bytes));
        let (entries, bytes) = rows.fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        TableRow {
            table: "geo",
            capacity: entries,
            used: entries,
            evictions: 0,
            bytes,
        }
    }

    /// `palisade.geo`: a row for each file, in the order in which they are asked.
    pub(super) fn list_geo(&self, arguments: Arguments<'_>) -> Result<Listed<GeoRow>, Fault> {
        arguments.end()?;
        Ok(list(Page::ALL, self.geo.each(), |(input, told)| GeoRow {
            file: input.to_string(),
            entries: told.entries,
            bytes: told.bytes,
            loaded: told.loaded_ms.map_or(0, |at| wall_s(&self.clock, at)),
            ms: told.took_ms,
            last_error: told.last_error,
        }))
    }
}
