//! A phone that has a connection goes on, whatever comes over UDP in the name of its address.

use super::customer::{Customer, LIFE};
use super::flood::{Port, flood};
use super::world::{BOTH, World, ipv4};
use super::{Row, SOON, check_one_by_one};
use crate::support::Order;
use crate::support::device::Device;

fn connected(world: &World, at: &str, user: u32) -> Device {
    Device::tcp(&world.net.phones, at, world.server(), world.account(user))
}

fn over_tcp(world: &World, number: u8, port: Port) -> Result<(), String> {
    let (at, user) = (format!("10.1.{number}.1"), 100 + 2 * u32::from(number));
    let customer = Customer::with(world, number, connected(world, &at, user))?;
    let victim = ipv4(customer.phone.local());
    let flooding = flood(world, victim, customer.phone.user(), port, Order::Unique);
    customer.goes_on()?;
    // And who connects now.
    let newcomer = connected(world, &at, 1900 + u32::from(number));
    customer.explain(newcomer.register(SOON).expect(200))?;
    drop(flooding);
    Ok(())
}

#[test]
fn ten_thousand_packets_a_second_over_udp_do_not_cut_off_a_phone_over_tcp() {
    const ROWS: &[Row] = &[
        ("any port", |world| over_tcp(world, 1, Port::Any)),
        ("its port", |world| over_tcp(world, 2, Port::Its)),
    ];
    check_one_by_one(BOTH, &[LIFE], ROWS);
}
