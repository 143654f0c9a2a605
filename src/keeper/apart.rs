//! What asks a database is done by a process of its own: it may never answer, its drivers belong to
//! the process that uses them, and they can't be interrupted. A process can be ended.
//!
//! The process does the whole of the work: it reads, builds the image and replaces the old one, all of
//! which lies in shared memory that is made for processes that die. It says since when it waits for the
//! database, and is ended when that is too long; only its waiting counts, however long the rest takes.

use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::lists::reading::database::{Access, Database, Named, Query, TakeRow, Url};
use crate::lists::running::edit::Refused;
use crate::lists::running::registry::Waiting;
use crate::shm::atomic::Ordering;
use crate::shm::child::{Child, End};
use crate::shm::os;

use super::Keeper;

/// How long a database is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For its next row or answer.
    pub silence: Duration,
    /// For all of them.
    pub all: Duration,
}

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it would have gone in this process.
    Done(Result<String, Refused>),
    /// The module failed in it.
    Panicked,
    /// It was ended, or ended by itself; why.
    Given(String),
}

/// A process that asks a database.
#[allow(missing_debug_implementations)]
pub struct Apart {
    /// `None`: it has ended.
    child: Option<Child>,
    limits: Limits,
    waiting: &'static Waiting,
    begun: Instant,
    /// The processor time it had used, and when that was last seen to grow: a driver that takes all rows
    /// at once gives none for long, and works meanwhile.
    ticks: u64,
    worked: Instant,
}

impl Apart {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// The kernel's, as a sentence.
    pub fn start<C: Clock>(
        keeper: &Keeper<'_, C>,
        limits: Limits,
        work: impl FnOnce(&Keeper<'_, C>) -> Result<String, Refused>,
    ) -> Result<Self, String> {
        let waiting = keeper.desk.lists.waiting();
        waiting.since_ms.store(0, Ordering::Relaxed); // one that was ended left it
        let child = Child::start(|| {
            let database = Watched {
                database: keeper.desk.access.database,
                waiting,
            };
            database.begin_process();
            let mut keeper = *keeper;
            keeper.desk.access = Access {
                database: &database,
                ..keeper.desk.access
            };
            written(&work(&keeper))
        });
        let child = child.map_err(|error| format!("no process for the database: {error}"))?;
        Ok(Self {
            child: Some(child),
            limits,
            waiting,
            begun: Instant::now(),
            ticks: 0,
            worked: Instant::now(),
        })
    }

    /// How it went; `None`: it is at work. One that has waited for too long is ended.
    pub fn poll(&mut self, url: Option<&Url>) -> Option<Outcome> {
        let child = self.child.as_mut()?;
        let given = |why: String| Some(Outcome::Given(why));
        match child.poll() {
            Some(End::Done(bytes)) => read(&bytes).map(Outcome::Done).or_else(|| given(died(url))),
            Some(End::Panicked) => Some(Outcome::Panicked),
            Some(End::Lost) => given(died(url)),
            None => {
                let ticks = child.ticks();
                if ticks != self.ticks {
                    self.ticks = ticks;
                    self.worked = Instant::now();
                }
                let why = self.overdue(url)?;
                self.child = None; // ended as it is dropped
                given(why)
            }
        }
    }

    /// How long it has waited for the next row or answer, without having received anything.
    pub fn silence(&self) -> Duration {
        self.waited().min(self.worked.elapsed())
    }

    /// How long it has waited for the next row or answer.
    fn waited(&self) -> Duration {
        match self.waiting.since_ms.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since_ms => Duration::from_millis(os::coarse_ms().saturating_sub(since_ms).max(1)),
        }
    }

    fn overdue(&self, url: Option<&Url>) -> Option<String> {
        let silence = self.silence();
        let shown = shown(url);
        if silence >= self.limits.silence {
            let seconds = self.limits.silence.as_secs_f32();
            return Some(format!("{shown}: has not answered for {seconds} s"));
        }
        let is_over = !self.waited().is_zero() && self.begun.elapsed() >= self.limits.all;
        is_over.then(|| {
            let seconds = self.limits.all.as_secs_f32();
            format!("{shown}: is not through after {seconds} s")
        })
    }
}

fn died(url: Option<&Url>) -> String {
    format!("{}: the process that asked it has died", shown(url))
}

fn shown(url: Option<&Url>) -> String {
    url.map_or("the DNS".to_owned(), |url| format!("db_url={url}"))
}

/// The code, 0 for none, and the text.
fn written(done: &Result<String, Refused>) -> Vec<u8> {
    let (code, text) = match done {
        Ok(text) => (0, text),
        Err(refused) => (refused.code, &refused.sentence),
    };
    [&code.to_le_bytes(), text.as_bytes()].concat()
}

fn read(bytes: &[u8]) -> Option<Result<String, Refused>> {
    let (code, text) = bytes.split_first_chunk()?;
    let text = String::from_utf8_lossy(text).into_owned();
    Some(match u16::from_le_bytes(*code) {
        0 => Ok(text),
        code => Err(Refused {
            code,
            sentence: text,
        }),
    })
}

/// A database, and the word that says since when it is waited for.
struct Watched<'a> {
    database: &'a dyn Database,
    waiting: &'static Waiting,
}

impl Watched<'_> {
    fn wait<T>(&self, ask: impl FnOnce() -> T) -> T {
        self.wait_anew();
        let answer = ask();
        self.waiting.since_ms.store(0, Ordering::Relaxed);
        answer
    }

    /// Relaxed: a time, which nothing else is read after.
    fn wait_anew(&self) {
        let now_ms = os::coarse_ms().max(1);
        self.waiting.since_ms.store(now_ms, Ordering::Relaxed);
    }
}

impl Database for Watched<'_> {
    fn may_hang(&self) -> bool {
        self.database.may_hang()
    }

    fn begin_process(&self) {
        self.database.begin_process();
    }

    fn read(&self, url: &Url, query: &Query<'_>, row: &mut TakeRow<'_>) -> Result<(), String> {
        self.wait(|| {
            self.database.read(url, query, &mut |fields| {
                self.wait_anew();
                row(fields)
            })
        })
    }

    fn change(
        &self,
        url: &Url,
        table: &str,
        remove: &[Vec<Named<'_>>],
        add: Option<&[Named<'_>]>,
    ) -> Result<(), String> {
        self.wait(|| self.database.change(url, table, remove, add))
    }
}
