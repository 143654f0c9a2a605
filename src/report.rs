//! The dumps and the commands of the RPC interface.
//!
//! What each is called, takes and answers stands in one row of [`commands`]. Rows are copied out of shared memory one by one and written down after; no check waits for a
//! dump, however long it takes.

use std::ffi::CStr;

mod arguments;
mod bans;
pub mod commands;
mod fields;
mod geo;
mod lists;
mod pages;
mod rows;
mod scans;
mod show;
mod users;

/// Where a reply is written to, from the outside in. The first call opens the reply's own struct;
/// every `open` is closed by one `close`. A name is `None` inside a list.
pub trait Reply {
    /// Begins a struct.
    ///
    /// # Errors
    ///
    /// [`Full`], as all of these.
    fn open_struct(&mut self, name: Option<&CStr>) -> Result<(), Full>;
    /// Begins a list.
    ///
    /// # Errors
    ///
    /// [`Full`].
    fn open_list(&mut self, name: Option<&CStr>) -> Result<(), Full>;
    /// Ends what was opened last.
    ///
    /// # Errors
    ///
    /// [`Full`].
    fn close(&mut self) -> Result<(), Full>;
    /// Adds a number.
    ///
    /// # Errors
    ///
    /// [`Full`].
    fn number(&mut self, name: Option<&CStr>, value: i64) -> Result<(), Full>;
    /// Adds a text; bytes from the network must be escaped already.
    ///
    /// # Errors
    ///
    /// [`Full`].
    fn text(&mut self, name: Option<&CStr>, text: &str) -> Result<(), Full>;
}

/// The host's reply has no room left.
#[derive(Clone, Copy, Debug)]
pub struct Full;

/// Why a command has no other answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An argument is missing, too many, or not what it should be: 400.
    BadArgument(String),
    /// Not allowed, whoever asks: 403.
    Forbidden(String),
    /// There is nothing to do it to: 404.
    NotFound(String),
    /// It was tried, and failed: 500.
    Failed(String),
    /// No room: 507 in HTTP's words; 500 here.
    NoRoom(String),
    /// The reply was cut off by the host, which answers for itself.
    Full,
}

impl From<Full> for Fault {
    fn from(_: Full) -> Self {
        Self::Full
    }
}

impl Fault {
    /// The code and the sentence of an error reply; `None` when the host answers for itself.
    #[must_use]
    pub fn answer(&self) -> Option<(i32, &str)> {
        match self {
            Self::BadArgument(sentence) => Some((400, sentence)),
            Self::Forbidden(sentence) => Some((403, sentence)),
            Self::NotFound(sentence) => Some((404, sentence)),
            Self::NoRoom(sentence) | Self::Failed(sentence) => Some((500, sentence)),
            Self::Full => None,
        }
    }
}

/// Longest ban in seconds: ten years.
pub const LONGEST_BAN_S: i64 = 315_360_000;

#[cfg(all(test, not(loom)))]
mod tests;
