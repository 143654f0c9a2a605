//! What is counted of sources that scan, or of which the script has signalled something.

use crate::clock::{Clock, wall_s};
use crate::policy::Firewall;
use crate::scan;

use super::Fault;
use super::arguments::Arguments;
use super::fields::reply_struct;
use super::pages::{Listed, list};

reply_struct! {
    /// A source. `left`: seconds until its window ends and all of it is forgotten; `over`: has it
    /// reached a limit in this window?
    ScanRow {
        key: String,
        users: u64,
        destinations: u64,
        signals: u64,
        last_signal: String,
        since: i64,
        left: u64,
        over: bool,
    }
}

impl<C: Clock> Firewall<C> {
    pub(super) fn list_scans(&self, arguments: Arguments<'_>) -> Result<Listed<ScanRow>, Fault> {
        let page = arguments.page()?;
        Ok(list(page, self.scans.rows(&self.clock), |row| {
            self.scan_row(&row)
        }))
    }

    pub(super) fn scan_row(&self, row: &scan::SourceScan) -> ScanRow {
        let left_ms = row.until_ms.saturating_sub(self.clock.exact_ms());
        ScanRow {
            key: self.show(row.source).to_string(),
            users: row.users,
            destinations: row.destinations,
            signals: row.signals,
            last_signal: row.last_signal.as_str().to_owned(),
            since: wall_s(&self.clock, row.since_ms),
            left: left_ms.div_ceil(1000),
            over: row.is_over,
        }
    }
}
