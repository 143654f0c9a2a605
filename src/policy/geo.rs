//! Where sources are.

use crate::clock::Clock;
use crate::source::Address;

use super::Firewall;

impl<C: Clock> Firewall<C> {
    /// The country of an address, as far as it is known.
    #[must_use]
    pub fn country_of(&self, address: Address) -> Option<[u8; 2]> {
        self.geo.country_of(self.lists.arena(), address)
    }

    /// The autonomous system of an address, as far as it is known.
    #[must_use]
    pub fn asn_of(&self, address: Address) -> Option<u32> {
        self.geo.asn_of(self.lists.arena(), address)
    }
}
