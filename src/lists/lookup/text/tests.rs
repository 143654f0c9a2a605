//! Texts, in every way of comparing, against a plain search.

mod large;

use super::*;
use Matching::{Contains, Exact, Prefix, Regex, Suffix};
use proptest::prelude::*;
use std::collections::HashMap;

fn hash() -> Hash {
    Hash::keyed([1, 2, 3, 4])
}

/// What a list of texts is made into.
struct Built {
    sections: HashMap<u8, Vec<u8>>,
    texts: Vec<Vec<u8>>,
}

fn build_all(entries: &[(Matching, Vec<u8>)]) -> Result<Built, (u32, String)> {
    let given = (0..).zip(entries).map(|(index, (matching, text))| Given {
        index,
        matching: *matching,
        text,
    });
    let mut sections = HashMap::new();
    build(given, &hash(), &mut |section, bytes| {
        sections.insert(section as u8, bytes.to_vec());
    })?;
    let texts = entries.iter().map(|(_, text)| text.clone()).collect();
    Ok(Built { sections, texts })
}

impl Built {
    fn find(&self, text: &[u8], dead: &[u32]) -> Option<u32> {
        let is_text = |entry: u32| {
            let own = self.texts.get(entry as usize);
            own.is_some_and(|own| own.eq_ignore_ascii_case(text))
        };
        let get = |section| self.sections.get(&(section as u8)).map(Vec::as_slice);
        find(get, text, &hash(), is_text, |entry| !dead.contains(&entry))
    }
}

fn built(entries: &[(Matching, &str)]) -> Built {
    let entries: Vec<_> = entries
        .iter()
        .map(|&(matching, text)| (matching, text.as_bytes().to_vec()))
        .collect();
    build_all(&entries).unwrap()
}

#[test]
fn how_texts_are_compared() {
    let list = built(&[
        (Exact, "Alice"),
        (Prefix, "sip"),
        (Prefix, "sipcli/"),
        (Suffix, "-scan"),
        (Contains, "vicious"),
        (Contains, "xyz"),
        (Contains, "é!"),
        (Regex, r"^a.c\d+$"),
        (Regex, r"\bwar\b"),
        (Regex, "Zoiper"),
        (Regex, "^nmap"),
    ]);
    for (text, expected) in [
        ("alice", Some(0)),
        ("ALICE", Some(0)),
        ("alice2", None),
        ("SIP", Some(1)),
        ("sipcli", Some(1)),
        ("SIPCLI/1.8", Some(2)),
        ("my-SCAN", Some(3)),
        ("-scan ", None),
        ("a Vicious one", Some(4)),
        ("vicious", Some(4)),
        ("viciou", None),
        ("axyz", Some(5)),
        ("É!", None),
        ("aé!b", Some(6)),
        ("aBc17", Some(7)),
        ("abc17x", None),
        ("abc", None),
        ("friendly war.", Some(8)),
        ("warden", None),
        ("a zoiper b", Some(9)),
        ("NMAP 7", Some(10)),
        ("an nmap", None),
        ("", None),
    ] {
        assert_eq!(list.find(text.as_bytes(), &[]), expected, "{text}");
    }
}

#[test]
fn the_order_of_the_ways() {
    let list = built(&[
        (Regex, "s.p"),
        (Contains, "ip"),
        (Suffix, "ip"),
        (Prefix, "s"),
        (Prefix, "si"),
        (Exact, "sip"),
        (Exact, "SIP"),
    ]);
    let mut dead = vec![];
    for expected in [5, 6, 4, 3, 2, 1, 0] {
        assert_eq!(list.find(b"sip", &dead), Some(expected), "without {dead:?}");
        dead.push(expected);
    }
    assert_eq!(list.find(b"sip", &dead), None);
}

/// A part that ends later in the text, or ends in another one, is found when the first has ended.
#[test]
fn what_has_ended_hides_nothing() {
    let list = built(&[
        (Contains, "bcdefg"),
        (Contains, "cdef"),
        (Contains, "xyzw"),
        (Regex, "b.d"),
        (Regex, "f+g"),
    ]);
    let text = b"abcdefg-xyzw";
    for (dead, expected) in [
        (&[][..], Some(1)),
        (&[1], Some(0)),
        (&[0, 1], Some(2)),
        (&[0, 1, 2], Some(3)),
        (&[0, 1, 2, 3], Some(4)),
        (&[0, 1, 2, 3, 4], None),
    ] {
        assert_eq!(list.find(text, dead), expected, "without {dead:?}");
    }
}

#[test]
fn texts_that_are_not_utf8() {
    let entries = [
        (Exact, b"\xff\xfe".to_vec()),
        (Contains, b"\x80\x81\x82\x83".to_vec()),
        (Regex, br"a.c".to_vec()),
        (Regex, br"(?-u:\xf0)z".to_vec()),
    ];
    let list = build_all(&entries).unwrap();
    for (text, expected) in [
        (&b"\xff\xfe"[..], Some(0)),
        (b"\x7f\x80\x81\x82\x83\x84", Some(1)),
        (b"\xffabc\xff", Some(2)),
        (b"a\xffc", None),
        ("aéc".as_bytes(), Some(2)),
        (b"\xf0Z", Some(3)),
    ] {
        assert_eq!(list.find(text, &[]), expected, "{text:?}");
    }
}

#[test]
fn expressions_that_cannot_be() {
    for (pattern, part) in [
        (&b"a("[..], "must be a regular expression: unclosed group"),
        (b"[\xff", "must be a regular expression: invalid utf-8"),
        (
            b"(a|b).{300}x",
            "is too large: as an automaton it takes more than 8 MB",
        ),
        (
            br"(\w{50}){50}",
            "is too large: as an automaton it takes more than 8 MB",
        ),
        (br"(?=a)", "must be a regular expression: look-around"),
        (
            br"(a)\1",
            "must be a regular expression: backreferences are not supported",
        ),
    ] {
        let entries = [(Regex, b"fine.*".to_vec()), (Regex, pattern.to_vec())];
        let (entry, why) = build_all(&entries).err().unwrap();
        assert_eq!(entry, 1);
        assert!(why.starts_with(part), "{why}");
    }
}

#[test]
fn borders_of_words() {
    for (pattern, text, expected) in [
        (r"\bsvwar\b", "a svwar.", true),
        (r"\bsvwar\b", "svwar", true),
        (r"\bsvwar\b", "ésvwar", true),
        (r"\bsvwar\b", "xsvwar", false),
        (r"sv\Bwar", "svwar", true),
        (r"\\b", r"a\b", true),
        (r"\\\bx", r"\x", true),
        (r"a\.\b", "a.b", true),
        (r"\b{start}x\d", "ax1", false),
        (r"\b{start}x\d", "a x1", true),
        (r"x\d\b{end}", "x1a", false),
        (r"x\d\b{end}", "x1é", true),
        (r"(?:\bsvwar|y)+z", "ésvwarz", true),
        (r"(?:\bsvwar|y)+z", "xsvwarz", false),
        (r"(\bsv){1,2}w", "ésvw", true),
        (r"[\d]sv\b{end-half}", "1své", true),
    ] {
        let list = built(&[(Regex, pattern), (Regex, "never.{2}matched")]);
        assert_eq!(
            list.find(text.as_bytes(), &[]).is_some(),
            expected,
            "{pattern} in {text}"
        );
    }
}

#[test]
fn more_expressions_than_one_automaton_holds() {
    let entries: Vec<_> = (0..100)
        .map(|n| (Regex, format!("a{n}.*b{n}c.{{0,3}}d").into_bytes()))
        .collect();
    let list = build_all(&entries).unwrap();
    let automata = &list.sections[&(Section::Expressions as u8)];
    assert!(automata.len() < 32 << 20, "{}", automata.len());
    for n in [0, 1, 50, 99] {
        let text = format!("x a{n} - b{n}cd");
        assert_eq!(list.find(text.as_bytes(), &[]), Some(n), "{text}");
    }
    assert_eq!(list.find(b"a7 b8cd", &[]), None);
}

/// Lines of the index run full, the last one as well: what went on to the next line is found there, and
/// what is not in the list is not.
#[test]
fn every_whole_text_is_found_wherever_its_hash_leads() {
    let texts: Vec<Key> = (0..64)
        .map(|number: u32| (format!("user{number}").into_bytes(), number))
        .collect();
    for seed in 0..300 {
        let hash = Hash::keyed([seed, 2, 3, 4]);
        for count in [1, 3, 4, 5, 64] {
            let index = exact::build(&texts[..count], &hash);
            for (place, (text, entry)) in texts.iter().enumerate() {
                let is = |other| other == *entry;
                let expected = (place < count).then_some(*entry);
                assert_eq!(
                    exact::find(&index, text, &hash, is),
                    expected,
                    "seed {seed}"
                );
                assert_eq!(exact::find(&index, text, &hash, |_| false), None);
            }
        }
    }
}

/// Parts of every length about that of the filter's grams, at every place of a text.
#[test]
fn parts_are_found_wherever_they_stand() {
    for length in 1..=9 {
        let part = &"abcdefghi"[..length];
        let list = built(&[(Contains, part), (Contains, "zzzzz")]);
        for before in 0..12 {
            for after in 0..6 {
                let text = format!("{}{part}{}", "a".repeat(before), "x".repeat(after));
                assert_eq!(list.find(text.as_bytes(), &[]), Some(0), "{part} in {text}");
                let cut = text.replace(part, &part[1..]);
                let is_there = cut.contains(part);
                assert_eq!(list.find(cut.as_bytes(), &[]).is_some(), is_there, "{cut}");
            }
        }
    }
}

/// Found as by looking at every entry, whatever the entries are.
#[track_caller]
fn check(entries: &[(Matching, Vec<u8>)], text: &[u8], dead: &[u32]) {
    let list = build_all(entries).unwrap();
    let found = list.find(text, dead);
    let rank = |entry: u32| {
        let (matching, own) = &entries[entry as usize];
        let (own, text) = (own.to_ascii_lowercase(), text.to_ascii_lowercase());
        let matches = match matching {
            Exact => own == text,
            Prefix => text.starts_with(&own),
            Suffix => text.ends_with(&own),
            Contains | Regex => text.windows(own.len()).any(|part| part == own),
        };
        let longer = if matches!(matching, Prefix | Suffix) {
            usize::MAX - own.len()
        } else {
            0
        };
        (matches && !dead.contains(&entry)).then_some((*matching as u8, longer))
    };
    let expected = (0..entries.len() as u32).filter_map(rank).min();
    assert_eq!(found.and_then(rank), expected, "{found:?}");
}

fn bytes(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    let letter = prop_oneof![8 => Just(b'a'), 8 => Just(b'B'), 3 => Just(b'c'), 1 => any::<u8>()];
    proptest::collection::vec(letter, 1..=longest)
}

proptest! {
    #[test]
    fn agrees_with_looking_at_every_entry(
        entries in proptest::collection::vec(
            (prop_oneof![Just(Exact), Just(Prefix), Just(Suffix), Just(Contains)], bytes(7)),
            0..40,
        ),
        text in bytes(30),
        dead in proptest::collection::vec(0..40_u32, 0..20),
    ) {
        check(&entries, &text, &dead);
    }

    #[test]
    fn expressions_agree_with_the_regex_crate(
        patterns in proptest::collection::vec("[abB.]{1,4}[*+?]?[a-c]|\\^?a[bc]{1,2}\\$?", 1..10),
        text in bytes(12),
    ) {
        let entries: Vec<_> =
            patterns.iter().map(|pattern| (Regex, pattern.as_bytes().to_vec())).collect();
        let list = build_all(&entries).unwrap();
        let matches = |pattern: &String| {
            let regex = regex::bytes::RegexBuilder::new(pattern).case_insensitive(true).build();
            regex.unwrap().is_match(&text)
        };
        let found = list.find(&text, &[]);
        prop_assert_eq!(found.is_some(), patterns.iter().any(matches));
        prop_assert!(found.is_none_or(|entry| matches(&patterns[entry as usize])));
    }

    #[test]
    fn no_bytes_panic(
        changes in proptest::collection::vec((any::<u8>(), 0..4096_usize, any::<u8>()), 1..30),
        text in bytes(30),
    ) {
        let mut list = built(&[
            (Exact, "abc"), (Prefix, "ab"), (Suffix, "bc"), (Contains, "abab"), (Contains, "b"), (Regex, "a.c"),
        ]);
        for (section, place, byte) in changes {
            if let Some(bytes) = list.sections.get_mut(&(section % 12)) {
                let length = bytes.len();
                bytes[place % length] = byte;
            }
        }
        let _either = list.find(&text, &[]);
        for bytes in list.sections.values_mut() {
            bytes.truncate(bytes.len() / 2);
        }
        let _either = list.find(&text, &[]);
    }
}
