//! The lists: what they hold, how they were loaded, and the commands that change them.

use crate::clock::{Clock, wall_s};
use crate::escape::{Brief, Escaped};
use crate::keeper::{GEO, Unkept};
use crate::lists::edit::Change;
use crate::lists::image::Hit;
use crate::lists::{Kind, List, Order, value};
use crate::policy::Firewall;
use crate::source::Address;

use super::arguments::{Arguments, Page};
use super::rows::list;
use super::{Fault, Full, LONGEST_BAN_S, Reply, number};

/// Bytes of entries in one reply: what each transport carries, rows of names and braces included.
/// `total` tells that there is more.
const PAGE_BYTES: usize = 64 << 10;

impl<C: Clock> Firewall<C> {
    /// `palisade.lists`: a row for each.
    pub(super) fn list_lists(
        &self,
        arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        arguments.end()?;
        list(reply, Page::ALL, self.lists.each(), |reply, row| {
            self.write_list(reply, &row)
        })
    }

    fn write_list(&self, reply: &mut impl Reply, list: &List<'_>) -> Result<(), Full> {
        let generation = self.lists.arena().pin().generation(list.slot);
        let loaded = match list.loaded_ms() {
            0 => 0,
            at_ms => wall_s(&self.clock, at_ms),
        };
        let place = list.spec.shown_place();
        reply.open_struct(None)?;
        reply.text(Some(c"name"), &list.spec.name)?;
        reply.text(Some(c"kind"), list.spec.kind.name())?;
        reply.text(Some(c"action"), list.spec.action.name())?;
        reply.text(Some(c"source"), &Escaped(place.as_bytes()).to_string())?;
        reply.number(Some(c"entries"), number(list.entries()))?;
        reply.number(Some(c"loaded"), loaded)?;
        reply.number(Some(c"load_ms"), number(list.took_ms()))?;
        reply.number(Some(c"generation"), number(generation))?;
        reply.number(Some(c"bytes"), number(list.bytes()))?;
        reply.number(Some(c"bad_lines"), number(list.bad()))?;
        reply.number(Some(c"refused"), number(list.refused()))?;
        reply.number(Some(c"errors"), number(list.failures()))?;
        reply.text(Some(c"last_error"), &list.last_error())?;
        reply.number(Some(c"hits"), number(list.hits()))?;
        reply.close()
    }

    /// `palisade.list name [offset [limit]]`: its entries, in the order of the source.
    pub(super) fn list_entries(
        &self,
        mut arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let list = self.list_named(&mut arguments)?;
        let page = arguments.page()?;
        let pin = self.lists.arena().pin();
        let image = list.image(&pin);
        let total = image.as_ref().map_or(0, |image| image.len());
        reply.open_struct(None)?;
        reply.number(Some(c"total"), number(total as u64))?;
        reply.open_list(Some(c"rows"))?;
        let first = usize::try_from(page.offset).unwrap_or(total).min(total);
        let mut room = PAGE_BYTES;
        for index in (first..total).take(usize::try_from(page.limit).unwrap_or_default()) {
            let Some(hit) = image.as_ref().and_then(|image| image.entry(index)) else {
                break;
            };
            let row = self.row(&hit);
            let Some(left) = room.checked_sub(row.bytes()) else {
                break;
            };
            room = left;
            reply.open_struct(None)?;
            row.write(reply)?;
            reply.close()?;
        }
        reply.close()?;
        Ok(reply.close()?)
    }

    /// `palisade.list_find value`: the lists that hold it, and by which entry.
    pub(super) fn find_in_lists(
        &self,
        mut arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let text = arguments.required("value")?;
        arguments.end()?;
        let pin = self.lists.arena().pin();
        let found: Vec<_> = self
            .lists
            .each()
            .filter_map(|list| {
                let image = list.image(&pin)?;
                let hit = self.find(&list, image, text);
                let hit = hit.or_else(|| match list.spec.kind {
                    Kind::Network => {
                        let now_ms = self.clock.coarse_ms();
                        let (first, last) = value::network(text)?;
                        image.find_address(last, now_ms)?;
                        image.find_address(first, now_ms)
                    }
                    Kind::Country => {
                        let country = self.country_of(Address::parse(text)?)?;
                        image.find_country(country, self.clock.coarse_ms())
                    }
                    Kind::Asn => {
                        let asn = self.asn_of(Address::parse(text)?)?;
                        image.find_asn(asn, self.clock.coarse_ms())
                    }
                    _ => None,
                })?;
                Some((list, self.row(&hit)))
            })
            .collect();
        list(reply, Page::ALL, found.into_iter(), |reply, (list, row)| {
            reply.open_struct(None)?;
            reply.text(Some(c"list"), &list.spec.name)?;
            reply.text(Some(c"kind"), list.spec.kind.name())?;
            reply.text(Some(c"action"), list.spec.action.name())?;
            row.write(reply)?;
            reply.close()
        })
    }

    fn row(&self, hit: &Hit<'_>) -> Row {
        Row {
            value: Escaped(hit.written).to_string(),
            until: match hit.until_ms {
                0 => 0,
                at_ms => wall_s(&self.clock, at_ms + 500), // to the nearest second
            },
            comment: Escaped(hit.comment).to_string(),
        }
    }

    /// `palisade.list_add name value [seconds [comment]]`.
    pub(super) fn add_to_list(
        &self,
        mut arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let list = self.list_named(&mut arguments)?;
        let value = arguments.required("value")?;
        let seconds = arguments.number("seconds", 0..=LONGEST_BAN_S)?;
        let change = Change::Add {
            seconds: seconds.unwrap_or_default().unsigned_abs(),
            comment: arguments.next().unwrap_or_default(),
        };
        arguments.end()?;
        self.edit_list(&list, value, change, reply)
    }

    /// `palisade.list_remove name value`.
    pub(super) fn remove_from_list(
        &self,
        mut arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let list = self.list_named(&mut arguments)?;
        let value = arguments.required("value")?;
        arguments.end()?;
        self.edit_list(&list, value, Change::Remove, reply)
    }

    fn edit_list(
        &self,
        list: &List<'_>,
        value: &[u8],
        change: Change<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let done = self.have_done(&Order::Edit {
            list: list.spec.name.as_bytes(),
            value,
            change,
        })?;
        reply.open_struct(None)?;
        reply.text(Some(c"list"), &list.spec.name)?;
        reply.text(Some(c"value"), &Escaped(value).to_string())?;
        reply.text(Some(c"done"), &done)?;
        reply.number(Some(c"entries"), number(list.entries()))?;
        Ok(reply.close()?)
    }

    /// `palisade.reload [name]`: a row for each list, with what went wrong; of all of them, one for
    /// each file of countries, too.
    pub(super) fn reload(
        &self,
        mut arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
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
        reply.open_struct(None)?;
        reply.text(Some(c"done"), &done)?;
        reply.open_list(Some(c"rows"))?;
        for list in self.lists.each() {
            if is_geo || one.is_some_and(|one| one.slot != list.slot) {
                continue;
            }
            let (entries, ms) = (list.entries(), list.took_ms());
            write_loaded(reply, &list.spec.name, entries, ms, &list.last_error())?;
        }
        for (input, told) in self.geo.each().filter(|_| one.is_none()) {
            let (name, error) = (input.to_string(), &told.last_error);
            write_loaded(reply, &name, told.entries, told.took_ms, error)?;
        }
        reply.close()?;
        Ok(reply.close()?)
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

/// How the loading of something went.
fn write_loaded(
    reply: &mut impl Reply,
    name: &str,
    entries: u64,
    ms: u64,
    error: &str,
) -> Result<(), Full> {
    reply.open_struct(None)?;
    reply.text(Some(c"name"), name)?;
    reply.number(Some(c"entries"), number(entries))?;
    reply.number(Some(c"ms"), number(ms))?;
    reply.text(Some(c"error"), error)?;
    reply.close()
}

/// An entry as a reply shows it.
struct Row {
    value: String,
    until: i64,
    comment: String,
}

impl Row {
    /// What it takes of a reply, its names and signs included.
    const fn bytes(&self) -> usize {
        self.value.len() + self.comment.len() + 100
    }

    fn write(&self, reply: &mut impl Reply) -> Result<(), Full> {
        reply.text(Some(c"value"), &self.value)?;
        reply.number(Some(c"until"), self.until)?;
        reply.text(Some(c"comment"), &self.comment)
    }
}
