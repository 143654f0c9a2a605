//! The images of lists: what is found is what looking at every entry finds; and bytes that are no
//! image, or a damaged one, cost no more than a wrong answer.
//!
//! The first byte chooses the kind of list, the second the day. Then a line for each entry: its way
//! to compare, its end, then its text or its network. An empty line ends the list; what is asked
//! for follows, and then, behind a zero, pairs of a place and a byte: the damage.

use std::cmp::Reverse;

use palisade::hash::Hash;
use palisade::lists::image::{Image, build};
use palisade::lists::{Entry, Kind, Matching, Value};
use palisade::source::Address;

use crate::input::Input;

const KINDS: [Kind; 3] = [Kind::Network, Kind::Agent, Kind::Destination];

pub fn run(data: &[u8]) {
    let hash = Hash::keyed([1, 2, 3, 4]);
    let mut input = Input(data);
    let kind = input.one_of(&KINDS);
    let now_ms = u64::from(input.byte());
    let mut entries = vec![];
    while !input.is_empty() && entries.len() < 40 {
        let line = input.until(b'\n');
        if line.is_empty() {
            break;
        }
        entries.extend(entry(kind, line));
    }
    let asked = input.until(0);
    let address = Address(u128::from_be_bytes(Input(asked).array()));
    // Anything at all is no image, or one that knows nothing.
    ask(data, asked, address, &hash, now_ms);

    let Ok(mut bytes) = build(kind, &entries, &hash, |until_s| until_s) else {
        return; // an expression that is none
    };
    let image = Image::over(&bytes).expect("it was built");
    assert_eq!(image.len(), entries.len());
    for (place, entry) in entries.iter().enumerate() {
        let hit = image.entry(place).expect("it is there");
        assert_eq!(hit.written, &*entry.written);
        assert_eq!(hit.until_ms, entry.until_s.map_or(0, |until| until.max(1)));
    }
    if kind == Kind::Network {
        check_networks(&image, &entries, address, now_ms);
    } else if kind == Kind::Agent {
        check_texts(&image, &entries, asked, &hash, now_ms);
    }
    while !input.is_empty() {
        let place = usize::from(u16::from_be_bytes(input.array()));
        let length = bytes.len();
        bytes[place % length] = input.byte();
    }
    ask(&bytes, asked, address, &hash, now_ms);
    bytes.truncate(usize::from(data.first().copied().unwrap_or(0)) * bytes.len() / 256);
    ask(&bytes, asked, address, &hash, now_ms);
}

fn ask(bytes: &[u8], text: &[u8], address: Address, hash: &Hash, now_ms: u64) {
    let Some(image) = Image::over(bytes) else {
        return;
    };
    let _either = image.find_address(address, now_ms);
    let _either = image.find_text(text, hash, now_ms);
    let _either = image.find_country(*b"ES", now_ms);
    let _either = image.find_asn(7, now_ms);
    let _either = image.entry(image.len().wrapping_sub(1));
}

fn entry(kind: Kind, line: &[u8]) -> Option<Entry<'_>> {
    let mut input = Input(line);
    let ways = Matching::NAMES.map(|(_, matching)| matching);
    let (matching, until) = (input.one_of(&ways), input.byte());
    let value = if kind == Kind::Network {
        let first = u128::from_be_bytes(input.array());
        let behind = u128::MAX.checked_shr(input.byte().into()).unwrap_or(0);
        let (first, last) = (Address(first & !behind), Address(first | behind));
        Value::Network { first, last }
    } else if input.is_empty() {
        return None;
    } else {
        let text = input.0.into();
        Value::Text { matching, text }
    };
    Some(Entry {
        value,
        written: line.into(),
        until_s: (until > 0).then_some(until.into()),
        comment: b"".into(),
    })
}

fn is_alive(entry: &Entry<'_>, now_ms: u64) -> bool {
    entry.until_s.is_none_or(|until| now_ms < until)
}

fn check_networks(image: &Image<'_>, entries: &[Entry<'_>], asked: Address, now_ms: u64) {
    let ends = entries.iter().filter_map(|entry| match entry.value {
        Value::Network { first, last } => Some([first, last]),
        _ => None,
    });
    let probes: Vec<Address> = ends.flatten().chain([asked]).collect();
    for probe in probes {
        let length = |entry: &Entry<'_>| match entry.value {
            Value::Network { first, last } if first <= probe && probe <= last => {
                is_alive(entry, now_ms).then_some(last.0 - first.0)
            }
            _ => None,
        };
        let shortest = entries.iter().filter_map(length).min();
        let hit = image.find_address(probe, now_ms);
        let found = hit.map(|hit| length(&entries[hit.index]).expect("it holds it and is alive"));
        assert_eq!(found, shortest, "{probe}");
    }
}

/// Of expressions only that they may be found: those are the regex crate's.
fn check_texts(image: &Image<'_>, entries: &[Entry<'_>], asked: &[u8], hash: &Hash, now_ms: u64) {
    let asked_lower = asked.to_ascii_lowercase();
    let rank = |entry: &Entry<'_>| {
        let Value::Text { matching, text } = &entry.value else {
            return None;
        };
        let own = text.to_ascii_lowercase();
        let (rank, matches) = match matching {
            Matching::Exact => (0, own == asked_lower),
            Matching::Prefix => (1, asked_lower.starts_with(&own)),
            Matching::Suffix => (2, asked_lower.ends_with(&own)),
            Matching::Contains => (3, asked_lower.windows(own.len()).any(|part| part == own)),
            Matching::Regex => return None,
        };
        let longer = if rank == 3 { 0 } else { own.len() };
        (matches && is_alive(entry, now_ms)).then_some((rank, Reverse(longer)))
    };
    let is_plain = |entry: &Entry<'_>| {
        !matches!(
            &entry.value,
            Value::Text {
                matching: Matching::Regex,
                ..
            }
        )
    };
    let best = entries.iter().filter_map(rank).min();
    let hit = image
        .find_text(asked, hash, now_ms)
        .map(|hit| &entries[hit.index]);
    if entries.iter().all(is_plain) {
        assert_eq!(hit.and_then(rank), best);
    }
    assert!(hit.is_some() || best.is_none());
    assert!(hit.is_none_or(|entry| is_alive(entry, now_ms)));
}
