//! What the operator says of a source: the parameter `trusted`, and the lists of networks,
//! countries and systems.
//!
//! Of networks the longest match of all lists wins; between equals, trust does.

use crate::clock::Clock;
use crate::lists::image::Image;
use crate::lists::{Action, Kind};
use crate::message::Message;
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, Sender, What};
use crate::rate::MAX_REQUESTS;
use crate::settings::Reason;

use super::listed::Listed;
use super::place;

/// Why a source is trusted.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub enum TrustedBy<'p> {
    /// The parameter.
    Parameter,
    /// This list.
    List(Listed<'p>),
}

/// Is the source in a list of networks that denies?
pub fn detect<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Evidence<'p>> {
    let is_asked = inspection.firewall.lists.has(Kind::Network, Action::Deny);
    if !is_asked || inspection.trusted_by().is_some() {
        return None;
    }
    let denied = longest(inspection, Action::Deny);
    denied.map(|by| Evidence::new(Reason::List, What::Listed(by), Sender::Whoever))
}

/// Is the source trusted by the parameter, or by a list of networks, countries or systems?
#[inline]
pub fn trusted_by<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
) -> Option<TrustedBy<'p>> {
    let firewall = inspection.firewall;
    if firewall.settings.trusted.holds(inspection.address) {
        return Some(TrustedBy::Parameter);
    }
    if !firewall.lists.trust_sources() {
        return None;
    }
    trusting_list(inspection).map(TrustedBy::List)
}

#[inline(never)]
fn trusting_list<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
) -> Option<Listed<'p>> {
    let by_network = longest(inspection, Action::Trust);
    let trust = by_network.or_else(|| place::find(inspection, Action::Trust))?;
    let is_outweighed = match (by_network, longest(inspection, Action::Deny)) {
        (Some(trust), Some(deny)) => trust.hit.prefix_bits < deny.hit.prefix_bits,
        (None, Some(_)) => true,
        (_, None) => false,
    };
    (!is_outweighed).then_some(trust)
}

/// How many requests the operator allows this source in a window, where that is said of it.
#[inline]
pub fn allowance<M: Message, C: Clock>(inspection: &Inspection<'_, M, C>) -> Option<u64> {
    let firewall = inspection.firewall;
    match firewall.lists.has(Kind::Network, Action::Limit) {
        true => {
            let listed = longest(inspection, Action::Limit)?;
            let limit = listed.list.spec.limit?;
            Some(
                limit
                    .per_window(firewall.rate.limit().window_ms)
                    .min(MAX_REQUESTS),
            )
        }
        false => None,
    }
}

/// Of the lists of networks with this action, the entry with the longest prefix that holds the source.
fn longest<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
    action: Action,
) -> Option<Listed<'p>> {
    networks(inspection, action).max_by_key(|listed| listed.hit.prefix_bits)
}

fn networks<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
    action: Action,
) -> impl Iterator<Item = Listed<'p>> {
    let now_ms = inspection.firewall.clock.coarse_ms();
    let address = inspection.address;
    let look = move |image: Image<'p>| image.find_address(address, now_ms);
    inspection.find_in(Kind::Network, action, look)
}

/// Every list that holds a source, its country or its system.
pub fn lists_of<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
) -> impl Iterator<Item = Listed<'p>> {
    let actions = Action::NAMES.into_iter().map(|(_, action)| action);
    actions.flat_map(move |action| {
        let place = place::find(inspection, action);
        networks(inspection, action).chain(place)
    })
}
