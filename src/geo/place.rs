//! Where addresses are: countries and autonomous systems, collected range by range.

use std::collections::HashMap;

use crate::source::Address;

/// Where an address is, as far as one file knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// ISO 3166 alpha-2, capitals.
    pub country: Option<[u8; 2]>,
    /// The number of its autonomous system; not 0.
    pub asn: Option<u32>,
}

impl Place {
    /// Two letters as a country. `ZZ` is DB-IP's word for none.
    #[must_use]
    pub fn country(text: &[u8]) -> Option<[u8; 2]> {
        let country = <[u8; 2]>::try_from(text)
            .ok()?
            .map(|c| c.to_ascii_uppercase());
        let is_one = country.iter().all(u8::is_ascii_uppercase) && country != *b"ZZ";
        is_one.then_some(country)
    }

    /// `13335` or `AS13335` as a system; `None`: it is no number. 0 stands for none.
    #[must_use]
    pub fn asn(text: &[u8]) -> Option<u32> {
        let text = std::str::from_utf8(text).ok()?;
        let digits = match text.get(..2) {
            Some(prefix) if prefix.eq_ignore_ascii_case("AS") => &text[2..],
            _ => text,
        };
        // parse() would take a sign.
        digits
            .starts_with(|c: char| c.is_ascii_digit())
            .then(|| digits.parse().ok())?
    }
}

/// IPv4, as addresses are kept.
const V4_FIRST: u128 = 0xffff_0000_0000;
const V4_LAST: u128 = V4_FIRST | u32::MAX as u128;

/// Every IPv4 address.
pub const V4: (Address, Address) = (Address(V4_FIRST), Address(V4_LAST));

/// Ranges and where they are, under construction.
#[derive(Debug, Default)]
pub struct Places {
    /// Both ends included; the number is an index into `distinct`.
    pub ranges: Vec<(Address, Address, u32)>,
    /// Every place once.
    pub distinct: Vec<Place>,
    /// How many ranges there were before neighbours were joined.
    pub entries: u64,
    known: HashMap<Place, u32>,
}

impl Places {
    /// Adds a range, of IPv4 or of IPv6: from the latter IPv4 is left out, which lies in the midst
    /// of it. A place that is none is left out, too.
    pub fn add(&mut self, first: Address, last: Address, place: Place) {
        if place == Place::default() {
            return;
        }
        self.entries += 1;
        let number = *self.known.entry(place).or_insert_with(|| {
            self.distinct.push(place);
            // No file has 2³² distinct places.
            u32::try_from(self.distinct.len() - 1).unwrap_or(u32::MAX)
        });
        if (V4_FIRST..=V4_LAST).contains(&first.0) {
            self.push(first, last, number);
            return;
        }
        if first.0 < V4_FIRST {
            self.push(first, Address(last.0.min(V4_FIRST - 1)), number);
        }
        if last.0 > V4_LAST {
            self.push(Address(first.0.max(V4_LAST + 1)), last, number);
        }
    }

    fn push(&mut self, first: Address, last: Address, number: u32) {
        if let Some(before) = self.ranges.last_mut()
            && before.2 == number
            && before.1.0.checked_add(1) == Some(first.0)
        {
            before.1 = last;
            return;
        }
        self.ranges.push((first, last, number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_country() {
        for (text, expected) in [
            (&b"ES"[..], Some(*b"ES")),
            (b"es", Some(*b"ES")),
            (b"ZZ", None),
            (b"zz", None),
            (b"-", None),
            (b"", None),
            (b"E1", None),
            (b"ESP", None),
            (b"\xc3\xa9", None),
        ] {
            assert_eq!(Place::country(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_a_system() {
        for (text, expected) in [
            (&b"13335"[..], Some(13335)),
            (b"AS13335", Some(13335)),
            (b"as4294967295", Some(u32::MAX)),
            (b"0", Some(0)),
            (b"4294967296", None),
            (b"+1", None),
            (b"AS", None),
            (b"AS-1", None),
            (b"", None),
            (b"\xc3\xa9", None),
        ] {
            assert_eq!(Place::asn(text), expected, "{text:?}");
        }
    }

    #[test]
    fn neighbours_are_joined_and_ipv4_is_left_out_of_ipv6() {
        let spain = Place {
            country: Some(*b"ES"),
            asn: None,
        };
        let mut places = Places::default();
        places.add(Address(V4_FIRST), Address(V4_FIRST + 9), spain);
        places.add(Address(V4_FIRST + 10), Address(V4_FIRST + 19), spain);
        places.add(Address(V4_FIRST + 21), Address(V4_FIRST + 29), spain);
        places.add(
            Address(V4_FIRST + 30),
            Address(V4_FIRST + 39),
            Place::default(),
        );
        places.add(Address(0), Address(u128::MAX), spain);
        let expected = [
            (V4_FIRST, V4_FIRST + 19),
            (V4_FIRST + 21, V4_FIRST + 29),
            (0, V4_FIRST - 1),
            (V4_LAST + 1, u128::MAX),
        ];
        let ranges = places
            .ranges
            .iter()
            .map(|&(first, last, _)| (first.0, last.0));
        assert_eq!(ranges.collect::<Vec<_>>(), expected);
        assert_eq!((places.entries, places.distinct), (4, vec![spain]));
    }
}
