//! 100,000 chosen addresses: whatever pattern they have, they spread over the sets as random ones
//! would, with any seed. By chi-square and by the fullest set, and by what the real table evicts.

use crate::Promises;
use crate::random::Random;
use crate::shared::SharedClock;
use palisade::hash::Hash;
use palisade::rate::{Limit, RateTable};
use palisade::shm::region::Region;
use palisade::source::{Address, Prefixes, Source};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const ADDRESSES: u64 = 100_000;
const SEEDS: u64 = 16;
/// As many as the table of the default `sources_max` has, and that of the bans.
const SETS: [usize; 2] = [131_072, 16_384];
/// Standard deviations: once in 10⁹ by chance.
const TOO_FAR: f64 = 6.0;

type Pattern = (&'static str, fn(u64) -> IpAddr);

fn v4(bits: u64) -> IpAddr {
    Ipv4Addr::from_bits(bits as u32).into()
}

fn v6(bits: u128) -> IpAddr {
    Ipv6Addr::from_bits(bits).into()
}

const DOCUMENTATION: u128 = 0x2001_0db8 << 96;

const PATTERNS: &[Pattern] = &[
    ("random", |n| v4(Random(n * 0x5851_f42d).next())),
    ("sequential", |n| v4(0x0a00_0000 + n)),
    ("the same low byte", |n| v4(0x0100_0007 + (n << 8))),
    ("the same low 15 bits", |n| v4((n << 15) | 0x1234)),
    ("multiples of 4,096", |n| v4(n << 12)),
    ("multiples of 10,000", |n| v4(n * 10_000)),
    ("bits reversed", |n| {
        v4(u64::from((n as u32).reverse_bits()))
    }),
    ("few bits set", |n| {
        let bit = |shift: u64| 1_u64 << (n >> shift & 31);
        v4(bit(0) | bit(5) | bit(10) | bit(15) | bit(20))
    }),
    ("multiples of 65,537", |n| v4(n * 65_537)),
    ("IPv6, /64 after /64", |n| {
        v6(DOCUMENTATION | u128::from(n) << 64)
    }),
    ("IPv6, the same low bits", |n| {
        v6(u128::from(n + 0x2000_0000) << 96)
    }),
];

fn source(address: IpAddr) -> Source {
    Prefixes { v4: 32, v6: 64 }.source_of(Address::from(address))
}

/// The first so many that a pattern gives.
fn distinct(address: &fn(u64) -> IpAddr) -> Vec<Source> {
    let mut seen = HashSet::new();
    let sources = (0..).map(|n| source(address(n)));
    let new = sources.filter(|source| seen.insert(source.key));
    new.take(ADDRESSES as usize).collect()
}

fn seed(number: u64) -> [u64; 4] {
    let mut random = Random(number);
    [(); 4].map(|()| random.next())
}

/// As the tables do it.
fn set_of(hash: u64, sets: usize) -> usize {
    ((u128::from(hash) * sets as u128) >> 64) as usize
}

/// How far the distribution is from the expected one, in standard deviations, and the fullest set.
fn spread(hash: &Hash, sources: &[Source], sets: usize) -> (f64, u32) {
    let mut loads = vec![0_u32; sets];
    for source in sources {
        loads[set_of(hash.source(*source), sets)] += 1;
    }
    let expected = sources.len() as f64 / sets as f64;
    let deviation = |load: &u32| (f64::from(*load) - expected).powi(2) / expected;
    let (square, freedom) = (loads.iter().map(deviation).sum::<f64>(), (sets - 1) as f64);
    let fullest = loads.iter().copied().max().expect("there are sets");
    ((square - freedom) / (2.0 * freedom).sqrt(), fullest)
}

/// The load that one set in 10⁹ tables reaches by chance (Poisson).
fn too_full(sources: usize, sets: usize) -> u32 {
    let mean = sources as f64 / sets as f64;
    let mut chance = (-mean).exp();
    (1..)
        .find(|&load| {
            chance *= mean / f64::from(load);
            chance * (sets as f64) < 1e-9
        })
        .expect("the chances vanish")
}

/// All into a real table with room for as many; how many of them had to go for others.
fn evictions(hash: &Hash, sources: &[Source]) -> u64 {
    let size = sources.len();
    let mut region = Region::new(RateTable::room(size)).expect("shared memory");
    let limit = Limit {
        requests: 30,
        window_ms: 2000,
    };
    let table = RateTable::new(&mut region, size, limit).expect("there is room");
    let clock = SharedClock::new();
    for source in sources {
        table.charge(*source, hash.source(*source), &clock);
    }
    table.evicted()
}

pub fn run(promises: &mut Promises) {
    println!("  {SEEDS} seeds; σ: chi-square's distance from chance; full: the fullest set");
    println!(
        "  {:<34}  σ, {} sets  full  σ, {} sets  full  evicted",
        "", SETS[0], SETS[1]
    );
    let mut worst = 0_f64;
    let mut crowded = 0;
    let mut evicted: Vec<f64> = vec![];
    let mut report = |name: &str, sources: &[Source], seeds: std::ops::Range<u64>| {
        let hashes: Vec<Hash> = seeds.map(|number| Hash::keyed(seed(number))).collect();
        let mut line = format!("  {name:<34}");
        for sets in SETS {
            let spreads: Vec<_> = hashes
                .iter()
                .map(|hash| spread(hash, sources, sets))
                .collect();
            let far = spreads.iter().map(|(far, _)| far.abs()).fold(0.0, f64::max);
            let full = spreads.iter().map(|(_, full)| *full).max().unwrap_or(0);
            worst = worst.max(far);
            crowded += usize::from(full >= too_full(sources.len(), sets));
            line += &format!("  {far:>14.1}  {full:>4}");
        }
        let gone = evictions(&hashes[0], sources);
        evicted.push(gone as f64 / sources.len() as f64);
        println!("{line}  {gone:>7}");
    };
    for (name, address) in PATTERNS {
        let sources = distinct(address);
        report(name, &sources, 0..SEEDS);
    }
    // Who knew the seed of one run has no advantage in the next.
    let known = Hash::keyed(seed(0));
    let meet = |source: &Source| set_of(known.source(*source), 512) == 0;
    let chosen = (0..u64::from(u32::MAX)).map(|n| source(v4(n)));
    let chosen: Vec<Source> = chosen.filter(meet).take(ADDRESSES as usize).collect();
    report("those that meet with another seed", &chosen, 1..SEEDS);

    let (least, most) = evicted
        .iter()
        .fold((f64::MAX, 0_f64), |(least, most), share| {
            (least.min(*share), most.max(*share))
        });
    promises.check(
        worst < TOO_FAR,
        "sets are met as by chance",
        &format!("{worst:.1} σ at the most"),
    );
    promises.check(crowded == 0, "no set is crowded", &format!("{crowded} are"));
    promises.check(
        most < 1.15 * least,
        "no pattern makes the table forget more than another",
        &format!(
            "{:.2} % to {:.2} % of the sources",
            least * 100.0,
            most * 100.0
        ),
    );
}
