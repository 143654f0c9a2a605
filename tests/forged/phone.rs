//! A handful of messages in a phone's name; then it refreshes its registration, calls, is called and
//! hangs up as ever.

use super::customer::{Customer, LIFE};
use super::letter::{copy, letter};
use super::world::{BOTH, POLICY, World};
use super::{Row, check};
use crate::support::Request;
use std::net::SocketAddrV4;

/// So many of these, from the phone's port or another one; and when they have been taken.
fn attacked(
    world: &World,
    number: u8,
    (copies, port): (u64, fn(u16) -> u16),
    write: fn(&World, SocketAddrV4, &str) -> Request,
) -> Result<(), String> {
    let customer = Customer::new(world, number)?;
    let mut from = customer.source();
    from.set_port(port(from.port()));
    let letter = write(world, from, customer.phone.user());
    let forger = world.forger();
    for number in 0..copies {
        forger.send(from, &copy(&letter, number));
    }
    world.kam.wait_idle();
    customer.goes_on()
}

fn its(port: u16) -> u16 {
    port
}

fn another(port: u16) -> u16 {
    port ^ 1
}

fn options(world: &World, from: SocketAddrV4, user: &str) -> Request {
    letter("OPTIONS", user, from).uri(&world.uri())
}

fn malformed(world: &World, from: SocketAddrV4, user: &str) -> Request {
    options(world, from, user).header("CSeq", "1 INVITE")
}

fn scanner(world: &World, from: SocketAddrV4, user: &str) -> Request {
    options(world, from, user).agent("friendly-scanner")
}

/// What the other rows stand on: a customer goes on where others are attacked, and has a stale nonce
/// when that is wanted.
#[test]
fn nobody_is_cut_off_by_what_is_sent_in_anothers_name() {
    const ROWS: &[Row] = &[("100 OPTIONS in another's name", |world| {
        let customer = Customer::new(world, 1)?;
        let from = SocketAddrV4::new([10, 1, 99, 1].into(), customer.source().port());
        let letter = options(world, from, customer.phone.user());
        let forger = world.forger();
        (0..100).for_each(|number| forger.send(from, &copy(&letter, number)));
        world.kam.wait_idle();
        customer.goes_on()?;
        customer.explain(customer.refreshes_without_a_nonce())
    })];
    check(BOTH, &[LIFE], ROWS);
}

#[test]
fn messages_in_a_phones_name_do_not_cut_it_off() {
    const ROWS: &[Row] = &[
        ("100 OPTIONS from another port", |world| {
            attacked(world, 1, (100, another), options)
        }),
        ("100 OPTIONS from its port", |world| {
            attacked(world, 2, (100, its), options)
        }),
        ("10 malformed from another port", |world| {
            attacked(world, 3, (10, another), malformed)
        }),
        ("10 malformed from its port", |world| {
            attacked(world, 4, (10, its), malformed)
        }),
        ("100 malformed from its port", |world| {
            attacked(world, 5, (100, its), malformed)
        }),
    ];
    check(BOTH, &[LIFE], ROWS);
}

#[test]
fn a_scanners_name_in_a_phones_name_does_not_cut_it_off() {
    const ROWS: &[Row] = &[
        ("1 scanner's User-Agent from another port", |world| {
            attacked(world, 1, (1, another), scanner)
        }),
        ("1 scanner's User-Agent from its port", |world| {
            attacked(world, 2, (1, its), scanner)
        }),
    ];
    check(BOTH, &[LIFE, (POLICY, "agent=ban:300")], ROWS);
}
