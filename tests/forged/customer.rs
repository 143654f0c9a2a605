//! A phone that is registered and has called before, and all that it does all day.

use super::world::{Edge, NONCE_LIFE, World, source};
use super::{AT_ALL, SOON};
use crate::support::device::{Call, Device, Outcome};
use std::cell::Cell;
use std::net::SocketAddrV4;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// In the worlds of customers, a nonce of Kamailio's is good for two to three seconds: it reckons in
/// whole ones.
pub const LIFE: (&str, &str) = (NONCE_LIFE, "2");
const FRESH: Duration = Duration::from_millis(1_500);
const STALE: Duration = Duration::from_millis(3_200);

pub struct Customer<'a> {
    world: &'a World,
    pub phone: Device,
    /// Whom it calls, where no PBX takes the calls.
    peer: Option<Device>,
    /// When it was given its nonce.
    given: Cell<Instant>,
}

impl<'a> Customer<'a> {
    /// The n-th, at `10.1.n.1`.
    #[track_caller]
    pub fn new(world: &'a World, number: u8) -> Result<Customer<'a>, String> {
        let user = 100 + 2 * u32::from(number);
        Customer::with(
            world,
            number,
            world.phone(&format!("10.1.{number}.1"), user),
        )
    }

    pub fn with(world: &'a World, number: u8, phone: Device) -> Result<Customer<'a>, String> {
        let peer = match world.edge {
            Edge::Pbx => None,
            Edge::Registrar => {
                let user = 101 + 2 * u32::from(number);
                Some(world.registered(&format!("10.1.{number}.2"), user)?)
            }
        };
        let customer = Customer {
            world,
            phone,
            peer,
            given: Cell::new(Instant::now()),
        };
        // Before the attack a machine may be as slow as it likes.
        customer.registers(AT_ALL)?;
        customer.begins_a_call(AT_ALL)?.hang_up(AT_ALL)?;
        Ok(customer)
    }

    pub fn source(&self) -> SocketAddrV4 {
        source(&self.phone)
    }

    /// Perhaps it is challenged once more.
    pub fn refreshes(&self) -> Result<(), String> {
        self.registers(SOON).map(drop)
    }

    fn registers(&self, patience: Duration) -> Result<Outcome, String> {
        let outcome = self.phone.register(patience).expect(200)?;
        if outcome.challenges > 0 {
            self.given.set(Instant::now());
        }
        Ok(outcome)
    }

    /// With the nonce that it was given a moment ago.
    pub fn refreshes_unasked(&self) -> Result<(), String> {
        let is_fresh = self.given.get().elapsed() < FRESH;
        let outcome = self.registers(SOON)?;
        match is_fresh && outcome.challenges > 0 {
            true => Err(format!("{outcome}: its nonce was good")),
            false => Ok(()),
        }
    }

    pub fn refreshes_with_a_stale_nonce(&self) -> Result<(), String> {
        match self.world.edge {
            Edge::Pbx => self.world.pbx().expire_nonces(self.phone.user()),
            Edge::Registrar => sleep(STALE.saturating_sub(self.given.get().elapsed())),
        }
        let outcome = self.registers(SOON)?;
        match outcome.challenges {
            0 => Err(format!(
                "{outcome}: its nonce was not stale, the row is wrong"
            )),
            _ => Ok(()),
        }
    }

    /// As a phone does that keeps none; its Call-ID is that of before.
    pub fn refreshes_without_a_nonce(&self) -> Result<(), String> {
        self.phone.forget_nonces();
        self.refreshes()
    }

    /// A call that is up, and the phone's end of it.
    pub fn begins_a_call(&self, patience: Duration) -> Result<Call, String> {
        let callee = (self.peer.as_ref()).map_or("sip:600@example.com".into(), Device::uri);
        let (call, _) = self.phone.call(&callee, patience)?;
        if let Some(peer) = &self.peer {
            peer.taken(&call, patience)?;
        }
        Ok(call)
    }

    pub fn calls(&self) -> Result<(), String> {
        self.begins_a_call(SOON)?.hang_up(SOON).map(drop)
    }

    /// And hangs up itself.
    pub fn is_called(&self) -> Result<(), String> {
        let (call, _) = match &self.peer {
            Some(peer) => peer.call(&self.phone.uri(), SOON)?,
            None => self.world.pbx().call(self.phone.user(), SOON)?,
        };
        self.phone.taken(&call, SOON)?.hang_up(SOON).map(drop)
    }

    /// All of it.
    pub fn goes_on(&self) -> Result<(), String> {
        self.explain(self.refreshes_unasked().and_then(|()| self.does_the_rest()))
    }

    /// The same, but it may be challenged at once.
    pub fn goes_on_when_asked(&self) -> Result<(), String> {
        self.explain(self.refreshes().and_then(|()| self.does_the_rest()))
    }

    fn does_the_rest(&self) -> Result<(), String> {
        self.calls()?;
        self.is_called()?;
        self.refreshes_with_a_stale_nonce()
    }

    pub fn explain<T>(&self, done: Result<T, String>) -> Result<T, String> {
        let address = self.source().ip().to_string();
        let done = done.map_err(|told| match self.world.ban_of(&address) {
            Some(ban) => format!("{told}\n    {address} is banned, {ban}"),
            None => told,
        });
        self.world.explain(&address, done)
    }
}
