//! What the script asks of lists: is this message in one, is this value.

use crate::clock::Clock;
use crate::lists::image::{Hit, Image};
use crate::lists::{Kind, List, value};
use crate::message::Message;
use crate::source::Address;

use super::Firewall;
use super::listed::parts_of;

impl<C: Clock> Firewall<C> {
    /// Is what this list is about in it: the source of a message, or a text of it? `None`: there is
    /// no such list.
    pub fn in_list(&self, name: &[u8], address: Address, message: &impl Message) -> Option<bool> {
        let list = self.lists.by_name(name)?;
        Some(self.met(&list, |image| {
            let now_ms = self.clock.coarse_ms();
            match list.spec.kind {
                Kind::Network => image.find_address(address, now_ms),
                Kind::Country => image.find_country(self.country_of(address)?, now_ms),
                Kind::Asn => image.find_asn(self.asn_of(address)?, now_ms),
                kind => {
                    // The first is the one that a script means: From's, where there are several.
                    let text = message.part(*parts_of(kind).first()?);
                    image.find_text(text, &self.hash, now_ms)
                }
            }
        }))
    }

    /// Is this value in this list? `None`: there is no such list.
    pub fn value_in_list(&self, name: &[u8], value: &[u8]) -> Option<bool> {
        let list = self.lists.by_name(name)?;
        Some(self.met(&list, |image| self.find(&list, image, value)))
    }

    /// The entry of a list that a value meets: an address, a text, a number, as its kind has it.
    pub fn find<'a>(&self, list: &List<'_>, image: Image<'a>, value: &[u8]) -> Option<Hit<'a>> {
        let now_ms = self.clock.coarse_ms();
        match list.spec.kind {
            Kind::Network => image.find_address(Address::parse(value)?, now_ms),
            Kind::Country => image.find_country(value::country(value)?, now_ms),
            Kind::Asn => image.find_asn(value::asn(value)?, now_ms),
            Kind::Agent | Kind::User | Kind::Domain | Kind::Name | Kind::Destination => {
                image.find_text(value, &self.hash, now_ms)
            }
        }
    }

    /// Looks into a list, and counts what was found.
    fn met(&self, list: &List<'_>, look: impl FnOnce(Image<'_>) -> Option<Hit<'_>>) -> bool {
        let pin = self.lists.arena().pin();
        let found = list.image(&pin).and_then(look).is_some();
        if found {
            list.count_hit();
        }
        found
    }
}
