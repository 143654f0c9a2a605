//! Looking into lists: what a text or a place meets there.

use std::fmt;

use crate::clock::Clock;
use crate::escape::Escaped;
use crate::lists::image::{Hit, Image};
use crate::lists::{Action, Kind, List};
use crate::message::Message;
use crate::policy::Inspection;

/// An entry of a list that was met.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Listed<'p> {
    /// The list.
    pub list: List<'p>,
    /// The entry.
    pub hit: Hit<'p>,
}

impl Listed<'_> {
    /// Counts a hit of the list.
    pub fn count(&self) {
        self.list.count_hit();
    }
}

/// `list=scanners entry="sipvicious"`
impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (list, entry) = (&self.list.spec.name, Escaped(self.hit.written));
        write!(f, "list={list} entry=\"{entry}\"")
    }
}

impl<'p, M: Message, C: Clock> Inspection<'p, M, C> {
    /// What a look into each of the lists of a kind with this action meets.
    pub(super) fn find_in<'l>(
        &'l self,
        kind: Kind,
        action: Action,
        look: impl Fn(Image<'p>) -> Option<Hit<'p>> + 'l,
    ) -> impl Iterator<Item = Listed<'p>> + 'l {
        let lists = self.firewall.lists.of(kind, action);
        lists.filter_map(move |list| {
            let hit = look(list.image(self.pin.as_ref()?)?)?;
            Some(Listed { list, hit })
        })
    }

    /// A text against the lists of a kind.
    pub(in crate::policy) fn find_text(
        &self,
        kind: Kind,
        action: Action,
        text: &[u8],
    ) -> Option<Listed<'p>> {
        let firewall = self.firewall;
        if !firewall.lists.has(kind, action) {
            return None;
        }
        let now_ms = firewall.clock.coarse_ms();
        let look = |image: Image<'p>| image.find_text(text, &firewall.hash, now_ms);
        self.find_in(kind, action, look).next()
    }
}
