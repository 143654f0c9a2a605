//! Ranges of addresses with their countries: the table `ipcountry` of the seed
//! "Protegiendo VoIP con Kamailio", `ipstart ipend countrycode ipfrom ipto`.

use crate::escape::Brief;
use crate::source::Address;

use super::{Access, Field, Query};
use crate::lists::reading::value;

const COLUMNS: [&str; 5] = ["ipstart", "ipend", "countrycode", "ipfrom", "ipto"];

/// Reads every range: first and last address, and the country as it is written there. A row that is
/// none goes to `bad`, with its number and what is wrong.
///
/// # Errors
///
/// A sentence: why it can't be read.
pub fn read(
    access: &Access<'_>,
    table: &str,
    mut range: impl FnMut(Address, Address, &[u8]),
    mut bad: impl FnMut(u64, String),
) -> Result<(), String> {
    let query = Query {
        table,
        columns: &COLUMNS,
        equal: &[],
    };
    let mut number = 0;
    access.database.read(access.url()?, &query, &mut |row| {
        number += 1;
        match understand(row) {
            Ok((first, last, country)) => range(first, last, country),
            Err(sentence) => bad(number, sentence),
        }
        Ok(())
    })
}

/// The texts count: the numbers are made of them, later, by hand.
fn understand<'a>(row: &[Field<'a>]) -> Result<(Address, Address, &'a [u8]), String> {
    let &[start, end, country, from, to] = row else {
        return Err("has not all columns".to_owned());
    };
    let country = match country {
        Field::Text(country) => country.trim_ascii(),
        Field::Nothing | Field::Number(_) => b"",
    };
    if !matches!(country, [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic()) {
        return Err(format!("countrycode: {}", wrong(country, "two letters")));
    }
    let first = address("ipstart", start, from)?;
    let last = address("ipend", end, to)?;
    let is_ipv4 = |address: Address| address.0 >> 32 == 0xffff;
    if first > last || is_ipv4(first) != is_ipv4(last) {
        return Err(format!("ipstart={first} is not before ipend={last}"));
    }
    Ok((first, last, country))
}

fn address(name: &str, text: Field<'_>, number: Field<'_>) -> Result<Address, String> {
    let text = match text {
        Field::Text(text) => text.trim_ascii(),
        Field::Nothing | Field::Number(_) => b"",
    };
    match (text, number) {
        // SQLite's driver cuts numbers to 32 bits with a sign.
        ([], Field::Number(number)) => u32::try_from(number)
            .or_else(|_| i32::try_from(number).map(i32::cast_unsigned))
            .map(|number| std::net::IpAddr::from(number.to_be_bytes()).into())
            .map_err(|_| format!("{name}: {number} is no address")),
        (text, _) => match value::network(text) {
            Some((first, last)) if first == last => Ok(first),
            _ => Err(format!("{name}: {}", wrong(text, "an address"))),
        },
    }
}

fn wrong(text: &[u8], allowed: &str) -> String {
    let text = Brief(text);
    format!("{text}: must be {allowed}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lists::reading::database::Url;
    use crate::lists::reading::database::tests::memory::Memory;

    #[test]
    fn ranges_are_read_and_rows_that_are_none_are_told() {
        let rows = [
            "2.20.179.0|2.20.179.255|ES|34910976|34911231",
            "||fr|34910976|34911231",
            "||de|-1062731776|-1062731521",
            "2001:db8::|2001:db8::ff|gb|0|0",
            "2.20.179.9|2.20.179.1|ES|0|0",
            "x|2.20.179.1|ES|0|0",
            "2.20.179.9|2.20.179.9|España|0|0",
            "|2.20.179.1|ES|NULL|0",
        ];
        let memory = Memory::default().with("ipcountry", &COLUMNS, &rows);
        let url = Url::parse(b"sqlite:///x").unwrap();
        let access = Access {
            database: &memory,
            url: Some(&url),
        };
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        let done = read(
            &access,
            "ipcountry",
            |first, last, country| good.push(format!("{first}-{last} {}", country.escape_ascii())),
            |number, why| bad.push(format!("{number}: {why}")),
        );
        assert_eq!(done, Ok(()));
        assert_eq!(
            good,
            [
                "2.20.179.0-2.20.179.255 ES",
                "2.20.179.0-2.20.179.255 fr",
                "192.168.0.0-192.168.0.255 de",
                "2001:db8::-2001:db8::ff gb",
            ]
        );
        assert_eq!(
            bad,
            [
                "5: ipstart=2.20.179.9 is not before ipend=2.20.179.1",
                "6: ipstart: x: must be an address",
                "7: countrycode: Espa\\xc3\\xb1a: must be two letters",
                "8: ipstart: : must be an address",
            ]
        );
    }
}
