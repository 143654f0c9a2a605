//! The counters: one row of cache lines for each process, added up when somebody asks.
//!
//! Two processes that share a row still count right.

use std::io;

use crate::shared_struct;
use crate::shm::atomic::{AtomicU64, Ordering};
use crate::shm::region::{Region, room_for};
use crate::shm::rows::{self, ROWS};

macro_rules! counters {
    ($($(#[$doc:meta])* $variant:ident $name:literal;)+) => {
        /// What is counted.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Counter {
            $($(#[$doc])* $variant,)+
        }

        const NAMES: &[&str] = &[$($name,)+];
    };
}

counters! {
    /// Messages that `palisade_check()` saw.
    Checked "checked";
    /// … from trusted networks.
    Trusted "trusted";
    /// … let through.
    Passed "passed";
    /// Messages of banned sources that were blocked.
    BlockedBan "blocked_ban";
    /// Messages blocked because their source is over the rate.
    BlockedRate "blocked_rate";
    /// Messages blocked for their User-Agent.
    BlockedAgent "blocked_agent";
    /// … for a list that denies.
    BlockedList "blocked_list";
    /// … for the country or the system of their source.
    BlockedCountry "blocked_country";
    /// … for SQL in them.
    BlockedSqli "blocked_sqli";
    /// … for a Contact by address.
    BlockedContact "blocked_contact";
    /// … for a Record-Route that is not the sender's.
    BlockedRoute "blocked_route";
    /// … because their source scans users or numbers.
    BlockedScan "blocked_scan";
    /// … for too many signals from the script.
    BlockedMalformed "blocked_malformed";
    /// Findings that were logged and let through, as `policy` says.
    Logged "logged";
    /// Datagrams dropped before they were parsed.
    EdgeDropped "edge_dropped";
    /// Sources that went over the rate.
    RateHot "rate_hot";
    /// Bans for the rate.
    BansRate "bans_rate";
    /// Bans for the User-Agent.
    BansAgent "bans_agent";
    /// Bans for wrong passwords.
    BansAuth "bans_auth";
    /// Bans for anything else that a check found.
    BansOther "bans_other";
    /// Bans by hand or from the script.
    BansManual "bans_manual";
    /// Bans refused because the network is trusted.
    BansRefused "bans_refused_trusted";
    /// Bans refused because the address is the server's own.
    BansRefusedOwn "bans_refused_own";
    /// Bans that found no place.
    BansFull "bans_refused_full";
    /// Bans lifted by hand.
    Unbans "unbans";
    /// Bans that ended.
    Expired "bans_expired";
    /// Failed authentications that were counted.
    AuthFailures "auth_failures";
    /// Retransmissions of failed requests, not counted again.
    AuthRetransmissions "auth_retransmissions";
    /// Successful authentications.
    AuthSuccesses "auth_successes";
    /// Users blocked.
    AuthBlocks "auth_blocks";
    /// Users found under attack from many sources.
    AuthUnderAttack "auth_under_attack";
    /// Requests that met such a block.
    AuthBlocked "auth_blocked";
    /// Failures that found no place to be counted.
    AuthUncounted "auth_uncounted";
    /// Signals that were counted.
    Signals "signals";
    /// Replies in which something failed, or worked.
    Replies "replies";
    /// Replies that no transaction and no trusted source vouches for.
    RepliesUnmatched "replies_unmatched";
    /// What a scan is made of, without a place to be counted.
    ScanUncounted "scan_uncounted";
    /// Lists that were loaded.
    ListLoads "list_loads";
    /// Loadings of lists that failed.
    ListErrors "list_errors";
    /// Loadings of files of countries and systems that failed.
    GeoErrors "geo_errors";
    /// Messages let through at a source that is closed to strangers: by a nonce that was handed to it,
    SparedNonce "spared_nonce";
    /// … as part of a call or a registration,
    SparedCall "spared_call";
    /// … from a flow that has proven where it is,
    SparedFlow "spared_flow";
    /// … for their Contact,
    SparedContact "spared_contact";
    /// … since they were sent again.
    SparedAgain "spared_again";
    /// Faults of the module itself: panics that stopped at the boundary.
    Faults "faults";
    /// Log lines left out to keep the log from flooding.
    LogSuppressed "log_suppressed";
}

shared_struct! {
    /// The counts of one process.
    pub struct Row: 512 {
        /// In the order of [`Counter`].
        pub counts: [AtomicU64; 64],
    }
}

const _: () = assert!(NAMES.len() <= 64);

/// The counts, in the memory that all processes share. A copy means the same counts.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Counters {
    rows: &'static [Row],
    next_row: &'static AtomicU64,
}

impl Counters {
    /// Bytes that the counters take from the region.
    pub const ROOM: usize = room_for::<Row>(ROWS) + room_for::<AtomicU64>(1);

    /// Carves the counters off the region.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region) -> io::Result<Self> {
        Ok(Self {
            rows: region.array(ROWS)?,
            next_row: &region.array(1)?[0],
        })
    }

    /// Takes a row for this process, here and wherever else there are rows.
    pub fn take_row(&self) {
        rows::take(self.next_row);
    }

    /// Counts one.
    pub fn count(&self, counter: Counter) {
        if let Some(row) = rows::own(self.rows) {
            row.counts[counter as usize].fetch_add(1, Ordering::Relaxed); // statistics only
        }
    }

    /// All processes together.
    #[must_use]
    pub fn total(&self, counter: Counter) -> u64 {
        self.sum(counter as usize)
    }

    /// Every counter with its name.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        NAMES
            .iter()
            .enumerate()
            .map(|(index, &name)| (name, self.sum(index)))
    }

    fn sum(&self, index: usize) -> u64 {
        self.rows
            .iter()
            .map(|row| row.counts[index].load(Ordering::Relaxed))
            .sum()
    }
}
