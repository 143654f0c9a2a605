//! What is counted of sources that scan, or of which the script has signalled something.

use std::ffi::CStr;

use crate::clock::{Clock, wall_s};
use crate::policy::Firewall;
use crate::scan::Row;

use super::arguments::Arguments;
use super::rows::list;
use super::{Fault, Full, Reply, number};

impl<C: Clock> Firewall<C> {
    pub(super) fn list_scans(
        &self,
        arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let page = arguments.page()?;
        list(reply, page, self.scans.rows(&self.clock), |reply, row| {
            self.write_scan(reply, None, &row)
        })
    }

    /// `left`: seconds until its window ends and all of it is forgotten; `over`: has it reached a
    /// limit in this window?
    pub(super) fn write_scan(
        &self,
        reply: &mut impl Reply,
        name: Option<&CStr>,
        row: &Row,
    ) -> Result<(), Full> {
        let left_ms = row.until_ms.saturating_sub(self.clock.exact_ms());
        reply.open_struct(name)?;
        reply.text(Some(c"key"), &self.show(row.source).to_string())?;
        reply.number(Some(c"users"), number(row.users))?;
        reply.number(Some(c"destinations"), number(row.destinations))?;
        reply.number(Some(c"signals"), number(row.signals))?;
        reply.text(Some(c"last_signal"), row.last_signal.as_str())?;
        reply.number(Some(c"since"), wall_s(&self.clock, row.since_ms))?;
        reply.number(Some(c"left"), number(left_ms.div_ceil(1000)))?;
        reply.number(Some(c"over"), row.is_over.into())?;
        reply.close()
    }
}
