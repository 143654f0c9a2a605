//! Who changes lists, and how the others ask for it: a keeper, where the host has one, else whoever
//! is asked.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::lists::Desk;
use crate::lists::database::Access;
use crate::lists::edit::Refused;
use crate::lists::keeper::Order;
use crate::lists::mailbox::{Letter, Mailbox, Outcome};
use crate::shm::fail;

use super::Firewall;

/// What stands for the countries in `palisade.reload geo`, where no list has this name.
pub const GEO: &[u8] = b"geo";

/// How long a command waits for the keeper.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often a keeper tries to load what was never loaded.
const RETRY_MS: u64 = 30_000;

/// How long a keeper looks away while another process does its work.
const PAUSE: Duration = Duration::from_millis(5);

/// Why the keeper's work was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unkept {
    /// For this reason.
    Refused(Refused),
    /// It was handed on; nobody waits for the answer.
    Started,
}

impl<C: Clock> Firewall<C> {
    fn desk(&self) -> Desk<'_, C> {
        Desk {
            lists: &self.lists,
            clock: &self.clock,
            hash: &self.hash,
            journal: &self.journal,
            counters: &self.counters,
            trusted: &self.settings.trusted,
            access: self.access(),
        }
    }

    /// The database that `db_url` names.
    pub(super) fn access(&self) -> Access<'_> {
        Access {
            database: self.database,
            url: self.settings.db_url.as_ref(),
        }
    }

    /// Loads the lists for the first time, before the fork.
    ///
    /// # Errors
    ///
    /// A sentence about a list that is required.
    pub fn load_lists(&self) -> Result<(), String> {
        self.desk().load_first()
    }

    /// Is there anything that a keeper would keep?
    #[must_use]
    pub fn needs_keeper(&self) -> bool {
        !self.lists.is_empty() || !self.settings.geo.each().is_empty()
    }

    /// From here on this process, and those that it forks, leave the lists to a keeper.
    pub fn expect_keeper(&self) {
        self.lists.mailbox().open();
    }

    /// From here on no command that this process answers waits for the keeper.
    pub fn never_wait(&self) {
        self.may_wait.store(false, Ordering::Relaxed); // of this process alone
    }

    fn may_wait(&self) -> bool {
        self.may_wait.load(Ordering::Relaxed)
    }

    /// The keeper's turn: does what it was asked to, and waits `patience` for more. Lists that were
    /// never loaded are tried again now and then: a database may start after us.
    pub fn keep(&self, patience: Duration) {
        let mailbox = self.lists.mailbox();
        let now_ms = self.clock.exact_ms();
        if now_ms.saturating_sub(self.retried_ms.load(Ordering::Relaxed)) >= RETRY_MS {
            self.retried_ms.store(now_ms, Ordering::Relaxed); // of this process alone
            let _loaded = self.locked(|| self.desk().load_missing());
        }
        let heard = mailbox.rung();
        if !self.work_through(mailbox) {
            // While nothing else is to be done; readers of before may have let go by now.
            self.lists.arena().tidy();
            mailbox.listen(heard, patience);
            self.work_through(mailbox);
        }
    }

    /// Was there anything to do?
    fn work_through(&self, mailbox: &Mailbox) -> bool {
        let mut any = false;
        while let Some(letter) = mailbox.next() {
            any = true;
            let mut answer = Answer {
                mailbox,
                letter: &letter,
                done: Err(Refused {
                    code: 500,
                    sentence: "the module failed, see the log".to_owned(),
                }),
            };
            fail::point("lists.taken");
            if let Some(order) = Order::read(&letter.bytes) {
                answer.done = self.work(&order);
            }
        }
        any
    }

    /// Has the keeper do something, or does it, where there is none.
    ///
    /// # Errors
    ///
    /// [`Unkept`].
    pub fn order(&self, order: &Order<'_>) -> Result<String, Unkept> {
        let mailbox = self.lists.mailbox();
        if !mailbox.is_open() {
            return self.work(order).map_err(Unkept::Refused);
        }
        let patience = if self.may_wait() {
            PATIENCE
        } else {
            Duration::ZERO
        };
        let (code, sentence) = match mailbox.ask(&order.write(), patience) {
            Outcome::Answered(0, text) => return Ok(text),
            Outcome::Posted => return Err(Unkept::Started),
            Outcome::Answered(code, text) => (u16::try_from(code).unwrap_or(500), text),
            Outcome::Full => (500, "the keeper has too much to do".to_owned()),
            Outcome::Late => (
                500,
                "the keeper has not answered; it may be done yet".to_owned(),
            ),
            Outcome::TooLong => (400, "the arguments are too long".to_owned()),
        };
        Err(Unkept::Refused(Refused { code, sentence }))
    }

    fn work(&self, order: &Order<'_>) -> Result<String, Refused> {
        self.locked(|| match order {
            Order::Reload { list: [] } => {
                let failed = self.load_geo() + self.desk().reload_all();
                Ok(format!("{failed} failed"))
            }
            Order::Reload { list: GEO } if self.lists.by_name(GEO).is_none() => {
                Ok(format!("{} failed", self.load_geo()))
            }
            order => self.desk().perform(order),
        })?
    }

    /// One process at a time.
    fn locked<T>(&self, body: impl FnOnce() -> T) -> Result<T, Refused> {
        let until = Instant::now() + PATIENCE;
        let lock = self.lists.lock();
        while !lock.try_take() {
            if Instant::now() > until {
                return Err(Refused {
                    code: 500,
                    sentence: "another process has changed lists for a minute now".to_owned(),
                });
            }
            std::thread::sleep(PAUSE);
        }
        let _returned = Returned(lock);
        Ok(body())
    }
}

/// Gives the lock back, whatever happens.
struct Returned<'a>(&'a crate::shm::os::ProcessLock);

impl Drop for Returned<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

/// Who asked gets an answer, whatever happens.
struct Answer<'a> {
    mailbox: &'a Mailbox,
    letter: &'a Letter,
    done: Result<String, Refused>,
}

impl Drop for Answer<'_> {
    fn drop(&mut self) {
        match &self.done {
            Ok(text) => self.mailbox.answer(self.letter, 0, text),
            Err(refused) => {
                let code = refused.code.into();
                self.mailbox.answer(self.letter, code, &refused.sentence);
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::clock::manual::Manual;
    use crate::settings::Settings;

    #[test]
    fn what_was_never_loaded_is_tried_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.list");
        let mut settings = Settings::default();
        let list = format!("name=a;kind=user;action=deny;file={}", path.display());
        settings.set_text("list", list.as_bytes()).unwrap();
        settings.set_number("lists_memory", 16).unwrap();
        let firewall = Firewall::with_clock(settings, |_, _| (), |_| Manual::default()).unwrap();
        firewall.load_lists().unwrap();
        let keep = |after_ms| {
            firewall.clock.advance(after_ms);
            firewall.keep(Duration::ZERO);
            let list = firewall.lists.by_name(b"a").unwrap();
            (list.entries(), list.failures())
        };
        assert_eq!(keep(0), (0, 1));
        assert_eq!(keep(RETRY_MS), (0, 2));
        std::fs::write(&path, "x\n").unwrap();
        assert_eq!(keep(RETRY_MS - 1), (0, 2));
        assert_eq!(keep(1), (1, 2));
        // From here on it is the operator's to say when.
        std::fs::write(&path, "x\ny\n").unwrap();
        assert_eq!(keep(RETRY_MS), (1, 2));
    }
}
