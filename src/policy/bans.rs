//! Bans: by a check, by the script, by hand; and their end.

use crate::ban::{Against, Ban, BanReason, Banned, Order, Origin};
use crate::clock::Clock;
use crate::counters::Counter;
use crate::source::{Address, Source};

use super::{Firewall, NotBanned};

impl<C: Clock> Firewall<C> {
    /// Bans an address for `seconds` (0: until lifted).
    ///
    /// # Errors
    ///
    /// [`NotBanned`].
    pub fn ban(
        &self,
        address: Address,
        seconds: u64,
        reason: BanReason,
        origin: Origin,
    ) -> Result<(), NotBanned> {
        let order = Order::against_everybody(self.until_ms(seconds), reason, origin);
        self.set_ban(address, seconds, order)
    }

    /// The time so many seconds from now; 0: never.
    fn until_ms(&self, seconds: u64) -> u64 {
        match seconds {
            0 => 0,
            seconds => self.clock.exact_ms() + seconds * 1000,
        }
    }

    fn set_ban(&self, address: Address, seconds: u64, order: Order) -> Result<(), NotBanned> {
        let (reason, origin) = (order.reason, order.origin);
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
        self.bans.end_if_over(source, hash, &self.clock, |ban| {
            self.scans.forget(ban.source, &self.clock);
            self.log_expiry(ban.source);
        });
        let evicted_before = self.evicted();
        let banned = self.bans.ban(source, hash, order, &self.clock);
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
                let proof = match (origin, order.against) {
                    (Origin::Check, Against::Everybody) => " proof=yes",
                    (Origin::Check, Against::Strangers) => " proof=no",
                    _ => "",
                };
                self.journal.event(format_args!(
                    "ban key={key} reason={reason} seconds={seconds} count={count}{proof}"
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
    pub(super) fn ban_by_check(
        &self,
        address: Address,
        seconds: u64,
        reason: BanReason,
        against: Against,
    ) {
        let (source, hash) = self.locate(address);
        let order = Order {
            until_ms: self.until_ms(seconds),
            reason,
            origin: Origin::Check,
            against,
        };
        // By hand, say: whoever is banned must not get away with less.
        let ban = self.bans.get(source, hash, &self.clock);
        if !ban.is_some_and(|ban| is_more(&ban, &order)) {
            let _told = self.set_ban(address, seconds, order);
        }
    }

    /// Lifts a ban, and forgets what the source sent, so that it starts anew. False when there was
    /// none.
    pub fn unban(&self, address: Address, by: Origin) -> bool {
        let (source, hash) = self.locate(address);
        let lifted = self.bans.unban(source, hash, &self.clock);
        if lifted {
            self.scans.forget(source, &self.clock);
            self.forget_rate(source);
            self.proofs.forget(Some(source), &self.clock);
            self.log_unban(source, by.name());
        }
        lifted
    }

    fn forget_rate(&self, source: Source) {
        self.rate.forget(source, self.hash.source(source));
        let (connections, hash) = self.connections_of(source);
        self.rate.forget(connections, hash);
    }

    /// Lifts all bans. Returns how many.
    pub fn unban_all(&self, by: Origin) -> u64 {
        let mut lifted = 0;
        self.bans.unban_all(&self.clock, |ban| {
            lifted += 1;
            self.scans.forget(ban.source, &self.clock);
            self.forget_rate(ban.source);
            self.log_unban(ban.source, by.name());
        });
        self.proofs.forget(None, &self.clock);
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

/// Does this ban keep out more than what is asked for: more people, or the same for longer?
fn is_more(ban: &Ban, order: &Order) -> bool {
    let is_longer = ban.until_ms == 0 || (order.until_ms != 0 && ban.until_ms > order.until_ms);
    match (ban.against, order.against) {
        (Against::Everybody, Against::Strangers) => true,
        (Against::Strangers, Against::Everybody) => false,
        _ => is_longer,
    }
}
