//! The keeper: who loads and changes lists and countries, and how the others ask for it.
//!
//! No policy: nothing here says what follows from a list. The keeper is a process of its own, where the
//! host has one; else the caller does the work itself. It never waits for a database: that is done by a
//! process beside it, which has a deadline ([`apart`]). So a file is loaded and edited while a database
//! keeps silent, and no command waits longer than [`ANSWER_TIMEOUT`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::Clock;
use crate::geo::Geo;
use crate::lists::running::edit::Refused;
use crate::lists::running::load::Desk;
use crate::lists::running::orders::Order;
use crate::lists::running::queue::Outcome;

mod apart;
mod countries;
mod start;
#[cfg(all(test, not(loom)))]
mod tests;
mod turn;

use turn::Turns;

/// What stands for the countries in `palisade.reload geo`, where no list has this name.
pub const GEO: &[u8] = b"geo";

/// How long a command waits for the keeper's answer: with what the host adds, less than five
/// seconds. Then it says that the work was started.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(4);

/// The code of an answer that is none yet: the work goes on.
const STARTED: u64 = 202;

/// Why the keeper's work was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unkept {
    /// For this reason.
    Refused(Refused),
    /// It was handed on; nobody waits for the answer.
    Started,
}

/// What one process knows of its own.
#[allow(missing_debug_implementations)]
pub struct Own {
    /// False in a process that handles SIP: there no command waits for the keeper.
    may_wait: AtomicBool,
    /// The database kept silent at the start: it is not asked again before the fork.
    is_silent: AtomicBool,
    /// Of the keeper.
    turns: Mutex<Turns>,
}

impl Default for Own {
    fn default() -> Self {
        Self {
            may_wait: AtomicBool::new(true),
            is_silent: AtomicBool::new(false),
            turns: Mutex::default(),
        }
    }
}

/// What it takes to keep lists and countries.
#[allow(missing_debug_implementations)]
pub struct Keeper<'a, C> {
    /// What it takes to change lists.
    pub desk: Desk<'a, C>,
    /// The countries.
    pub geo: &'a Geo,
    /// What this process knows of its own.
    pub own: &'a Own,
}

impl<C> Clone for Keeper<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Keeper<'_, C> {}

impl<C: Clock> Keeper<'_, C> {
    /// Is there anything that a keeper would keep?
    #[must_use]
    pub fn is_needed(&self) -> bool {
        !self.desk.lists.is_empty() || self.geo.each().next().is_some()
    }

    /// From here on this process, and those that it forks, leave the lists to a keeper.
    pub fn announce(&self) {
        self.desk.lists.queue().open();
    }

    /// From here on no command that this process answers waits for the keeper.
    pub fn never_wait(&self) {
        self.own.may_wait.store(false, Ordering::Relaxed); // of this process alone
    }

    /// Has the keeper do something, or does it, where there is none.
    ///
    /// # Errors
    ///
    /// [`Unkept`].
    pub fn order(&self, order: &Order<'_>) -> Result<String, Unkept> {
        let queue = self.desk.lists.queue();
        if !queue.is_open() {
            return self.work(order).map_err(Unkept::Refused);
        }
        let timeout = match self.own.may_wait.load(Ordering::Relaxed) {
            true => ANSWER_TIMEOUT,
            false => Duration::ZERO,
        };
        let (code, sentence) = match queue.ask(&order.write(), timeout) {
            Outcome::Answered(0, text) => return Ok(text),
            Outcome::Answered(STARTED, _) | Outcome::Posted | Outcome::Late => {
                return Err(Unkept::Started);
            }
            Outcome::Answered(code, text) => (u16::try_from(code).unwrap_or(500), text),
            Outcome::Full => (500, "the keeper has too much to do".to_owned()),
            Outcome::TooLong => (400, "the arguments are too long".to_owned()),
        };
        Err(Unkept::Refused(Refused { code, sentence }))
    }

    /// Does it, in this process.
    fn work(&self, order: &Order<'_>) -> Result<String, Refused> {
        match order {
            Order::Reload { list: [] } => {
                let failed = self.load_countries(|_, _| true) + self.desk.reload_all();
                Ok(format!("{failed} failed"))
            }
            Order::Reload { list } if self.is_geo(list) => {
                Ok(format!("{} failed", self.load_countries(|_, _| true)))
            }
            order => self.desk.perform(order),
        }
    }

    /// Does this name stand for the countries?
    fn is_geo(&self, name: &[u8]) -> bool {
        name == GEO && self.desk.lists.by_name(GEO).is_none()
    }

    /// Does it take a database?
    fn asks_database(&self, order: &Order<'_>) -> bool {
        let is_table = |name: &[u8]| {
            let list = self.desk.lists.by_name(name);
            list.is_some_and(|list| list.spec.may_hang())
        };
        match order {
            Order::Reload { list: [] } => self.has_tables() || self.has_geo_tables(),
            Order::Reload { list } if self.is_geo(list) => self.has_geo_tables(),
            Order::Reload { list } | Order::Edit { list, .. } => is_table(list),
        }
    }

    fn has_tables(&self) -> bool {
        self.desk.lists.each().any(|list| list.spec.may_hang())
    }

    fn has_geo_tables(&self) -> bool {
        self.geo.each().any(|(input, _)| input.is_table())
    }
}
