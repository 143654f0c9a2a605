//! Jobs between threads, in place of processes.

use std::thread;

use super::*;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(1);

fn queue() -> JobQueue {
    let mut region = Region::new(JobQueue::ROOM).unwrap();
    JobQueue::new(&mut region).unwrap()
}

/// Answers job with what they say, reversed, until one says "stop".
fn keep(queue: JobQueue) {
    loop {
        let seen = queue.posted();
        while let Some(job) = queue.next() {
            let text: String = String::from_utf8_lossy(&job.bytes).chars().rev().collect();
            queue.answer(&job, job.bytes.len() as u64, &text);
            if job.bytes == b"stop" {
                return;
            }
        }
        queue.wait_for_post(seen, LONG);
    }
}

#[test]
fn everybody_gets_the_answer_to_his_own_job() {
    let queue = queue();
    thread::scope(|scope| {
        scope.spawn(|| keep(queue));
        let askers: Vec<_> = (0..SLOTS + 4) // more than there are slots
            .map(|asker| {
                scope.spawn(move || {
                    for number in 0..200 {
                        let job = format!("{asker}-{number}");
                        let expected = job.chars().rev().collect();
                        assert_eq!(
                            queue.ask(job.as_bytes(), LONG),
                            Outcome::Answered(job.len() as u64, expected)
                        );
                    }
                })
            })
            .collect();
        for asker in askers {
            asker.join().unwrap();
        }
        assert_eq!(
            queue.ask(b"stop", LONG),
            Outcome::Answered(4, "pots".into())
        );
    });
}

#[test]
fn jobs_are_taken_in_the_order_of_their_posting() {
    let queue = queue();
    for number in 0..SLOTS {
        assert_eq!(queue.ask(&[number as u8], Duration::ZERO), Outcome::Posted);
    }
    assert_eq!(queue.ask(b"x", Duration::ZERO), Outcome::Full);
    let taken: Vec<_> = core::iter::from_fn(|| queue.next())
        .inspect(|job| queue.answer(job, 0, ""))
        .map(|job| usize::from(job.bytes[0]))
        .collect();
    assert_eq!(taken, (0..SLOTS).collect::<Vec<_>>());
    // Nobody waited for the answers: all slots are free again.
    for _ in 0..SLOTS {
        assert_eq!(queue.ask(b"", Duration::ZERO), Outcome::Posted);
    }
}

#[test]
fn who_gives_up_leaves_no_place_taken() {
    let queue = queue();
    for round in 0..3 * SLOTS {
        assert_eq!(queue.ask(b"a", SHORT), Outcome::Late, "{round}");
        let job = queue.next().expect("the job is there yet");
        queue.answer(&job, 0, "too late");
        assert!(queue.next().is_none());
    }
}

#[test]
fn what_is_too_long_is_not_posted() {
    let queue = queue();
    assert_eq!(queue.ask(&[0; JOB_BYTES + 1], LONG), Outcome::TooLong);
    assert_eq!(queue.ask(&[7; JOB_BYTES], Duration::ZERO), Outcome::Posted);
    assert_eq!(queue.next().map(|job| job.bytes), Some(vec![7; JOB_BYTES]));
}

#[test]
fn a_slot_is_taken_over_when_its_owner_has_died() {
    let queue = queue();
    let taken_ms = 5;
    for (state, age_ms, is_free) in [
        (WRITING, WRITING_MS, false),
        (WRITING, WRITING_MS + 1, true),
        (POSTED, WRITING_MS + 1, false),
        (RUNNING, OLD_MS, false),
        (RUNNING, OLD_MS + 1, true),
        (DONE, OLD_MS + 1, true),
        (DONE | UNATTENDED, OLD_MS + 1, true),
    ] {
        let slot = &queue.slots[0];
        slot.word.store(taken_ms << TIME | state, Ordering::Relaxed);
        let sign = (taken_ms + age_ms) << TIME;
        let expected = is_free.then_some(sign | WRITING);
        assert_eq!(claim(slot, sign), expected, "{state} for {age_ms} ms");
    }
}

/// The keeper may answer before it is done; the slot is then no longer its own.
#[test]
fn a_job_is_answered_once() {
    let queue = queue();
    thread::scope(|scope| {
        let caller = scope.spawn(|| queue.ask(b"a", LONG));
        let job = loop {
            if let Some(job) = queue.next() {
                break job;
            }
            thread::yield_now();
        };
        assert!(!queue.release_unattended(&job), "somebody waits");
        queue.answer(&job, 202, "later");
        let answer = Outcome::Answered(202, "later".into());
        assert_eq!(caller.join().unwrap(), answer);
        assert!(queue.release_unattended(&job));
        // The same slot, by another caller.
        let other = scope.spawn(|| queue.ask(b"b", LONG));
        let second = loop {
            if let Some(job) = queue.next() {
                break job;
            }
            thread::yield_now();
        };
        assert_eq!(second.slot, job.slot);
        queue.answer(&job, 0, "done");
        assert!(!queue.release_unattended(&second), "not answered yet");
        queue.answer(&second, 0, "b");
        assert_eq!(other.join().unwrap(), Outcome::Answered(0, "b".into()));
    });
}

#[test]
fn a_job_that_nobody_waits_for_needs_no_slot() {
    let queue = queue();
    for _ in 0..3 * SLOTS {
        assert_eq!(queue.ask(b"a", Duration::ZERO), Outcome::Posted);
        let job = queue.next().expect("a job");
        assert!(queue.release_unattended(&job));
        queue.answer(&job, 0, "too late"); // of what is free by now
    }
}
