//! Tables of a database: what is asked of them, whoever has the database.
//!
//! The host has it (`crate::host`); what stands between its rows and a list's records is
//! [`table`], and [`countries`] for ranges of addresses. Never used while a message is handled.

use std::fmt;

pub mod countries;
pub mod table;
pub mod url;

#[cfg(test)]
mod tests;

pub use url::Url;

/// What a field of a row holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    /// SQL's NULL.
    Nothing,
    /// A number, or a time in seconds since 1970.
    Number(i64),
    /// Any bytes.
    Text(&'a [u8]),
}

/// A field by the name of its column.
pub type Named<'a> = (&'a str, Field<'a>);

/// Rows that are asked for. Names are letters, digits and `_`: see [`super::spec`].
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The table.
    pub table: &'a str,
    /// What of each row.
    pub columns: &'a [&'a str],
    /// Those rows alone in which these fields are so.
    pub equal: &'a [Named<'a>],
}

/// Who hears of each row: as many fields as columns were asked for. An error ends it.
pub type TakeRow<'a> = dyn FnMut(&[Field<'_>]) -> Result<(), String> + 'a;

/// Databases, by their URL. A connection lasts as long as a call.
pub trait Database: Sync {
    /// Can it keep its caller waiting for as long as it likes? Then it is asked by a process of its
    /// own.
    fn may_hang(&self) -> bool {
        false
    }

    /// To be called first in such a process.
    fn begin_process(&self) {}

    /// Reads rows, one after the other.
    ///
    /// # Errors
    ///
    /// A sentence; the password is not in it.
    fn read(&self, url: &Url, query: &Query<'_>, row: &mut TakeRow<'_>) -> Result<(), String>;

    /// Removes rows, each named by fields that are to be so, and adds one: both or neither.
    ///
    /// # Errors
    ///
    /// As above.
    fn change(
        &self,
        url: &Url,
        table: &str,
        remove: &[Vec<Named<'_>>],
        add: Option<&[Named<'_>]>,
    ) -> Result<(), String>;

    /// What Kamailio's table `version` says of a table; `None`: nothing.
    ///
    /// # Errors
    ///
    /// As above.
    fn table_version(&self, url: &Url, table: &str) -> Result<Option<i64>, String> {
        let query = Query {
            table: "version",
            columns: &["table_version"],
            equal: &[("table_name", Field::Text(table.as_bytes()))],
        };
        let mut version = None;
        self.read(url, &query, &mut |row| {
            if let Some(Field::Number(number)) = row.first() {
                version = Some(*number);
            }
            Ok(())
        })?;
        Ok(version)
    }
}

/// The databases of a host that has none.
#[derive(Clone, Copy, Debug)]
pub struct NoDatabase;

impl Database for NoDatabase {
    fn read(&self, _url: &Url, _query: &Query<'_>, _row: &mut TakeRow<'_>) -> Result<(), String> {
        Err(NO_DATABASE.to_owned())
    }

    fn change(
        &self,
        _url: &Url,
        _table: &str,
        _remove: &[Vec<Named<'_>>],
        _add: Option<&[Named<'_>]>,
    ) -> Result<(), String> {
        Err(NO_DATABASE.to_owned())
    }
}

const NO_DATABASE: &str = "this host has no databases";

/// A database and where it is.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    /// Who has it.
    pub database: &'a dyn Database,
    /// The parameter `db_url`.
    pub url: Option<&'a Url>,
}

impl fmt::Debug for Access<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("url", &self.url).finish()
    }
}

impl<'a> Access<'a> {
    /// Where it is.
    ///
    /// # Errors
    ///
    /// When nobody said so.
    pub fn url(&self) -> Result<&'a Url, String> {
        self.url.ok_or_else(|| {
            "the parameter db_url is missing, such as sqlite:////etc/kamailio/palisade.sqlite or \
             mysql://user:password@host/database"
                .to_owned()
        })
    }

    /// Is the table of this version? One with a name of the operator's own need not say.
    ///
    /// # Errors
    ///
    /// A sentence that names the table and both versions.
    pub(super) fn check_version(&self, table: &str, wanted: i64) -> Result<(), String> {
        let found = self.database.table_version(self.url()?, table)?;
        if found == Some(wanted) {
            return Ok(());
        }
        let found = found.map_or("no version".to_owned(), |found| format!("version {found}"));
        Err(format!(
            "db={table}: the table \"version\" has {found} for it, must be {wanted}"
        ))
    }
}
