//! `cargo bench`: the Rust core alone, without a host. Not the comparison with Kamailio's modules:
//! that is `make bench`, see benches/README.md.

use std::net::Ipv4Addr;

use divan::{Bencher, black_box};
use palisade::ban::{Origin, Reason};
use palisade::message::{Message, Part};
use palisade::policy::Firewall;
use palisade::settings::Settings;
use palisade::source::Address;

fn main() {
    // So many calls in one sample: the first, cold one says too little of how many are needed.
    divan::Divan::default()
        .sample_size(2048)
        .config_with_args()
        .main();
}

/// More than a cache holds, as in `make bench`.
const SOURCES: [u32; 4] = [1, 1000, 100_000, 1_000_000];
const BANS: u32 = 50_000;
const USERS: u32 = 16_384;

fn firewall() -> Firewall {
    let mut settings = Settings::default();
    // Nobody is blocked for what is counted again and again here.
    for (name, value) in [("auth_max_failures", 1000), ("auth_user_max_failures", 0)] {
        settings.set_number(name, value).expect("an allowed value");
    }
    Firewall::new(settings, |_level, _line| {}).expect("shared memory")
}

/// An address for every number: murmur3's fmix32, which no two numbers share a result of.
fn address(number: u32) -> Address {
    let mut mixed = number;
    for (shift, factor) in [(16, 0x85eb_ca6b), (13, 0xc2b2_ae35)] {
        mixed ^= mixed >> shift;
        mixed = mixed.wrapping_mul(factor);
    }
    Address::from(std::net::IpAddr::from(Ipv4Addr::from_bits(
        mixed ^ (mixed >> 16),
    )))
}

/// Numbers below a limit, always the same ones.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (((mixed >> 32) * u64::from(limit)) >> 32) as u32
    }
}

/// A REGISTER of one user, never the same twice.
struct Register {
    user: String,
    call_id: String,
}

impl Register {
    fn new(user: u32, request: u32) -> Self {
        Self {
            user: format!("user{user:05}"),
            call_id: format!("{request:08x}@192.0.2.1"),
        }
    }
}

impl Message for Register {
    fn nth(&self, part: Part, index: u32) -> &[u8] {
        if index > 0 {
            return b"";
        }
        match part {
            Part::Method => b"REGISTER",
            Part::UserAgent => b"Yealink SIP-T46S 66.84.0.15",
            Part::AuthUser => self.user.as_bytes(),
            Part::AuthRealm | Part::FromHost => b"example.com",
            Part::FromUser => b"alice",
            Part::CallId => self.call_id.as_bytes(),
            Part::CSeq => b"2 REGISTER",
            Part::Credentials => {
                b"Digest username=\"alice\", realm=\"example.com\", nonce=\"ZnQ3Z2Z0N2dLWjZm\", \
                  uri=\"sip:example.com\", response=\"6629fae49393a05397450978507c4ef1\""
            }
        }
    }
}

#[divan::bench(args = SOURCES)]
fn rate_check(bencher: Bencher<'_, '_>, sources: u32) {
    let firewall = firewall();
    let mut random = Random(0);
    for number in 0..sources {
        firewall.check_rate(address(number));
    }
    bencher
        .with_inputs(|| address(random.below(sources)))
        .bench_local_values(|address| firewall.check_rate(address));
}

#[divan::bench(args = [true, false])]
fn is_banned(bencher: Bencher<'_, '_>, banned: bool) {
    let firewall = firewall();
    let mut random = Random(0);
    for number in 0..BANS {
        let banned = firewall.ban(address(number), 3600, Reason::MANUAL, Origin::Script);
        banned.expect("room for the ban");
    }
    let first = if banned { 0 } else { BANS };
    bencher
        .with_inputs(|| address(first + random.below(BANS)))
        .bench_local_values(|address| firewall.is_banned(address));
}

/// A benign REGISTER, from so many sources.
#[divan::bench(args = SOURCES[2..].iter())]
fn check(bencher: Bencher<'_, '_>, sources: &u32) {
    let firewall = firewall();
    let register = Register::new(0, 0);
    let mut random = Random(0);
    bencher
        .with_inputs(|| address(random.below(*sources)))
        .bench_local_values(|address| firewall.check(address, &register));
}

#[divan::bench]
fn auth_failed(bencher: Bencher<'_, '_>) {
    let firewall = firewall();
    let mut turns = 0..;
    bencher
        .with_inputs(|| attempt(&mut turns))
        .bench_local_refs(|(address, register)| firewall.auth_failed(*address, None, register));
}

/// Of users who have failed before.
#[divan::bench]
fn auth_blocked(bencher: Bencher<'_, '_>) {
    let firewall = firewall();
    let mut turns = 0..;
    for _ in 0..USERS {
        let (address, register) = attempt(&mut turns);
        firewall.auth_failed(address, None, &register);
    }
    bencher
        .with_inputs(|| attempt(&mut turns))
        .bench_local_refs(|(address, register)| firewall.auth_blocked(*address, None, register));
}

fn attempt(turns: &mut impl Iterator<Item = u32>) -> (Address, Register) {
    let turn = turns.next().unwrap_or_default();
    (address(turn % USERS), Register::new(turn % USERS, turn))
}

#[divan::bench(args = ["Yealink SIP-T46S 66.84.0.15", "friendly-scanner"])]
fn agent(bencher: Bencher<'_, '_>, agent: &str) {
    let firewall = firewall();
    bencher.bench_local(|| firewall.agents.matches(black_box(agent.as_bytes())));
}

#[divan::bench]
fn hash_of_a_source(bencher: Bencher<'_, '_>) {
    let firewall = firewall();
    let mut random = Random(0);
    bencher
        .with_inputs(|| address(random.below(u32::MAX)))
        .bench_local_values(|address| firewall.locate(address));
}

#[divan::bench]
fn hash_of_a_user(bencher: Bencher<'_, '_>) {
    let firewall = firewall();
    bencher.bench_local(|| firewall.hash.user(black_box(b"alice@example.com")));
}
