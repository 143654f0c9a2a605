//! Two hundred phones behind one address: a NAT's.

use super::world::{BOTH, World};
use super::{AT_ALL, Row, check, check_one_by_one, strangers};
use crate::support::device::{Device, Outcome};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const PHONES: u32 = 200;
const WRONG: u32 = 12;
const ALL_WITHIN: Duration = Duration::from_secs(30);
const AT_ONCE: Duration = Duration::from_millis(100);
const SOME_TIME: Duration = Duration::from_secs(2);
const SPREAD: Duration = Duration::from_secs(10);
/// Of a thousand a second: no more than the address may send by now, with three for each phone, and some
/// that came before it was known for what it is.
const LET_THROUGH: usize = 30 + 3 * PHONES as usize + 9;

/// The power comes back: all of them register, each at its time.
fn registers(world: &World, at: &str, first: u32, within: Duration) -> Result<(), String> {
    all_register(world, at, &phones(world, at, first), within)
}

fn phones(world: &World, at: &str, first: u32) -> Vec<Device> {
    (0..PHONES)
        .map(|number| world.phone(at, first + number))
        .collect()
}

fn all_register(
    world: &World,
    at: &str,
    phones: &[Device],
    within: Duration,
) -> Result<(), String> {
    let (start, count) = (Instant::now(), phones.len() as u32);
    let outcomes: Vec<(Outcome, Duration)> = scope(|scope| {
        let threads = phones.iter().zip(0..).map(|(phone, number)| {
            scope.spawn(move || {
                let begin = within * number / count;
                sleep(begin.saturating_sub(start.elapsed()));
                let left = ALL_WITHIN.saturating_sub(start.elapsed());
                (phone.register(left), start.elapsed())
            })
        });
        let threads: Vec<_> = threads.collect();
        let ended = threads
            .into_iter()
            .map(|thread| thread.join().expect("it ends"));
        ended.collect()
    });
    let is_good = |(outcome, _): &&(Outcome, _)| outcome.status() == Some(200);
    let (good, bad): (Vec<_>, Vec<_>) = outcomes.iter().partition(is_good);
    let last = good
        .iter()
        .map(|(_, at)| at.as_secs_f64())
        .fold(0.0, f64::max);
    let Some((outcome, _)) = bad.first() else {
        return Ok(());
    };
    let (good, bad) = (good.len(), bad.len());
    let ban = world.ban_of(at).unwrap_or_else(|| "none".into());
    let told = format!("{good} registered, the last at {last:.1} s, {bad} did not; ban: {ban}");
    Err(format!("{told}; {outcome}"))
}

/// The same beside somebody who sends a thousand OPTIONS a second from another port there.
fn beside_a_flooder(world: &World, at: &str, first: u32, within: Duration) -> Result<(), String> {
    let (phones, is_over) = (phones(world, at, first), AtomicBool::new(false));
    let flooder = world.flooder(&world.net.phones, at);
    let (done, let_through) = scope(|scope| {
        let flooding = scope.spawn(|| flooder.floods(1_000.0, || is_over.load(Relaxed)));
        let done = all_register(world, at, &phones, within);
        is_over.store(true, Relaxed);
        (done, flooding.join().expect("it ends"))
    });
    world.explain(at, done)?;
    match let_through <= LET_THROUGH {
        true => Ok(()),
        false => Err(format!(
            "{let_through} of the flooder's messages came through"
        )),
    }
}

#[test]
fn two_hundred_phones_behind_one_address_register_at_once() {
    const ROWS: &[Row] = &[
        ("within 0.1 s", |world| {
            registers(world, "10.1.20.1", 200, AT_ONCE)
        }),
        ("within 0.1 s, beside a flooder", |world| {
            beside_a_flooder(world, "10.1.21.1", 400, AT_ONCE)
        }),
    ];
    check_one_by_one(BOTH, &[], ROWS);
}

#[test]
fn two_hundred_phones_behind_one_address_register_one_after_the_other() {
    const ROWS: &[Row] = &[
        ("within 10 s", |world| {
            registers(world, "10.1.22.1", 600, SPREAD)
        }),
        ("within 10 s, beside a flooder", |world| {
            beside_a_flooder(world, "10.1.23.1", 800, SPREAD)
        }),
    ];
    check(BOTH, &[], ROWS);
}

/// Twelve of them have a wrong password.
fn some_are_wrong(world: &World, at: &str, first: u32) -> Result<(), String> {
    let wrong = (PHONES..PHONES + WRONG).map(|number| {
        let user = first + number;
        world.device(&world.net.phones, at, user, "wrong")
    });
    let (right, wrong): (_, Vec<_>) = (phones(world, at, first), wrong.collect());
    let start = Instant::now();
    let done = scope(|scope| {
        let failing = scope.spawn(|| {
            for (phone, number) in wrong.iter().zip(0..) {
                sleep((SOME_TIME * number / WRONG).saturating_sub(start.elapsed()));
                phone.register(AT_ALL).expect(401)?;
            }
            Ok(())
        });
        let done = all_register(world, at, &right, SOME_TIME);
        done.and(failing.join().expect("it ends"))
    });
    world.explain(at, done.and_then(|()| world.assert_not_banned(at)))
}

#[test]
fn some_wrong_passwords_among_many_right_ones_are_an_office() {
    const ROWS: &[Row] = &[
        ("12 wrong beside 200 right", |world| {
            some_are_wrong(world, "10.1.24.1", 1000)
        }),
        ("12 wrong of 12", |world| {
            strangers::scanner(world, "10.2.24.1")
        }),
    ];
    check_one_by_one(BOTH, &[("RATE", "400")], ROWS);
}
