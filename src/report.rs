//! The dumps and the commands of the RPC interface.
//!
//! Rows are copied out of shared memory one by one and written down after; no check waits for a
//! dump, however long it takes.

use std::ffi::CStr;

use crate::ban::{Ban, Origin, Reason};
use crate::clock::{Clock, wall_s};
use crate::escape::{Brief, Escaped};
use crate::policy::{Firewall, NotBanned};
use crate::shm::fail;
use crate::source::{Address, Source};

mod arguments;
mod geo;
mod lists;
mod rows;
mod scans;
mod show;

use arguments::Arguments;

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

impl<C: Clock> Firewall<C> {
    /// Answers one RPC command: the name after `palisade.`, and its arguments as texts.
    ///
    /// # Errors
    ///
    /// [`Fault`]; nothing was written unless it is [`Fault::Full`].
    pub fn answer(
        &self,
        command: &[u8],
        arguments: &[&[u8]],
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        fail::point("report.answer");
        let arguments = Arguments::new(arguments);
        match command {
            b"stats" => self.stats(arguments, reply),
            b"bans" => self.list_bans(arguments, reply),
            b"ban" => self.command_ban(arguments, reply),
            b"unban" => self.command_unban(arguments, reply),
            b"unban_all" => self.command_unban_all(arguments, reply),
            b"sources" => self.list_sources(arguments, reply),
            b"auth" => self.list_auth(arguments, reply),
            b"auth_clear" => self.command_auth_clear(arguments, reply),
            b"scans" => self.list_scans(arguments, reply),
            b"agents" => self.list_agents(arguments, reply),
            b"show" => self.show_address(arguments, reply),
            b"settings" => self.list_settings(arguments, reply),
            b"tables" => self.list_tables(arguments, reply),
            b"geo" => self.list_geo(arguments, reply),
            b"lists" => self.list_lists(arguments, reply),
            b"list" => self.list_entries(arguments, reply),
            b"list_find" => self.find_in_lists(arguments, reply),
            b"list_add" => self.add_to_list(arguments, reply),
            b"list_remove" => self.remove_from_list(arguments, reply),
            b"reload" => self.reload(arguments, reply),
            _ => Err(Fault::NotFound(format!(
                "there is no palisade.{}",
                Escaped(command)
            ))),
        }
    }

    fn command_ban(
        &self,
        mut arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let (address, source) = self.key(&mut arguments)?;
        let seconds = arguments
            .number("seconds", 0..=LONGEST_BAN_S)?
            .unwrap_or(self.default_ban_s());
        let reason = match arguments.next() {
            Some(text) => Reason::parse(text).map_err(Fault::BadArgument)?,
            None => Reason::MANUAL,
        };
        arguments.end()?;
        self.ban(address, seconds.unsigned_abs(), reason, Origin::Rpc).map_err(|not| match not {
            NotBanned::Trusted => {
                Fault::Forbidden(format!("key={address}: is in a trusted network"))
            }
            NotBanned::Full => Fault::NoRoom(format!(
                "key={address}: all {} bans of the full table (bans_max) end later than this one",
                self.bans.size().limit
            )),
        })?;
        reply.open_struct(None)?;
        reply.text(Some(c"key"), &self.show(source).to_string())?;
        reply.number(Some(c"seconds"), seconds)?;
        Ok(reply.close()?)
    }

    /// How long a ban lasts whose time was left out: as long as one for the rate, five minutes if
    /// that does not ban.
    #[must_use]
    pub const fn default_ban_s(&self) -> i64 {
        match self.settings.rate_ban_time() {
            0 => 300,
            seconds => seconds,
        }
    }

    fn command_unban(
        &self,
        mut arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let (address, source) = self.key(&mut arguments)?;
        arguments.end()?;
        let key = self.show(source).to_string();
        if !self.unban(address, Origin::Rpc) {
            return Err(Fault::NotFound(format!("key={key}: is not banned")));
        }
        reply.open_struct(None)?;
        reply.text(Some(c"key"), &key)?;
        Ok(reply.close()?)
    }

    fn command_unban_all(
        &self,
        arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        arguments.end()?;
        let lifted = self.unban_all(Origin::Rpc);
        reply.open_struct(None)?;
        reply.number(Some(c"lifted"), number(lifted))?;
        Ok(reply.close()?)
    }

    fn command_auth_clear(
        &self,
        mut arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let user = arguments.required("user")?;
        let source = match arguments.next() {
            Some(text) => Some(self.prefixes().parse(text).map_err(Fault::BadArgument)?.1),
            None => None,
        };
        arguments.end()?;
        let cleared = self.auth.clear(user, source);
        if cleared == 0 {
            return Err(Fault::NotFound(format!(
                "user={}: has no failures",
                Brief(user)
            )));
        }
        reply.open_struct(None)?;
        reply.number(Some(c"cleared"), number(cleared as u64))?;
        Ok(reply.close()?)
    }

    fn key(&self, arguments: &mut Arguments<'_>) -> Result<(Address, Source), Fault> {
        self.prefixes()
            .parse(arguments.required("key")?)
            .map_err(Fault::BadArgument)
    }

    fn write_ban(
        &self,
        reply: &mut impl Reply,
        name: Option<&CStr>,
        ban: &Ban,
    ) -> Result<(), Full> {
        let now_ms = self.clock.exact_ms();
        let wall = |at_ms| {
            if at_ms == 0 {
                0
            } else {
                wall_s(&self.clock, at_ms)
            }
        };
        let left_ms = ban.until_ms.saturating_sub(now_ms);
        reply.open_struct(name)?;
        reply.text(Some(c"key"), &self.show(ban.source).to_string())?;
        reply.text(Some(c"reason"), &Escaped(ban.reason.as_bytes()).to_string())?;
        reply.number(Some(c"since"), wall(ban.since_ms))?;
        reply.number(Some(c"until"), wall(ban.until_ms))?;
        reply.number(Some(c"left"), number(left_ms.div_ceil(1000)))?;
        reply.number(Some(c"hits"), number(ban.hits))?;
        reply.number(Some(c"count"), number(ban.count))?;
        reply.text(Some(c"origin"), ban.origin.name())?;
        reply.close()
    }
}

/// A count as the RPC interface takes it.
fn number(count: u64) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

#[cfg(all(test, not(loom)))]
mod tests;
