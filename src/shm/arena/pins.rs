//! Pins: which readers may still see what was retired.
//!
//! Time is counted in epochs; the writer ends one after each change of a slot. A reader that pins
//! writes the epoch into its process' reader slot, and can see nothing that was retired in an earlier one.
//! So what was retired in an epoch is free when every pin is of a later one, or its process dead.
//!
//! Nobody waits: a reader writes one word and is in, the writer keeps what may still be read.

use super::process::Process;
use crate::shared_struct;
use crate::shm::atomic::{AtomicU64, Ordering, fence_for_loom};

/// Processes that have a reader slot of their own, and one reader slot for all others.
pub const READER_SLOTS: usize = if cfg!(loom) { 3 } else { 1024 };

/// The reader slot of all who found none. What is pinned there by a process that is killed stays pinned.
const COMMON: usize = 0;

/// Low bits of a pin's word: how many pins. Above them: the epoch of the first of them.
const COUNT_BITS: u32 = 24;
const COUNT: u64 = (1 << COUNT_BITS) - 1;

shared_struct! {
    /// A process' pins.
    pub struct ReaderSlot: 64 {
        /// The [`Process`]; zero: nobody.
        pub owner: AtomicU64,
        /// Epoch and count. Two, so that a process whose threads' pins overlap without end still
        /// lets go: while one word fills, the other one drains.
        pub words: [AtomicU64; 2],
    }
}

/// The pins of all processes, as this process sees them.
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Pins {
    readers: &'static [ReaderSlot],
    epoch: &'static AtomicU64,
    /// This process' reader slot, plus one. Zero in each new process.
    home: &'static AtomicU64,
}

/// A pin: to be given back with [`Pins::unpin`].
#[derive(Clone, Copy)]
#[allow(missing_debug_implementations)]
pub struct Held {
    reader: usize,
    word: &'static AtomicU64,
    counted: bool,
}

impl Pins {
    /// Over reader slots that all processes share, and a word that is zero in each new process.
    pub const fn over(
        readers: &'static [ReaderSlot],
        epoch: &'static AtomicU64,
        home: &'static AtomicU64,
    ) -> Self {
        Self {
            readers,
            epoch,
            home,
        }
    }

    /// Pins: what a slot holds from now on stays.
    pub fn pin(&self) -> Held {
        // Relaxed: a process' own word; who reads an old zero loses in `take_slot`.
        let reader = match self.home.load(Ordering::Relaxed) {
            0 => self.take_slot(),
            home => home as usize - 1,
        };
        let words = &self.readers[reader].words;
        loop {
            // Acquire: pairs with the end of an epoch in `end_epoch`; who reads an epoch sees all
            // that was retired before it out of its slot.
            let epoch = self.epoch.load(Ordering::Acquire);
            // Relaxed: the exchange below finds out whether it is still so.
            let seen = [0, 1].map(|word: usize| words[word].load(Ordering::Relaxed));
            let (word, new) = join(seen, epoch);
            let Some(new) = new else {
                return Held {
                    reader,
                    word: &words[word],
                    counted: false,
                };
            };
            // SeqCst: before the loads of slots behind it. Either the writer sees this pin in
            // `oldest`, or this reader sees what the writer has put into the slot.
            let pinned =
                words[word].compare_exchange(seen[word], new, Ordering::SeqCst, Ordering::Relaxed);
            if pinned.is_ok() {
                fence_for_loom();
                return Held {
                    reader,
                    word: &words[word],
                    counted: true,
                };
            }
        }
    }

    /// Ends a pin. In a child of a fork, where the pin is the parent's, nothing.
    pub fn unpin(&self, held: Held) {
        if held.counted && self.is_here(held) {
            // Release: all that was read under the pin comes before; pairs with `oldest`.
            held.word.fetch_sub(1, Ordering::Release);
        }
    }

    /// Was it this process that pinned?
    pub fn is_here(&self, held: Held) -> bool {
        self.home.load(Ordering::Relaxed) == held.reader as u64 + 1 // a process' own word
    }

    /// Ends the epoch: after something was taken out of a slot. Returns the epoch that ended, in
    /// which it was retired.
    pub fn end_epoch(&self) -> u64 {
        // SeqCst: behind the change of the slot, before the loads in `oldest`.
        let ended = self.epoch.fetch_add(1, Ordering::SeqCst);
        fence_for_loom();
        ended
    }

    /// The epoch that is.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Relaxed) // the writer's own; no other reads it for certain
    }

    /// The epoch of the oldest pin, or the one that is: what was retired before it is free.
    pub fn oldest(&self) -> u64 {
        let mut oldest = self.epoch();
        for reader in self.readers {
            for word in &reader.words {
                // SeqCst: pairs with the exchange in `pin`. Acquire: with the Release in `unpin`.
                let word = word.load(Ordering::SeqCst);
                let is_older = word & COUNT > 0 && word >> COUNT_BITS < oldest;
                // The owner is read after the pin: a process that takes a reader slot over owns it before it pins.
                let owner = || Process(reader.owner.load(Ordering::SeqCst));
                if is_older && !owner().is_gone() {
                    oldest = word >> COUNT_BITS;
                }
            }
        }
        oldest
    }

    /// This process' reader slot, plus one.
    #[cfg(all(test, not(loom)))]
    pub fn home(&self) -> u64 {
        self.home.load(Ordering::Relaxed)
    }

    /// Finds a reader slot for this process: a free one, a dead process' one, or the common one.
    #[cold]
    fn take_slot(&self) -> usize {
        let me = Process::this();
        let taken = |reader: &usize| self.claim(*reader, Process::NONE, me);
        let left = |reader: &usize| {
            let owner = Process(self.readers[*reader].owner.load(Ordering::Acquire));
            owner.is_gone() && self.claim(*reader, owner, me)
        };
        let own = || COMMON + 1..self.readers.len();
        let found = own().find(taken).or_else(|| own().find(left));
        let reader = found.unwrap_or(COMMON);
        // Relaxed: a process' own word. Another thread may have been faster: then its reader slot is ours.
        let home =
            self.home
                .compare_exchange(0, reader as u64 + 1, Ordering::Relaxed, Ordering::Relaxed);
        match home {
            Ok(_) => reader,
            Err(theirs) => {
                if reader != COMMON {
                    self.readers[reader].owner.store(0, Ordering::Release);
                }
                theirs as usize - 1
            }
        }
    }

    fn claim(&self, reader: usize, owner: Process, me: Process) -> bool {
        let reader = &self.readers[reader];
        // SeqCst: before all pins of the new owner, see `oldest`.
        let claimed =
            reader
                .owner
                .compare_exchange(owner.0, me.0, Ordering::SeqCst, Ordering::Relaxed);
        if claimed.is_ok() && owner != Process::NONE {
            // What the dead one had pinned.
            for word in &reader.words {
                word.store(0, Ordering::Release);
            }
        }
        claimed.is_ok()
    }
}

/// Which of a reader slot's words a new pin goes to, and what it then says; `None`: it can count no more.
fn join(words: [u64; 2], epoch: u64) -> (usize, Option<u64>) {
    let is_free = |word: u64| word & COUNT == 0;
    let is_of_now = |word: u64| word >> COUNT_BITS == epoch;
    let fits = |word: &u64| is_free(*word) || is_of_now(*word);
    // Where none fits, the newer one: the other one drains.
    let newer = usize::from(words[1] > words[0]);
    let word = words.iter().position(fits).unwrap_or(newer);
    let new = match words[word] {
        old if is_free(old) => Some(epoch << COUNT_BITS | 1),
        old if old & COUNT == COUNT => None,
        old => Some(old + 1),
    };
    (word, new)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn pins() -> Pins {
        let reader = |_| ReaderSlot {
            owner: AtomicU64::new(0),
            words: [0, 0].map(AtomicU64::new),
        };
        let readers: Vec<ReaderSlot> = (0..3).map(reader).collect();
        let [epoch, home] = [0, 0].map(|word| &*Box::leak(Box::new(AtomicU64::new(word))));
        Pins::over(readers.leak(), epoch, home)
    }

    #[test]
    fn of_two_threads_that_take_a_reader_slot_at_once_one_gives_it_back() {
        let pins = pins();
        // The slower one has found `home` empty, as it was.
        assert_eq!([pins.take_slot(), pins.take_slot()], [1, 1]);
        let owners = [1, 2].map(|reader: usize| pins.readers[reader].owner.load(Ordering::Relaxed));
        assert!(owners[0] > 0 && owners[1] == 0, "{owners:?}");
    }

    #[test]
    fn what_the_dead_had_pinned_is_let_go_of_once() {
        let pins = pins();
        let (dead, me) = (Process(7), Process::this());
        let reader = &pins.readers[1];
        let pinned = || [0, 1].map(|word: usize| reader.words[word].load(Ordering::Relaxed));
        let pin = || {
            for word in &reader.words {
                word.store(1, Ordering::Relaxed);
            }
        };
        reader.owner.store(dead.0, Ordering::Relaxed);
        pin();
        assert!(pins.claim(1, dead, me));
        assert_eq!(pinned(), [0, 0]);
        pin();
        assert!(!pins.claim(1, dead, me), "another was faster");
        assert_eq!(pinned(), [1, 1]);
    }

    #[test]
    fn where_a_pin_goes() {
        let word = |epoch: u64, count: u64| epoch << COUNT_BITS | count;
        for (words, epoch, expected) in [
            ([0, 0], 7, (0, Some(word(7, 1)))),
            ([word(3, 0), 0], 7, (0, Some(word(7, 1)))),
            ([word(7, 1), 0], 7, (0, Some(word(7, 2)))),
            ([word(6, 1), 0], 7, (1, Some(word(7, 1)))),
            ([word(6, 1), word(7, 1)], 7, (1, Some(word(7, 2)))),
            // The older one drains, whichever it is.
            ([word(5, 1), word(6, 1)], 7, (1, Some(word(6, 2)))),
            ([word(6, 3), word(5, 9)], 7, (0, Some(word(6, 4)))),
            ([word(7, COUNT), 0], 7, (0, None)),
        ] {
            assert_eq!(join(words, epoch), expected, "{words:x?} in {epoch}");
        }
    }
}
