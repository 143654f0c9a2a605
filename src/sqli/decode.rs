//! Percent-encoded bytes, decoded twice: what a script decodes, a database or a web page behind it
//! may decode again.

/// Bytes that are looked at together. No name is so long; a longer text is read in windows.
const BYTES: usize = 1024;

/// A part of a text, decoded, in small letters.
pub(super) struct Window {
    bytes: [u8; BYTES],
    used: usize,
}

/// The windows of a text. They overlap by a half, so that no end hides anything that fits in one.
pub(super) fn windows(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let begins = (0..text.len()).step_by(BYTES / 2);
    begins
        .take_while(move |&begin| begin == 0 || begin + BYTES / 2 < text.len())
        .map(move |begin| &text[begin..text.len().min(begin + BYTES)])
}

impl Window {
    /// Reads at most as many bytes as a window has.
    pub fn read(text: &[u8]) -> Self {
        let mut window = Self {
            bytes: [0; BYTES],
            used: 0,
        };
        window.used = text.len().min(BYTES);
        window.bytes[..window.used].copy_from_slice(&text[..window.used]);
        if window.decode() {
            window.decode();
        }
        window.bytes[..window.used].make_ascii_lowercase();
        window.narrow_quotes();
        window
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }

    /// In place: what is decoded is shorter. False: nothing was.
    fn decode(&mut self) -> bool {
        let before = self.used;
        self.rewrite(b'%', |text| match text {
            [b'%', high, low, ..] => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => (high << 4 | low, 3),
                _ => (b'%', 1),
            },
            [byte, ..] => (*byte, 1),
            [] => (0, 1),
        });
        self.used < before
    }

    /// The wide apostrophe of Unicode (U+FF07), which some databases take for the narrow one.
    fn narrow_quotes(&mut self) {
        self.rewrite(0xef, |text| match text {
            [0xef, 0xbc, 0x87, ..] => (b'\'', 3),
            [byte, ..] => (*byte, 1),
            [] => (0, 1),
        });
    }

    /// Replaces what a text begins with by one byte, again and again, from the first such byte on: what
    /// is before it stays.
    fn rewrite(&mut self, first: u8, one: impl Fn(&[u8]) -> (u8, usize)) {
        let Some(begin) = memchr::memchr(first, self.as_bytes()) else {
            return;
        };
        let (mut from, mut to) = (begin, begin);
        while from < self.used {
            let (byte, length) = one(&self.bytes[from..self.used]);
            self.bytes[to] = byte;
            to += 1;
            from += length;
        }
        self.used = to;
    }
}

const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
