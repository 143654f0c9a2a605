//! The policy: one message in, one verdict out.
//!
//! An [`Inspection`] is one message being looked at; `chain` has the order of the checks, `detect` what
//! they look for; what they find is evidence, and `enforce` alone decides what follows from it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::agent::Filter;
use crate::auth::{self, AuthTable};
use crate::ban::BanTable;
use crate::clock::{Clock, Monotonic};
use crate::counters::Counters;
use crate::geo::Geo;
use crate::hash::Hash;
use crate::journal::{Journal, Sink};
use crate::keeper::{self, Keeper};
use crate::lists::database::{Access, Database, NoDatabase};
use crate::lists::{Desk, Lists};
use crate::proof::Proofs;
use crate::rate::{Limit, RateTable};
use crate::scan::{self, Asked, ScanTable};
use crate::settings::Settings;
use crate::shm::atomic::Ordering;
use crate::shm::region::{Header, Region};
use crate::source::{Address, Prefixes, Source};

mod authentication;
mod bans;
mod chain;
mod challenge;
mod detect;
mod enforce;
mod evidence;
mod geo;
mod inspection;
mod lists;
mod log;
mod proofs;
mod replies;
mod scans;
mod spare;
mod variables;

pub use crate::auth::Admission;
pub use authentication::AuthResult;
pub use chain::AtEdge;
pub use detect::listed::Listed;
pub use detect::network::lists_of;
pub use evidence::Sender;
pub use inspection::Inspection;
pub use replies::{Answer, tells_anything};
pub use variables::{Value, Variable};

/// What the checks say of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Let it through.
    Pass,
    /// Blocked, as its source or its user was before.
    Blocked,
    /// Blocked because of this message.
    NewlyBlocked,
}

impl Verdict {
    /// The verdict of the next check, if this one lets it through.
    #[inline]
    fn or(self, next: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Pass => next(),
            Self::Blocked | Self::NewlyBlocked => self,
        }
    }
}

/// Why a source was not banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBanned {
    /// The address is in a trusted network.
    Trusted,
    /// It is an address of this server itself.
    Own,
    /// Every ban in the full table ends later than this one would.
    Full,
}

/// The defences of one server, over one region.
#[allow(missing_debug_implementations)]
pub struct Firewall<C = Monotonic> {
    /// Frozen before the fork.
    pub settings: Settings,
    /// The time.
    pub clock: C,
    /// Keyed with the seed of the region.
    pub hash: Hash,
    /// Who sends how much.
    pub rate: RateTable,
    /// Who is banned.
    pub bans: BanTable,
    /// Who guesses passwords.
    pub auth: AuthTable,
    /// Who scans users and numbers, and of whom the script has signalled something.
    pub scans: ScanTable,
    /// Who was asked for a password.
    pub asked: Asked,
    /// Who has proven to be where.
    pub proofs: Proofs,
    /// What scanners call themselves.
    pub agents: Filter,
    /// Who and what is trusted or denied by list.
    pub lists: Lists,
    database: &'static dyn Database,
    /// What this process knows of its own, as the keeper or as one that asks it.
    keeping: keeper::Own,
    /// Where sources are.
    pub geo: Geo,
    /// What was counted.
    pub counters: Counters,
    /// The log.
    pub journal: Journal,
    /// Where the shared memory begins.
    memory: &'static Header,
    /// Bytes of shared memory.
    pub bytes: usize,
    /// Bytes of it in huge pages.
    pub huge_bytes: usize,
    prefixes: Prefixes,
    /// The addresses of the server itself.
    own: Vec<Address>,
}

impl Firewall<Monotonic> {
    /// Takes the shared memory that the settings ask for. Before the fork.
    ///
    /// # Errors
    ///
    /// When settings do not go together, the kernel refuses the memory, the patterns together are too
    /// large to compile, or a list that is required can't be loaded.
    pub fn new(settings: Settings, sink: Sink) -> io::Result<Self> {
        Self::with_database(settings, sink, &NoDatabase)
    }

    /// The same, where there are databases.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn with_database(
        settings: Settings,
        sink: Sink,
        database: &'static dyn Database,
    ) -> io::Result<Self> {
        settings.check().map_err(io::Error::other)?;
        let mut firewall = Self::with_clock(settings, sink, |region| {
            Monotonic::since(region.header().born_ms.load(Ordering::Relaxed))
        })?;
        firewall.database = database;
        firewall.keeper().load_lists().map_err(io::Error::other)?;
        firewall.log_doubts();
        Ok(firewall)
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Within what settings allow.
impl<C: Clock> Firewall<C> {
    fn with_clock(
        settings: Settings,
        sink: Sink,
        clock: impl FnOnce(&Region) -> C,
    ) -> io::Result<Self> {
        let sources = settings.sources_max() as usize;
        let bans = settings.bans_max() as usize;
        let users = settings.users_max() as usize;
        let scans = settings.scans_max() as usize;
        let builtin = settings.agent_builtin() == 1;
        let room = RateTable::room(sources)
            + BanTable::room(bans)
            + AuthTable::room(users)
            + ScanTable::room(scans)
            + Asked::room(scans)
            + Proofs::room(users)
            + Filter::room(builtin, &settings.agents)
            + Lists::ROOM
            + Geo::room(&settings.geo)
            + Counters::ROOM
            + Journal::ROOM;
        let mut region = Region::new(room).map_err(|error| {
            io::Error::other(format!(
                "sources_max={sources} bans_max={bans} users_max={users} need {room} bytes of \
                 shared memory: {error}"
            ))
        })?;
        let hash = Hash::keyed(region.seed());
        let limit = Limit {
            requests: settings.reqs_density_per_unit() as u64,
            window_ms: settings.sampling_time_unit() as u64 * 1000,
        };
        let rules = auth::Rules {
            scope: settings.auth_scope,
            max_failures: settings.auth_max_failures() as u64,
            user_max_failures: settings.auth_user_max_failures() as u64,
            window_ms: settings.auth_window() as u64 * 1000,
            block_ms: settings.auth_ban_time() as u64 * 1000,
            known_ms: settings.auth_known_time() as u64 * 1000,
        };
        let scan_rules = scan::Rules {
            max_users: settings.scan_max_users() as u64,
            max_destinations: settings.scan_max_destinations() as u64,
            max_signals: settings.signal_max() as u64,
            window_s: settings.scan_window() as u64,
        };
        let prefixes = Prefixes {
            v4: settings.ipv4_prefix() as u8,
            v6: settings.ipv6_prefix() as u8,
        };
        let loopbacks = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let own = loopbacks.map(|ip: IpAddr| Address::from(ip));
        let own = own.iter().chain(&settings.own);
        Ok(Self {
            own: own.copied().collect(),
            rate: RateTable::new(&mut region, sources, limit)?,
            bans: BanTable::new(&mut region, bans)?,
            auth: AuthTable::new(&mut region, users, hash.clone(), rules)?,
            scans: ScanTable::new(&mut region, scans, hash.clone(), scan_rules)?,
            asked: Asked::new(&mut region, scans, hash.clone())?,
            proofs: Proofs::new(&mut region, users, hash.clone(), limit)?,
            agents: Filter::new(&mut region, builtin, &settings.agents)?,
            lists: Lists::new(
                &mut region,
                settings.lists.clone(),
                (settings.lists_memory() as usize) << 20,
            )?,
            database: &NoDatabase,
            keeping: keeper::Own::default(),
            geo: Geo::new(&mut region, &settings.geo)?,
            counters: Counters::new(&mut region)?,
            journal: Journal::new(&mut region, sink, settings.log_level() as i32)?,
            memory: region.header(),
            bytes: region.bytes(),
            huge_bytes: region.huge_bytes(),
            clock: clock(&region),
            hash,
            prefixes,
            settings,
        })
    }

    /// What loads and changes the lists and the countries.
    #[must_use]
    pub fn keeper(&self) -> Keeper<'_, C> {
        Keeper {
            desk: Desk {
                lists: &self.lists,
                clock: &self.clock,
                hash: &self.hash,
                journal: &self.journal,
                counters: &self.counters,
                trusted: &self.settings.trusted,
                access: Access {
                    database: self.database,
                    url: self.settings.db_url.as_ref(),
                },
            },
            geo: &self.geo,
            own: &self.keeping,
        }
    }

    /// The source of an address, and its hash.
    #[must_use]
    pub fn locate(&self, address: Address) -> (Source, u64) {
        let source = self.prefixes.source_of(address);
        (source, self.hash.source(source))
    }

    /// What all connections of a source may send in a window where nobody is known.
    pub(crate) fn limit_of_connections(&self) -> u64 {
        (self.rate.limit().requests * spare::ALL_PROVEN).min(crate::rate::MAX_REQUESTS)
    }

    /// What the connections of a source are charged to: no datagram in its name is.
    pub(crate) fn connections_of(&self, source: Source) -> (Source, u64) {
        let connections = source.connections();
        (connections, self.hash.pair(connections.halves()[0], source))
    }

    /// From here on this process waits for nobody while it looks at a message: neither for the keeper
    /// nor for the pages of the tables.
    pub fn never_wait(&self) {
        self.keeper().never_wait();
        if let Err(error) = self.memory.map_pages() {
            self.log_unmapped(&error);
        }
    }

    /// A source for people.
    #[must_use]
    pub const fn show(&self, source: Source) -> crate::source::Shown {
        self.prefixes.show(source)
    }

    /// What makes one source.
    #[must_use]
    pub const fn prefixes(&self) -> Prefixes {
        self.prefixes
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
