//! How a user's name is spelled makes no difference to the database that it is looked up in; it makes none here.
//!
//! MySQL and MariaDB compare by a collation: trailing blanks do not count, nor does case, nor do accents, full-width
//! letters and ligatures, nor, with the newer collations, what is not seen at all. Were each spelling a user of its
//! own, it would have failures of its own to spend. So a name is counted by its *skeleton*: percent-decoded, without
//! trailing blanks and control characters, in small letters, and what is not ASCII as the ASCII letters that it is
//! made of: `é` is `e`, `ﬁ` is `fi`. `ß` is `s` in one collation and `ss` in others, so `ss` is `s`.
//!
//! A name of which more than that is left is *odd*: Cyrillic letters, say, or bytes that are no UTF-8, or more than
//! [`LONGEST`] bytes, [`LONGEST_WRITTEN`] with escapes or other than ASCII in them, or [`FOREIGN`] letters that are no ASCII. No table follows what each collation makes of those. All odd names are one.
//!
//! The price: users with odd names share the failures that a source may have, and so do two whose names differ in
//! accents, or in `s` and `ss`. What it buys: whatever a source makes of a name, it has the failures of that name and
//! of the odd ones, and no more.
//!
//! No heap; the work is bounded by [`LONGEST`].

use std::hash::Hasher;

use unicode_normalization::char::decompose_compatible;

use super::{ONES, lower};

/// Bytes of the longest name that is looked at. Kamailio's `subscriber.username` has room for 64.
pub const LONGEST: usize = 512;

/// Bytes of the longest name that is looked at letter by letter, as it is written: 85 letters in percent-escapes.
const LONGEST_WRITTEN: usize = 256;

/// Letters of a name that may be no ASCII: each has to be looked up, for some 50 ns.
const FOREIGN: usize = 8;

/// Writes the skeleton of a name.
#[inline]
pub fn write<H: Hasher + Clone>(hasher: &mut H, name: &[u8]) {
    let begun = hasher.clone();
    let trimmed = name.trim_ascii_end();
    if name.len() > LONGEST || !write_plain(hasher, trimmed) {
        let looked_at = Some(trimmed).filter(|_| name.len() <= LONGEST);
        *hasher = strange(&begun, looked_at);
    }
}

#[cold]
fn strange<H: Hasher + Clone>(begun: &H, name: Option<&[u8]>) -> H {
    let letters = name.and_then(|name| write_letters(begun.clone(), name));
    letters.unwrap_or_else(|| {
        let mut odd = begun.clone();
        odd.write_usize(usize::MAX); // Where another name has its length.
        odd
    })
}

/// A name that is its own skeleton but for the case of its letters; eight bytes at a time. False: it is not.
#[inline]
fn write_plain(hasher: &mut impl Hasher, name: &[u8]) -> bool {
    let (words, rest) = name.as_chunks();
    let mut check = Check::default();
    for word in words {
        let word = lower(u64::from_le_bytes(*word));
        check.look_at(word);
        hasher.write_u64(word);
    }
    let mut word = [b'.'; 8];
    word[..rest.len()].copy_from_slice(rest);
    let word = lower(u64::from_le_bytes(word));
    check.look_at(word);
    hasher.write_u64(word & !(u64::MAX << (8 * rest.len())));
    hasher.write_usize(name.len());
    check.is_plain()
}

/// Whether a name holds an escape, anything but printable ASCII, or an `s` after another.
#[derive(Default)]
struct Check {
    found: u64,
    /// Where the eight bytes before had an `s`.
    last_s: u64,
}

impl Check {
    #[inline]
    const fn look_at(&mut self, word: u64) {
        let low = word & (0x7f * ONES);
        let below_blank = !(low + (0x80 - b' ' as u64) * ONES);
        let above_tilde = low + ONES;
        let escape = zero_bytes(word ^ (b'%' as u64 * ONES));
        let s = zero_bytes(word ^ (b's' as u64 * ONES));
        let s_twice = s & (s << 8 | self.last_s >> 56);
        self.found |= word | below_blank | above_tilde | escape | s_twice;
        self.last_s = s;
    }

    const fn is_plain(&self) -> bool {
        self.found & (0x80 * ONES) == 0
    }
}

/// The highest bit of each byte that is zero.
const fn zero_bytes(word: u64) -> u64 {
    !(((word & (0x7f * ONES)) + 0x7f * ONES) | word) & (0x80 * ONES)
}

/// Any name. None: it is odd.
fn write_letters<H: Hasher>(hasher: H, name: &[u8]) -> Option<H> {
    if name.len() > LONGEST_WRITTEN {
        return None;
    }
    let mut skeleton = Skeleton::new(hasher);
    let mut foreign = 0;
    let mut bytes = Decoded(name);
    while let Some(byte) = bytes.next() {
        if byte.is_ascii() {
            skeleton.push_part(byte).then_some(())?;
        } else {
            foreign += 1;
            let letter = bytes.letter(byte).filter(|_| foreign <= FOREIGN)?;
            skeleton.push_letter(letter).then_some(())?;
        }
    }
    Some(skeleton.end())
}

/// The bytes of a name, percent-decoded.
struct Decoded<'a>(&'a [u8]);

impl Iterator for Decoded<'_> {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = match *self.0 {
            [b'%', high, low, ref rest @ ..] => match (digit(high), digit(low)) {
                (Some(high), Some(low)) => (high << 4 | low, rest),
                _ => (b'%', &self.0[1..]),
            },
            [byte, ref rest @ ..] => (byte, rest),
            [] => return None,
        };
        self.0 = rest;
        Some(byte)
    }
}

impl Decoded<'_> {
    /// The letter that begins with this byte of UTF-8; `None`: it is none.
    fn letter(&mut self, first: u8) -> Option<char> {
        let length = first.leading_ones() as usize;
        let mut bytes = [first, 0, 0, 0];
        for byte in bytes.get_mut(1..length)? {
            *byte = self.next()?;
        }
        std::str::from_utf8(&bytes[..length]).ok()?.chars().next()
    }
}

#[inline]
const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Letters that Unicode does not take apart and collations do.
const LATIN: &[(char, &[u8])] = &[
    ('ß', b"s"),
    ('æ', b"ae"),
    ('œ', b"oe"),
    ('ø', b"o"),
    ('ð', b"d"),
    ('đ', b"d"),
    ('ħ', b"h"),
    ('ı', b"i"),
    ('ł', b"l"),
];

/// Bytes on their way into a hasher, eight at a time.
struct Skeleton<H> {
    hasher: H,
    /// Bytes that are not written yet, the first of them lowest.
    word: u64,
    /// How many there have been.
    length: usize,
    /// Blanks that count only if something follows.
    blanks: usize,
    last: u8,
}

impl<H: Hasher> Skeleton<H> {
    const fn new(hasher: H) -> Self {
        Self {
            hasher,
            word: 0,
            length: 0,
            blanks: 0,
            last: 0,
        }
    }

    /// One of printable ASCII.
    #[inline]
    fn push(&mut self, byte: u8) {
        let byte = byte.to_ascii_lowercase();
        if byte == b' ' {
            self.blanks += 1;
        } else if byte != b's' || self.last != b's' {
            (0..self.blanks).for_each(|_| self.put(b' '));
            self.blanks = 0;
            self.put(byte);
        }
        self.last = byte;
    }

    #[inline]
    fn put(&mut self, byte: u8) {
        let at = self.length % 8;
        self.word |= u64::from(byte) << (8 * at);
        self.length += 1;
        if at == 7 {
            self.hasher.write_u64(self.word);
            self.word = 0;
        }
    }

    /// One that is no ASCII. False: nothing of ASCII comes of it.
    fn push_letter(&mut self, letter: char) -> bool {
        // General collations of old take all letters beyond these for one.
        let mut is_whole = letter <= '\u{ffff}';
        decompose_compatible(letter, |part| {
            for part in part.to_lowercase() {
                is_whole &= match u8::try_from(part) {
                    Ok(byte) if byte.is_ascii() => self.push_part(byte),
                    _ => self.push_foreign(part),
                };
            }
        });
        is_whole
    }

    /// One of ASCII. False: it is no part of this name or domain.
    #[inline]
    fn push_part(&mut self, byte: u8) -> bool {
        if matches!(byte, b' '..=b'~') {
            self.push(byte);
        }
        byte != b'@'
    }

    fn push_foreign(&mut self, part: char) -> bool {
        match part {
            // Accents (from U+0363 on they are letters above letters), soft hyphen, joiners.
            '\u{300}'..='\u{362}'
            | '\u{ad}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2060}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}' => {}
            _ => match LATIN.iter().find(|(from, _)| *from == part) {
                Some((_, to)) => to.iter().for_each(|&byte| self.push(byte)),
                None => return false,
            },
        }
        true
    }

    fn end(mut self) -> H {
        self.hasher.write_u64(self.word);
        self.hasher.write_usize(self.length);
        self.hasher
    }
}

#[cfg(test)]
mod tests;
