//! So many texts that not all nodes of their trie have a row.

use super::*;
use std::collections::{HashMap, HashSet};

const LETTERS: u64 = 5;

/// Numbers that look like chance, the same each time (Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn text(&mut self, length: u64) -> Vec<u8> {
        (0..length)
            .map(|_| b'a' + u8::try_from(self.below(LETTERS)).unwrap())
            .collect()
    }
}

/// Texts of 9 to 14 letters; a text comes once.
fn texts(chance: &mut Chance) -> HashMap<Vec<u8>, u32> {
    let mut texts = HashMap::new();
    while texts.len() < 6000 {
        let length = 9 + chance.below(6);
        let index = u32::try_from(texts.len()).unwrap();
        texts.entry(chance.text(length)).or_insert(index);
    }
    texts
}

fn list(matching: Matching, texts: &HashMap<Vec<u8>, u32>) -> Built {
    let mut entries = vec![(matching, vec![]); texts.len()];
    for (text, index) in texts {
        entries[*index as usize].1.clone_from(text);
    }
    build_all(&entries).unwrap()
}

/// Texts that hold one, or nearly one: the beginnings of two behind each other, and some letters.
fn asked(chance: &mut Chance, texts: &HashMap<Vec<u8>, u32>) -> Vec<Vec<u8>> {
    let mut all: Vec<&Vec<u8>> = texts.keys().collect();
    all.sort();
    let piece = |chance: &mut Chance| {
        let text = all[usize::try_from(chance.below(all.len() as u64)).unwrap()];
        let most = text.len() as u64;
        let length = if chance.below(2) == 0 {
            most
        } else {
            chance.below(most)
        };
        text[..usize::try_from(length).unwrap()].to_vec()
    };
    (0..3000)
        .map(|_| {
            let (one, two) = (piece(chance), piece(chance));
            let (before, behind) = (chance.below(3), chance.below(4));
            [chance.text(before), one, two, chance.text(behind)].concat()
        })
        .collect()
}

#[test]
fn the_longest_beginning_is_found() {
    let mut chance = Chance(1);
    let texts = texts(&mut chance);
    let list = list(Prefix, &texts);
    let mut hits = 0;
    for text in asked(&mut chance, &texts) {
        let ends = (0..=text.len()).rev();
        let mut beginnings = ends.filter_map(|end| texts.get(&text[..end]));
        let expected = beginnings.next().copied();
        assert_eq!(list.find(&text, &[]), expected, "{text:?}");
        let dead: Vec<u32> = expected.into_iter().collect();
        let shorter = beginnings.next().copied();
        assert_eq!(list.find(&text, &dead), shorter, "{text:?}");
        hits += usize::from(expected.is_some());
    }
    assert!(hits > 300, "{hits}");
}

#[test]
fn the_part_that_ends_first_is_found() {
    let mut chance = Chance(2);
    let texts = texts(&mut chance);
    let list = list(Contains, &texts);
    let mut hits = 0;
    for text in asked(&mut chance, &texts) {
        // In the order of their ends; of those with one end, the longest first.
        let mut parts: Vec<u32> = (0..=text.len())
            .flat_map(|end| (0..end).map(move |begin| begin..end))
            .filter_map(|part| texts.get(&text[part]).copied())
            .collect();
        let mut seen = HashSet::new();
        parts.retain(|&part| seen.insert(part));
        let mut dead = vec![];
        for expected in parts.iter().map(|&part| Some(part)).chain([None]) {
            let found = list.find(&text, &dead);
            assert_eq!(found, expected, "{text:?} without {dead:?}");
            dead.extend(found);
        }
        hits += parts.len();
    }
    assert!(hits > 1000, "{hits}");
}
