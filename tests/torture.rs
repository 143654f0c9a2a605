//! Torture: RFC 4475's messages and 100,000 mutations of them, sent to a real Kamailio with every
//! check called in every route. It stays up, keeps its processes and its memory, finds no fault of
//! its own, and answers the phone that calls afterwards.
//!
//! `PALISADE_TORTURE_SEED=number` repeats a run that failed, `PALISADE_TORTURE=number` sends so
//! many mutations instead.

pub mod material;
mod memory;
mod mutate;
mod queue;
#[path = "fork/random.rs"]
mod random;
mod server;

use crate::support::{Phone, Reply, Rpc, Server};
use queue::Queue;
use random::Random;
use serde_json::json;
use std::time::Duration;

const SEED: u64 = 4475;
const MUTATIONS: u64 = 100_000;
/// Every so many mutations go over TCP, each on a connection of its own.
const TCP_SHARE: u64 = 25;
/// More connections at once would fill Kamailio's queues.
const TCP_AT_ONCE: u64 = 100;
/// Every so many are relayed, to a phone that declines them.
const RELAYED_SHARE: u64 = 25;

fn number(variable: &str, default: u64) -> u64 {
    let value = std::env::var(variable).ok();
    value.map_or(default, |value| value.parse().expect(variable))
}

/// Where a run is: told when it fails.
struct Place {
    seed: u64,
    message: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Place { seed, message } = self;
            eprintln!("PALISADE_TORTURE_SEED={seed}: failed at mutation {message} or a few before");
        }
    }
}

/// One server under torture.
struct Torture<'a> {
    kam: &'a Server,
    queue: Queue,
    seeds: Vec<Vec<u8>>,
    place: Place,
    sent: u64,
}

impl Torture<'_> {
    fn of(kam: &Server) -> Torture<'_> {
        let seed = number("PALISADE_TORTURE_SEED", SEED);
        // Alice will be under attack; her phone is known by then.
        let phone = Phone::udp(kam, server::PHONE);
        assert_eq!(phone.register("alice", server::PASSWORD), Some(200));
        Torture {
            kam,
            queue: Queue::of(kam.port()),
            seeds: material::seeds(),
            place: Place { seed, message: 0 },
            sent: 0,
        }
    }

    fn stats(&self) -> Reply {
        let stats = self.kam.rpc(Rpc::Kamcmd, "palisade.stats", json!([]));
        stats.expect("palisade.stats")
    }

    fn mutation(&mut self, message: u64) -> Vec<u8> {
        self.place.message = message;
        let mut random = Random(self.place.seed.wrapping_mul(1 << 32).wrapping_add(message));
        mutate::mutate(&mut random, &self.seeds)
    }

    /// The messages as they are.
    fn send_all_seeds(&mut self, from: &Phone) {
        for message in &self.seeds {
            from.send_raw(message);
            self.sent += 1;
        }
        self.kam.wait_idle();
    }

    fn send_the_largest(&mut self, from: &Phone) {
        for message in material::largest().iter().cycle().take(100) {
            self.queue.wait_for_room(message.len());
            from.send_raw(message);
            self.sent += 1;
        }
        self.kam.wait_idle();
    }

    fn send(&mut self, from: &Phone, messages: impl Iterator<Item = u64>) {
        for message in messages {
            let bytes = self.mutation(message);
            self.queue.wait_for_room(bytes.len());
            from.send_raw(&bytes);
            self.sent += 1;
        }
    }

    /// To a phone that declines what it understands, so that branches fail.
    fn send_to_be_relayed(
        &mut self,
        from: &Phone,
        callee: &Phone,
        messages: impl Iterator<Item = u64>,
    ) {
        for message in messages {
            self.send(from, std::iter::once(message));
            decline_all(callee);
        }
        self.kam.wait_idle();
        decline_all(callee);
    }

    /// The server may close the connection in the middle of a message.
    fn send_over_tcp(&mut self, messages: impl Iterator<Item = u64>) {
        for (message, number) in messages.zip(1..) {
            let bytes = self.mutation(message);
            let phone = Phone::tcp(self.kam, server::TORTURER);
            self.sent += u64::from(phone.try_send_raw(&bytes).is_ok());
            if number % TCP_AT_ONCE == 0 {
                self.kam.wait_idle();
            }
        }
        self.kam.wait_idle();
    }

    /// Nothing is broken, and at least this share of what was sent reached the checks.
    fn check(&self, share: f64) {
        self.kam.assert_healthy();
        let stats = self.stats();
        assert_eq!(stats.number("faults"), 0, "{stats}");
        let dropped = self.kam.dropped();
        assert!(
            dropped * 100 <= self.sent,
            "the kernel dropped {dropped} of {}",
            self.sent
        );
        let arrived = stats.number("checked") + stats.number("edge_dropped");
        assert!(
            arrived as f64 >= self.sent as f64 * share,
            "of {}: {stats}",
            self.sent
        );
        let phone = Phone::udp(self.kam, server::PHONE);
        assert_eq!(phone.status(&phone.request("OPTIONS")), Some(200));
        assert_eq!(phone.register("alice", server::PASSWORD), Some(200));
    }
}

fn decline_all(callee: &Phone) {
    while let Some(message) = callee.receive(Duration::ZERO) {
        if message.method().is_some_and(|method| method != "ACK") {
            callee.respond(&message, 486, "Busy Here");
        }
    }
}

#[test]
fn it_survives_100_000_broken_messages_with_nothing_banned() {
    let kam = server::that_bans_nobody().start();
    let mut torture = Torture::of(&kam);
    let torturer = Phone::udp(&kam, server::TORTURER);
    let relayed = Phone::udp(&kam, server::RELAYED);
    let callee = Phone::udp(&kam, &server::callee(kam.port()));
    let all = number("PALISADE_TORTURE", MUTATIONS);
    let is_relayed = |message: &u64| message % RELAYED_SHARE == 1;
    let is_tcp = |message: &u64| message % TCP_SHARE == 2;
    let is_plain = |message: &u64| !is_relayed(message) && !is_tcp(message);
    let mut before = vec![];
    // The first part warms it up.
    for part in [0..all / 4, all / 4..all] {
        before = memory::of(&kam);
        torture.send_the_largest(&torturer);
        torture.send_all_seeds(&torturer);
        torture.send_all_seeds(&relayed);
        torture.send(&torturer, part.clone().filter(is_plain));
        torture.send_to_be_relayed(&relayed, &callee, part.clone().filter(is_relayed));
        torture.send_over_tcp(part.filter(is_tcp));
    }
    torture.check(0.75);
    memory::assert_same(&before, &memory::of(&kam));
    kam.stop();
}

#[test]
fn those_who_send_broken_messages_are_banned_and_nobody_else() {
    const EACH: u64 = 300;
    let kam = server::that_bans().start();
    let mut torture = Torture::of(&kam);
    let torturers: Vec<String> = (20..30).map(|last| format!("127.0.0.{last}")).collect();
    for (torturer, number) in torturers.iter().zip(0..) {
        let phone = Phone::udp(&kam, torturer);
        torture.send_all_seeds(&phone);
        torture.send(&phone, number * EACH..(number + 1) * EACH);
    }
    kam.wait_idle();
    torture.send_over_tcp(0..20);
    torture.check(0.75);
    let dropped = torture.stats().number("edge_dropped");
    assert!(
        dropped as u64 > torture.sent / 2,
        "{dropped} of {}",
        torture.sent
    );
    for torturer in torturers {
        let shown = kam.rpc(Rpc::Kamcmd, "palisade.show", json!([torturer]));
        assert_eq!(
            shown.expect("palisade.show").number("banned"),
            1,
            "{torturer}"
        );
    }
    kam.stop();
}
