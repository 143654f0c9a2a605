//! The parameter `db_url`. What shows it leaves the password out.

use std::ffi::{CStr, CString};
use std::fmt;

/// Where a database is: `sqlite:////etc/kamailio/palisade.sqlite`,
/// `mysql://user:password@host/database`.
#[derive(Clone, PartialEq, Eq)]
pub struct Url {
    whole: CString,
    shown: String,
}

/// Bytes of the longest: that of Kamailio's drivers.
const LONGEST: usize = 1023;

impl Url {
    /// Reads one.
    ///
    /// # Errors
    ///
    /// A sentence without the password.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let refuse = |driver: &str| {
            format!(
                "db_url={driver}...: must be driver://user:password@host/database, such as \
                 mysql://kamailio:secret@localhost/kamailio, or sqlite:////path/to/file, at most \
                 {LONGEST} bytes"
            )
        };
        let whole = std::str::from_utf8(text).map_err(|_| refuse(""))?;
        let (driver, rest) = whole.split_once("://").ok_or_else(|| refuse(""))?;
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if driver.is_empty() || driver.len() > 24 || !driver.bytes().all(is_name) {
            return Err(refuse(""));
        }
        let refuse = || refuse(&format!("{driver}://"));
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        let (host, database) = place.split_once('/').ok_or_else(refuse)?;
        // Without an @ the password would be where the port is.
        let port = host.rsplit_once(']').map_or(host, |(_, rest)| rest);
        let is_number = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
        let good = port.split_once(':').is_none_or(|(_, port)| is_number(port));
        let printable = |byte: u8| !byte.is_ascii_control();
        if !good || database.is_empty() || whole.len() > LONGEST || !whole.bytes().all(printable) {
            return Err(refuse());
        }
        let shown = match login {
            Some(_) => format!("{driver}://...@{place}"),
            None => whole.to_owned(),
        };
        let whole = CString::new(whole).map_err(|_| refuse())?;
        Ok(Self { whole, shown })
    }

    /// All of it, for the driver alone.
    #[must_use]
    pub fn whole(&self) -> &CStr {
        &self.whole
    }

    /// `mysql`.
    #[must_use]
    pub fn driver(&self) -> &str {
        self.shown.split_once(':').map_or("", |(driver, _)| driver)
    }
}

/// Without user and password.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_never_shown() {
        for (text, shown, driver) in [
            (
                "sqlite:////var/x.sqlite",
                "sqlite:////var/x.sqlite",
                "sqlite",
            ),
            ("mysql://u:secret@host/db", "mysql://...@host/db", "mysql"),
            (
                "mysql://u@d:se@cret@host:33/db",
                "mysql://...@host:33/db",
                "mysql",
            ),
            ("mysql://u:se/cret@host/db", "mysql://...@host/db", "mysql"),
            (
                "postgres://u:secret@[::1]:5432/db",
                "postgres://...@[::1]:5432/db",
                "postgres",
            ),
            ("mysql://[group]/db", "mysql://[group]/db", "mysql"),
        ] {
            let url = Url::parse(text.as_bytes()).expect(text);
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), shown);
            assert_eq!(url.driver(), driver);
            assert_eq!(url.whole().to_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn what_is_none_is_refused_without_the_password() {
        for (text, told) in [
            ("", "db_url=...: must be driver://"),
            ("mysql", "db_url=...: must be driver://"),
            ("://host/secret", "db_url=...: must be"),
            ("My SQL://host/secret", "db_url=...: must be"),
            ("mysql://u:secret@host", "db_url=mysql://...: must be"),
            ("mysql://u:secret@host/", "db_url=mysql://...: must be"),
            ("mysql://u:secret/db", "db_url=mysql://...: must be"),
            ("mysql://u:secret\n@host/db", "db_url=mysql://...: must be"),
            ("mysql://u:secret\0@host/db", "db_url=mysql://...: must be"),
        ] {
            let sentence = Url::parse(text.as_bytes()).expect_err(text);
            assert!(sentence.starts_with(told), "{text}: {sentence}");
            let sentence = sentence.replace("kamailio:secret", "");
            assert!(!sentence.contains("secret"), "{sentence}");
        }
        let long = format!("mysql://u:secret@host/{}", "x".repeat(1100));
        assert!(Url::parse(long.as_bytes()).is_err());
        assert!(Url::parse(b"mysql://\xff@host/db").is_err());
    }
}
