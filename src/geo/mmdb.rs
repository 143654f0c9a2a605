//! Files of MaxMind's format: GeoIP2 and GeoLite2, DB-IP's, ipinfo's.
//!
//! All networks are read once; no look-up is ever made in the file. A file that is damaged, or made
//! to be, is an error, in a time that grows with its size alone.

use std::collections::HashMap;

use maxminddb::{LookupResult, MaxMindDbError, PathElement, Reader, WithinOptions};

use super::place::{Place, Places, V4};
use crate::source::Address;

type File<'a> = Reader<&'a [u8]>;
type Found<'a> = LookupResult<'a, &'a [u8]>;
type Path<'a> = &'a [PathElement<'a>];

use PathElement::Key;

/// Where the country may stand: MaxMind and DB-IP; ipinfo, flat; where the network is registered,
/// if nobody knows where it is used.
const COUNTRY: [Path<'static>; 4] = [
    &[Key("country"), Key("iso_code")],
    &[Key("country_code")],
    &[Key("country")],
    &[Key("registered_country"), Key("iso_code")],
];

/// Where the autonomous system may stand: MaxMind and DB-IP; ipinfo; MaxMind's Enterprise.
const ASN: [Path<'static>; 3] = [
    &[Key("autonomous_system_number")],
    &[Key("asn")],
    &[Key("traits"), Key("autonomous_system_number")],
];

/// How often the subtree of IPv4 may hang in the tree (6to4, Teredo, mapped, NAT64), and more.
const ALIASES: usize = 16;

/// Reads all networks of a file.
///
/// # Errors
///
/// A sentence, when the file is not of this format, or damaged.
pub fn read(bytes: &[u8], places: &mut Places) -> Result<(), String> {
    let file = Reader::from_source(bytes).map_err(sentence)?;
    ends(&file)?;
    // Most networks share their place with many.
    let mut known = HashMap::new();
    for found in file.networks(WithinOptions::default()).map_err(sentence)? {
        let found = found.map_err(sentence)?;
        let Some(offset) = found.offset() else {
            continue;
        };
        let place = match known.get(&offset) {
            Some(&place) => place,
            None => *known.entry(offset).or_insert(place(&found)?),
        };
        add(&found, place, places)?;
    }
    Ok(())
}

/// Makes sure that a walk through the tree comes to its end. The crate's own walk leaves a cycle
/// after 128 steps, but nodes that are shared on every level would keep it going for ages.
fn ends(file: &File<'_>) -> Result<(), String> {
    let everything = WithinOptions::default()
        .include_aliased_networks()
        .include_networks_without_data();
    // A tree has one leaf more than it has nodes.
    let most = (file.metadata().node_count as usize + 1).saturating_mul(ALIASES);
    for (leaves, found) in file.networks(everything).map_err(sentence)?.enumerate() {
        found.map_err(sentence)?;
        if leaves > most {
            return Err("its search tree is no tree: it has shared branches".into());
        }
    }
    Ok(())
}

/// Adds a network. IPv4 that is found once more under an IPv6 prefix was left out by the walk.
fn add(found: &Found<'_>, place: Place, places: &mut Places) -> Result<(), String> {
    let network = found.network().map_err(sentence)?;
    let behind = |bits: u8| 1_u128.checked_shl((bits - network.prefix()).into());
    let first = Address::from(network.ip());
    let size = behind(if network.is_ipv4() { 32 } else { 128 });
    let last = Address(first.0 | size.map_or(u128::MAX, |size| size - 1));
    if network.is_ipv4() {
        places.add(first, last, place);
        return Ok(());
    }
    // The same address written as IPv6: the format keeps IPv4 under ::/96, and looks nowhere else.
    if (V4.0..=V4.1).contains(&first) {
        return Ok(());
    }
    places.add(first, last, place);
    if first.0 == 0 && network.prefix() <= 96 {
        places.add(V4.0, V4.1, place);
    }
    Ok(())
}

fn place(found: &Found<'_>) -> Result<Place, String> {
    let mut place = Place::default();
    for path in COUNTRY {
        if place.country.is_none() {
            let text = either(found.decode_path::<&str>(path))?;
            place.country = text.and_then(|text| Place::country(text.as_bytes()));
        }
    }
    for path in ASN {
        if place.asn.is_none() {
            place.asn = asn(found, path)?.filter(|&asn| asn > 0);
        }
    }
    Ok(place)
}

/// A number, or a text.
fn asn(found: &Found<'_>, path: Path<'_>) -> Result<Option<u32>, String> {
    if let Some(number) = either(found.decode_path::<u32>(path))? {
        return Ok(Some(number));
    }
    let text = either(found.decode_path::<&str>(path))?;
    Ok(text.and_then(|text| Place::asn(text.as_bytes())))
}

/// What stands there, or nothing where something else stands there.
fn either<T>(decoded: Result<Option<T>, MaxMindDbError>) -> Result<Option<T>, String> {
    match decoded {
        Err(MaxMindDbError::Decoding { .. }) => Ok(None),
        decoded => decoded.map_err(sentence),
    }
}

#[allow(clippy::needless_pass_by_value)] // For map_err.
fn sentence(error: MaxMindDbError) -> String {
    format!("no sound MaxMind file: {error}")
}
