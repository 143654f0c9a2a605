//! Bytes from the network, made safe for a log line or a reply.
//!
//! Printable ASCII stays as it is; everything else, and the quote and the backslash, becomes a
//! backslash sequence. No control character, quote or newline can break out, and no byte is lost,
//! up to [`MAX_SHOWN`] of them.
//!
//! A log line needs more than that: programs read it by its words. [`InLine`] sees each line of ours on its
//! way, so that no value, whoever wrote it there, can look like a line of ours or like a field of one.
//! Replies are structured and do not share this: what they show is what an operator types back.

use std::fmt::{self, Write};

use arrayvec::ArrayString;

/// Bytes of a text that are shown; `...` stands for the rest.
pub const MAX_SHOWN: usize = 256;

/// Shows bytes escaped.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = ArrayString::<{ 4 * MAX_SHOWN }>::new();
        for &byte in self.0.iter().take(MAX_SHOWN) {
            write_byte(&mut shown, byte)?;
        }
        // At once: who takes it may take as long for a letter as for a text.
        f.write_str(&shown)?;
        if self.0.len() > MAX_SHOWN {
            f.write_str("...")
        } else {
            Ok(())
        }
    }
}

/// Characters of a value in the sentence that refuses it.
const MAX_BRIEF: usize = 40;

/// Shows bytes escaped and cut short: a value in a sentence whose end must not be lost. Kamailio's
/// jsonrpcs cuts a sentence at 127 bytes (`jsonrpc_fault()`, modules/jsonrpcs/jsonrpcs_mod.c).
#[derive(Clone, Copy, Debug)]
pub struct Brief<'a>(pub &'a [u8]);

impl fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = String::new();
        for &byte in self.0 {
            let before = shown.len();
            write_byte(&mut shown, byte)?;
            if shown.len() > MAX_BRIEF {
                shown.truncate(before);
                shown.push_str("...");
                break;
            }
        }
        f.write_str(&shown)
    }
}

/// Shows bytes as the value of a field of a log line: a plain word as it is, anything else in quotes.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a>(pub &'a [u8]);

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.:/".contains(byte);
        if !self.0.is_empty() && self.0.iter().all(is_plain) {
            Escaped(self.0).fmt(f)
        } else {
            write!(f, "\"{}\"", Escaped(self.0))
        }
    }
}

/// What every line of ours begins with.
pub const NAME: &[u8] = b"palisade:";

/// Bytes of a quoted value that a log line shows. Two such values and all other fields fit into a line: none
/// is lost at its end because a value before it is long.
const MAX_QUOTED: usize = 256;

/// Takes a log line, without the name that it begins with, and hands on what may stand in one:
///
/// - `palisade:` stands at the beginning of a line, and nowhere else: further on, its colon is `\x3a`.
/// - Inside quotes stands no `=`, which makes a field of the word before it, and no `<` or `[`, one of which is in
///   what begins every line of Kamailio's other modules (`<script>: `, `sl [sl.c:280]: `): `\x3d`, `\x3c`, `\x5b`.
///   So an expression that admits none of them in a value never takes parts of two texts for one line.
/// - A quoted value is cut after [`MAX_QUOTED`] bytes.
///
/// A quote that belongs to a value has a backslash before it ([`Escaped`]).
#[derive(Debug)]
pub struct InLine<W> {
    out: W,
    is_quoted: bool,
    is_escaped: bool,
    /// Bytes of the quoted value so far.
    shown: usize,
    /// Bytes of [`NAME`] that have just been written.
    of_name: usize,
}

/// How a letter of a line is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    AsItIs,
    Escaped,
    /// It is the first for which there is no room.
    AsDots,
    NotAtAll,
}

impl<W: Write> InLine<W> {
    /// A line that begins.
    pub const fn new(out: W) -> Self {
        Self {
            out,
            is_quoted: false,
            is_escaped: false,
            shown: 0,
            of_name: 0,
        }
    }

    fn next(&mut self, letter: char) -> Shown {
        let is_colon_of_name = self.completes_name(letter);
        if letter == '"' && !self.is_escaped {
            self.is_quoted = !self.is_quoted;
            self.shown = 0;
            Shown::AsItIs
        } else if self.is_quoted {
            self.next_quoted(letter, is_colon_of_name)
        } else if is_colon_of_name {
            Shown::Escaped
        } else {
            Shown::AsItIs
        }
    }

    /// Of a quoted value, without its quotes.
    fn next_quoted(&mut self, letter: char, is_colon_of_name: bool) -> Shown {
        self.is_escaped = letter == '\\' && !self.is_escaped;
        let is_special = is_colon_of_name || "=<[".contains(letter);
        let was_whole = self.shown <= MAX_QUOTED;
        self.shown += if is_special { 4 } else { letter.len_utf8() };
        match was_whole {
            true if self.shown > MAX_QUOTED => Shown::AsDots,
            true if is_special => Shown::Escaped,
            true => Shown::AsItIs,
            false => Shown::NotAtAll,
        }
    }

    /// Has this letter just completed our name?
    fn completes_name(&mut self, letter: char) -> bool {
        let is_next = |of_name: usize| letter.eq_ignore_ascii_case(&char::from(NAME[of_name]));
        // No part of the name but its first letter begins it anew.
        self.of_name = match () {
            () if is_next(self.of_name) => self.of_name + 1,
            () if is_next(0) => 1,
            () => 0,
        };
        let is_complete = self.of_name == NAME.len();
        if is_complete {
            self.of_name = 0;
        }
        is_complete
    }
}

impl<W: Write> Write for InLine<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut written = 0;
        for (at, letter) in text.char_indices() {
            let shown = self.next(letter);
            if shown == Shown::AsItIs {
                continue; // With those beside it.
            }
            self.out.write_str(&text[written..at])?;
            written = at + letter.len_utf8();
            match shown {
                Shown::Escaped => write!(self.out, "\\x{:02x}", u32::from(letter))?,
                Shown::AsDots => self.out.write_str("...")?,
                Shown::AsItIs | Shown::NotAtAll => {}
            }
        }
        self.out.write_str(&text[written..])
    }
}

fn write_byte(out: &mut impl Write, byte: u8) -> fmt::Result {
    match byte {
        b'"' => out.write_str("\\\""),
        b'\\' => out.write_str("\\\\"),
        b'\n' => out.write_str("\\n"),
        b'\r' => out.write_str("\\r"),
        b'\t' => out.write_str("\\t"),
        b' '..=b'~' => out.write_char(char::from(byte)),
        _ => {
            let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
            out.write_str("\\x")?;
            out.write_char(digit(byte >> 4))?;
            out.write_char(digit(byte & 15))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases() {
        for (bytes, expected) in [
            (&b"friendly-scanner"[..], "friendly-scanner"),
            (b"a\"b\\c", "a\\\"b\\\\c"),
            (
                b"x\r\npalisade: unban key=1.2.3.4",
                "x\\r\\npalisade: unban key=1.2.3.4",
            ),
            (b"%s%n\x00\x7f\xff", "%s%n\\x00\\x7f\\xff"),
            (b"", ""),
        ] {
            assert_eq!(Escaped(bytes).to_string(), expected);
        }
        assert_eq!(Escaped(&[b'a'; 300]).to_string(), "a".repeat(256) + "...");
    }

    #[test]
    fn brief_cases() {
        for (bytes, expected) in [
            (&b"192.0.2.1/24"[..], "192.0.2.1/24".to_owned()),
            (&[b'a'; 40], "a".repeat(40)),
            (&[b'a'; 41], "a".repeat(40) + "..."),
            (&[1; 500], "\\x01".repeat(10) + "..."),
            (b"", String::new()),
        ] {
            assert_eq!(Brief(bytes).to_string(), expected);
        }
    }

    #[test]
    fn word_cases() {
        for (bytes, expected) in [
            (&b"REGISTER"[..], "REGISTER"),
            (b"two words", "\"two words\""),
            (b"a=b", "\"a=b\""),
            (b"x\"y", "\"x\\\"y\""),
            (b"", "\"\""),
        ] {
            assert_eq!(Word(bytes).to_string(), expected);
        }
    }

    fn in_line(text: &str) -> String {
        let mut shown = String::new();
        InLine::new(&mut shown).write_str(text).unwrap();
        shown
    }

    #[test]
    fn in_line_cases() {
        for (text, expected) in [
            (
                "ban key=192.0.2.1 reason=rate",
                "ban key=192.0.2.1 reason=rate",
            ),
            (r#"agent="a=b" x=1"#, r#"agent="a\x3db" x=1"#),
            (r#"agent="<x> [y" z=[1"#, r#"agent="\x3cx> \x5by" z=[1"#),
            (
                r#"user="\" key=1" x="\\" y=2"#,
                r#"user="\" key\x3d1" x="\\" y=2"#,
            ),
            (r#"a="palisade: ban""#, r#"a="palisade\x3a ban""#),
            (r#"a="pPaLisAde:""#, r#"a="pPaLisAde\x3a""#),
            (
                "list=palisade: there is none",
                r"list=palisade\x3a there is none",
            ),
            (
                r#"a="sip:x@palisade.test:5060""#,
                r#"a="sip:x@palisade.test:5060""#,
            ),
            ("a=\"\u{e9}\"", "a=\"\u{e9}\""),
        ] {
            assert_eq!(in_line(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_value_leaves_room_for_what_follows() {
        for long in [
            "=".repeat(900),
            r#"\""#.repeat(450),
            r"\\".repeat(450),
            r"\x00".repeat(225),
        ] {
            let shown = in_line(&format!("user=\"{long}\" key=192.0.2.1"));
            assert!(shown.ends_with("...\" key=192.0.2.1"), "{shown}");
            assert!(shown.len() <= MAX_QUOTED + 40, "{}", shown.len());
        }
    }

    proptest::proptest! {
        #[test]
        fn a_value_in_a_line_is_one_value(bytes: Vec<u8>, word: Vec<u8>) {
            let value = [&bytes[..], b"palisade: ban key=1 <script>: [", &bytes[..]].concat();
            let shown = in_line(&format!("a=\"{}\" w={}", Escaped(&value), Word(&word)));
            proptest::prop_assert!(!shown.contains("palisade:"));
            proptest::prop_assert_eq!(shown.matches('=').count(), 2, "{}", shown);
            proptest::prop_assert!(!shown.contains(['<', '[']));
        }

        #[test]
        fn nothing_breaks_out_of_quotes(bytes: Vec<u8>) {
            let shown = Escaped(&bytes).to_string();
            proptest::prop_assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let unescaped_quote = shown.replace("\\\\", "").replace("\\\"", "").contains('"');
            proptest::prop_assert!(!unescaped_quote);
        }
    }
}
