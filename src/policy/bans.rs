//! Bans: by a check, by the script, by hand; and their end.

use crate::ban::{BanReason, Banned, Origin};
use crate::clock::Clock;
use crate::counters::Counter;
use crate::source::Address;

use super::{Firewall, NotBanned};

impl<C: Clock> Firewall<C> {
    /// Bans an address for `seconds` (0: until lifted).
    ///
    /// # Errors
    ///
    /// [`NotBanned`].
    #[allow(clippy::cast_sign_loss)]
    pub fn ban(
        &self,
        address: Address,
        seconds: u64,
        reason: BanReason,
        origin: Origin,
    ) -> Result<(), NotBanned> {
        let (source, hash) = self.locate(address);
        if self.is_trusted(address) {
            self.counters.count(Counter::BansRefused);
            return Err(NotBanned::Trusted);
        }
        if self.own.contains(&address) {
            self.counters.count(Counter::BansRefusedOwn);
            let key = self.show(source);
            self.log_throttled(format_args!(
                "not_banned key={key} reason={reason}: is of this server itself"
            ));
            return Err(NotBanned::Own);
        }
        let until_ms = if seconds == 0 {
            0
        } else {
            self.clock.exact_ms() + seconds * 1000
        };
        self.bans.end_if_over(source, hash, &self.clock, |ban| {
            self.scans.forget(ban.source, &self.clock);
            self.log_expiry(ban.source);
        });
        let evicted_before = self.evicted();
        let banned = self
            .bans
            .ban(source, hash, until_ms, reason, origin, &self.clock);
        self.log_evictions(evicted_before);
        match banned {
            Banned::New(count) | Banned::Renewed(count) => {
                self.counters.count(match reason {
                    BanReason::RATE => Counter::BansRate,
                    BanReason::AGENT => Counter::BansAgent,
                    BanReason::AUTH => Counter::BansAuth,
                    _ if origin == Origin::Check => Counter::BansOther,
                    _ => Counter::BansManual,
                });
                let key = self.show(source);
                self.journal.event(format_args!(
                    "ban key={key} reason={reason} seconds={seconds} count={count}"
                ));
                Ok(())
            }
            Banned::Busy => Ok(()), // Another process bans it at this very moment.
            Banned::Full => {
                self.counters.count(Counter::BansFull);
                let limit = self.bans.size().limit;
                self.throttled_warning(
                    "ban table full",
                    format_args!("ban_table_full bans_max={limit}: all bans in it end later"),
                );
                Err(NotBanned::Full)
            }
        }
    }

    /// A ban that a check asks for. That it may not or cannot be set is told where it happens.
    pub(super) fn ban_by_check(&self, address: Address, seconds: u64, reason: BanReason) {
        let (source, hash) = self.locate(address);
        let until_ms = self.clock.exact_ms() + seconds * 1000;
        let ban = self.bans.get(source, hash, &self.clock);
        // By hand, say: whoever is banned must not get away with less. (0: until lifted.)
        if ban.is_some_and(|ban| ban.until_ms == 0 || (seconds != 0 && ban.until_ms > until_ms)) {
            return;
        }
        let _told = self.ban(address, seconds, reason, Origin::Check);
    }

    /// Lifts a ban, and forgets what the source sent, so that it starts anew. False when there was
    /// none.
    pub fn unban(&self, address: Address, by: Origin) -> bool {
        let (source, hash) = self.locate(address);
        let lifted = self.bans.unban(source, hash, &self.clock);
        if lifted {
            self.scans.forget(source, &self.clock);
            self.rate.forget(source, hash);
            self.log_unban(source, by);
        }
        lifted
    }

    /// Lifts all bans. Returns how many.
    pub fn unban_all(&self, by: Origin) -> u64 {
        let mut lifted = 0;
        self.bans.unban_all(&self.clock, |ban| {
            lifted += 1;
            self.scans.forget(ban.source, &self.clock);
            self.rate.forget(ban.source, self.hash.source(ban.source));
            self.log_unban(ban.source, by);
        });
        lifted
    }

    /// Is this address banned?
    #[must_use]
    pub fn is_banned(&self, address: Address) -> bool {
        self.inspect_address(address, |inspection| inspection.holds_ban())
    }

    /// To be called once a second by one process: tells of the bans that have ended.
    pub fn tick(&self) {
        self.bans.end_those_over(&self.clock, |ban| {
            self.scans.forget(ban.source, &self.clock);
            self.log_expiry(ban.source);
        });
    }
}
