//! The policy: one message in, one verdict out. Here, and nowhere else, it is decided what follows
//! from what a defence finds.
//!
//! Cheapest first: trusted, ban, lists of networks, rate, country, then what needs the parsed message:
//! agent, lists of texts, SQL and the like.

use std::io;

use crate::agent::Filter;
use crate::auth::{self, AuthTable};
use crate::ban::{BanTable, Reason};
use crate::clock::{Clock, Monotonic};
use crate::counters::{Counter, Counters};
use crate::geo::Geo;
use crate::hash::Hash;
use crate::journal::{Journal, Sink};
use crate::keeper::{self, Keeper};
use crate::lists::database::{Access, Database, NoDatabase};
use crate::lists::{Desk, Lists};
use crate::message::{Message, Part};
use crate::rate::{Limit, Rate, RateTable};
use crate::scan::{self, ScanTable};
use crate::settings::{Consequence, Edge, Finding, Settings};
use crate::shm::arena::Pin;
use crate::shm::atomic::Ordering;
use crate::shm::fail;
use crate::shm::region::Region;
use crate::source::{Address, Prefixes, Source};

mod agents;
mod authentication;
mod bans;
mod edge;
mod findings;
mod geo;
mod listed;
mod lists;
mod messages;
mod replies;
mod scans;
mod telling;
mod variables;

pub use authentication::AuthResult;
pub use listed::{Found, Misplaced, Standing};
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
    /// Bytes of shared memory.
    pub bytes: usize,
    /// Bytes of it in huge pages.
    pub huge_bytes: usize,
    prefixes: Prefixes,
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
        firewall.tell_of_missing_geo();
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
        Ok(Self {
            rate: RateTable::new(&mut region, sources, limit)?,
            bans: BanTable::new(&mut region, bans)?,
            auth: AuthTable::new(&mut region, users, hash.clone(), rules)?,
            scans: ScanTable::new(&mut region, scans, hash.clone(), scan_rules)?,
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
            bytes: region.bytes(),
            huge_bytes: region.huge_bytes(),
            clock: clock(&region),
            hash,
            prefixes: Prefixes {
                v4: settings.ipv4_prefix() as u8,
                v6: settings.ipv6_prefix() as u8,
            },
            settings,
        })
    }

    /// All checks that are on, cheapest first.
    pub fn check(&self, address: Address, message: &impl Message) -> Verdict {
        fail::point("policy.check");
        self.counters.count(Counter::Checked);
        let verdict = self.verdict(address, message);
        if verdict == Verdict::Pass {
            self.counters.count(Counter::Passed);
        } else if self.settings.tcp_close() == 1 {
            message.close_connection();
        }
        verdict
    }

    fn verdict(&self, address: Address, message: &impl Message) -> Verdict {
        let (source, hash) = self.locate(address);
        self.bans.prefetch(hash);
        self.rate.prefetch(hash);
        let pin = self.pin();
        let denied = match self.standing(address, &pin) {
            Standing::Trusted(by) => {
                self.count_trusted(by);
                return Verdict::Pass;
            }
            Standing::Denied(found) => Some(found),
            Standing::Unlisted => None,
        };
        if self.bans.hit(source, hash, &self.clock) {
            self.counters.count(Counter::BlockedBan);
            return Verdict::Blocked;
        }
        self.follow_denied(denied, address, message)
            .or(|| match self.is_counted(message) {
                true => Verdict::Pass,
                false => self.charge_and_follow(address, source, hash),
            })
            .or(|| self.check_place(address, message, &pin))
            .or(|| self.check_content(address, message, &pin))
    }

    /// What only the parsed message tells.
    fn check_content(
        &self,
        address: Address,
        message: &impl Message,
        pin: &Option<Pin<'_>>,
    ) -> Verdict {
        if self.trusts_text(message, pin) {
            return Verdict::Pass;
        }
        self.judge_agent(address, message, message.part(Part::UserAgent), pin)
            .or(|| self.check_texts(address, message, pin))
            .or(|| self.check_sqli_of(address, message))
            .or(|| self.check_contact(address, message))
            .or(|| self.check_route(address, message))
    }

    /// Counts a message of a source; what follows when it goes over the rate is the policy's.
    fn charge_and_follow(&self, address: Address, source: Source, hash: u64) -> Verdict {
        let consequence = self.settings.consequence(Finding::Rate);
        match consequence {
            Consequence::Off => return Verdict::Pass,
            Consequence::Log => return self.charge_and_log(source, hash),
            Consequence::Block | Consequence::Ban(_) => {}
        }
        let verdict = self.charge(source, hash);
        if verdict == Verdict::NewlyBlocked {
            match consequence {
                Consequence::Ban(seconds) => self.ban_by_check(address, seconds, Reason::RATE),
                _ => self.tell_of_rate_block(source),
            }
        }
        verdict
    }

    fn charge_and_log(&self, source: Source, hash: u64) -> Verdict {
        match self.rate.charge(source, hash, &self.clock) {
            Rate::Fine => {}
            Rate::Hot => self.counters.count(Counter::Logged),
            Rate::NewlyHot => {
                self.counters.count(Counter::Logged);
                self.counters.count(Counter::RateHot);
                self.tell_of_finding(source, Finding::Rate.name(), format_args!(""));
            }
        }
        Verdict::Pass
    }

    /// Has the edge counted this message?
    fn is_counted(&self, message: &impl Message) -> bool {
        self.settings.edge == Edge::Rate && message.passed_edge()
    }

    /// The rate check alone of a message, in pike's words.
    pub fn check_rate_of(&self, address: Address, message: &impl Message) -> Verdict {
        if self.is_counted(message) {
            Verdict::Pass
        } else {
            self.check_rate(address)
        }
    }

    /// The rate check alone of an address.
    pub fn check_rate(&self, address: Address) -> Verdict {
        if self.is_trusted(address) {
            return Verdict::Pass;
        }
        let (source, hash) = self.locate(address);
        let verdict = self.charge(source, hash);
        if verdict == Verdict::NewlyBlocked {
            self.tell_of_rate_block(source);
        }
        verdict
    }

    fn charge(&self, source: Source, hash: u64) -> Verdict {
        match self.rate.charge(source, hash, &self.clock) {
            Rate::Fine => Verdict::Pass,
            Rate::Hot => {
                self.counters.count(Counter::BlockedRate);
                Verdict::Blocked
            }
            Rate::NewlyHot => {
                self.counters.count(Counter::BlockedRate);
                self.counters.count(Counter::RateHot);
                Verdict::NewlyBlocked
            }
        }
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
