//! The users with failed authentications.

use crate::auth;
use crate::clock::{Clock, wall_s};
use crate::escape::{Brief, Escaped};
use crate::policy::Firewall;
use crate::source::Source;

use super::Fault;
use super::arguments::Arguments;
use super::fields::reply_struct;
use super::pages::{Listed, list};

reply_struct! {
    /// A user from a source; `*` for a user or a source as a whole. Times are seconds since 1970,
    /// `left` seconds. `proof` 0: what anybody can have sent in that name, which is counted apart.
    UserRow {
        user: String,
        source: String,
        failures: u64,
        first: i64,
        last: i64,
        blocked: bool,
        left: u64,
        proof: bool,
    }
}

reply_struct! {
    /// How many failing users or pairs were forgotten.
    Cleared {
        cleared: u64,
    }
}

impl<C: Clock> Firewall<C> {
    pub(super) fn list_auth(&self, arguments: Arguments<'_>) -> Result<Listed<UserRow>, Fault> {
        let page = arguments.page()?;
        Ok(list(page, self.auth.failing(&self.clock), |row| {
            self.user_row(&row)
        }))
    }

    pub(super) fn user_row(&self, row: &auth::AuthFailures) -> UserRow {
        let now_ms = self.clock.exact_ms();
        let source = match row.source {
            Source::NONE => "*".to_owned(),
            source => self.show(source).to_string(),
        };
        let user = match row.user() {
            [] => "*".to_owned(),
            user => Escaped(user).to_string(),
        };
        let left_ms = row.blocked_until_ms.saturating_sub(now_ms);
        UserRow {
            user,
            source,
            failures: row.failures,
            first: wall_s(&self.clock, row.first_ms),
            last: wall_s(&self.clock, row.last_ms),
            blocked: row.is_blocked(now_ms),
            left: left_ms.div_ceil(1000),
            proof: row.is_proven,
        }
    }

    pub(super) fn command_auth_clear(
        &self,
        mut arguments: Arguments<'_>,
    ) -> Result<Cleared, Fault> {
        let user = arguments.required("user")?;
        let source = match arguments.next() {
            Some(text) => Some(self.prefixes().parse(text).map_err(Fault::BadArgument)?.1),
            None => None,
        };
        arguments.end()?;
        match self.auth.clear(user, source) as u64 {
            0 => {
                let user = Brief(user);
                Err(Fault::NotFound(format!("user={user}: has no failures")))
            }
            cleared => Ok(Cleared { cleared }),
        }
    }
}
