//! Adding to a list and removing from it, where it is a table: the rows that mean the value are
//! removed and a new one is added, in one transaction, then the list is read from the table.

use std::time::Instant;

use crate::clock::Clock;
use crate::escape::Brief;
use crate::lists::reading::database::table::{Mark, Rows};
use crate::lists::reading::format::NewRecord;
use crate::lists::reading::records::{Key, Reading, value_of};
use crate::lists::reading::spec::Table;
use crate::lists::running::load::Desk;
use crate::lists::running::registry::List;
use crate::shm::os;

use super::{Change, Refused, Wanted};

/// The rows of a table that mean a value.
#[derive(Default)]
struct InTable {
    marks: Vec<Mark>,
    comment: Vec<u8>,
    good: u64,
    bad: u64,
}

impl<C: Clock> Desk<'_, C> {
    pub(super) fn edit_table(
        &self,
        list: &List<'_>,
        table: &Table,
        wanted: &Wanted<'_>,
    ) -> Result<&'static str, Refused> {
        let _alone = self.alone_with_tables().map_err(Refused::failed)?;
        let started = Instant::now();
        let rows = Rows::new(self.access, list.spec, table);
        let found = find(&rows, list, wanted).map_err(Refused::failed)?;
        self.must_not_be_empty(list, found.good, found.bad)
            .map_err(Refused::failed)?;
        let refuse =
            |code, why: &str| Refused::new(code, format!("value={}: {why}", Brief(wanted.value)));
        let (row, done) = match wanted.change {
            Change::Remove if found.marks.is_empty() => {
                return Err(refuse(404, "is not in the list"));
            }
            Change::Remove => (None, "removed"),
            Change::Add { seconds, comment } => {
                let until_ms = os::wall_ms() + seconds.saturating_mul(1000);
                let record = NewRecord {
                    value: wanted.value,
                    until_s: (seconds > 0).then_some(until_ms.div_ceil(1000)),
                    comment: match comment {
                        [] => &found.comment,
                        comment => comment,
                    },
                };
                let row = rows.write(record).map_err(|why| refuse(400, why))?;
                let is_new = found.marks.is_empty();
                (Some(row), if is_new { "added" } else { "replaced" })
            }
        };
        rows.change(&found.marks, row.as_deref())
            .map_err(Refused::failed)?;
        self.read_changed(list, &rows, started)
            .map_err(|why| Refused::failed(format!("{done} in the table, but: {why}")))?;
        Ok(done)
    }

    /// A list may become empty by this.
    fn read_changed(
        &self,
        list: &List<'_>,
        rows: &Rows<'_>,
        started: Instant,
    ) -> Result<(), String> {
        let trusted = self.all_trusted();
        let room = self.lists.arena().capacity() as u64;
        let now_s = os::wall_ms() / 1000;
        let mut reading = Reading::new(list.spec, &trusted, now_s).with_room(room);
        rows.each(&mut |record, _| reading.take(record))?;
        reading.check_room(&list.spec.shown_place())?;
        let image = self.image_of(list, &mut reading)?;
        let _alone = self.alone()?;
        self.put(list, &reading, &image, started)
    }
}

fn find(rows: &Rows<'_>, list: &List<'_>, wanted: &Wanted<'_>) -> Result<InTable, String> {
    let mut found = InTable::default();
    rows.each(&mut |record, mark| {
        let understood = record.ok().and_then(|record| {
            let value = value_of(list.spec, &record).ok()?;
            Some((Key::of(&value), record.comment))
        });
        let Some((key, comment)) = understood else {
            found.bad += 1;
            return;
        };
        found.good += 1;
        if key == wanted.key {
            found.marks.push(mark);
            if !comment.is_empty() {
                found.comment = comment.into_owned();
            }
        }
    })?;
    Ok(found)
}
