//! One file of countries or systems as bytes that a look-up reads where they lie: a header of one
//! cache line, the tree of ranges, and the table of places that it points into.
//!
//! No bytes make it panic; those that are no image hold nothing.

use super::place::{Place, Places};
use crate::lists::lookup::tree;
use crate::source::Address;

const MAGIC: u64 = u64::from_le_bytes(*b"PALGEO 1");
const HEADER: usize = 64;

/// Bytes of a place: the country or two zeros, two bytes left free, the system or 0.
const PLACE: usize = 8;

/// Makes an image of what was collected.
#[must_use]
pub fn build(mut places: Places) -> Vec<u8> {
    let tree = tree::build_ranges(&mut places.ranges);
    let holds = |what: fn(&Place) -> bool| places.distinct.iter().any(what);
    let words = [
        MAGIC,
        tree.len() as u64,
        holds(|place| place.country.is_some()).into(),
        holds(|place| place.asn.is_some()).into(),
        places.entries,
    ];
    let mut image = Vec::with_capacity(HEADER + tree.len() + PLACE * places.distinct.len());
    image.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    image.resize(HEADER, 0);
    image.extend(tree);
    for place in &places.distinct {
        image.extend(place.country.unwrap_or_default());
        image.extend([0; 2]);
        image.extend(place.asn.unwrap_or_default().to_le_bytes());
    }
    image
}

/// An image, ready to be read.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    tree: &'a [u8],
    places: &'a [u8],
    /// Does it know a country of any address?
    pub has_countries: bool,
    /// Does it know a system of any address?
    pub has_systems: bool,
}

impl<'a> Image<'a> {
    /// Reads the header.
    #[must_use]
    pub fn over(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = bytes.split_at_checked(HEADER)?;
        let (words, _) = header.as_chunks::<8>();
        let &[magic, tree, countries, systems, ..] = words else {
            return None;
        };
        let tree = usize::try_from(u64::from_le_bytes(tree)).ok()?;
        let (tree, places) = rest.split_at_checked(tree)?;
        (u64::from_le_bytes(magic) == MAGIC).then_some(Self {
            tree,
            places,
            has_countries: countries != [0; 8],
            has_systems: systems != [0; 8],
        })
    }

    /// Where an address is.
    #[must_use]
    pub fn find(&self, address: Address) -> Option<Place> {
        let number = tree::find(self.tree, address)
            .or_else(|| tree::find(self.tree, behind_6to4(address)?))?;
        let (places, _) = self.places.as_chunks::<PLACE>();
        let &[one, two, _, _, ref asn @ ..] = places.get(number as usize)?;
        Some(Place {
            country: Some([one, two]).filter(|country| *country != [0; 2]),
            asn: Some(u32::from_le_bytes(*asn)).filter(|&asn| asn > 0),
        })
    }
}

/// The IPv4 address whose owner an address of 6to4, 2002::/16, belongs to (RFC 3056, section 2).
fn behind_6to4(address: Address) -> Option<Address> {
    let bytes = address.0.to_be_bytes();
    match bytes {
        [0x20, 0x02, one, two, three, four, ..] => Address::from_bytes(&[one, two, three, four]),
        _ => None,
    }
}
