//! The time when an entry ends: seconds since 1970, and `2026-12-01T00:00:00Z` for people.

const DAY_S: u64 = 86_400;

/// Days from 0000-03-01 to 1970-01-01, and in 400 years.
const TO_1970: u64 = 719_468;
const DAYS_OF_ERA: u64 = 146_097;

/// Reads `2026-12-01T00:00:00Z`, `2026-12-01 00:00:00` (UTC, as databases write it), `2026-12-01`,
/// with `+02:00` in place of the `Z`, or seconds since 1970.
#[must_use]
pub fn parse(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let (date, rest) = text.split_at_checked(10)?;
    let day = day_of(date)?;
    let Some(time) = rest.strip_prefix(['T', 't', ' ']) else {
        return rest.is_empty().then_some(day * DAY_S);
    };
    let (clock, rest) = time.split_at_checked(8)?;
    let at = day * DAY_S + second_of(clock)?;
    // Parts of a second, which databases write.
    let zone = rest.strip_prefix('.').map_or(rest, |fraction| {
        fraction.trim_start_matches(|digit: char| digit.is_ascii_digit())
    });
    match zone.as_bytes() {
        [] | [b'Z' | b'z'] => Some(at),
        [sign @ (b'+' | b'-'), offset @ ..] => {
            let offset = std::str::from_utf8(offset).ok()?;
            let (hours, minutes) = offset.split_once(':').unwrap_or((offset, "0"));
            let ahead = number(hours, 0..=14)? * 3600 + number(minutes, 0..=59)? * 60;
            if *sign == b'+' {
                at.checked_sub(ahead)
            } else {
                Some(at + ahead)
            }
        }
        _ => None,
    }
}

/// `2026-12-01T00:00:00Z`.
#[must_use]
pub fn show(at_s: u64) -> String {
    let (day, second) = (at_s / DAY_S, at_s % DAY_S);
    let (year, month, day) = date_of(day);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn number(text: &str, allowed: core::ops::RangeInclusive<u64>) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let value = text.parse().ok().filter(|_| is_number)?;
    allowed.contains(&value).then_some(value)
}

fn second_of(clock: &str) -> Option<u64> {
    let mut parts = clock.split(':');
    let hours = number(parts.next()?, 0..=23)?;
    let minutes = number(parts.next()?, 0..=59)?;
    let seconds = number(parts.next()?, 0..=60)?;
    parts
        .next()
        .is_none()
        .then_some(hours * 3600 + minutes * 60 + seconds)
}

/// Days from 1970 to `2026-12-01`. The year begins with March, so that the day that comes every
/// four years is its last (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn day_of(date: &str) -> Option<u64> {
    let mut parts = date.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, month) = (number(year, 1970..=9999)?, number(month, 1..=12)?);
    let days_of_month = match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = number(day, 1..=days_of_month)?;
    if parts.next().is_some() {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year) = (year / 400, year % 400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year * 365 + year / 4 - year / 100 + day_of_year;
    (era * DAYS_OF_ERA + day_of_era).checked_sub(TO_1970)
}

fn date_of(day: u64) -> (u64, u64, u64) {
    let day = day + TO_1970;
    let (era, day) = (day / DAYS_OF_ERA, day % DAYS_OF_ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, date)
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
            ("2026-12-01T00:00", None),
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
