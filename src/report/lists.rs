//! The lists: what they hold, how they were loaded, and the commands that change them.

use crate::clock::{Clock, wall_s};
use crate::escape::{Brief, Escaped};
use crate::keeper::{GEO, Unkept};
use crate::lists::edit::Change;
use crate::lists::image::{Hit, Image};
use crate::lists::{Kind, List, Order, value};
use crate::policy::Firewall;
use crate::source::Address;

use super::arguments::{Arguments, Page};
use super::fields::reply_struct;
use super::pages::{Listed, list};
use super::{Fault, LONGEST_BAN_S};

/// Bytes of entries in one reply: what each transport carries, rows of names and braces included.
/// `total` tells that there is more.
const PAGE_BYTES: usize = 64 << 10;

reply_struct! {
    /// A list. `loaded`: seconds since 1970, `load_ms`: how long that took.
    ListRow {
        name: String,
        kind: &'static str,
        action: &'static str,
        source: String,
        entries: u64,
        loaded: i64,
        load_ms: u64,
        generation: u64,
        bytes: u64,
        bad_lines: u64,
        refused: u64,
        errors: u64,
        last_error: String,
        hits: u64,
    }
}

reply_struct! {
    /// An entry of a list. `until`: seconds since 1970; 0: without end.
    EntryRow {
        value: String,
        until: i64,
        comment: String,
    }
}

impl EntryRow {
    /// What it takes of a reply, its names and signs included.
    const fn bytes(&self) -> usize {
        self.value.len() + self.comment.len() + 100
    }
}

reply_struct! {
    /// A list that holds a value, and by which entry.
    FoundRow {
        list: String,
        kind: &'static str,
        action: &'static str,
        value: String,
        until: i64,
        comment: String,
    }
}

reply_struct! {
    /// A change of a list. `entries`: how many it has now.
    Edited {
        list: String,
        value: String,
        done: String,
        entries: u64,
    }
}

reply_struct! {
    /// What was loaded anew.
    Reloaded {
        done: String,
        rows: Vec<LoadedRow>,
    }
}

reply_struct! {
    /// How the loading of a list or a file went.
    LoadedRow {
        name: String,
        entries: u64,
        ms: u64,
        error: String,
    }
}

impl<C: Clock> Firewall<C> {
    /// `palisade.lists`: a row for each.
    pub(super) fn list_lists(&self, arguments: Arguments<'_>) -> Result<Listed<ListRow>, Fault> {
        arguments.end()?;
        Ok(list(Page::ALL, self.lists.each(), |list| {
            self.list_row(&list)
        }))
    }

    fn list_row(&self, list: &List<'_>) -> ListRow {
        ListRow {
            name: list.spec.name.to_string(),
            kind: list.spec.kind.name(),
            action: list.spec.action.name(),
            source: Escaped(list.spec.shown_place().as_bytes()).to_string(),
            entries: list.entries(),
            loaded: match list.loaded_ms() {
                0 => 0,
                at_ms => wall_s(&self.clock, at_ms),
            },
            load_ms: list.took_ms(),
            generation: self.lists.arena().pin().generation(list.slot),
            bytes: list.bytes(),
            bad_lines: list.bad(),
            refused: list.refused(),
            errors: list.failures(),
            last_error: list.last_error(),
            hits: list.hits(),
        }
    }

    /// `palisade.list name [offset [limit]]`: its entries, in the order of the source.
    pub(super) fn list_entries(
        &self,
        mut arguments: Arguments<'_>,
    ) -> Result<Listed<EntryRow>, Fault> {
        let list = self.list_named(&mut arguments)?;
        let page = arguments.page()?;
        let pin = self.lists.arena().pin();
        let image = list.image(&pin);
        let total = image.as_ref().map_or(0, |image| image.len());
        let first = usize::try_from(page.offset).unwrap_or(total).min(total);
        let wanted = (first..total).take(usize::try_from(page.limit).unwrap_or_default());
        let mut room = PAGE_BYTES;
        let rows = wanted
            .map_while(|index| Some(self.entry_row(&image.as_ref()?.entry(index)?)))
            .take_while(|row| {
                let left = room.checked_sub(row.bytes());
                room = left.unwrap_or_default();
                left.is_some()
            });
        Ok(Listed {
            total: total as u64,
            rows: rows.collect(),
        })
    }

    fn entry_row(&self, hit: &Hit<'_>) -> EntryRow {
        EntryRow {
            value: Escaped(hit.written).to_string(),
            until: match hit.until_ms {
                0 => 0,
                at_ms => wall_s(&self.clock, at_ms + 500), // to the nearest second
            },
            comment: Escaped(hit.comment).to_string(),
        }
    }

    /// `palisade.list_find value`: the lists that hold it, and by which entry.
    pub(super) fn find_in_lists(
        &self,
        mut arguments: Arguments<'_>,
    ) -> Result<Listed<FoundRow>, Fault> {
        let text = arguments.required("value")?;
        arguments.end()?;
        let pin = self.lists.arena().pin();
        let found = self.lists.each().filter_map(|list| {
            let image = list.image(&pin)?;
            let hit = self.find(&list, image, text);
            let hit = hit.or_else(|| self.find_around(&list, image, text))?;
            Some(self.found_row(&list, &hit))
        });
        Ok(list(Page::ALL, found, |row| row))
    }

    /// What a list of networks holds all of, or of places that an address is in.
    fn find_around<'a>(&self, list: &List<'_>, image: Image<'a>, text: &[u8]) -> Option<Hit<'a>> {
        let now_ms = self.clock.coarse_ms();
        match list.spec.kind {
            Kind::Network => {
                let (first, last) = value::network(text)?;
                image.find_address(last, now_ms)?;
                image.find_address(first, now_ms)
            }
            Kind::Country => image.find_country(self.country_of(Address::parse(text)?)?, now_ms),
            Kind::Asn => image.find_asn(self.asn_of(Address::parse(text)?)?, now_ms),
            _ => None,
        }
    }

    fn found_row(&self, list: &List<'_>, hit: &Hit<'_>) -> FoundRow {
        let entry = self.entry_row(hit);
        FoundRow {
            list: list.spec.name.to_string(),
            kind: list.spec.kind.name(),
            action: list.spec.action.name(),
            value: entry.value,
            until: entry.until,
            comment: entry.comment,
        }
    }

    /// `palisade.list_add name value [seconds [comment]]`.
    pub(super) fn add_to_list(&self, mut arguments: Arguments<'_>) -> Result<Edited, Fault> {
        let list = self.list_named(&mut arguments)?;
        let value = arguments.required("value")?;
        let seconds = arguments.number("seconds", 0..=LONGEST_BAN_S)?;
        let change = Change::Add {
            seconds: seconds.unwrap_or_default().unsigned_abs(),
            comment: arguments.next().unwrap_or_default(),
        };
        arguments.end()?;
        self.edit_list(&list, value, change)
    }

    /// `palisade.list_remove name value`.
    pub(super) fn remove_from_list(&self, mut arguments: Arguments<'_>) -> Result<Edited, Fault> {
        let list = self.list_named(&mut arguments)?;
        let value = arguments.required("value")?;
        arguments.end()?;
        self.edit_list(&list, value, Change::Remove)
    }

    fn edit_list(
        &self,
        list: &List<'_>,
        value: &[u8],
        change: Change<'_>,
    ) -> Result<Edited, Fault> {
        let done = self.have_done(&Order::Edit {
            list: list.spec.name.as_bytes(),
            value,
            change,
        })?;
        Ok(Edited {
            list: list.spec.name.to_string(),
            value: Escaped(value).to_string(),
            done,
            entries: list.entries(),
        })
    }

    /// `palisade.reload [name]`: a row for each list, with what went wrong; of all of them, one for
    /// each file of countries, too.
    pub(super) fn reload(&self, mut arguments: Arguments<'_>) -> Result<Reloaded, Fault> {
        let is_geo = arguments.peek() == Some(GEO) && self.lists.by_name(GEO).is_none();
        let one = match arguments.peek() {
            Some(_) if !is_geo => Some(self.list_named(&mut arguments)?),
            given => {
                given.inspect(|_| _ = arguments.next());
                None
            }
        };
        arguments.end()?;
        let name = match one {
            Some(list) => list.spec.name.as_bytes(),
            None if is_geo => GEO,
            None => b"",
        };
        let done = self.have_done(&Order::Reload { list: name })?;
        let lists = self
            .lists
            .each()
            .filter(|list| !is_geo && one.is_none_or(|one| one.slot == list.slot))
            .map(|list| LoadedRow {
                name: list.spec.name.to_string(),
                entries: list.entries(),
                ms: list.took_ms(),
                error: list.last_error(),
            });
        let files = self.geo.each().filter(|_| one.is_none());
        let files = files.map(|(input, told)| LoadedRow {
            name: input.to_string(),
            entries: told.entries,
            ms: told.took_ms,
            error: told.last_error,
        });
        Ok(Reloaded {
            done,
            rows: lists.chain(files).collect(),
        })
    }

    /// What was done; `started` where nobody waits for it.
    fn have_done(&self, order: &Order<'_>) -> Result<String, Fault> {
        match self.keeper().order(order) {
            Ok(done) => Ok(done),
            Err(Unkept::Started) => Ok("started".to_owned()),
            Err(Unkept::Refused(refused)) => Err(match refused.code {
                400 => Fault::BadArgument(refused.sentence),
                403 => Fault::Forbidden(refused.sentence),
                404 => Fault::NotFound(refused.sentence),
                _ => Fault::Failed(refused.sentence),
            }),
        }
    }

    fn list_named(&self, arguments: &mut Arguments<'_>) -> Result<List<'_>, Fault> {
        let name = arguments.required("name")?;
        let found = self.lists.by_name(name);
        found.ok_or_else(|| Fault::NotFound(format!("list={}: there is none", Brief(name))))
    }
}
