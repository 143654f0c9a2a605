//! All that is known of one address.

use crate::clock::Clock;
use crate::policy::Firewall;
use crate::source::Source;

use super::arguments::Arguments;
use super::{Fault, Reply};

/// Rows about users in one reply.
const USERS: usize = 100;

impl<C: Clock> Firewall<C> {
    /// `palisade.show ip`: its source, trusted or not, what a request from it would get now, its
    /// ban, what it sends, and the users it has failed to authenticate as.
    pub(super) fn show_address(
        &self,
        mut arguments: Arguments<'_>,
        reply: &mut impl Reply,
    ) -> Result<(), Fault> {
        let text = arguments.required("ip")?;
        arguments.end()?;
        let (address, source) = self.prefixes().parse(text).map_err(Fault::BadArgument)?;
        let (_, hash) = self.locate(address);
        let trusted = self.settings.trusted.holds(address);
        let ban = self.bans.get(source, hash, &self.clock);
        let usage = self.rate.usage(hash, self.clock.exact_ms());
        let now = match (trusted, &ban, &usage) {
            (true, ..) => "pass: trusted".to_owned(),
            (_, Some(ban), _) => format!("blocked: banned, reason={}", ban.reason),
            (_, _, Some(usage)) if usage.hot => "blocked: over the rate".to_owned(),
            _ => "pass".to_owned(),
        };
        reply.open_struct(None)?;
        reply.text(Some(c"ip"), &address.to_string())?;
        reply.text(Some(c"key"), &self.show(source).to_string())?;
        reply.text(Some(c"now"), &now)?;
        reply.number(Some(c"trusted"), trusted.into())?;
        reply.number(Some(c"banned"), ban.is_some().into())?;
        if let Some(ban) = &ban {
            self.write_ban(reply, Some(c"ban"), ban)?;
        }
        if let Some(usage) = &usage {
            self.write_usage(reply, Some(c"rate"), usage)?;
        }
        self.show_users(source, reply)?;
        Ok(reply.close()?)
    }

    fn show_users(&self, source: Source, reply: &mut impl Reply) -> Result<(), Fault> {
        reply.open_list(Some(c"auth"))?;
        let of_source = self
            .auth
            .failing(&self.clock)
            .filter(|row| row.source == source);
        for row in of_source.take(USERS).collect::<Vec<_>>() {
            self.write_auth(reply, &row)?;
        }
        Ok(reply.close()?)
    }
}
