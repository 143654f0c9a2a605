//! What the script asks of lists: is this message in one, is this value.

use crate::clock::Clock;
use crate::lists::image::{Hit, Image};
use crate::lists::{Kind, List, value};
use crate::message::Message;
use crate::shm::arena::Pin;
use crate::source::Address;

use super::detect::texts::{find_spelled, parts_of};
use super::{Firewall, Inspection};

impl<M: Message, C: Clock> Inspection<'_, M, C> {
    /// Is what this list is about in it: the source of a message, or a text of it? `None`: there is
    /// no such list.
    pub fn in_list(&self, name: &[u8]) -> Option<bool> {
        let (firewall, address) = (self.firewall, self.address);
        let list = firewall.lists.by_name(name)?;
        Some(met(&list, self.pin.as_ref()?, |image| {
            let now_ms = firewall.clock.coarse_ms();
            match list.spec.kind {
                Kind::Network => image.find_address(address, now_ms),
                Kind::Country => image.find_country(firewall.country_of(address)?, now_ms),
                Kind::Asn => image.find_asn(firewall.asn_of(address)?, now_ms),
                kind => {
                    let text = self.message.part(*parts_of(kind).first()?);
                    find_spelled(kind, text, |text| {
                        image.find_text(text, &firewall.hash, now_ms)
                    })
                }
            }
        }))
    }
}

impl<C: Clock> Firewall<C> {
    /// Is this value in this list? `None`: there is no such list.
    pub fn value_in_list(&self, name: &[u8], value: &[u8]) -> Option<bool> {
        let list = self.lists.by_name(name)?;
        let pin = self.lists.arena().pin();
        Some(met(&list, &pin, |image| self.find(&list, image, value)))
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
}

/// Looks into a list, and counts what was found.
fn met<'a>(
    list: &List<'_>,
    pin: &'a Pin<'_>,
    look: impl FnOnce(Image<'a>) -> Option<Hit<'a>>,
) -> bool {
    let found = list.image(pin).and_then(look).is_some();
    if found {
        list.count_hit();
    }
    found
}
