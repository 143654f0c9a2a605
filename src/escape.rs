//! Bytes from the network, made safe for a log line or a reply.
//!
//! Printable ASCII stays as it is; everything else, and the quote and the backslash, becomes a
//! backslash sequence. No control character, quote or newline can break out, and no byte is lost,
//! up to [`MAX_SHOWN`] of them.

use std::fmt::{self, Write};

/// Bytes of a text that are shown; `...` stands for the rest.
pub const MAX_SHOWN: usize = 256;

/// Shows bytes escaped.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &byte in self.0.iter().take(MAX_SHOWN) {
            write_byte(f, byte)?;
        }
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

fn write_byte(out: &mut impl Write, byte: u8) -> fmt::Result {
    match byte {
        b'"' => out.write_str("\\\""),
        b'\\' => out.write_str("\\\\"),
        b'\n' => out.write_str("\\n"),
        b'\r' => out.write_str("\\r"),
        b'\t' => out.write_str("\\t"),
        b' '..=b'~' => out.write_char(char::from(byte)),
        _ => write!(out, "\\x{byte:02x}"),
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

    proptest::proptest! {
        #[test]
        fn nothing_breaks_out_of_quotes(bytes: Vec<u8>) {
            let shown = Escaped(&bytes).to_string();
            proptest::prop_assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let unescaped_quote = shown.replace("\\\\", "").replace("\\\"", "").contains('"');
            proptest::prop_assert!(!unescaped_quote);
        }
    }
}
