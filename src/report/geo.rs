//! The files that say where addresses are.

use crate::clock::{Clock, wall_s};
use crate::geo::{Input, Told};
use crate::policy::Firewall;

use super::arguments::{Arguments, Page};
use super::rows::list;
use super::{Fault, Reply, number};

impl<C: Clock> Firewall<C> {
    /// Of `palisade.tables`: all files together, as large as they are.
    pub(super) fn geo_table(&self) -> (&'static str, u64, u64, u64, usize) {
        let rows = self.geo.each().map(|(_, told)| (told.entries, told.bytes));
        let (entries, bytes) = rows.fold((0, 0), |sum, row| (sum.0 + row.0, sum.1 + row.1));
        (
            "geo",
            entries,
            entries,
            0,
            usize::try_from(bytes).unwrap_or(usize::MAX),
        )
    }

    /// `palisade.geo`: a row for each file, in the order in which they are asked.
    pub(super) fn list_geo(
        &self,
        arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        arguments.end()?;
        list(
            reply,
            Page::ALL,
            self.geo.each(),
            |reply, row: (&Input, Told)| {
                let (input, told) = row;
                let loaded = told.loaded_ms.map_or(0, |at| wall_s(&self.clock, at));
                reply.open_struct(None)?;
                reply.text(Some(c"file"), &input.to_string())?;
                reply.number(Some(c"entries"), number(told.entries))?;
                reply.number(Some(c"bytes"), number(told.bytes))?;
                reply.number(Some(c"loaded"), loaded)?;
                reply.number(Some(c"ms"), number(told.took_ms))?;
                reply.text(Some(c"last_error"), &told.last_error)?;
                reply.close()
            },
        )
    }
}
