//! Replies in the name of who is trusted: nobody is banned for what they say of others.

use super::customer::{Customer, LIFE};
use super::pbx::Pbx;
use super::world::{BOTH, DOMAIN, Edge, World};
use super::{Row, check};
use crate::support::SERVER;
use std::net::{Ipv4Addr, SocketAddrV4};

/// Trusted where there is no PBX.
const CARRIER: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(10, 1, 250, 1), 5060);
/// Nobody is there.
const ANYBODY: Ipv4Addr = Ipv4Addr::new(192, 0, 3, 1);

/// "There is no such number", to a request that was never sent, of a sender who is the victim.
fn not_found(world: &World, method: &str, victim: Ipv4Addr, number: u64) -> String {
    let here = world.server();
    format!(
        "SIP/2.0 404 Not Found\r\n\
         Via: SIP/2.0/UDP {here};branch=z9hG4bK{number:04x}.{number:x}.0\r\n\
         Via: SIP/2.0/UDP {victim}:5060;rport=5060;received={victim};branch=z9hG4bK{number}\r\n\
         From: <sip:9{number:03}@{DOMAIN}>;tag={number}\r\n\
         To: <sip:9{number:03}@{DOMAIN}>;tag=x{number}\r\n\
         Call-ID: made-up-{victim}-{number}\r\n\
         CSeq: 1 {method}\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// So many replies to each method about each victim: a phone, somebody, the server and who is trusted.
fn told(world: &World, number: u8, replies: u64) -> Result<(), String> {
    let customer = Customer::new(world, number)?;
    let from = match world.edge {
        Edge::Registrar => CARRIER,
        Edge::Pbx => Pbx::AT,
    };
    let forger = world.forger();
    for victim in [
        *customer.source().ip(),
        ANYBODY,
        SERVER,
        Ipv4Addr::LOCALHOST,
        *from.ip(),
    ] {
        for method in ["INVITE", "REGISTER"] {
            for number in 0..replies {
                forger.send(from, not_found(world, method, victim, number).as_bytes());
            }
        }
    }
    world.kam.wait_idle();
    let bans = world.bans();
    match bans.is_empty() {
        true => customer.goes_on(),
        false => Err(format!("these are banned: {bans:?}")),
    }
}

#[test]
fn replies_that_answer_nothing_ban_nobody() {
    const ROWS: &[Row] = &[
        ("20 replies 404", |world| told(world, 1, 20)),
        ("100 replies 404", |world| told(world, 2, 100)),
    ];
    check(BOTH, &[LIFE, ("TRUSTED", "\"10.1.250.1\"")], ROWS);
}
