//! Spellings of names: which are one user, which are not, and which are odd.

use crate::hash::Hash;

use super::{LONGEST, LONGEST_WRITTEN};

fn same(a: &[u8], b: &[u8]) -> bool {
    let hash = Hash::keyed([1, 2, 3, 4]);
    hash.user(a) == hash.user(b)
}

#[test]
fn one_user_in_every_spelling() {
    let blanks = format!("alice{}", " ".repeat(LONGEST - 5));
    for spelling in [
        "alice",
        "ALICE",
        "alice ",
        &blanks,
        "alice%20%20",
        "%61lice",
        "%41LIC%45",
        "älicé",
        "a\u{308}lice\u{301}",
        "%c3%a4lice",
        "ａｌｉｃｅ",
        "al\u{ad}i\u{200b}ce\u{fe0f}",
        "alice\u{a0}",
        "al\x01ice\0",
        "ⓐlice",
    ] {
        assert!(same(spelling.as_bytes(), b"alice"), "{spelling:?}");
    }
    for (one, other) in [
        ("Straße", "STRASSE"),
        ("strase", "straße"),
        ("ﬁnn", "finn"),
        ("Søren", "soren"),
        ("Łukasz", "lukasz"),
        ("ÆON", "aeon"),
        ("100%", "100%25"),
        ("a b", "A%20B  "),
    ] {
        assert!(same(one.as_bytes(), other.as_bytes()), "{one} {other}");
    }
}

#[test]
fn other_names_are_other_users() {
    for (one, other) in [
        ("alice", "alicea"),
        ("alice", " alice"),
        ("a b", "ab"),
        ("a  b", "a b"),
        ("alice", ""),
        ("1001", "1002"),
        ("alice", "al.ice"),
        ("alice", "алиса"),
        ("s s", "ss"),
        ("%zz", "zz"),
    ] {
        assert!(!same(one.as_bytes(), other.as_bytes()), "{one} {other}");
    }
}

/// All that is left over is one user, however it is varied.
#[test]
fn the_odd_are_one() {
    let long = "a".repeat(LONGEST + 1);
    let longer = format!("alice{}", " ".repeat(9000));
    for odd in [
        "иван".as_bytes(),
        "пётр".as_bytes(),
        "alice\u{430}".as_bytes(),
        "𝐚lice".as_bytes(),
        "😀".as_bytes(),
        "a\u{363}lice".as_bytes(),
        b"alice\xe9",
        b"%ff",
        b"alice%40",
        "alice\u{301}".repeat(9).as_bytes(),
        long.as_bytes(),
        longer.as_bytes(),
        "%41".repeat(86).as_bytes(),
        "%".repeat(LONGEST_WRITTEN + 1).as_bytes(),
    ] {
        let shown = String::from_utf8_lossy(odd);
        assert!(same(odd, "Ж".as_bytes()), "{shown}");
        assert!(!same(odd, b"alice"), "{shown}");
    }
}

/// Whichever way it is read.
#[test]
fn a_plain_name_is_read_alike_eight_bytes_at_a_time() {
    for name in [
        "",
        "a",
        "1234567",
        "12345678",
        "123456789",
        "Mississippi",
        "aaaaaaas",
        "aaaaaaass",
        "a b%",
        "x\x7f",
    ] {
        for blanks in ["", " ", "        "] {
            let (name, escaped) = (format!("{name}{blanks}"), format!("{name}{blanks}%20"));
            assert!(same(name.as_bytes(), escaped.as_bytes()), "{name:?}");
        }
    }
    assert!(same(b"aaaaaaass", b"aaaaaaas") && same(b"Mississippi", b"misisippi"));
}

proptest::proptest! {
    #[test]
    fn no_name_panics(name: Vec<u8>, blanks in 0_usize..600) {
        let padded = [&name[..], &b" ".repeat(blanks)].concat();
        proptest::prop_assert!(padded.len() > LONGEST || same(&name, &padded) || name.contains(&b'@'));
    }

    #[test]
    fn letters_of_any_case(name in "[a-zA-Z0-9 ._-]{0,60}") {
        proptest::prop_assert!(same(name.as_bytes(), name.to_uppercase().as_bytes()));
    }

    #[test]
    fn escapes_are_what_they_stand_for(name in "\\PC{0,40}") {
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        proptest::prop_assume!(escaped.len() <= LONGEST_WRITTEN);
        proptest::prop_assert!(name.contains(['%', '@']) || same(name.as_bytes(), escaped.as_bytes()));
    }
}
