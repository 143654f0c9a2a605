//! Every interleaving of two processes in the shared-word kernels: the table's claim, the rate
//! check's window. Empty without `--cfg loom`.

#![cfg(loom)]

use loom::sync::Arc;
use loom::sync::atomic::AtomicU64;
use loom::thread;
use palisade::clock::Clock;
use palisade::lists::running::queue::{
    ANSWER_BYTES, JOB_BYTES, JobQueue, JobSlot, Outcome, QueueHead,
};
use palisade::rate::{self, Limit, Rate, RateTable};
use palisade::shm::arena::{Pins, READER_SLOTS, ReaderSlot};
use palisade::shm::atomic::Ordering::{Relaxed, SeqCst};
use palisade::shm::table::{self, Lookup, Record, Table};
use palisade::source::Source;
use std::time::Duration;

/// Words of the tables under test.
const WORDS: usize = 2;
const KEY: usize = 0;
const VALUE: usize = 1;

const NOW_S: u32 = 10;

fn words<const N: usize>() -> [AtomicU64; N] {
    core::array::from_fn(|_| AtomicU64::new(0))
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

/// A table of one set.
fn table(limit: u64) -> Table<WORDS> {
    let records = Box::leak(Box::new(core::array::from_fn::<_, { table::WAYS }, _>(
        |_| Record { words: words() },
    )));
    let totals = table::Totals {
        live: AtomicU64::new(0),
        evicted: AtomicU64::new(0),
        refused: AtomicU64::new(0),
        next_end_s: AtomicU64::new(0),
        cursor: AtomicU64::new(0),
    };
    Table::over(
        leak([table::TagSet { tags: words() }]),
        records,
        leak(totals),
        limit,
    )
}

fn is(key: u64) -> impl Fn(&Record<WORDS>) -> bool {
    move |record| record.get(KEY) == key
}

/// Writes a record as the defences do. False when another process was at it.
fn write(table: &Table<WORDS>, key: u64, value: u64) -> bool {
    write_at(table, key, value, NOW_S)
}

fn write_at(table: &Table<WORDS>, key: u64, value: u64, now_s: u32) -> bool {
    let Ok(mut claim) = table.claim(key, now_s, NOW_S + 100, is(key)) else {
        return false;
    };
    let record = claim.record();
    record.set(KEY, key);
    record.set(VALUE, value);
    claim.publish(NOW_S + 100).is_ok()
}

fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

#[test]
fn a_key_is_never_live_twice() {
    explore(|| {
        let table = Arc::new(table(2));
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || write(&other, 1, 20));
        let mine = write(&table, 1, 10);
        let theirs = thread.join().unwrap();
        let live: Vec<_> = table.live().collect();
        assert!(live.len() <= 1);
        assert_eq!(live.len() == 1, mine || theirs);
        assert!(mine || theirs, "both gave way");
    });
}

/// As above, but the two see different places free, so that no tag is fought over.
#[test]
fn a_key_is_never_live_twice_in_different_places() {
    explore(|| {
        let table = Arc::new(table(2));
        assert!(write(&table, 5, 50) && write(&table, 6, 60));
        let [five, six] = [5, 6].map(|key| match table.find(key, NOW_S, is(key)) {
            Lookup::Live(entry) => entry,
            found => panic!("{found:?}"),
        });
        assert!(table.end(six, NOW_S));
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || {
            // Ended longer ago than the other one: from here on, its place is the better one.
            other.end(five, NOW_S - 5);
            write(&other, 1, 20)
        });
        let mine = write(&table, 1, 10);
        let theirs = thread.join().unwrap();
        let live = table
            .live()
            .filter(|&entry| table.record(entry).get(KEY) == 1)
            .count();
        assert!(live <= 1, "live {live} times");
        assert_eq!(live == 1, mine || theirs);
        assert!(mine || theirs, "both gave way");
    });
}

/// One of the two was stopped after it had read the clock: its claim is older than a claim may be as
/// soon as it is made.
#[test]
fn a_key_is_never_live_twice_though_one_was_stopped_before_its_claim() {
    explore(|| {
        let table = Arc::new(table(2));
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || write(&other, 1, 20));
        let mine = write_at(&table, 1, 10, NOW_S + table::LEASE_S + 1);
        let theirs = thread.join().unwrap();
        let live = table.live().count();
        assert!(live <= 1, "live {live} times");
        assert_eq!(live == 1, mine || theirs);
        assert_eq!(table.size().totals.live.load(SeqCst), live as u64);
    });
}

#[test]
fn two_keys_do_not_mix() {
    explore(|| {
        let table = Arc::new(table(2));
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || write(&other, 2, 20));
        let mine = write(&table, 1, 10);
        let theirs = thread.join().unwrap();
        for (key, value, written) in [(1, 10, mine), (2, 20, theirs)] {
            match table.find(key, NOW_S, is(key)) {
                Lookup::Live(entry) => {
                    assert!(written);
                    assert_eq!(table.read(entry).unwrap().1, [key, value]);
                }
                found => assert!(!written, "{key}: {found:?}"),
            }
        }
    });
}

#[test]
fn a_reader_sees_a_record_whole() {
    explore(|| {
        let table = Arc::new(table(2));
        assert!(write(&table, 1, 10));
        let entry = table.live().next().unwrap();
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || {
            // The same place for another key: its value is ten times the key as well.
            if table_end(&other) {
                write(&other, 2, 20);
            }
        });
        if let Some((_, [key, value])) = table.read(entry) {
            assert_eq!(value, key * 10);
        }
        thread.join().unwrap();
    });
}

fn table_end(table: &Table<WORDS>) -> bool {
    table
        .live()
        .next()
        .is_some_and(|entry| table.end(entry, NOW_S))
}

#[test]
fn a_ban_ends_once() {
    explore(|| {
        let table = Arc::new(table(2));
        assert!(write(&table, 1, 10));
        let entry = table.live().next().unwrap();
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || other.end(entry, NOW_S));
        let mine = table.end(entry, NOW_S);
        assert!(mine ^ thread.join().unwrap());
    });
}

/// A reader finds the old record or the new one at every moment, and one of the two is left.
#[test]
fn a_record_that_is_replaced_is_never_missing() {
    explore(|| {
        let table = Arc::new(table(2));
        assert!(write(&table, 1, 10));
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || write(&other, 1, 20));
        let seen = match table.find(1, NOW_S, is(1)) {
            Lookup::Live(entry) => table.record(entry).get(VALUE),
            found => panic!("{found:?}"),
        };
        assert!([10, 20].contains(&seen), "{seen}");
        assert!(thread.join().unwrap());
        let live: Vec<_> = table.live().collect();
        assert_eq!(live.len(), 1);
        assert_eq!(table.record(live[0]).get(VALUE), 20);
    });
}

/// Of two that replace one record, none is lost without its writer knowing.
#[test]
fn a_record_is_replaced_by_one_after_the_other() {
    explore(|| {
        let table = Arc::new(table(2));
        assert!(write(&table, 1, 10));
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || write(&other, 1, 20));
        let mine = write(&table, 1, 30);
        let theirs = thread.join().unwrap();
        let live: Vec<_> = table.live().collect();
        assert_eq!(live.len(), 1);
        let value = table.record(live[0]).get(VALUE);
        let written = [(10, !mine && !theirs), (20, theirs), (30, mine)];
        assert!(written.contains(&(value, true)), "{value}: {written:?}");
    });
}

/// It is lifted while another replaces it: what is left is what the one that came last has left.
#[test]
fn a_record_that_is_lifted_while_it_is_replaced_is_live_once_or_not_at_all() {
    explore(|| {
        let table = Arc::new(table(2));
        assert!(write(&table, 1, 10));
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || write(&other, 1, 20));
        let lifted = table_end(&table);
        let replaced = thread.join().unwrap();
        let live = table.live().count();
        let most = usize::from(replaced || !lifted);
        let least = usize::from(!lifted);
        assert!(
            (least..=most).contains(&live),
            "{live}: {replaced} {lifted}"
        );
        assert_eq!(table.size().totals.live.load(SeqCst), live as u64);
    });
}

/// What is published while another looks for what is due is seen by it, or leaves its end for the
/// next look.
#[test]
fn no_end_is_overlooked() {
    explore(|| {
        let table = Arc::new(table(2));
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || write(&other, 1, 10));
        let seen = table.due(NOW_S + 100).count();
        assert!(thread.join().unwrap());
        assert!(
            seen == 1 || table.due(NOW_S + 100).count() == 1,
            "overlooked"
        );
    });
}

struct Standing(u64);

impl Clock for Standing {
    fn coarse_ms(&self) -> u64 {
        self.0
    }

    fn exact_ms(&self) -> u64 {
        self.0
    }
}

const LIMIT: Limit = Limit {
    requests: 1,
    window_ms: 1000,
};

fn rates() -> RateTable {
    let pairs = || core::array::from_fn(|_| words());
    RateTable::over(
        leak([rate::SourceSet { ways: pairs() }]),
        leak([rate::Keys { keys: pairs() }]),
        leak([rate::RateTotals {
            evicted: AtomicU64::new(0),
            uncounted: AtomicU64::new(0),
        }]),
        LIMIT,
    )
}

fn request(table: &RateTable, key: u64, at_ms: u64) -> Rate {
    table.charge(Source { key: key.into() }, key, &Standing(at_ms))
}

#[test]
fn no_request_of_a_known_source_is_lost() {
    explore(|| {
        let table = Arc::new(rates());
        request(&table, 1, 5000);
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || request(&other, 1, 5000));
        let answers = [request(&table, 1, 5000), thread.join().unwrap()];
        assert!(
            answers.contains(&Rate::NewlyHot) && answers.contains(&Rate::Hot),
            "{answers:?}"
        );
        assert_eq!(table.usage(Source { key: 1 }, 1, 5000).unwrap().current, 3);
    });
}

#[test]
fn no_request_of_a_new_source_is_lost() {
    explore(|| {
        let table = Arc::new(rates());
        let other = Arc::clone(&table);
        let thread = thread::spawn(move || request(&other, 1, 5000));
        let answers = [request(&table, 1, 5000), thread.join().unwrap()];
        let newly_hot = answers
            .iter()
            .filter(|&&rate| rate == Rate::NewlyHot)
            .count();
        assert_eq!(newly_hot, 1, "{answers:?}");
        assert_eq!(table.usage(Source { key: 1 }, 1, 5000).unwrap().current, 2);
    });
}

#[test]
fn a_place_that_changes_hands_charges_nobody_else() {
    explore(|| {
        let table = Arc::new(rates());
        for key in 1..=rate::WAYS as u64 {
            request(&table, key, 5000 + key);
        }
        let other = Arc::clone(&table);
        // Source 9 takes the place of source 1, which is the oldest, while that one sends again.
        let thread = thread::spawn(move || request(&other, 9, 5100));
        request(&table, 1, 5100);
        thread.join().unwrap();
        for usage in table.usages(5100) {
            assert!(usage.current <= 2, "{usage:?}");
            if usage.source.key == 9 {
                assert_eq!(usage.current, 1, "charged with another's request");
            }
        }
    });
}

/// A queue with one slot.
fn queue() -> JobQueue {
    let slot = JobSlot {
        word: AtomicU64::new(0),
        length: AtomicU64::new(0),
        job: words::<{ JOB_BYTES / 8 }>(),
        code: AtomicU64::new(0),
        answer_length: AtomicU64::new(0),
        answer: words::<{ ANSWER_BYTES / 8 }>(),
        spare: words(),
    };
    let head = QueueHead {
        posted: AtomicU64::new(0),
        numbers: AtomicU64::new(0),
        has_keeper: AtomicU64::new(0),
    };
    JobQueue::over(leak([slot]), leak(head))
}

/// Takes one job and answers it.
fn keep(queue: JobQueue) {
    loop {
        let seen = queue.posted();
        if let Some(job) = queue.next() {
            assert_eq!(job.bytes, b"ask");
            return queue.answer(&job, 7, "answer");
        }
        queue.wait_for_post(seen, Duration::ZERO);
    }
}

#[test]
fn a_job_is_answered_whole() {
    explore(|| {
        let queue = queue();
        let keeper = thread::spawn(move || keep(queue));
        let answer = queue.ask(b"ask", Duration::from_secs(600));
        assert_eq!(answer, Outcome::Answered(7, "answer".into()));
        keeper.join().unwrap();
        assert_eq!(queue.ask(b"again", Duration::ZERO), Outcome::Posted);
    });
}

#[test]
fn who_gives_up_while_the_keeper_answers_leaves_the_place_free() {
    explore(|| {
        let queue = queue();
        let keeper = thread::spawn(move || keep(queue));
        match queue.ask(b"ask", Duration::from_nanos(1)) {
            Outcome::Answered(7, text) => assert_eq!(text, "answer"),
            outcome => assert_eq!(outcome, Outcome::Late),
        }
        keeper.join().unwrap();
        assert_eq!(queue.ask(b"again", Duration::ZERO), Outcome::Posted);
    });
}

/// The arena's slot names one of two places, which say whether they were given back. The reader has
/// pinned before, as it has after its first message, or it has not.
fn check_that_what_is_read_stays(has_slot: bool) {
    explore(move || {
        let readers = leak(core::array::from_fn::<_, READER_SLOTS, _>(|_| ReaderSlot {
            owner: AtomicU64::new(0),
            words: words(),
        }));
        let epoch = leak(AtomicU64::new(0));
        let process = || Pins::over(readers, epoch, leak(AtomicU64::new(0)));
        let (reader, writer) = (process(), process());
        let (slot, given_back) = (leak(AtomicU64::new(0)), leak(words::<2>()));
        if has_slot {
            reader.unpin(reader.pin());
        }
        let thread = thread::spawn(move || {
            let held = reader.pin();
            for _ in 0..2 {
                let place = slot.load(SeqCst) as usize;
                assert_eq!(given_back[place].load(Relaxed), 0);
            }
            reader.unpin(held);
        });
        slot.swap(1, SeqCst);
        if writer.end_epoch() < writer.oldest() {
            given_back[0].store(1, Relaxed);
        }
        thread.join().unwrap();
        assert_eq!(writer.oldest(), 1, "nobody is pinned any more");
    });
}

#[test]
fn what_a_reader_sees_stays() {
    check_that_what_is_read_stays(true);
}

#[test]
fn what_a_new_reader_sees_stays() {
    check_that_what_is_read_stays(false);
}
