//! Whose tables a list can come from, and which lists each of them can hold.

use crate::lists::lookup::entry::{Action, Kind};

/// Whose table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Our own.
    Palisade,
    /// The table of the module secfilter.
    Secfilter,
    /// The table of the module permissions.
    Address,
    /// The seed's addresses.
    BlackList,
    /// The seed's countries.
    BlackListCountry,
}

impl Layout {
    /// Every layout with its name.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("palisade", Self::Palisade),
        ("secfilter", Self::Secfilter),
        ("address", Self::Address),
        ("black_list", Self::BlackList),
        ("black_list_country", Self::BlackListCountry),
    ];
}

/// Can a table of this layout hold such a list?
///
/// # Errors
///
/// What it can hold.
pub fn check(layout: Layout, kind: Kind, action: Action) -> Result<(), &'static str> {
    match (layout, kind) {
        (Layout::Secfilter, _) if secfilter(kind, action).is_none() => Err(
            "layout=secfilter has agents, countries, domains, networks and users that are \
                 denied or trusted, and destinations that are denied",
        ),
        (Layout::Address | Layout::BlackList, kind) if kind != Kind::Network => {
            Err("this layout is for kind=network")
        }
        (Layout::BlackListCountry, kind) if kind != Kind::Country => {
            Err("layout=black_list_country is for kind=country")
        }
        _ => Ok(()),
    }
}

/// The columns `action` and `type` of secfilter's table. Of destinations the type says nothing,
/// but the module loads those of type 0 alone.
///
/// `None`: it has none for such a list.
pub const fn secfilter(kind: Kind, action: Action) -> Option<(i64, i64)> {
    let of_action = match action {
        Action::Deny => 0,
        Action::Trust => 1,
        Action::Allow | Action::Limit => return None,
    };
    match kind {
        Kind::Agent => Some((of_action, 0)),
        Kind::Country => Some((of_action, 1)),
        Kind::Domain => Some((of_action, 2)),
        Kind::Network => Some((of_action, 3)),
        Kind::User => Some((of_action, 4)),
        Kind::Destination if of_action == 0 => Some((2, 0)),
        Kind::Destination | Kind::Name | Kind::Asn => None,
    }
}
