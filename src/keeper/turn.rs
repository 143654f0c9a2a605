//! The keeper's turn: files at once, and what asks a database by a process beside it, one at a time.

use std::collections::VecDeque;
use std::time::Duration;

use crate::clock::Clock;
use crate::counters::Counter;
use crate::geo::Told;
use crate::journal::ERROR;
use crate::lists::running::edit::Refused;
use crate::lists::running::orders::Order;
use crate::lists::running::queue::Job;
use crate::shm::fail;

use super::apart::{Apart, Limits, Outcome};
use super::{Keeper, STARTED};

/// How often the keeper tries to load what was never loaded.
pub(super) const RETRY_MS: u64 = 30_000;

/// How long the keeper waits for a database: 20 seconds for its next row, ten minutes for all of them.
const LIMITS: Limits = Limits {
    silence: Duration::from_secs(20),
    all: Duration::from_secs(600),
};

/// When a database has been silent for so long, those who wait for it are told that the work was
/// started.
const LET_CALLERS_GO: Duration = Duration::from_millis(500);

/// How often the process that asks the database is looked at.
const TICK: Duration = Duration::from_millis(10);

/// Jobs that wait for the database at the most.
const LINE: usize = 64;

/// What the keeper, a process of its own, remembers from turn to turn.
#[derive(Default)]
pub(super) struct Turns {
    retried_ms: u64,
    /// Jobs for the database, the oldest first.
    line: VecDeque<Task>,
    /// What asks the database now.
    running: Option<Running>,
}

/// A work for the database.
enum Task {
    /// To load the lists that were never loaded.
    Retry,
    /// What a caller wants.
    Job(Job),
}

struct Running {
    task: Task,
    apart: Apart,
    lists_before: Vec<Mark>,
    geo_before: Vec<Told>,
}

/// When a list was loaded, and how often that failed: what was loaded anew has another one.
pub(super) type Mark = (u64, u64);

impl<C: Clock> Keeper<'_, C> {
    /// A turn: does what the keeper was asked to do, and waits up to `timeout` for more. Lists that
    /// were never loaded are tried again now and then: a database may start after us.
    pub fn turn(&self, timeout: Duration) {
        let mut turns = self.own.turns.lock();
        let queue = self.desk.lists.queue();
        self.look_after(&mut turns);
        self.retry(&mut turns);
        let seen = queue.posted();
        if !self.take_jobs(&mut turns) {
            // While nothing else is to be done; readers of before may have let go by now.
            self.desk.lists.arena().tidy();
            let is_busy = turns.running.is_some();
            queue.wait_for_post(seen, if is_busy { TICK.min(timeout) } else { timeout });
            self.take_jobs(&mut turns);
        }
        self.start_next(&mut turns);
    }

    /// Files here and now, tables when it is their turn.
    fn retry(&self, turns: &mut Turns) {
        let now_ms = self.desk.clock.exact_ms();
        if now_ms.saturating_sub(turns.retried_ms) < RETRY_MS {
            return;
        }
        turns.retried_ms = now_ms;
        let may_hang = self.desk.access.database.may_hang();
        self.desk
            .load_missing(|list| !(may_hang && list.spec.may_hang()));
        let mut lists = self.desk.lists.each();
        let is_idle = turns.running.is_none() && turns.line.is_empty();
        if may_hang && is_idle && lists.any(|list| list.spec.may_hang() && list.loaded_ms() == 0) {
            turns.line.push_back(Task::Retry);
        }
    }

    /// Was there anything to do?
    fn take_jobs(&self, turns: &mut Turns) -> bool {
        let queue = self.desk.lists.queue();
        let mut any = false;
        while let Some(job) = queue.next() {
            any = true;
            let order = Order::read(&job.bytes);
            let may_hang = self.desk.access.database.may_hang();
            match order {
                Some(order) if may_hang && self.asks_database(&order) => {
                    if turns.line.len() < LINE {
                        turns.line.push_back(Task::Job(job));
                    } else {
                        queue.answer(&job, 500, "the database has too much to do");
                    }
                }
                order => self.do_here(&job, order.as_ref()),
            }
        }
        any
    }

    fn do_here(&self, job: &Job, order: Option<&Order<'_>>) {
        let mut answer = AnswerOnDrop {
            keeper: self,
            job,
            done: Err(failed()),
        };
        fail::point("lists.taken");
        if let Some(order) = order {
            answer.done = self.work(order);
        }
    }

    /// Starts what is next in the line, when nothing else asks the database.
    fn start_next(&self, turns: &mut Turns) {
        while turns.running.is_none()
            && let Some(task) = turns.line.pop_front()
        {
            let (lists_before, geo_before) = (self.marks(), self.geo_marks());
            match Apart::start(self, LIMITS, |keeper| keeper.do_task(&task)) {
                Ok(apart) => {
                    turns.running = Some(Running {
                        task,
                        apart,
                        lists_before,
                        geo_before,
                    });
                }
                Err(why) => self.give_up(&task, &lists_before, &geo_before, &why),
            }
        }
    }

    fn do_task(&self, task: &Task) -> Result<String, Refused> {
        match task {
            Task::Retry => {
                self.desk.load_missing(|list| list.spec.may_hang());
                Ok(String::new())
            }
            Task::Job(job) => {
                fail::point("lists.taken");
                Order::read(&job.bytes).map_or_else(|| Err(failed()), |order| self.work(&order))
            }
        }
    }

    /// Hears of what asks the database.
    fn look_after(&self, turns: &mut Turns) {
        let Some(running) = &mut turns.running else {
            return;
        };
        if let Some(outcome) = running.apart.poll(self.desk.access.url) {
            if let Some(Running {
                task,
                lists_before,
                geo_before,
                ..
            }) = turns.running.take()
            {
                match outcome {
                    Outcome::Done(done) => self.answer(&task, &done),
                    outcome => {
                        let why = self.why_not(outcome).unwrap_or_default();
                        self.give_up(&task, &lists_before, &geo_before, &why);
                    }
                }
            }
        } else if running.apart.silence() >= LET_CALLERS_GO {
            let tasks = turns.line.iter().chain([&running.task]);
            for task in tasks {
                self.let_go(task);
            }
        }
        let queue = self.desk.lists.queue();
        for task in &turns.line {
            if let Task::Job(job) = task {
                // A caller that has given up needs no slot.
                let _released = queue.release_unattended(job);
            }
        }
    }

    /// What a process that was ended has not come to has failed.
    fn give_up(&self, task: &Task, lists_before: &[Mark], geo_before: &[Told], why: &str) {
        let all = Order::Reload { list: b"" };
        let order = match task {
            Task::Retry => Some(all),
            Task::Job(job) => Order::read(&job.bytes),
        };
        if let Some(order) = order {
            self.finish_lists(&order, lists_before, why);
            let with_geo = match order {
                Order::Reload { list } => list.is_empty() || self.is_geo(list),
                Order::Edit { .. } => false,
            };
            if with_geo && matches!(task, Task::Job(_)) {
                self.finish_countries(geo_before, why);
            }
        }
        let code = 500;
        let sentence = why.to_owned();
        self.answer(task, &Err(Refused { code, sentence }));
    }

    /// What the process has not come to: tables have failed, files are loaded here.
    pub(super) fn finish_lists(&self, order: &Order<'_>, before: &[Mark], why: &str) {
        let now = self.marks();
        let is_meant = |name: &str| match order {
            Order::Reload { list: [] } => true,
            Order::Reload { list } | Order::Edit { list, .. } => name.as_bytes() == *list,
        };
        for list in self.desk.trust_first() {
            let is_left = now.get(list.slot) == before.get(list.slot);
            if !is_left || !is_meant(&list.spec.name) {
                continue;
            }
            if list.spec.may_hang() {
                self.desk.log_error(&list, why);
            } else {
                let _logged = self.desk.load_one(&list);
            }
        }
    }

    pub(super) fn marks(&self) -> Vec<Mark> {
        let lists = self.desk.lists.each();
        lists
            .map(|list| (list.loaded_ms(), list.failures()))
            .collect()
    }

    /// Why it was not done in another process; `None`: it was.
    pub(super) fn why_not(&self, outcome: Outcome) -> Option<String> {
        match outcome {
            Outcome::Done(_) => None,
            Outcome::Given(why) => Some(why),
            Outcome::Panicked => {
                self.desk.counters.count(Counter::Faults);
                let line = format_args!("fault function=palisade_keeper_turn: in its own process");
                self.desk.journal.line(ERROR, line);
                Some(failed().sentence)
            }
        }
    }

    fn answer(&self, task: &Task, done: &Result<String, Refused>) {
        if let Task::Job(job) = task {
            answer(self, job, done);
        }
    }

    fn let_go(&self, task: &Task) {
        if let Task::Job(job) = task {
            self.desk.lists.queue().answer(job, STARTED, "");
        }
    }
}

fn failed() -> Refused {
    Refused {
        code: 500,
        sentence: "the module failed, see the log".to_owned(),
    }
}

fn answer<C>(keeper: &Keeper<'_, C>, job: &Job, done: &Result<String, Refused>) {
    let queue = keeper.desk.lists.queue();
    match done {
        Ok(text) => queue.answer(job, 0, text),
        Err(refused) => queue.answer(job, refused.code.into(), &refused.sentence),
    }
}

/// The caller gets an answer, whatever happens.
struct AnswerOnDrop<'a, C> {
    keeper: &'a Keeper<'a, C>,
    job: &'a Job,
    done: Result<String, Refused>,
}

impl<C> Drop for AnswerOnDrop<'_, C> {
    fn drop(&mut self) {
        answer(self.keeper, self.job, &self.done);
    }
}
