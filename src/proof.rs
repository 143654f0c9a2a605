//! Proof of address: who has shown that it receives what is sent to the address that it sends from.
//!
//! Not the policy: it does not know what follows. Over UDP anybody can write any address into a datagram,
//! and whoever does never sees the answer. So what was handed to an address, a nonce above all, and comes
//! back from there, proves; what somebody may know or guess who is not there lets a message
//! pass, within a budget, and convicts nobody.
//!
//! Fixed memory: [marks](crate::shm::marks) of one word. A forged flood writes into `handed` and `sieve`
//! alone (and into `calls`, where it forges a trusted source); what has proven is in tables of its own. Fork-safe, allocation-free, panic-free.

use std::io;

use crate::clock::Clock;
use crate::hash::Hash;
use crate::rate::{Limit, Rate, RateTable};
use crate::shm::atomic::{AtomicU64, Ordering};
use crate::shm::marks::Marks;
use crate::shm::region::{Region, room_for};
use crate::shm::table::TableSize;
use crate::source::{Flow, Source};

mod places;
mod secrets;
mod sieve;

use places::Places;
pub use places::period;
pub use secrets::Secrets;
pub use sieve::{Sieve, Sight};

/// Challenges that are remembered: what is handed out at 10,000 a second stays for 13 seconds.
const HANDED_MARKS: usize = 131_072;

/// Seconds that a challenge may wait for its answer.
const HANDED_S: u32 = 300;

/// Seconds that a proof counts, from the last success, or the last message of a call, on.
const PROOF_S: u32 = 7200;

/// Calls that are remembered.
const CALLS: usize = 65_536;

/// Flows and budgets at sources that are closed to strangers.
const FLOWS: usize = 32_768;

/// In the upper half of a key: it is made of hashes.
const OF_HASHES: u64 = 1 << 63;

/// Bits of a source's hash that are kept with a token that was handed to it.
const OWNER_BITS: u32 = 12;

/// It was handed to more than one source.
const SHARED: u64 = (1 << OWNER_BITS) - 1;

/// What the secrets of a message say of where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It carries what was handed to this source, and to no other.
    Proven,
    /// It carries what was handed to this source, and to others as well: Kamailio's auth module makes
    /// the same nonce for everybody in a second, unless it is told to put the address in. Also where the
    /// host has told of no challenge at all.
    Shared,
    /// Nothing says that its sender is there.
    Stranger,
}

/// What a budget is for, at a source that is closed to strangers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Messages with a Contact that was registered from there.
    Contact,
    /// Messages that came again, of flows that sent few.
    Again,
    /// The rest of those.
    Rest,
    /// Replies that match no transaction.
    Replies,
    /// What has proven, all together.
    Proven,
    /// Of that, what carries a nonce, where nobody has authenticated yet.
    Handed,
    /// What belongs to calls, all together.
    Calls,
    /// Flows that have proven lately, all together.
    Flows,
}

/// Who has proven that it is where. A copy means the same tables.
#[derive(Clone)]
#[allow(missing_debug_implementations)]
pub struct Proofs {
    hash: Hash,
    /// (source, token): it was handed there.
    handed: Marks<0>,
    /// Token: to whom.
    owners: Marks<OWNER_BITS>,
    /// What has proven.
    proven: Marks<0>,
    /// Calls: also those of trusted sources, in whose name anybody can send over UDP.
    calls: Marks<0>,
    places: Places,
    /// Which datagrams of strangers came again as RFC 3261 has it.
    pub sieve: Sieve,
    flows: RateTable,
    /// 1: a challenge was seen. Where the host tells of none, nobody can prove anything.
    is_told: &'static AtomicU64,
}

/// A table, for the dumps: its name, places, those in use, evictions, bytes.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// What it is called.
    pub table: &'static str,
    /// Places.
    pub capacity: u64,
    /// Those in use.
    pub used: u64,
    /// What had to go before its time.
    pub evictions: u64,
    /// Bytes of shared memory.
    pub bytes: u64,
}

impl Proofs {
    const fn proofs_for(users: usize) -> usize {
        4 * users
    }

    /// Bytes that the tables for `users` who have proven take from the region.
    #[must_use]
    pub const fn room(users: usize) -> usize {
        Marks::<0>::room(HANDED_MARKS)
            + Marks::<OWNER_BITS>::room(HANDED_MARKS)
            + Marks::<0>::room(Self::proofs_for(users))
            + Marks::<0>::room(CALLS)
            + Places::room(users)
            + Sieve::ROOM
            + RateTable::room(FLOWS)
            + room_for::<AtomicU64>(1)
    }

    /// Carves the tables off the region. `limit`: what one flow may send.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region, users: usize, hash: Hash, limit: Limit) -> io::Result<Self> {
        Ok(Self {
            handed: Marks::new(region, HANDED_MARKS, HANDED_S)?,
            owners: Marks::new(region, HANDED_MARKS, PROOF_S)?,
            proven: Marks::new(region, Self::proofs_for(users), PROOF_S)?,
            calls: Marks::new(region, CALLS, PROOF_S)?,
            places: Places::new(region, users)?,
            sieve: Sieve::new(region)?,
            flows: RateTable::new(region, FLOWS, limit)?,
            is_told: &region.array(1)?[0],
            hash,
        })
    }

    /// The secrets of a message.
    #[must_use]
    pub fn secrets_of(&self, message: &[u8]) -> Secrets {
        Secrets::of(message, &self.hash)
    }

    /// Takes note that these challenges go out to this source.
    pub fn hand(&self, source: Source, secrets: &Secrets, clock: &impl Clock) {
        let (now_s, owner) = (clock.now_s(), self.owner(source));
        if self.is_told.load(Ordering::Relaxed) == 0 {
            self.is_told.store(1, Ordering::Relaxed);
        }
        for token in secrets.each_token() {
            self.handed.set(self.hash.pair(token, source), now_s, |_| 0);
            let owner_of = |value: u64| if value == owner { owner } else { SHARED };
            self.owners.set(token, now_s, |mark| {
                mark.map_or(owner, |mark| owner_of(mark.value))
            });
        }
    }

    /// What these secrets say of a message from this source, and the one that says so.
    #[must_use]
    pub fn standing(
        &self,
        source: Source,
        secrets: &Secrets,
        clock: &impl Clock,
    ) -> (Standing, u64) {
        let (now_s, owner) = (clock.now_s(), self.owner(source));
        let mut standing = match self.is_told.load(Ordering::Relaxed) {
            0 => (Standing::Shared, 0),
            _ => (Standing::Stranger, 0),
        };
        for token in secrets.each_token() {
            let key = self.hash.pair(token, source);
            let has_proven = self.proven.holds(key, now_s);
            if !has_proven && !self.handed.holds(key, now_s) {
                continue;
            }
            let mut owners = self.owners.find(token, now_s).peekable();
            // Evicted: it can't be told who else has it, unless that was told before.
            if (has_proven || owners.peek().is_some()) && owners.all(|mark| mark.value == owner) {
                return (Standing::Proven, token);
            }
            standing = (Standing::Shared, token);
        }
        standing
    }

    /// Takes note of a success with what was handed to this source alone.
    pub fn prove(&self, source: Source, flow: Flow, proof: &Proof<'_>, clock: &impl Clock) {
        let (secrets, now_s) = (proof.secrets, clock.now_s());
        let mark = |key: u64| self.proven.set(key, now_s, |_| 0);
        for token in secrets.each_token() {
            mark(self.hash.pair(token, source));
        }
        if proof.is_register && secrets.call != 0 {
            mark(self.hash.pair(secrets.call, source));
        }
        if secrets.contact != 0 {
            mark(self.hash.pair(secrets.contact, source));
        }
        mark(self.hash.flow(flow));
        if proof.is_call {
            self.note_call(secrets, clock);
        }
    }

    /// Takes note of a call: whoever takes part in it knows its Call-ID.
    pub fn note_call(&self, secrets: &Secrets, clock: &impl Clock) {
        if secrets.call != 0 {
            self.calls.set(secrets.call, clock.now_s(), |_| 0);
        }
    }

    /// Does the message belong to a call that was noted, or to a registration that has proven?
    #[must_use]
    pub fn knows_call(&self, source: Source, secrets: &Secrets, clock: &impl Clock) -> bool {
        let now_s = clock.now_s();
        secrets.call != 0
            && (self.calls.holds(secrets.call, now_s)
                || self
                    .proven
                    .holds(self.hash.pair(secrets.call, source), now_s))
    }

    /// A message of it has come: it lasts.
    pub fn renew_call(&self, source: Source, secrets: &Secrets, clock: &impl Clock) {
        let (now_s, registration) = (clock.now_s(), self.hash.pair(secrets.call, source));
        for (marks, key) in [(&self.calls, secrets.call), (&self.proven, registration)] {
            if marks.holds(key, now_s) {
                marks.set(key, now_s, |_| 0);
            }
        }
    }

    /// Has this flow proven lately?
    #[must_use]
    pub fn knows_flow(&self, flow: Flow, clock: &impl Clock) -> bool {
        self.proven.holds(self.hash.flow(flow), clock.now_s())
    }

    /// Was this Contact registered from there?
    #[must_use]
    pub fn knows_contact(&self, source: Source, secrets: &Secrets, clock: &impl Clock) -> bool {
        let key = self.hash.pair(secrets.contact, source);
        secrets.contact != 0 && self.proven.holds(key, clock.now_s())
    }

    /// Users who have proven that they are at this source.
    #[must_use]
    pub fn users(&self, source: Source, hash: u64, clock: &impl Clock) -> u64 {
        self.places.users(source, hash, clock)
    }

    /// Takes note of a user more at this source. Makes room for two messages of strangers: each phone of
    /// an office that comes back lets two others in.
    pub fn add_user(&self, source: Source, hash: u64, clock: &impl Clock) {
        self.places.add(source, hash, clock);
        let key = self.budget(source, Budget::Again);
        self.flows.give_back(self.bucket(source, key), key, 2);
    }

    /// Charges one message to what sends with this token from this flow: phones behind one address that
    /// are challenged in the same second have the same one.
    pub fn charge_token(&self, source: Source, token: u64, flow: Flow, clock: &impl Clock) -> Rate {
        let key = self.hash.flow(flow) ^ token;
        self.flows.charge(self.bucket(source, key), key, clock)
    }

    /// Charges one message to this call, as it comes from this source: who takes part in it knows its
    /// Call-ID, and may write any port. Requests and replies apart.
    pub fn charge_call(
        &self,
        source: Source,
        secrets: &Secrets,
        is_reply: bool,
        clock: &impl Clock,
    ) -> Rate {
        let key = self
            .hash
            .pair(secrets.call.wrapping_add(u64::from(is_reply)), source);
        self.flows.charge(self.bucket(source, key), key, clock)
    }

    /// Charges one message to this flow.
    pub fn charge_flow(
        &self,
        source: Source,
        flow: Flow,
        requests: u64,
        clock: &impl Clock,
    ) -> Rate {
        let key = self.hash.flow(flow);
        let bucket = self.bucket(source, key);
        self.flows.charge_within(bucket, key, requests, clock)
    }

    /// Has this flow sent more than so many in this window, or in the one before?
    #[must_use]
    pub fn is_flow_over(
        &self,
        source: Source,
        flow: Flow,
        requests: u64,
        clock: &impl Clock,
    ) -> bool {
        let key = self.hash.flow(flow);
        let usage = self
            .flows
            .usage(self.bucket(source, key), key, clock.exact_ms());
        usage.is_some_and(|usage| usage.is_over(Some(requests)))
    }

    /// Charges one message to this flow of a stranger.
    pub fn charge_stranger(
        &self,
        source: Source,
        flow: Flow,
        requests: u64,
        clock: &impl Clock,
    ) -> Rate {
        let key = !self.hash.flow(flow);
        self.flows
            .charge_within(self.bucket(source, key), key, requests, clock)
    }

    /// Charges one message to what is counted of this source together.
    pub fn charge_all(
        &self,
        source: Source,
        budget: Budget,
        requests: u64,
        clock: &impl Clock,
    ) -> Rate {
        let key = self.budget(source, budget);
        self.flows
            .charge_within(self.bucket(source, key), key, requests, clock)
    }

    /// Takes one message out of a budget of this source, of so many in a window.
    pub fn grant(&self, source: Source, budget: Budget, requests: u64, clock: &impl Clock) -> bool {
        let key = self.budget(source, budget);
        self.flows
            .grant(self.bucket(source, key), key, requests, clock)
    }

    /// Messages of this source that were let through for this in the current window and the one before.
    #[must_use]
    pub fn granted(&self, source: Source, budget: Budget, clock: &impl Clock) -> u64 {
        let key = self.budget(source, budget);
        let usage = self
            .flows
            .usage(self.bucket(source, key), key, clock.exact_ms());
        usage.map_or(0, |usage| usage.previous + usage.current)
    }

    /// What the tables hold. Reads all of them.
    pub fn uses(&self, clock: &impl Clock) -> [Use; 5] {
        let (now_s, now_ms) = (clock.now_s(), clock.exact_ms());
        [
            Use {
                table: "handed",
                capacity: self.handed.capacity(),
                used: self.handed.used(now_s),
                evictions: self.handed.evicted() + self.owners.evicted(),
                bytes: self.handed.bytes() + self.owners.bytes(),
            },
            Use {
                table: "proven",
                capacity: self.proven.capacity(),
                used: self.proven.used(now_s),
                evictions: self.proven.evicted(),
                bytes: self.proven.bytes(),
            },
            Use {
                table: "calls",
                capacity: self.calls.capacity(),
                used: self.calls.used(now_s),
                evictions: self.calls.evicted(),
                bytes: self.calls.bytes(),
            },
            self.sieve.usage(clock),
            Use {
                table: "flows",
                capacity: FLOWS as u64,
                used: self.flows.used(now_ms, 0).min(FLOWS as u64),
                evictions: self.flows.evicted(),
                bytes: self.flows.bytes() as u64,
            },
        ]
    }

    /// The table of how many users are where: its size, and those in use.
    pub fn places(&self, clock: &impl Clock) -> (TableSize, u64) {
        (self.places.size(), self.places.used(clock))
    }

    fn budget(&self, source: Source, budget: Budget) -> u64 {
        self.hash.pair(budget as u64, source)
    }

    /// The place of a hash in a table of sources: whose it is, and what. None of an IPv4 address, which would
    /// be told by that.
    fn bucket(&self, source: Source, key: u64) -> Source {
        let of = self.hash.source(source) | OF_HASHES;
        Source::from_halves([of, key])
    }

    /// Forgets what a source has sent, or all have. Reads the whole table.
    pub fn forget(&self, source: Option<Source>, clock: &impl Clock) {
        let meant = source.map(|source| self.hash.source(source) | OF_HASHES);
        for usage in self.flows.usages(clock.exact_ms()) {
            let [of, key] = usage.source.halves();
            if meant.is_none_or(|meant| meant == of) {
                self.flows.forget(usage.source, key);
            }
        }
    }

    fn owner(&self, source: Source) -> u64 {
        self.hash.source(source) % SHARED
    }
}

/// A success, and what came with it.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The secrets of the request.
    pub secrets: &'a Secrets,
    /// It was a REGISTER.
    pub is_register: bool,
    /// It was an INVITE.
    pub is_call: bool,
}

#[cfg(all(test, not(loom)))]
mod tests;
