//! Ten thousand forged packets a second, as long as the row lasts: what a phone does goes on.

use super::customer::{Customer, LIFE};
use super::letter::{copy, letter};
use super::world::{BOTH, World};
use super::{AT_ALL, Row, check_one_by_one};
use crate::support::{Flooding, Order, wait_until};
use std::net::SocketAddrV4;

const PER_SECOND: f64 = 10_000.0;
/// Sent before the phone does anything.
const BEFORE: u64 = 3_000;
const LOOP: Order = Order::Loop(1_000);

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Port {
    Its,
    Any,
}

/// OPTIONS, REGISTERs and INVITEs in turn.
pub fn flood(
    world: &World,
    victim: SocketAddrV4,
    user: &str,
    port: Port,
    order: Order,
) -> Flooding {
    let methods = ["OPTIONS", "REGISTER", "INVITE"];
    let letters = methods.map(|method| match method {
        "OPTIONS" => letter(method, user, victim).uri(&world.uri()),
        _ => letter(method, user, victim),
    });
    let flooding = world.forger().flood(PER_SECOND, order, move |number| {
        let letter = &letters[(number % 3) as usize];
        let any = 1024 + (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16 % 60_000;
        let port = match port {
            Port::Any if any != victim.port() => any,
            Port::Any => 1023,
            Port::Its => victim.port(),
        };
        (SocketAddrV4::new(*victim.ip(), port), copy(letter, number))
    });
    assert!(wait_until(|| flooding.sent() >= BEFORE, AT_ALL), "no flood");
    flooding
}

/// A phone that is known, with a call that was up before.
fn known(world: &World, number: u8, port: Port, order: Order) -> Result<(), String> {
    let customer = Customer::new(world, number)?;
    let mut call = customer.begins_a_call(AT_ALL)?;
    let flooding = flood(world, customer.source(), customer.phone.user(), port, order);
    let mut failed = vec![];
    let mut step = |what: &str, done: Result<(), String>| {
        failed.extend(done.err().map(|told| format!("\n  - {what}: {told}")));
    };
    step(
        "REGISTER with a nonce that is good",
        customer.refreshes_unasked(),
    );
    step(
        "INVITE within a call",
        call.invite_again(super::SOON).map(drop),
    );
    step("BYE", call.hang_up(super::SOON).map(drop));
    step("a call", customer.calls());
    step("a call to it", customer.is_called());
    step(
        "REGISTER with a stale nonce",
        customer.refreshes_with_a_stale_nonce(),
    );
    step(
        "REGISTER without a nonce",
        customer.refreshes_without_a_nonce(),
    );
    let sent = flooding.sent();
    drop(flooding);
    match failed.is_empty() {
        true => Ok(()),
        false => customer.explain(Err(format!("{sent} packets meanwhile{}", failed.concat()))),
    }
}

/// A phone that nobody knows: it is asked for a retransmission at the most.
fn first(world: &World, number: u8, port: Port, order: Order) -> Result<(), String> {
    let user = 100 + 2 * u32::from(number);
    let phone = world.phone(&format!("10.1.{number}.1"), user);
    let at = super::world::source(&phone);
    let _flooding = flood(world, at, phone.user(), port, order);
    let done = phone.register(AT_ALL).expect(200);
    world.explain(&at.ip().to_string(), done).map(drop)
}

#[test]
fn ten_thousand_packets_a_second_in_a_phones_name_do_not_cut_it_off() {
    const ROWS: &[Row] = &[
        ("any port", |world| {
            known(world, 1, Port::Any, Order::Unique)
        }),
        ("its port", |world| {
            known(world, 2, Port::Its, Order::Unique)
        }),
    ];
    check_one_by_one(BOTH, &[LIFE], ROWS);
}

#[test]
fn ten_thousand_packets_a_second_that_come_again_do_not_cut_it_off() {
    const ROWS: &[Row] = &[
        ("its port, 1,000 in a loop", |world| {
            known(world, 3, Port::Its, LOOP)
        }),
        ("its port, each twice", |world| {
            known(world, 4, Port::Its, Order::Doubled)
        }),
    ];
    check_one_by_one(BOTH, &[LIFE], ROWS);
}

#[test]
fn a_phone_registers_for_the_first_time_under_a_flood() {
    const ROWS: &[Row] = &[
        ("any port", |world| {
            first(world, 11, Port::Any, Order::Unique)
        }),
        ("its port", |world| {
            first(world, 12, Port::Its, Order::Unique)
        }),
        ("its port, 1,000 in a loop", |world| {
            first(world, 13, Port::Its, LOOP)
        }),
    ];
    check_one_by_one(BOTH, &[], ROWS);
}
