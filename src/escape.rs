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
            match byte {
                b'"' => f.write_str("\\\"")?,
                b'\\' => f.write_str("\\\\")?,
                b'\n' => f.write_str("\\n")?,
                b'\r' => f.write_str("\\r")?,
                b'\t' => f.write_str("\\t")?,
                b' '..=b'~' => f.write_char(char::from(byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        if self.0.len() > MAX_SHOWN { f.write_str("...") } else { Ok(()) }
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
            (b"x\r\npalisade: unban key=1.2.3.4", "x\\r\\npalisade: unban key=1.2.3.4"),
            (b"%s%n\x00\x7f\xff", "%s%n\\x00\\x7f\\xff"),
            (b"", ""),
        ] {
            assert_eq!(Escaped(bytes).to_string(), expected);
        }
        assert_eq!(Escaped(&[b'a'; 300]).to_string(), "a".repeat(256) + "...");
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
