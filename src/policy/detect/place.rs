//! May a source be where it is: its country, its autonomous system?

use crate::clock::Clock;
use crate::lists::image::Image;
use crate::lists::{Action, Kind};
use crate::message::Message;
use crate::policy::Inspection;
use crate::policy::evidence::{Evidence, Sender, What};
use crate::settings::{CountryUnknown, Reason};

use super::listed::Listed;

/// Looks whether the country or the autonomous system of a source is denied.
pub fn detect<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<Evidence<'p>> {
    why_denied(inspection).map(|what| Evidence::new(Reason::Country, what, Sender::Whoever))
}

fn why_denied<'p, M: Message, C: Clock>(inspection: &Inspection<'p, M, C>) -> Option<What<'p>> {
    if let Some(listed) = find(inspection, Action::Deny) {
        return Some(What::Listed(listed));
    }
    let (firewall, address) = (inspection.firewall, inspection.address);
    let has = |kind| firewall.lists.has(kind, Action::Allow);
    let (by_country, by_system) = (has(Kind::Country), has(Kind::Asn));
    let denies_unknown = firewall.settings.country_unknown == CountryUnknown::Deny;
    if !by_country && !by_system && !denies_unknown {
        return None;
    }
    if find(inspection, Action::Allow).is_some() {
        return None;
    }
    match (firewall.country_of(address), firewall.asn_of(address)) {
        (Some(country), _) if by_country => Some(What::Country(country)),
        (_, Some(asn)) if by_system => Some(What::System(asn)),
        (None, _) if denies_unknown => Some(What::UnknownCountry),
        _ => None,
    }
}

/// The list of countries or systems with this action that holds a source's.
pub fn find<'p, M: Message, C: Clock>(
    inspection: &Inspection<'p, M, C>,
    action: Action,
) -> Option<Listed<'p>> {
    let (firewall, address) = (inspection.firewall, inspection.address);
    let now_ms = firewall.clock.coarse_ms();
    let of_system = || {
        let asn = firewall.asn_of(address)?;
        let look = |image: Image<'p>| image.find_asn(asn, now_ms);
        inspection.find_in(Kind::Asn, action, look).next()
    };
    let of_country = || {
        let country = firewall.country_of(address)?;
        let look = |image: Image<'p>| image.find_country(country, now_ms);
        inspection.find_in(Kind::Country, action, look).next()
    };
    let has = |kind| firewall.lists.has(kind, action);
    let system = has(Kind::Asn).then(of_system).flatten();
    system.or_else(|| has(Kind::Country).then(of_country).flatten())
}
