//! What the lists say of a source and of a message, in the course of a check.
//!
//! Of networks the longest match of all lists wins; between equals, trust does. A list of networks,
//! countries or systems that trusts, trusts the source, whatever it sends; one of agents, users,
//! domains, names or destinations trusts the message: it is not looked into any further, but what
//! its source does (bans, rate, passwords) counts as ever, since anybody can write any name.

use crate::clock::Clock;
use crate::counters::Counter;
use crate::escape::Escaped;
use crate::lists::image::{Hit, Image};
use crate::lists::{Action, Kind, List};
use crate::message::{Message, Part};
use crate::settings::{CountryUnknown, Finding};
use crate::shm::arena::Pin;
use crate::source::Address;

use super::{Firewall, Verdict};

/// Where something was found.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Found<'p> {
    /// In this list,
    pub list: List<'p>,
    /// by this entry.
    pub hit: Hit<'p>,
}

/// What is said of a source.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub enum Standing<'p> {
    /// By this list; by none: by the parameter.
    Trusted(Option<Found<'p>>),
    /// By this list of networks.
    Denied(Found<'p>),
    /// Neither.
    Unlisted,
}

/// Why the place of a source is denied.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub enum Misplaced<'p> {
    /// Its country or its system is in this list.
    Listed(Found<'p>),
    /// This country is in no list of those that are allowed.
    Country([u8; 2]),
    /// This autonomous system is in no list of those that are allowed.
    System(u32),
    /// Its country is not known.
    Unknown,
}

/// The texts of a message that a kind of list is about.
const TEXTS: [(Kind, &[Part]); 5] = [
    (Kind::Agent, &[Part::UserAgent]),
    (
        Kind::User,
        &[Part::FromUser, Part::AuthUser, Part::ContactUser],
    ),
    (
        Kind::Domain,
        &[Part::FromHost, Part::ToHost, Part::ContactHost],
    ),
    (Kind::Name, &[Part::FromName, Part::ContactName]),
    (Kind::Destination, &[Part::UriUser]),
];

impl<C: Clock> Firewall<C> {
    /// The right to look into lists; `None`: there are none.
    #[must_use]
    pub fn pin(&self) -> Option<Pin<'_>> {
        (!self.lists.is_empty()).then(|| self.lists.arena().pin())
    }

    /// Is this address in a trusted network, country or system?
    #[must_use]
    #[inline]
    pub fn is_trusted(&self, address: Address) -> bool {
        if !self.lists.judge_sources() && !self.settings.trusted.holds(address) {
            return false;
        }
        match self.standing(address, &self.pin()) {
            Standing::Trusted(by) => {
                self.count_trusted(by);
                true
            }
            Standing::Denied(_) | Standing::Unlisted => false,
        }
    }

    pub(super) fn count_trusted(&self, by: Option<Found<'_>>) {
        by.inspect(Found::count);
        self.counters.count(Counter::Trusted);
    }

    /// What the parameter `trusted` and the lists of networks, countries and systems say of a
    /// source; of the latter two, only trust.
    #[inline]
    pub fn standing<'p>(&'p self, address: Address, pin: &'p Option<Pin<'_>>) -> Standing<'p> {
        if self.settings.trusted.holds(address) {
            return Standing::Trusted(None);
        }
        if !self.lists.judge_sources() {
            return Standing::Unlisted;
        }
        self.standing_in_lists(address, pin)
    }

    #[inline(never)]
    fn standing_in_lists<'p>(&'p self, address: Address, pin: &'p Option<Pin<'_>>) -> Standing<'p> {
        let longest = |action| {
            let found = self.networks(action, address, pin);
            found.max_by_key(|found| found.hit.prefix_bits)
        };
        match (longest(Action::Trust), longest(Action::Deny)) {
            (Some(trust), Some(deny)) if trust.hit.prefix_bits < deny.hit.prefix_bits => {
                Standing::Denied(deny)
            }
            (Some(trust), _) => Standing::Trusted(Some(trust)),
            (None, Some(deny)) => Standing::Denied(deny),
            (None, None) => match self.find_place(Action::Trust, address, pin) {
                Some(found) => Standing::Trusted(Some(found)),
                None => Standing::Unlisted,
            },
        }
    }

    fn networks<'p>(
        &'p self,
        action: Action,
        address: Address,
        pin: &'p Option<Pin<'_>>,
    ) -> impl Iterator<Item = Found<'p>> {
        let now_ms = self.clock.coarse_ms();
        let lists = self.lists.of(Kind::Network, action);
        lists.filter_map(move |list| {
            let hit = list.image(pin.as_ref()?)?.find_address(address, now_ms)?;
            Some(Found { list, hit })
        })
    }

    /// Every list that holds a source, its country or its system.
    pub fn lists_of<'p>(
        &'p self,
        address: Address,
        pin: &'p Option<Pin<'_>>,
    ) -> impl Iterator<Item = Found<'p>> {
        let actions = Action::NAMES.into_iter().map(|(_, action)| action);
        actions.flat_map(move |action| {
            let place = self.find_place(action, address, pin);
            self.networks(action, address, pin).chain(place)
        })
    }

    /// The list of countries or systems with this action that holds a source's.
    fn find_place<'p>(
        &'p self,
        action: Action,
        address: Address,
        pin: &'p Option<Pin<'_>>,
    ) -> Option<Found<'p>> {
        let now_ms = self.clock.coarse_ms();
        let find = |kind, look: &dyn Fn(Image<'p>) -> Option<Hit<'p>>| {
            let mut lists = self.lists.of(kind, action);
            lists.find_map(|list| {
                let hit = look(list.image(pin.as_ref()?)?)?;
                Some(Found { list, hit })
            })
        };
        let of_system = || {
            let asn = self.asn_of(address)?;
            find(Kind::Asn, &|image| image.find_asn(asn, now_ms))
        };
        let of_country = || {
            let country = self.country_of(address)?;
            find(Kind::Country, &|image| image.find_country(country, now_ms))
        };
        let has = |kind| self.lists.has(kind, action);
        let system = has(Kind::Asn).then(of_system).flatten();
        system.or_else(|| has(Kind::Country).then(of_country).flatten())
    }

    /// What follows from a list of networks.
    pub(super) fn follow_denied(
        &self,
        denied: Option<Found<'_>>,
        address: Address,
        message: &impl Message,
    ) -> Verdict {
        denied.map_or(Verdict::Pass, |found| {
            self.follow_found(Finding::List, found, address, message)
        })
    }

    /// Why the country or the autonomous system of a source is denied; `None`: it is not.
    pub fn misplaced<'p>(
        &'p self,
        address: Address,
        pin: &'p Option<Pin<'_>>,
    ) -> Option<Misplaced<'p>> {
        if let Some(found) = self.find_place(Action::Deny, address, pin) {
            return Some(Misplaced::Listed(found));
        }
        let has = |kind| self.lists.has(kind, Action::Allow);
        let (by_country, by_system) = (has(Kind::Country), has(Kind::Asn));
        let denies_unknown = self.settings.country_unknown == CountryUnknown::Deny;
        if !by_country && !by_system && !denies_unknown {
            return None;
        }
        if self.find_place(Action::Allow, address, pin).is_some() {
            return None;
        }
        match (self.country_of(address), self.asn_of(address)) {
            (Some(country), _) if by_country => Some(Misplaced::Country(country)),
            (_, Some(asn)) if by_system => Some(Misplaced::System(asn)),
            (None, _) if denies_unknown => Some(Misplaced::Unknown),
            _ => None,
        }
    }

    /// The country and the autonomous system of a source against the lists.
    pub(super) fn check_place(
        &self,
        address: Address,
        message: &impl Message,
        pin: &Option<Pin<'_>>,
    ) -> Verdict {
        if !self.looks_for(Finding::Country) {
            return Verdict::Pass;
        }
        let refuse = |evidence| self.follow(Finding::Country, address, message, evidence);
        match self.misplaced(address, pin) {
            None => Verdict::Pass,
            Some(Misplaced::Listed(found)) => {
                self.follow_found(Finding::Country, found, address, message)
            }
            Some(Misplaced::Country(country)) => {
                refuse(format_args!(" country={}", Escaped(&country)))
            }
            Some(Misplaced::System(asn)) => refuse(format_args!(" asn={asn}")),
            Some(Misplaced::Unknown) => refuse(format_args!(" country=unknown")),
        }
    }

    /// The country and system of a source, on behalf of a message.
    pub fn check_country(&self, address: Address, message: &impl Message) -> Verdict {
        let pin = self.pin();
        match self.standing(address, &pin) {
            Standing::Trusted(_) => Verdict::Pass,
            Standing::Denied(_) | Standing::Unlisted => self.check_place(address, message, &pin),
        }
    }

    /// A number that is called against the lists of destinations; `None`: that of the R-URI.
    pub fn check_destination(
        &self,
        address: Address,
        message: &impl Message,
        number: Option<&[u8]>,
    ) -> Verdict {
        let pin = self.pin();
        let number = number.unwrap_or_else(|| message.part(Part::UriUser));
        let find = |action| self.find_text(Kind::Destination, action, number, &pin);
        if number.is_empty() || self.is_trusted(address) || find(Action::Trust).is_some() {
            return Verdict::Pass;
        }
        find(Action::Deny).map_or(Verdict::Pass, |found| {
            self.follow_found(Finding::List, found, address, message)
        })
    }

    /// Does a list of agents, users, domains, names or destinations trust this message?
    pub(super) fn trusts_text(&self, message: &impl Message, pin: &Option<Pin<'_>>) -> bool {
        let found = TEXTS
            .iter()
            .filter(|(kind, _)| self.lists.has(*kind, Action::Trust))
            .find_map(|&(kind, _)| self.find_part(kind, Action::Trust, message, pin));
        found.inspect(Found::count).is_some()
    }

    /// The texts of a message, but for its User-Agent, against the lists that deny.
    pub(super) fn check_texts(
        &self,
        address: Address,
        message: &impl Message,
        pin: &Option<Pin<'_>>,
    ) -> Verdict {
        for (kind, _) in TEXTS {
            if kind != Kind::Agent
                && self.lists.has(kind, Action::Deny)
                && let Some(found) = self.find_part(kind, Action::Deny, message, pin)
            {
                let verdict = self.follow_found(Finding::List, found, address, message);
                if verdict != Verdict::Pass {
                    return verdict;
                }
            }
        }
        Verdict::Pass
    }

    /// A text against the lists of a kind.
    pub(super) fn find_text<'p>(
        &'p self,
        kind: Kind,
        action: Action,
        text: &[u8],
        pin: &'p Option<Pin<'_>>,
    ) -> Option<Found<'p>> {
        if !self.lists.has(kind, action) {
            return None;
        }
        let now_ms = self.clock.coarse_ms();
        let mut lists = self.lists.of(kind, action);
        lists.find_map(|list| {
            let image = list.image(pin.as_ref()?)?;
            let hit = image.find_text(text, &self.hash, now_ms)?;
            Some(Found { list, hit })
        })
    }

    fn find_part<'p>(
        &'p self,
        kind: Kind,
        action: Action,
        message: &impl Message,
        pin: &'p Option<Pin<'_>>,
    ) -> Option<Found<'p>> {
        // Only who is called by a new call is a destination.
        if kind == Kind::Destination && !is_new_call(message) {
            return None;
        }
        let parts = parts_of(kind).iter().map(|&part| message.part(part));
        let mut texts = parts.filter(|text| !text.is_empty());
        texts.find_map(|text| self.find_text(kind, action, text, pin))
    }

    /// What follows from something that a list denies.
    pub(super) fn follow_found(
        &self,
        finding: Finding,
        found: Found<'_>,
        address: Address,
        message: &impl Message,
    ) -> Verdict {
        found.count();
        let (list, entry) = (&found.list.spec.name, Escaped(found.hit.written));
        let evidence = format_args!(" list={list} entry=\"{entry}\"");
        self.follow(finding, address, message, evidence)
    }
}

impl Found<'_> {
    fn count(&self) {
        self.list.count_hit();
    }
}

/// The parts of a message that a kind of list is about.
pub(super) fn parts_of(kind: Kind) -> &'static [Part] {
    let mut texts = TEXTS.iter();
    texts
        .find(|(of, _)| *of == kind)
        .map_or(&[], |&(_, parts)| parts)
}

fn is_new_call(message: &impl Message) -> bool {
    message.part(Part::Method) == b"INVITE" && message.part(Part::ToTag).is_empty()
}
