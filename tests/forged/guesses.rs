//! Wrong passwords in a phone's name, by a nonce that the guesser was given himself: the PBX's nonces
//! are bound to Kamailio, so they are good in anybody's name.

use super::customer::{Customer, LIFE};
use super::letter::{copy, letter};
use super::world::{BOTH, Edge, World};
use super::{Row, SOON, check};
use crate::support::{Pace, digest, wait_until};
use std::time::Duration;

/// Slow enough for 30 of them to take two seconds: not by the rate shall he be found.
const PER_SECOND: f64 = 14.0;
const HASTY: f64 = 500.0;

fn guessed(
    world: &World,
    number: u8,
    (guesses, per_second): (u64, f64),
    method: &str,
    port: fn(u16) -> u16,
) -> Result<(), String> {
    let customer = Customer::new(world, number)?;
    let stranger = world.stranger(&format!("10.2.{number}.1"), 1999, "none");
    let challenge = stranger.challenge(method, SOON)?;
    let user = customer.phone.user();
    let mut from = customer.source();
    from.set_port(port(from.port()));
    let letter = letter(method, user, from);
    let (forger, mut pace) = (world.forger(), Pace::per_second(per_second));
    let (header, challenge) = challenge;
    for guess in 0..guesses {
        pace.tick();
        let answer = digest::answer(
            &challenge,
            method,
            &letter.uri,
            user,
            &format!("guess{guess}"),
        );
        forger.send(from, &copy(&letter.clone().header(header, answer), guess));
    }
    if world.edge == Edge::Pbx {
        let have_come = || world.pbx().refused(user) >= guesses;
        let _else_they_were_stopped = wait_until(have_come, Duration::from_secs(1));
    }
    world.kam.wait_idle();
    customer.goes_on_when_asked()?;
    world.assert_not_banned(&from.ip().to_string())
}

fn its(port: u16) -> u16 {
    port
}

fn another(port: u16) -> u16 {
    port ^ 1
}

#[test]
fn guesses_in_a_phones_name_lock_nobody_out() {
    const ROWS: &[Row] = &[
        ("3 guesses from another port", |world| {
            guessed(world, 1, (3, PER_SECOND), "REGISTER", another)
        }),
        ("3 guesses from its port", |world| {
            guessed(world, 2, (3, PER_SECOND), "REGISTER", its)
        }),
        ("10 guesses from its port", |world| {
            guessed(world, 3, (10, PER_SECOND), "REGISTER", its)
        }),
        ("10 guesses by INVITE from another port", |world| {
            guessed(world, 4, (10, PER_SECOND), "INVITE", another)
        }),
        ("100 guesses at once from its port", |world| {
            guessed(world, 5, (100, HASTY), "REGISTER", its)
        }),
    ];
    check(BOTH, &[LIFE], ROWS);
}

/// The same, where the rate stops no guess.
#[test]
fn a_hundred_guesses_in_a_phones_name_lock_nobody_out() {
    const ROWS: &[Row] = &[
        ("100 guesses from its port, all taken", |world| {
            guessed(world, 1, (100, HASTY), "REGISTER", its)
        }),
        ("100 guesses from another port, all taken", |world| {
            guessed(world, 2, (100, HASTY), "REGISTER", another)
        }),
    ];
    check(BOTH, &[LIFE, ("RATE", "400")], ROWS);
}
