//! `cargo bench`: the Rust core alone, without a host. Not the comparison with Kamailio's modules:
//! that is `make bench`, see benches/README.md.

use std::net::{Ipv4Addr, Ipv6Addr};

use divan::{Bencher, black_box};
use palisade::auth::{Attempt, AuthTable, Rules as AuthRules};
use palisade::ban::{BanReason, BanTable, Order, Origin};
use palisade::clock::{Clock, Monotonic};
use palisade::hash::Hash;
use palisade::lists::image::{Image, build};
use palisade::lists::{Entry, Kind, Matching, Value};
use palisade::message::{Message, Method, Part, Unreadable};
use palisade::policy::Firewall;
use palisade::rate::{Limit, RateTable};
use palisade::scan::{Kind as ScanKind, Rules as ScanRules, ScanTable};
use palisade::settings::{AuthScope, Settings};
use palisade::shm::arena::Arena;
use palisade::shm::os;
use palisade::shm::region::Region;
use palisade::source::{Address, Source};

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

/// Of Kamailio's length.
const NONCE: &str = "ZSEHxWUhBpmGBwEYwbCp5aTqVw6d3zJx";

/// A REGISTER of one user, never the same twice.
struct Register {
    user: String,
    call_id: String,
    bytes: String,
}

impl Register {
    fn new(user: u32, request: u32) -> Self {
        let (user, call_id) = (format!("user{user:05}"), format!("{request:08x}@192.0.2.1"));
        let bytes = format!(
            "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK{call_id}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:{user}@example.com>;tag=1\r\nTo: <sip:{user}@example.com>\r\n\
             Call-ID: {call_id}\r\nCSeq: 2 REGISTER\r\nContact: <sip:{user}@192.0.2.1:5060>\r\n\
             User-Agent: Yealink SIP-T46S 66.84.0.15\r\nAuthorization: Digest username=\"{user}\", \
             realm=\"example.com\", nonce=\"{NONCE}\", uri=\"sip:example.com\", \
             response=\"6629fae49393a05397450978507c4ef1\"\r\nContent-Length: 0\r\n\r\n"
        );
        Self {
            user,
            call_id,
            bytes,
        }
    }
}

impl Message for Register {
    fn method(&self) -> Method {
        Method::Register
    }

    fn is_request(&self) -> bool {
        true
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.as_bytes()
    }

    fn unreadable(&self) -> Unreadable {
        Unreadable::default()
    }

    fn count(&self, part: Part) -> usize {
        usize::from((part as usize) < Part::Contact as usize)
    }

    fn nth(&self, part: Part, index: usize) -> &[u8] {
        match part {
            _ if index > 0 => b"",
            Part::Method => b"REGISTER",
            Part::UserAgent => b"Yealink SIP-T46S 66.84.0.15",
            Part::FromHost | Part::AuthRealm => b"example.com",
            Part::FromUser => b"alice",
            Part::CallId => self.call_id.as_bytes(),
            Part::CSeq => b"2 REGISTER",
            Part::AuthUser | Part::AuthName => self.user.as_bytes(),
            Part::Credentials => {
                b"Digest username=\"alice\", realm=\"example.com\", nonce=\"ZnQ3Z2Z0N2dLWjZm\", \
                  uri=\"sip:example.com\", response=\"6629fae49393a05397450978507c4ef1\""
            }
            _ => b"",
        }
    }
}

#[divan::bench(args = SOURCES)]
fn rate_check(bencher: Bencher<'_, '_>, sources: u32) {
    let firewall = firewall();
    let mut random = Random(0);
    for number in 0..sources {
        firewall.inspect_address(address(number), |it| it.check_rate());
    }
    bencher
        .with_inputs(|| address(random.below(sources)))
        .bench_local_values(|address| firewall.inspect_address(address, |it| it.check_rate()));
}

#[divan::bench(args = [true, false])]
fn is_banned(bencher: Bencher<'_, '_>, banned: bool) {
    let firewall = firewall();
    let mut random = Random(0);
    for number in 0..BANS {
        let banned = firewall.ban(address(number), 3600, BanReason::MANUAL, Origin::Script);
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
        .bench_local_values(|address| firewall.inspect(address, &register, |it| it.check()));
}

#[divan::bench]
fn auth_failed(bencher: Bencher<'_, '_>) {
    let firewall = firewall();
    let mut turns = 0..;
    bencher
        .with_inputs(|| attempt(&mut turns))
        .bench_local_refs(|(address, register)| {
            firewall.inspect(*address, &*register, |it| it.auth_failed(None))
        });
}

/// Of users who have failed before.
#[divan::bench]
fn auth_blocked(bencher: Bencher<'_, '_>) {
    let firewall = firewall();
    let mut turns = 0..;
    for _ in 0..USERS {
        let (address, register) = attempt(&mut turns);
        firewall.inspect(address, &register, |it| it.auth_failed(None));
    }
    bencher
        .with_inputs(|| attempt(&mut turns))
        .bench_local_refs(|(address, register)| {
            firewall.inspect(*address, &*register, |it| it.auth_admission(None))
        });
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

/// A name that is done with at once, two that have to be looked at, and an attack.
#[divan::bench(args = ["+4930123456", "o'brien", "1234;phone-context=+49", "%27%20or%201=1--"])]
fn sql(bencher: Bencher<'_, '_>, name: &str) {
    bencher.bench_local(|| palisade::sqli::holds(black_box(name.as_bytes())));
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

#[allow(dead_code)] // The tests use all of it.
#[path = "../tests/support/mmdb.rs"]
mod mmdb;

/// Networks of the file of countries: as many as the free ones of MaxMind and DB-IP have.
const NETWORKS: u32 = 700_000;

/// With a file of countries, in a folder that lives as long as it.
fn firewall_with_countries() -> (Firewall, tempfile::TempDir) {
    let mut random = Random(0);
    let mut file = mmdb::Mmdb::new(28);
    for number in 0..NETWORKS {
        let code = ["ES", "FR", "DE", "PT"][random.below(4) as usize];
        let (address, length) = match number % 2 {
            0 => (
                Ipv4Addr::from_bits(number << 11).into(),
                21 + random.below(3),
            ),
            _ => {
                let bits = 0x2001_u128 << 112 | u128::from(number) << 80;
                (Ipv6Addr::from_bits(bits).into(), 32 + random.below(16))
            }
        };
        file.add(address, length, mmdb::country(code));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("country.mmdb");
    std::fs::write(&path, file.bytes()).expect("a file");
    let mut settings = Settings::default();
    let path = path.to_str().expect("a plain path");
    settings.set_text("geo", path.as_bytes()).expect("a file");
    let firewall = Firewall::new(settings, |_level, _line| {}).expect("shared memory");
    assert_eq!(firewall.keeper().load_countries(|_, _| true), 0);
    (firewall, folder)
}

#[divan::bench]
fn country_of(bencher: Bencher<'_, '_>) {
    let (firewall, _folder) = firewall_with_countries();
    let mut random = Random(0);
    bencher
        .with_inputs(|| address(random.below(u32::MAX)))
        .bench_local_values(|address| firewall.country_of(address));
}

/// Lists of so many entries.
const ENTRIES: [u32; 3] = [10, 10_000, 1_000_000];

/// A list where checks read it: in the arena.
struct Published {
    arena: Arena,
    hash: Hash,
}

impl Published {
    fn new(kind: Kind, entries: &[Entry<'_>]) -> Self {
        let mut region = Region::new(Arena::ROOM).expect("shared memory");
        let arena = Arena::new(&mut region, 1 << 30).expect("address space");
        let hash = Hash::keyed(region.seed());
        let image = build(kind, entries, &hash, |until_s| until_s).expect("good entries");
        arena.publish(0, &image, 1).expect("room");
        Self { arena, hash }
    }

    fn text(&self, text: &str) -> bool {
        let pin = self.arena.pin();
        let image = pin.image(0).and_then(Image::over).expect("an image");
        image.find_text(text.as_bytes(), &self.hash, 1).is_some()
    }

    fn address(&self, address: Address) -> bool {
        let pin = self.arena.pin();
        let image = pin.image(0).and_then(Image::over).expect("an image");
        image.find_address(address, 1).is_some()
    }
}

/// The network of this number: a /24 and longer, none in another.
fn network(number: u32) -> Entry<'static> {
    let first = Address(address(number).0 & !0xff);
    let last = Address(first.0 | 0xff >> (number % 9));
    Entry {
        value: Value::Network { first, last },
        written: first.to_string().into_bytes().into(),
        until_s: None,
        comment: "".as_bytes().into(),
    }
}

fn networks(count: u32) -> Vec<Entry<'static>> {
    (0..count).map(network).collect()
}

/// An address that is in the list: its entry, and where its texts are.
#[divan::bench(args = ENTRIES)]
fn find_network(bencher: Bencher<'_, '_>, count: u32) {
    let list = Published::new(Kind::Network, &networks(count));
    let mut random = Random(0);
    bencher
        .with_inputs(|| Address(address(random.below(count)).0 & !0xff))
        .bench_local_values(|address| assert!(list.address(address)));
}

/// Any address, most in no network of the list.
#[divan::bench(args = ENTRIES)]
fn find_no_network(bencher: Bencher<'_, '_>, count: u32) {
    let list = Published::new(Kind::Network, &networks(count));
    let mut random = Random(1);
    bencher
        .with_inputs(|| address(random.below(u32::MAX)))
        .bench_local_values(|address| list.address(address));
}

/// One read whose address the one before told, in memory that the first cache, the second and none
/// holds: what the rows above are to be compared with.
#[divan::bench(args = [64, 512 << 10, 64 << 20])]
fn dependent_read(bencher: Bencher<'_, '_>, bytes: usize) {
    const LINE: usize = 8;
    let mut random = Random(0);
    let mut words = vec![0_u64; bytes / 8];
    // One cycle through all lines (Sattolo, 1986).
    let mut order: Vec<usize> = (0..words.len() / LINE).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, random.below(last as u32) as usize);
    }
    for (place, next) in order.iter().enumerate() {
        words[place * LINE] = (next * LINE) as u64;
    }
    let mut at = 0;
    bencher.bench_local(|| at = words[at as usize]);
}

/// Ways to compare, and how many entries. Plain expressions are texts; those of an automaton are
/// fewer.
const TEXTS: [(Matching, u32); 11] = [
    (Matching::Exact, 10),
    (Matching::Exact, 100_000),
    (Matching::Prefix, 10),
    (Matching::Prefix, 100_000),
    (Matching::Suffix, 10),
    (Matching::Suffix, 100_000),
    (Matching::Contains, 10),
    (Matching::Contains, 100_000),
    (Matching::Regex, 10),
    (Matching::Regex, 100),
    (Matching::Regex, 1000),
];

/// A word of six letters and more for every number.
fn word(number: u32) -> String {
    let mut rest = address(number).0 as u32;
    let letters = (0..6 + number % 8).map(|_| {
        let letter = char::from(b'a' + (rest % 26) as u8);
        rest = (rest / 26) ^ rest.rotate_left(7);
        letter
    });
    letters.collect()
}

fn texts(matching: Matching, count: u32) -> Published {
    let entries: Vec<Entry<'_>> = (0..count)
        .map(|number| {
            let text = match matching {
                Matching::Regex => format!("^{}-?\\d+[a-f]", word(number)),
                _ => word(number),
            };
            Entry {
                value: Value::Text {
                    matching,
                    text: text.clone().into_bytes().into(),
                },
                written: text.into_bytes().into(),
                until_s: None,
                comment: "".as_bytes().into(),
            }
        })
        .collect();
    Published::new(Kind::Agent, &entries)
}

/// A User-Agent of a phone, which is in no list.
#[divan::bench(args = TEXTS)]
fn find_no_text(bencher: Bencher<'_, '_>, (matching, count): (Matching, u32)) {
    let list = texts(matching, count);
    bencher.bench_local(|| assert!(!list.text(black_box("Yealink SIP-T46S 66.84.0.15"))));
}

/// One of the list.
#[divan::bench(args = TEXTS)]
fn find_text(bencher: Bencher<'_, '_>, (matching, count): (Matching, u32)) {
    let list = texts(matching, count);
    let mut random = Random(0);
    bencher
        .with_inputs(|| format!("{}77a", word(random.below(count))))
        .bench_local_refs(|text| {
            let is_whole = matches!(matching, Matching::Exact | Matching::Suffix);
            let text = if is_whole {
                &text[..text.len() - 3]
            } else {
                text
            };
            assert!(list.text(text));
        });
}

/// Tables of so many records, all of them taken: what a newcomer costs.
const FULL: [usize; 2] = [262_144, 500_000];

/// A source for every number, and what a full table is asked about it.
fn newcomer(turns: &mut impl Iterator<Item = u128>) -> Source {
    Source {
        key: 0x2001 << 112 | turns.next().unwrap_or_default() << 64,
    }
}

const LASTING_MS: u64 = 3_600_000;

fn auth_rules() -> AuthRules {
    AuthRules {
        scope: AuthScope::UserSource,
        max_failures: 3,
        user_max_failures: 0,
        window_ms: LASTING_MS,
        block_ms: LASTING_MS,
        known_ms: LASTING_MS,
    }
}

fn full_bans(count: usize) -> (BanTable, Hash, impl Fn(&BanTable, &Hash, Source)) {
    let mut region = Region::new(BanTable::room(count)).expect("shared memory");
    let bans = BanTable::new(&mut region, count).expect("room");
    let clock = Monotonic::since(os::monotonic_ms());
    let ban = move |bans: &BanTable, hash: &Hash, source: Source| {
        let until_ms = clock.exact_ms() + LASTING_MS;
        let hash = hash.source(source);
        let order = Order::against_everybody(until_ms, BanReason::RATE, Origin::Check);
        black_box(bans.ban(source, hash, order, &clock));
    };
    (bans, Hash::keyed(region.seed()), ban)
}

#[divan::bench(args = FULL)]
fn full_table_of_bans(bencher: Bencher<'_, '_>, count: usize) {
    let (bans, hash, ban) = full_bans(count);
    let mut turns = 0..;
    (0..count).for_each(|_| ban(&bans, &hash, newcomer(&mut turns)));
    bencher
        .with_inputs(|| newcomer(&mut turns))
        .bench_local_values(|source| ban(&bans, &hash, source));
}

/// A failure, and a success: the tables of users and of known sources.
fn full_auth(bencher: Bencher<'_, '_>, count: usize, act: fn(&AuthTable, Attempt<'_>, &Monotonic)) {
    let mut region = Region::new(AuthTable::room(count)).expect("shared memory");
    let hash = Hash::keyed(region.seed());
    let auth = AuthTable::new(&mut region, count, hash.clone(), auth_rules()).expect("room");
    let clock = Monotonic::since(os::monotonic_ms());
    let name = hash.user(b"alice");
    let attempt = |source| Attempt {
        user: b"alice",
        name,
        source,
        request: 0,
        is_proven: true,
    };
    let mut turns = 0..;
    (0..count).for_each(|_| act(&auth, attempt(newcomer(&mut turns)), &clock));
    bencher
        .with_inputs(|| newcomer(&mut turns))
        .bench_local_values(|source| act(&auth, attempt(source), &clock));
}

#[divan::bench(args = FULL)]
fn full_table_of_users(bencher: Bencher<'_, '_>, count: usize) {
    full_auth(bencher, count, |auth, attempt, clock| {
        black_box(auth.fail(attempt, clock));
    });
}

#[divan::bench(args = FULL)]
fn full_table_of_known(bencher: Bencher<'_, '_>, count: usize) {
    full_auth(bencher, count, |auth, attempt, clock| {
        auth.succeed(attempt, true, clock);
    });
}

#[divan::bench(args = FULL)]
fn full_table_of_scans(bencher: Bencher<'_, '_>, count: usize) {
    let mut region = Region::new(ScanTable::room(count)).expect("shared memory");
    let hash = Hash::keyed(region.seed());
    let rules = ScanRules {
        max_users: 10,
        max_destinations: 20,
        max_signals: 10,
        window_s: LASTING_MS / 1000,
    };
    let scans = ScanTable::new(&mut region, count, hash, rules).expect("room");
    let clock = Monotonic::since(os::monotonic_ms());
    let fail = |source: Source, name| {
        black_box(scans.fail(source, ScanKind::User, name, &clock, || false, || 0));
    };
    let mut turns = 0..;
    for _ in 0..count {
        let source = newcomer(&mut turns);
        // Twice: worth keeping for the whole window.
        fail(source, 1);
        fail(source, 2);
    }
    bencher
        .with_inputs(|| newcomer(&mut turns))
        .bench_local_values(|source| fail(source, 1));
}

/// More sources than there are places, all in open windows.
#[divan::bench(args = FULL)]
fn full_table_of_sources(bencher: Bencher<'_, '_>, count: usize) {
    let mut region = Region::new(RateTable::room(count)).expect("shared memory");
    let hash = Hash::keyed(region.seed());
    let limit = Limit {
        requests: 16,
        window_ms: LASTING_MS,
    };
    let rate = RateTable::new(&mut region, count, limit).expect("room");
    let clock = Monotonic::since(os::monotonic_ms());
    let charge = |source| black_box(rate.charge(source, hash.source(source), &clock));
    let mut turns = 0..;
    for _ in 0..3 * count {
        charge(newcomer(&mut turns));
    }
    bencher
        .with_inputs(|| newcomer(&mut turns))
        .bench_local_values(charge);
}
