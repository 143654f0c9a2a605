//! The parameter `geo`: the files and tables that say where addresses are.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use crate::escape::Escaped;

/// Inputs at the most; each takes a slot of the arena.
pub const MOST: usize = 8;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A file of MaxMind's format.
    Mmdb(PathBuf),
    /// Ranges as CSV.
    Csv(PathBuf),
    /// A table of ranges, as `ipcountry` of "Protegiendo VoIP con Kamailio".
    Table(String),
}

impl Input {
    /// Does it come from a database?
    #[must_use]
    pub const fn is_table(&self) -> bool {
        matches!(self, Self::Table(_))
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mmdb(path) | Self::Csv(path) => Escaped(path.as_os_str().as_bytes()).fmt(f),
            Self::Table(name) => write!(f, "db={name}"),
        }
    }
}

/// All of them, in the order of the configuration: what an earlier one knows counts.
#[derive(Clone, Debug, Default)]
pub struct Inputs(Vec<Input>);

impl Inputs {
    /// Adds those of a text such as `/var/lib/dbip-country.mmdb, /var/lib/dbip-asn.csv`.
    ///
    /// # Errors
    ///
    /// A sentence that names what is none.
    pub fn add(&mut self, text: &[u8]) -> Result<(), String> {
        let words = text.split(|&byte| byte == b',').map(<[u8]>::trim_ascii);
        for word in words.filter(|word| !word.is_empty()) {
            let refuse = |what: &str| format!("geo={}: {what}", Escaped(word));
            let input = parse(word).ok_or_else(|| {
                refuse("must be files that end in .mmdb or .csv, or db=table, separated by commas")
            })?;
            if self.0.len() == MOST {
                return Err(refuse(&format!("must be one of {MOST} at the most")));
            }
            self.0.push(input);
        }
        Ok(())
    }

    /// One after the other.
    #[must_use]
    pub fn each(&self) -> &[Input] {
        &self.0
    }
}

fn parse(word: &[u8]) -> Option<Input> {
    if let Some(name) = word.strip_prefix(b"db=") {
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_.".contains(byte);
        let name = Some(name).filter(|name| !name.is_empty() && name.iter().all(is_name));
        return String::from_utf8(name?.to_vec()).ok().map(Input::Table);
    }
    let path = PathBuf::from(OsStr::from_bytes(word));
    let ending = path.extension()?.to_ascii_lowercase();
    match ending.as_bytes() {
        b"mmdb" => Some(Input::Mmdb(path)),
        b"csv" => Some(Input::Csv(path)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_taken_in_its_order() {
        let mut inputs = Inputs::default();
        inputs.add(b"/a b/C.MMDB, asn.csv ,").unwrap();
        inputs.add(b"db=ipcountry").unwrap();
        let expected = [
            Input::Mmdb("/a b/C.MMDB".into()),
            Input::Csv("asn.csv".into()),
            Input::Table("ipcountry".into()),
        ];
        assert_eq!(inputs.each(), expected);
        let shown: Vec<_> = inputs.each().iter().map(Input::to_string).collect();
        assert_eq!(shown, ["/a b/C.MMDB", "asn.csv", "db=ipcountry"]);
    }

    #[test]
    fn what_is_none_is_named() {
        for (text, expected) in [
            (
                "/x/GeoIP.dat",
                "geo=/x/GeoIP.dat: must be files that end in .mmdb or .csv, or db=",
            ),
            ("x.csv.gz", "geo=x.csv.gz: must be files"),
            ("db=", "geo=db=: must be files"),
            ("db=a b", "geo=db=a b: must be files"),
            (".mmdb", "geo=.mmdb: must be files"),
            (
                "1.csv,2.csv,3.csv,4.csv,5.csv,6.csv,7.csv,8.csv,9.csv",
                "geo=9.csv: must be one of 8",
            ),
        ] {
            let error = Inputs::default().add(text.as_bytes()).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
