//! One message being looked at: its source, what has been read of it, whether it is trusted. Made
//! once, and carried through all checks.
//!
//! Not a check itself, and it decides nothing.

use std::cell::{Cell, RefCell};

use crate::ban::Against;
use crate::clock::{Clock, Monotonic};
use crate::counters::Counter;
use crate::message::{self, Message, NoMessage, Unreadable};
use crate::proof::{Secrets, Standing};
use crate::settings::Reason;
use crate::shm::arena::Pin;
use crate::source::{Address, Flow, Source};

use super::Firewall;
use super::detect::network::{self, TrustedBy};
use super::evidence::{Evidence, Sender, What};

/// A message of `M` on its way through a firewall.
#[allow(missing_debug_implementations)]
pub struct Inspection<'p, M, C = Monotonic> {
    /// What it goes through.
    pub firewall: &'p Firewall<C>,
    /// Where it came from,
    pub address: Address,
    /// what of that makes one source,
    pub source: Source,
    /// and the hash of it.
    pub hash: u64,
    /// The message, which the host reads.
    pub message: &'p M,
    /// The right to look into lists; `None`: there are none.
    pub pin: &'p Option<Pin<'p>>,
    trusted_by: Cell<Option<Option<TrustedBy<'p>>>>,
    trusted: Cell<Option<bool>>,
    standing: Cell<Option<Standing>>,
    /// Nothing is counted, logged or banned: what would be found is written here.
    pub(super) dry: Option<&'p RefCell<String>>,
}

impl<C: Clock> Firewall<C> {
    /// Looks at a message that came from this address.
    #[inline]
    pub fn inspect<M: Message, R>(
        &self,
        address: Address,
        message: &M,
        look: impl FnOnce(&Inspection<'_, M, C>) -> R,
    ) -> R {
        let pin = self.pin();
        look(&Inspection::new(self, address, message, &pin, None))
    }

    /// Looks at an address alone.
    pub fn inspect_address<R>(
        &self,
        address: Address,
        look: impl FnOnce(&Inspection<'_, NoMessage, C>) -> R,
    ) -> R {
        self.inspect(address, &NoMessage, look)
    }

    /// Looks at what a message from this address would meet, and changes nothing. Returns what is
    /// made of it, and what was found, in words.
    pub(super) fn inspect_dry<R>(
        &self,
        address: Address,
        look: impl FnOnce(&Inspection<'_, NoMessage, C>) -> R,
    ) -> (R, String) {
        let (pin, found) = (self.pin(), RefCell::default());
        let looked = look(&Inspection::new(
            self,
            address,
            &NoMessage,
            &pin,
            Some(&found),
        ));
        (looked, found.into_inner())
    }

    /// The right to look into lists; `None`: there are none.
    #[must_use]
    pub fn pin(&self) -> Option<Pin<'_>> {
        (!self.lists.is_empty()).then(|| self.lists.arena().pin())
    }
}

impl<'p, M: Message, C: Clock> Inspection<'p, M, C> {
    #[inline]
    fn new(
        firewall: &'p Firewall<C>,
        address: Address,
        message: &'p M,
        pin: &'p Option<Pin<'p>>,
        dry: Option<&'p RefCell<String>>,
    ) -> Self {
        let (source, hash) = firewall.locate(address);
        Self {
            firewall,
            address,
            source,
            hash,
            message,
            pin,
            trusted_by: Cell::new(None),
            trusted: Cell::new(None),
            standing: Cell::new(None),
            dry,
        }
    }

    /// What of the message can't be read, and what two servers would read differently.
    #[inline]
    pub fn unreadable(&self) -> Unreadable {
        self.message.judged().unwrap_or_else(|| {
            let unreadable = message::unreadable(self.message);
            self.message.judge(unreadable);
            unreadable
        })
    }

    /// Does the operator trust the source, and why?
    #[inline]
    pub fn trusted_by(&self) -> Option<TrustedBy<'p>> {
        once(&self.trusted_by, || network::trusted_by(self))
    }

    /// Is the source in a trusted network, country or system? Counted once.
    #[inline]
    pub fn is_trusted(&self) -> bool {
        once(&self.trusted, || {
            let Some(by) = self.trusted_by() else {
                return false;
            };
            if self.dry.is_none() {
                if let TrustedBy::List(list) = by {
                    list.count();
                }
                self.firewall.counters.count(Counter::Trusted);
            }
            true
        })
    }

    /// How many requests the operator allows this source in a window, where that is said of it.
    pub fn allowance(&self) -> Option<u64> {
        network::allowance(self)
    }

    /// The source's address, the port, and how the message came.
    pub(super) fn flow(&self) -> Flow {
        let came = self.message.came();
        Flow {
            address: self.address,
            port: came.port,
            is_connection: came.is_on_connection,
        }
    }

    /// What only they know who receive what is sent to the source.
    pub(super) fn secrets(&self) -> Secrets {
        self.firewall.proofs.secrets_of(self.message.bytes())
    }

    /// What the message's secrets say of where it came from.
    pub(super) fn standing(&self) -> Standing {
        once(&self.standing, || {
            if self.message.came().is_on_connection {
                return Standing::Proven;
            }
            let (proofs, clock) = (&self.firewall.proofs, &self.firewall.clock);
            proofs.standing(self.source, &self.secrets(), clock).0
        })
    }

    /// Users who have proven lately that they are at the source.
    pub fn users(&self) -> u64 {
        let firewall = self.firewall;
        firewall
            .proofs
            .users(self.source, self.hash, &firewall.clock)
    }

    /// Is the source banned, this message too? Counts no hit.
    #[inline]
    pub fn holds_ban(&self) -> bool {
        let firewall = self.firewall;
        let is_closed_to = |against| against == Against::Everybody || !self.is_recognised();
        !self.is_trusted()
            && firewall
                .bans
                .holds(self.source, self.hash, &firewall.clock)
                .is_some_and(is_closed_to)
            && !self.is_own()
    }

    /// Is it from this server itself? Its neighbours, of the same source, may be banned.
    pub(super) fn is_own(&self) -> bool {
        self.firewall.own.contains(&self.address)
    }

    /// What was found in this message.
    pub fn evidence<'e>(&self, reason: Reason, what: What<'e>) -> Evidence<'e> {
        let sender = match self.standing() {
            Standing::Proven => Sender::Proven,
            Standing::Shared | Standing::Stranger => Sender::Unproven,
        };
        Evidence::new(reason, what, sender)
    }
}

/// What is worked out when it is first asked for. Not a `OnceCell`: that takes the first time for rare, and
/// every message has one.
#[inline]
fn once<T: Copy>(cell: &Cell<Option<T>>, work_out: impl FnOnce() -> T) -> T {
    cell.get().unwrap_or_else(|| {
        let value = work_out();
        cell.set(Some(value));
        value
    })
}
