//! Loading for the first time, before the fork: with an end, whatever a database does.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::Clock;
use crate::lists::running::edit::Refused;
use crate::lists::running::orders::Order;
use crate::shm::child::Signals;

use super::Keeper;
use super::apart::{Apart, Limits, Outcome};

/// How long the start waits for a database: five seconds for its next row, a minute for all of them.
const LIMITS: Limits = Limits {
    silence: Duration::from_secs(5),
    all: Duration::from_secs(60),
};

/// How often the process that asks it is looked at.
const PAUSE: Duration = Duration::from_millis(5);

impl<C: Clock> Keeper<'_, C> {
    /// Loads the lists for the first time, before the fork. Those that a database does not give in
    /// time are left to the keeper.
    ///
    /// # Errors
    ///
    /// A sentence about a list that is required, or that the host is told to end.
    pub fn load_lists(&self) -> Result<(), String> {
        let all = Order::Reload { list: b"" };
        let before = self.marks();
        let load = |keeper: &Keeper<'_, C>| Ok(keeper.desk.reload_all().to_string());
        let done = match self.has_tables() {
            true => self.bounded(load)?,
            false => Outcome::Done(load(self)),
        };
        if let Some(why) = self.why_not(done) {
            self.finish_lists(&all, &before, &why);
        }
        let mut lists = self.desk.lists.each();
        match lists.find(|list| list.spec.required && list.loaded_ms() == 0) {
            None => Ok(()),
            Some(list) => {
                let (name, sentence) = (&list.spec.name, list.last_error());
                Err(format!("list={name} is required: {sentence}"))
            }
        }
    }

    /// Reads the countries for the first time. Returns how many inputs could not be read.
    ///
    /// # Errors
    ///
    /// When the host is told to end.
    pub fn load_countries_first(&self) -> Result<usize, String> {
        let before = self.geo_marks();
        let load = |keeper: &Keeper<'_, C>| Ok(keeper.load_countries(|_, _| true).to_string());
        let done = match self.has_geo_tables() {
            true => self.bounded(load)?,
            false => Outcome::Done(load(self)),
        };
        if let Some(why) = self.why_not(done) {
            self.finish_countries(&before, &why);
        }
        let failed = self.geo.each().filter(|(_, told)| told.loaded_ms.is_none());
        Ok(failed.count())
    }

    /// Does the work in a process of its own, where a database may hang.
    fn bounded(
        &self,
        work: impl FnOnce(&Keeper<'_, C>) -> Result<String, Refused>,
    ) -> Result<Outcome, String> {
        let access = self.desk.access;
        if !access.database.may_hang() {
            return Ok(Outcome::Done(work(self)));
        }
        if self.own.is_silent.load(Ordering::Relaxed) {
            let why = "the database, or the DNS, kept silent a moment ago".to_owned();
            return Ok(Outcome::Given(why));
        }
        // First of all: the child may end at once.
        let signals = Signals::listen();
        let mut apart = match Apart::start(self, LIMITS, work) {
            Ok(apart) => apart,
            Err(why) => return Ok(Outcome::Given(why)),
        };
        loop {
            if let Some(outcome) = apart.poll(access.url) {
                let is_silent = matches!(outcome, Outcome::Given(_));
                self.own.is_silent.store(is_silent, Ordering::Relaxed); // of this process alone
                return Ok(outcome);
            }
            if signals.wait(PAUSE) {
                return Err("told to end while the database was waited for".to_owned());
            }
        }
    }
}
