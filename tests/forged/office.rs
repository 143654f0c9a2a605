//! Two hundred phones behind one address: a NAT's.

use super::world::{BOTH, World};
use super::{Row, check};
use crate::support::device::{Device, Outcome};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

const PHONES: u32 = 200;
const ALL_WITHIN: Duration = Duration::from_secs(30);
const AT_ONCE: Duration = Duration::from_millis(100);
const SPREAD: Duration = Duration::from_secs(10);
/// Of a thousand a second: as many as a stranger's address may send, and some that came before it
/// was known for what it is.
const LET_THROUGH: usize = 31 + 9;

/// The power comes back: all of them register, each at its time; who did not, and the last one's time.
fn registers(world: &World, at: &str, first: u32, within: Duration) -> Result<(), String> {
    let phones: Vec<Device> = (0..PHONES).map(|n| world.phone(at, first + n)).collect();
    let start = Instant::now();
    let outcomes: Vec<(Outcome, Duration)> = scope(|scope| {
        let threads = phones.iter().zip(0..).map(|(phone, number)| {
            scope.spawn(move || {
                let begin = within * number / PHONES;
                sleep(begin.saturating_sub(start.elapsed()));
                let left = ALL_WITHIN.saturating_sub(start.elapsed());
                (phone.register(left), start.elapsed())
            })
        });
        let threads: Vec<_> = threads.collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("it ends"))
            .collect()
    });
    let (good, bad): (Vec<_>, Vec<_>) = outcomes
        .iter()
        .partition(|(outcome, _)| outcome.status() == Some(200));
    let last = good.iter().map(|(_, at)| *at).max().unwrap_or_default();
    let told = format!(
        "{} registered, the last at {:.1} s",
        good.len(),
        last.as_secs_f64()
    );
    match bad.first() {
        None => Ok(()),
        Some((outcome, _)) => {
            let ban = world.ban_of(at).unwrap_or_else(|| "no ban".into());
            Err(format!("{told}; {} did not; {ban}; {outcome}", bad.len()))
        }
    }
}

/// The same beside somebody who sends a thousand OPTIONS a second from another port there.
fn beside_a_flooder(world: &World, at: &str, first: u32, within: Duration) -> Result<(), String> {
    let is_over = AtomicBool::new(false);
    let flooder = world.flooder(&world.net.phones, at);
    let (done, let_through) = scope(|scope| {
        let flooding = scope.spawn(|| flooder.floods(1_000.0, || is_over.load(Relaxed)));
        let done = registers(world, at, first, within);
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
    check(BOTH, &[], ROWS);
}

#[test]
fn two_hundred_phones_behind_one_address_register_one_after_the_other() {
    const ROWS: &[Row] = &[("within 10 s, alone, and beside a flooder", |world| {
        scope(|scope| {
            let alone = scope.spawn(|| registers(world, "10.1.22.1", 600, SPREAD));
            let beside = beside_a_flooder(world, "10.1.23.1", 800, SPREAD);
            let beside = beside.map_err(|told| format!("beside a flooder: {told}"));
            let alone = alone.join().expect("it ends");
            alone.map_err(|told| format!("alone: {told}")).and(beside)
        })
    })];
    check(BOTH, &[], ROWS);
}
