//! Files of ranges as CSV: DB-IP's `first,last,country` and `first,last,asn,name`, and what looks
//! like them (IP2Location writes addresses as numbers; DB-IP's city files put the continent before
//! the country).

use std::fmt;

use csv::{ByteRecord, ReaderBuilder};

use super::place::{Place, Places, V4};
use crate::escape::Brief;
use crate::source::Address;

/// Lines that are told; the others are counted.
const TOLD: usize = 5;

/// The lines that are no ranges.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct BadLines {
    /// The first of them: `line 7: …`.
    pub told: Vec<String>,
    /// All of them.
    pub count: u64,
}

impl BadLines {
    /// One more.
    pub fn tell(&mut self, line: impl fmt::Display) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(line.to_string());
        }
    }
}

/// Reads all ranges of a file.
///
/// # Errors
///
/// A sentence, when the rest of the file cannot be read.
pub fn read(file: &[u8], places: &mut Places) -> Result<BadLines, String> {
    let mut bad = BadLines::default();
    let mut lines = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(file);
    let mut row = ByteRecord::new();
    while lines
        .read_byte_record(&mut row)
        .map_err(|error| error.to_string())?
    {
        let line = row.position().map_or(0, csv::Position::line);
        let fields: Vec<&[u8]> = row.iter().take(4).collect();
        let is_header = line == 1 && fields.first().and_then(|first| address(first)).is_none();
        if !is_header {
            match range(&fields) {
                Ok((first, last, place)) => places.add(first, last, place),
                Err(what) => bad.tell(format_args!("line {line}: {what}")),
            }
        }
    }
    Ok(bad)
}

fn range(fields: &[&[u8]]) -> Result<(Address, Address, Place), String> {
    let &[first, last, third, ..] = fields else {
        return Err("must be first,last,country or first,last,asn,name".into());
    };
    let ends = |text: &[u8]| {
        address(text).ok_or_else(|| format!("{}: must be an IPv4 or IPv6 address", Brief(text)))
    };
    let (from, to) = (ends(first)?, ends(last)?);
    if from > to || is_v4(from) != is_v4(to) {
        let (first, last) = (Brief(first), Brief(last));
        return Err(format!("{first},{last}: must be the two ends of a range"));
    }
    Ok((from, to, place(third, fields.get(3).copied())?))
}

fn place(third: &[u8], fourth: Option<&[u8]>) -> Result<Place, String> {
    let two_letters = |text: &[u8]| text.len() == 2 && text.iter().all(u8::is_ascii_alphabetic);
    if two_letters(third) {
        let country = fourth.filter(|fourth| two_letters(fourth)).unwrap_or(third);
        return Ok(Place {
            country: Place::country(country),
            asn: None,
        });
    }
    if third.is_empty() || third == b"-" {
        return Ok(Place::default());
    }
    let asn = Place::asn(third).ok_or_else(|| {
        format!(
            "{}: must be a country such as ES or the number of a system",
            Brief(third)
        )
    })?;
    Ok(Place {
        country: None,
        asn: Some(asn).filter(|&asn| asn > 0),
    })
}

/// An address, or its number; of an IPv4 address, one below 2³².
fn address(text: &[u8]) -> Option<Address> {
    Address::parse_as_written(text).or_else(|| {
        let digits = text.iter().all(u8::is_ascii_digit);
        let number: u128 = std::str::from_utf8(text)
            .ok()
            .filter(|_| digits)?
            .parse()
            .ok()?;
        Some(Address(
            u32::try_from(number).map_or(number, |v4| V4.0.0 | u128::from(v4)),
        ))
    })
}

fn is_v4(address: Address) -> bool {
    (V4.0..=V4.1).contains(&address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, ranges: &[(&str, &str, &str, u32)], bad: &[&str]) {
        let mut places = Places::default();
        let found = read(text.as_bytes(), &mut places).unwrap();
        let shown: Vec<_> = places
            .ranges
            .iter()
            .map(|&(first, last, number)| {
                let place = places.distinct[number as usize];
                let country = place
                    .country
                    .map(|country| String::from_utf8(country.to_vec()));
                let country = country.transpose().unwrap().unwrap_or_default();
                (
                    first.to_string(),
                    last.to_string(),
                    country,
                    place.asn.unwrap_or(0),
                )
            })
            .collect();
        let expected: Vec<_> = ranges
            .iter()
            .map(|&(first, last, country, asn)| (first.into(), last.into(), country.into(), asn))
            .collect();
        assert_eq!(shown, expected, "{text}");
        assert_eq!(found.told, bad, "{text}");
    }

    #[test]
    fn every_form_of_a_line_is_read() {
        for (text, expected) in [
            ("1.0.0.0,1.0.0.255,AU\n", ("1.0.0.0", "1.0.0.255", "AU", 0)),
            (
                "2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,jp",
                (
                    "2001:200::",
                    "2001:200:ffff:ffff:ffff:ffff:ffff:ffff",
                    "JP",
                    0,
                ),
            ),
            (
                "1.0.0.0,1.0.0.255,13335,\"Cloudflare, Inc.\"\r\n",
                ("1.0.0.0", "1.0.0.255", "", 13335),
            ),
            (
                "\"1.0.0.0\", 1.0.0.255 ,AS13335,HP",
                ("1.0.0.0", "1.0.0.255", "", 13335),
            ),
            (
                "1.0.0.0,1.0.0.255,OC,AU,Queensland,Brisbane",
                ("1.0.0.0", "1.0.0.255", "AU", 0),
            ),
            (
                "\"16777216\",\"16777471\",\"US\",\"United States of America\"",
                ("1.0.0.0", "1.0.0.255", "US", 0),
            ),
            (
                "start_ip,end_ip,country\n1.0.0.0,1.0.0.255,AU",
                ("1.0.0.0", "1.0.0.255", "AU", 0),
            ),
            (
                "281470698520576,281470698520831,AU",
                ("1.0.0.0", "1.0.0.255", "AU", 0),
            ),
        ] {
            check(text, &[expected], &[]);
        }
        check(
            "1.0.0.0,1.0.0.255,ZZ\n1.0.0.0,1.0.0.255,-\n1.0.0.0,1.0.0.255,0,none\n\n",
            &[],
            &[],
        );
    }

    #[test]
    fn bad_lines_are_told_and_the_rest_is_read() {
        let text = "1.0.0.0,1.0.0.255,AU\n1.0.1.0\n1.0.1.0,x\ny,AU\n1.0.2.0,1.0.1.0,AU\n\
                    1.0.0.0,2001:db8::,AU\n1.0.1.0,1.0.1.255,Australia\n\
                    -1,5,AU\n1.0.4.0,1.0.4.255,AU";
        let good = [
            ("1.0.0.0", "1.0.0.255", "AU", 0),
            ("1.0.4.0", "1.0.4.255", "AU", 0),
        ];
        let bad = [
            "line 2: must be first,last,country or first,last,asn,name",
            "line 3: must be first,last,country or first,last,asn,name",
            "line 4: must be first,last,country or first,last,asn,name",
            "line 5: 1.0.2.0,1.0.1.0: must be the two ends of a range",
            "line 6: 1.0.0.0,2001:db8::: must be the two ends of a range",
        ];
        check(text, &good, &bad);
        let mut places = Places::default();
        assert_eq!(read(text.as_bytes(), &mut places).unwrap().count, 7);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _either = read(&bytes[..], &mut Places::default());
        }
    }
}
