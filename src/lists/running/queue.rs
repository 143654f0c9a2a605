//! The queue of jobs: what other processes want of the keeper, and what it answers.
//!
//! The caller takes a slot, writes the job into it and posts it; the keeper takes the oldest job, does
//! it and answers in the same slot; the caller reads the answer and frees the slot. Every wait has an
//! end: a caller gives up after its timeout, and then the keeper frees the slot; a slot whose owner
//! died is taken over when it is old.

use std::io;
use std::time::{Duration, Instant};

use crate::shared_struct;
use crate::shm::atomic::{AtomicU64, Ordering};
use crate::shm::os;
use crate::shm::region::{Region, room_for};
use crate::shm::words;

/// Jobs at one time.
const SLOTS: usize = 8;

/// Bytes of the longest job. loom follows every word.
pub const JOB_BYTES: usize = if cfg!(loom) { 8 } else { 4096 };

/// Bytes of the longest answer.
pub const ANSWER_BYTES: usize = if cfg!(loom) { 8 } else { 512 };

shared_struct! {
    /// A slot for a job and its answer.
    pub struct JobSlot: 4672 {
        /// When it was taken, in ms, then a number that grows with every job, then flags and
        /// state.
        pub word: AtomicU64,
        /// Bytes of the job.
        pub length: AtomicU64,
        /// The job.
        pub job: [AtomicU64; JOB_BYTES / 8],
        /// What the answer is: 0, or the code of an error.
        pub code: AtomicU64,
        /// Bytes of the answer.
        pub answer_length: AtomicU64,
        /// The answer.
        pub answer: [AtomicU64; ANSWER_BYTES / 8],
        /// Nothing.
        pub spare: [AtomicU64; 4],
    }
}

shared_struct! {
    /// What the slots have in common.
    pub struct QueueHead: 64 {
        /// Grows with every job that is posted: the keeper waits on it.
        pub posted: AtomicU64,
        /// Grows with every slot that is taken: jobs of one millisecond have an order, too.
        pub numbers: AtomicU64,
        /// 1: the host has a keeper, or will have one.
        pub has_keeper: AtomicU64,
    }
}

// The states of a slot. A word of 0 is a free one.
const WRITING: u64 = 1;
const POSTED: u64 = 2;
const RUNNING: u64 = 3;
const DONE: u64 = 4;
const STATE: u64 = 0x7f;
/// Nobody waits for the answer.
const UNATTENDED: u64 = 0x80;
const NUMBER: u32 = 8;
const TIME: u32 = 24;

/// A slot that was taken so long ago belonged to a process that died while it wrote…
const WRITING_MS: u64 = 2000;
/// … or asked, or worked.
const OLD_MS: u64 = 600_000;

/// How long a caller that finds all slots taken waits before it looks again.
const PAUSE: Duration = Duration::from_millis(5);

/// What became of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The keeper's answer: a code, 0 when it is no error, and what it says.
    Answered(u64, String),
    /// It was posted; nobody waits for the answer.
    Posted,
    /// All slots are taken.
    Full,
    /// There was no answer in time. It may come to pass yet.
    Late,
    /// The job is too long.
    TooLong,
}

/// A job that the keeper has taken.
#[derive(Debug)]
pub struct Job {
    slot: usize,
    /// The slot's word without state and flag: another job in this slot has another one.
    sign: u64,
    /// What it says.
    pub bytes: Vec<u8>,
}

/// The slots, and the count that the keeper waits on.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct JobQueue {
    slots: &'static [JobSlot],
    head: &'static QueueHead,
}

impl JobQueue {
    /// Bytes that it takes from the region.
    pub const ROOM: usize = room_for::<JobSlot>(SLOTS) + room_for::<QueueHead>(1);

    /// Carves the queue off the region.
    ///
    /// # Errors
    ///
    /// When the region has no room left.
    pub fn new(region: &mut Region) -> io::Result<Self> {
        Ok(Self::over(region.array(SLOTS)?, &region.array(1)?[0]))
    }

    /// Over words that are zero.
    #[must_use]
    pub const fn over(slots: &'static [JobSlot], head: &'static QueueHead) -> Self {
        Self { slots, head }
    }

    /// From now on there is a keeper who reads the jobs.
    pub fn open(&self) {
        self.head.has_keeper.store(1, Ordering::Relaxed); // before the fork, or by the keeper itself
    }

    /// Is there one?
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.head.has_keeper.load(Ordering::Relaxed) == 1
    }

    /// Posts a job and waits for the answer, no longer than `timeout`; zero: not at all.
    #[must_use]
    pub fn ask(&self, job: &[u8], timeout: Duration) -> Outcome {
        if job.len() > JOB_BYTES {
            return Outcome::TooLong;
        }
        let number = self.head.numbers.fetch_add(1, Ordering::Relaxed) & 0xffff;
        let sign = os::monotonic_ms() << TIME | number << NUMBER;
        let until = Instant::now() + timeout;
        let claimed = |slot| Some((slot, claim(slot, sign)?));
        let (slot, taken) = loop {
            if let Some(found) = self.slots.iter().find_map(claimed) {
                break found;
            }
            if Instant::now() >= until {
                return Outcome::Full;
            }
            std::thread::sleep(PAUSE);
        };
        let length = words::write(&slot.job, job);
        slot.length.store(length as u64, Ordering::Relaxed);
        let flag = if timeout.is_zero() { UNATTENDED } else { 0 };
        // Release: pairs with the Acquire of `next`, which reads the job after it.
        let posted = slot.word.compare_exchange(
            taken,
            taken & !STATE | POSTED | flag,
            Ordering::Release,
            Ordering::Relaxed,
        );
        if posted.is_err() {
            return Outcome::Full; // taken over: we slept for seconds between two lines
        }
        self.wake_keeper();
        if timeout.is_zero() {
            Outcome::Posted
        } else {
            wait_for_answer(slot, taken & !STATE, until)
        }
    }

    /// Wakes the keeper.
    pub fn wake_keeper(&self) {
        // Release: pairs with the Acquire of `posted`, so that a keeper that sees the count sees the
        // job.
        self.head.posted.fetch_add(1, Ordering::Release);
        os::wake(&self.head.posted);
    }

    /// How many jobs have been posted.
    #[must_use]
    pub fn posted(&self) -> u64 {
        // Acquire: pairs with `wake_keeper`.
        self.head.posted.load(Ordering::Acquire)
    }

    /// Waits until more than `seen` jobs have been posted, no longer than `timeout`.
    pub fn wait_for_post(&self, seen: u64, timeout: Duration) {
        os::wait(&self.head.posted, seen, timeout);
    }

    /// Takes the oldest job.
    #[must_use]
    pub fn next(&self) -> Option<Job> {
        let posted = self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let word = slot.word.load(Ordering::Relaxed);
            (word & STATE == POSTED).then_some((word, index))
        });
        let (word, index) = posted.min()?;
        let slot = self.slots.get(index)?;
        // Acquire: pairs with the Release of `ask`.
        let taken = slot.word.compare_exchange(
            word,
            word & !STATE | RUNNING,
            Ordering::Acquire,
            Ordering::Relaxed,
        );
        let length = slot.length.load(Ordering::Relaxed);
        // A caller that gave up at this very moment has only raised a flag: the next look finds it.
        taken.ok().map(|_| Job {
            slot: index,
            sign: word & !(STATE | UNATTENDED),
            bytes: words::read(&slot.job, length),
        })
    }

    /// Does nobody wait for the answer? Then the slot is free from here on, and the job is the
    /// keeper's alone.
    #[must_use]
    pub fn release_unattended(&self, job: &Job) -> bool {
        let Some(slot) = self.slots.get(job.slot) else {
            return true;
        };
        let unattended = |word: u64| (word == job.sign | UNATTENDED | RUNNING).then_some(0);
        // Release: pairs with the Acquire of `claim`, so that the job was read before it is written
        // over.
        slot.word
            .fetch_update(Ordering::Release, Ordering::Relaxed, unattended)
            .map_or_else(|word| word != job.sign | RUNNING, |_| true)
    }

    /// Answers a job.
    pub fn answer(&self, job: &Job, code: u64, text: &str) {
        let Some(slot) = self.slots.get(job.slot) else {
            return;
        };
        let state_of_own = |word: u64| {
            let is_own = word & !(STATE | UNATTENDED) == job.sign && word & STATE == RUNNING;
            is_own.then_some(word & UNATTENDED)
        };
        // Only this keeper ends a running job, so what is its own now stays so while it writes.
        if state_of_own(slot.word.load(Ordering::Relaxed)).is_none() {
            return; // taken over, or released
        }
        slot.code.store(code, Ordering::Relaxed);
        let length = words::write(&slot.answer, text.as_bytes());
        slot.answer_length.store(length as u64, Ordering::Relaxed);
        let done = |word: u64| match state_of_own(word) {
            Some(0) => Some(job.sign | DONE),
            Some(_) => Some(0),
            None => None,
        };
        // Release: pairs with the Acquire of `wait_for_answer`, which reads the answer after it.
        let _changed = slot
            .word
            .fetch_update(Ordering::Release, Ordering::Relaxed, done);
        os::wake(&slot.word);
    }
}

/// Takes a slot that is free, or that belongs to nobody any more. Returns its word.
fn claim(slot: &JobSlot, sign: u64) -> Option<u64> {
    let word = slot.word.load(Ordering::Relaxed);
    let age_ms = (sign >> TIME).saturating_sub(word >> TIME);
    let is_free = match word & STATE {
        0 => true,
        WRITING => age_ms > WRITING_MS,
        _ => age_ms > OLD_MS,
    };
    if !is_free {
        return None;
    }
    let taken = sign | WRITING;
    // Acquire: what its last owner read is read before we write.
    let claimed = slot
        .word
        .compare_exchange(word, taken, Ordering::Acquire, Ordering::Relaxed);
    claimed.is_ok().then_some(taken)
}

fn wait_for_answer(slot: &JobSlot, sign: u64, until: Instant) -> Outcome {
    loop {
        // Acquire: pairs with the Release of `answer`.
        let word = slot.word.load(Ordering::Acquire);
        if word == sign | DONE {
            let code = slot.code.load(Ordering::Relaxed);
            let text = words::read(&slot.answer, slot.answer_length.load(Ordering::Relaxed));
            // Release: pairs with the Acquire of `claim`.
            let _freed = slot
                .word
                .compare_exchange(word, 0, Ordering::Release, Ordering::Relaxed);
            return Outcome::Answered(code, String::from_utf8_lossy(&text).into_owned());
        }
        let left = until.saturating_duration_since(Instant::now());
        if word & !STATE != sign {
            return Outcome::Late; // taken over: it is not ours any more
        }
        if !left.is_zero() {
            os::wait(&slot.word, word, left);
            continue;
        }
        // Relaxed: who takes it over from the keeper's hands synchronises with the keeper.
        let given_up = slot.word.compare_exchange(
            word,
            word | UNATTENDED,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        if given_up.is_ok() {
            return Outcome::Late;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
