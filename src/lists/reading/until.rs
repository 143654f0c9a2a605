//! The time when an entry ends: seconds since 1970, and `2026-12-01T00:00:00Z` for people.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Reads `2026-12-01T00:00:00Z`, `2026-12-01 00:00:00` (UTC, as databases write it), `2026-12-01`,
/// with `+02:00` in place of the `Z`, or seconds since 1970.
#[must_use]
pub fn parse(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    // Hyphens, as people and databases write dates: not all that ISO 8601 knows.
    if text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    let at = match text.len() {
        10 => in_utc(text.parse::<Date>().ok()?.into()),
        _ => text
            .parse::<Timestamp>()
            .ok()
            .or_else(|| in_utc(text.parse().ok()?)),
    };
    u64::try_from(at?.as_second()).ok()
}

fn in_utc(time: DateTime) -> Option<Timestamp> {
    let time = time.to_zoned(TimeZone::UTC).ok()?;
    Some(time.timestamp())
}

/// `2026-12-01T00:00:00Z`; from the year 9999 on the seconds since 1970.
#[must_use]
pub fn show(at_s: u64) -> String {
    let second = i64::try_from(at_s).unwrap_or(i64::MAX);
    let time = Timestamp::from_second(second);
    time.map_or_else(|_| at_s.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2026-12-01T00:00:00Z", Some(1_796_083_200)),
            ("2026-12-01 00:00:00", Some(1_796_083_200)),
            ("2026-12-01 00:00:00.000", Some(1_796_083_200)),
            ("2026-12-01", Some(1_796_083_200)),
            ("2026-12-01T02:00:00+02:00", Some(1_796_083_200)),
            ("2026-11-30T19:30:00-04:30", Some(1_796_083_200)),
            ("1796083200", Some(1_796_083_200)),
            ("2024-02-29", Some(1_709_164_800)),
            ("2023-02-29", None),
            ("2100-02-29", None),
            ("2026-13-01", None),
            ("2026-12-32", None),
            ("2026-12-01T24:00:00Z", None),
            ("2026-12-01T00:00", Some(1_796_083_200)),
            ("2026-12-01T00:00:60Z", Some(1_796_083_259)),
            ("20261201T000000Z", None),
            ("+002026-12-01", None),
            ("2026-12-01Z", None),
            ("2026-12-01T00:00:00X", None),
            ("1969-12-31", None),
            ("1970-01-01T00:00:00+01:00", None),
            ("Friday", None),
            ("+5", None),
            ("", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(parse(text.as_bytes()), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_is_read_again(at_s in 0_u64..253_402_300_800) {
            proptest::prop_assert_eq!(parse(show(at_s).as_bytes()), Some(at_s));
        }

        #[test]
        fn no_text_panics(text: Vec<u8>) {
            let _either = parse(&text);
        }
    }
}
