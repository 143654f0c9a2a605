//! Letters between threads, in place of processes.

use std::thread;

use super::*;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(1);

fn mailbox() -> Mailbox {
    let mut region = Region::new(Mailbox::ROOM).unwrap();
    Mailbox::new(&mut region).unwrap()
}

/// Answers letters with what they say, reversed, until one says "stop".
fn keep(mailbox: Mailbox) {
    loop {
        let heard = mailbox.rung();
        while let Some(letter) = mailbox.next() {
            let text: String = String::from_utf8_lossy(&letter.bytes)
                .chars()
                .rev()
                .collect();
            mailbox.answer(&letter, letter.bytes.len() as u64, &text);
            if letter.bytes == b"stop" {
                return;
            }
        }
        mailbox.listen(heard, LONG);
    }
}

#[test]
fn everybody_gets_the_answer_to_his_own_letter() {
    let mailbox = mailbox();
    thread::scope(|scope| {
        scope.spawn(|| keep(mailbox));
        let askers: Vec<_> = (0..PLACES + 4) // more than there are places
            .map(|asker| {
                scope.spawn(move || {
                    for number in 0..200 {
                        let letter = format!("{asker}-{number}");
                        let expected = letter.chars().rev().collect();
                        assert_eq!(
                            mailbox.ask(letter.as_bytes(), LONG),
                            Outcome::Answered(letter.len() as u64, expected)
                        );
                    }
                })
            })
            .collect();
        for asker in askers {
            asker.join().unwrap();
        }
        assert_eq!(
            mailbox.ask(b"stop", LONG),
            Outcome::Answered(4, "pots".into())
        );
    });
}

#[test]
fn letters_are_taken_in_the_order_of_their_posting() {
    let mailbox = mailbox();
    for number in 0..PLACES {
        assert_eq!(
            mailbox.ask(&[number as u8], Duration::ZERO),
            Outcome::Posted
        );
    }
    assert_eq!(mailbox.ask(b"x", Duration::ZERO), Outcome::Full);
    let taken: Vec<_> = core::iter::from_fn(|| mailbox.next())
        .inspect(|letter| mailbox.answer(letter, 0, ""))
        .map(|letter| usize::from(letter.bytes[0]))
        .collect();
    assert_eq!(taken, (0..PLACES).collect::<Vec<_>>());
    // Nobody waited for the answers: all places are free again.
    for _ in 0..PLACES {
        assert_eq!(mailbox.ask(b"", Duration::ZERO), Outcome::Posted);
    }
}

#[test]
fn who_gives_up_leaves_no_place_taken() {
    let mailbox = mailbox();
    for round in 0..3 * PLACES {
        assert_eq!(mailbox.ask(b"a", SHORT), Outcome::Late, "{round}");
        let letter = mailbox.next().expect("the letter is there yet");
        mailbox.answer(&letter, 0, "too late");
        assert!(mailbox.next().is_none());
    }
}

#[test]
fn what_is_too_long_is_not_posted() {
    let mailbox = mailbox();
    assert_eq!(mailbox.ask(&[0; LETTER + 1], LONG), Outcome::TooLong);
    assert_eq!(mailbox.ask(&[7; LETTER], Duration::ZERO), Outcome::Posted);
    assert_eq!(
        mailbox.next().map(|letter| letter.bytes),
        Some(vec![7; LETTER])
    );
}

#[test]
fn a_place_is_taken_over_when_its_owner_has_died() {
    let mailbox = mailbox();
    let now_ms = os::monotonic_ms();
    for (state, age_ms, is_free) in [
        (WRITING, WRITING_MS - 1000, false),
        (WRITING, WRITING_MS + 1000, true),
        (POSTED, WRITING_MS + 1000, false),
        (RUNNING, OLD_MS - 1000, false),
        (RUNNING, OLD_MS + 1000, true),
        (DONE, OLD_MS + 1000, true),
        (DONE | UNATTENDED, OLD_MS + 1000, true),
    ] {
        for place in mailbox.places {
            // The machine may have started less than ten minutes ago.
            let taken_ms = now_ms.wrapping_sub(age_ms) & (u64::MAX >> TIME);
            place
                .word
                .store(taken_ms << TIME | state, Ordering::Relaxed);
        }
        let is_taken = mailbox.ask(b"a", Duration::ZERO) == Outcome::Posted;
        assert_eq!(is_taken, is_free, "state {state} for {age_ms} ms");
    }
}
