//! One process at a time: what is held while lists are changed.

use std::time::{Duration, Instant};

use crate::shm::os::ProcessLock;

use super::load::Desk;

/// How long a process waits for another one that changes lists.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long it waits before it looks again.
const PAUSE: Duration = Duration::from_millis(5);

/// Held; given back whatever happens.
#[must_use]
pub struct Alone<'a>(&'a ProcessLock);

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.0.give_back();
    }
}

impl<C> Desk<'_, C> {
    /// Waits until no other process replaces images or changes files.
    ///
    /// # Errors
    ///
    /// When one does so for a minute.
    pub fn alone(&self) -> Result<Alone<'_>, String> {
        take(self.lists.lock())
    }

    /// Waits until no other process reads or changes the tables of lists.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn alone_with_tables(&self) -> Result<Alone<'_>, String> {
        take(self.lists.table_lock())
    }
}

fn take(lock: &ProcessLock) -> Result<Alone<'_>, String> {
    let until = Instant::now() + TIMEOUT;
    while !lock.try_take() {
        if Instant::now() > until {
            return Err("another process has changed lists for a minute now".to_owned());
        }
        std::thread::sleep(PAUSE);
    }
    Ok(Alone(lock))
}
