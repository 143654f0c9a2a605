//! The bans, and the commands that change them.

use std::collections::HashSet;

use crate::ban::{Ban, BanReason, Origin};
use crate::clock::{Clock, wall_s};
use crate::escape::Escaped;
use crate::policy::{Firewall, NotBanned};
use crate::source::{Address, Source};

use super::arguments::Arguments;
use super::fields::reply_struct;
use super::pages::{Listed, list};
use super::{Fault, LONGEST_BAN_S};

reply_struct! {
    /// A ban. Times are seconds since 1970, `left` seconds; 0: until lifted. `against`: `everybody`, or
    /// `strangers`, where anybody could have sent in that name what it was set for.
    BanRow {
        key: String,
        reason: String,
        since: i64,
        until: i64,
        left: u64,
        hits: u64,
        count: u64,
        origin: &'static str,
        against: &'static str,
    }
}

reply_struct! {
    /// A ban that was just made.
    Banned {
        key: String,
        seconds: i64,
    }
}

reply_struct! {
    /// Whose ban was lifted.
    Unbanned {
        key: String,
    }
}

reply_struct! {
    /// How many bans were lifted.
    Lifted {
        lifted: u64,
    }
}

impl<C: Clock> Firewall<C> {
    pub(super) fn list_bans(&self, arguments: Arguments<'_>) -> Result<Listed<BanRow>, Fault> {
        let page = arguments.page()?;
        // One that is renewed while we look is in another place afterwards, and may be met in both.
        let mut seen = HashSet::new();
        let bans = self.bans.bans(&self.clock);
        let bans = bans.filter(|ban| seen.insert(ban.source));
        Ok(list(page, bans, |ban| self.ban_row(&ban)))
    }

    pub(super) fn ban_row(&self, ban: &Ban) -> BanRow {
        let wall = |at_ms| match at_ms {
            0 => 0,
            at_ms => wall_s(&self.clock, at_ms),
        };
        let left_ms = ban.until_ms.saturating_sub(self.clock.exact_ms());
        BanRow {
            key: self.show(ban.source).to_string(),
            reason: Escaped(ban.reason.as_bytes()).to_string(),
            since: wall(ban.since_ms),
            until: wall(ban.until_ms),
            left: left_ms.div_ceil(1000),
            hits: ban.hits,
            count: ban.count,
            origin: ban.origin.name(),
            against: ban.against.name(),
        }
    }

    pub(super) fn command_ban(&self, mut arguments: Arguments<'_>) -> Result<Banned, Fault> {
        let (address, source) = self.key(&mut arguments)?;
        let seconds = arguments
            .number("seconds", 0..=LONGEST_BAN_S)?
            .unwrap_or(self.default_ban_s());
        let reason = match arguments.next() {
            Some(text) => BanReason::parse(text).map_err(Fault::BadArgument)?,
            None => BanReason::MANUAL,
        };
        arguments.end()?;
        self.ban(address, seconds.unsigned_abs(), reason, Origin::Rpc)
            .map_err(|not| self.not_banned(address, not))?;
        Ok(Banned {
            key: self.show(source).to_string(),
            seconds,
        })
    }

    fn not_banned(&self, address: Address, not: NotBanned) -> Fault {
        match not {
            NotBanned::Trusted => {
                Fault::Forbidden(format!("key={address}: is in a trusted network"))
            }
            NotBanned::Own => Fault::Forbidden(format!(
                "key={address}: is an address of this server itself"
            )),
            NotBanned::Full => Fault::NoRoom(format!(
                "key={address}: all {} bans of the full table (bans_max) end later than this one",
                self.bans.size().limit
            )),
        }
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

    pub(super) fn command_unban(&self, mut arguments: Arguments<'_>) -> Result<Unbanned, Fault> {
        let (address, source) = self.key(&mut arguments)?;
        arguments.end()?;
        let key = self.show(source).to_string();
        if !self.unban(address, Origin::Rpc) {
            return Err(Fault::NotFound(format!("key={key}: is not banned")));
        }
        Ok(Unbanned { key })
    }

    pub(super) fn command_unban_all(&self, arguments: Arguments<'_>) -> Result<Lifted, Fault> {
        arguments.end()?;
        Ok(Lifted {
            lifted: self.unban_all(Origin::Rpc),
        })
    }

    fn key(&self, arguments: &mut Arguments<'_>) -> Result<(Address, Source), Fault> {
        self.prefixes()
            .parse(arguments.required("key")?)
            .map_err(Fault::BadArgument)
    }
}
