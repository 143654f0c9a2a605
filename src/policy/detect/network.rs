//! What the operator says of a source: the parameter `trusted`, and the lists of networks,
//! countries and systems.
//!
//! Of networks the longest match of all lists wins; between equals, trust does.

use crate::clock::Clock;
use crate::lists::image::Image;
use crate::lists::{Action, Kind};
use crate::message::Message;
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, What};
use crate::settings::Reason;

use super::listed::Listed;
use super::place;

/// What is said of a source.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub enum Standing<'p> {
    /// By this list; by none: by the parameter.
    Trusted(Option<Listed<'p>>),
    /// By this list of networks.
    Denied(Listed<'p>),
    /// Neither.
    Unlisted,
}

/// Is the source in a list of networks that denies?
pub fn detect<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Evidence<'p>> {
    match inspection.standing() {
        Standing::Denied(by) => Some(inspection.evidence(Reason::List, What::Listed(by))),
        Standing::Trusted(_) | Standing::Unlisted => None,
    }
}

/// What the parameter `trusted` and the lists of networks, countries and systems say of a source;
/// of the latter two, only trust.
#[inline]
pub fn standing<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Standing<'p> {
    let firewall = inspection.firewall;
    if firewall.settings.trusted.holds(inspection.address) {
        return Standing::Trusted(None);
    }
    if !firewall.lists.judge_sources() {
        return Standing::Unlisted;
    }
    standing_in_lists(inspection)
}

#[inline(never)]
fn standing_in_lists<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Standing<'p> {
    let longest = |action| {
        let found = networks(inspection, action);
        found.max_by_key(|listed| listed.hit.prefix_bits)
    };
    match (longest(Action::Trust), longest(Action::Deny)) {
        (Some(trust), Some(deny)) if trust.hit.prefix_bits < deny.hit.prefix_bits => {
            Standing::Denied(deny)
        }
        (Some(trust), _) => Standing::Trusted(Some(trust)),
        (None, Some(deny)) => Standing::Denied(deny),
        (None, None) => match place::find(inspection, Action::Trust) {
            Some(listed) => Standing::Trusted(Some(listed)),
            None => Standing::Unlisted,
        },
    }
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
