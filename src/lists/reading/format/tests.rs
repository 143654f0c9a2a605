//! What each format holds, and what is written in it.

use super::*;

/// What a file holds, a text for each record: `line value|match|until|comment`, or `line!why`.
fn read(format: Format, bytes: &[u8]) -> Vec<String> {
    let mut records = Vec::new();
    format.each(bytes, |record| {
        records.push(match record {
            Ok(record) => {
                assert!(!bytes[record.span.clone()].is_empty());
                format!(
                    "{} {}|{}|{}|{}",
                    record.line,
                    record.value.escape_ascii(),
                    record.matching.map_or("", Matching::name),
                    record.until_s.map_or(String::new(), |at| at.to_string()),
                    record.comment.escape_ascii()
                )
            }
            Err(bad) => format!("{}!{}", bad.line, bad.why),
        });
    });
    records
}

#[track_caller]
fn check(format: Format, cases: &[(&str, &[&str])]) {
    for (bytes, expected) in cases {
        assert_eq!(read(format, bytes.as_bytes()), *expected, "{bytes:?}");
    }
}

#[test]
fn texts() {
    check(
        Format::Text,
        &[
            ("", &[]),
            ("\n\r\n   \n", &[]),
            ("192.0.2.0/24", &["1 192.0.2.0/24|||"]),
            ("a\nb\r\n\n  c\t\n", &["1 a|||", "2 b|||", "4 c|||"]),
            ("# all\n; of it\n  # a comment\n", &[]),
            (
                "192.0.2.0/24 ; SBL1\n192.0.2.1\t# why\n",
                &["1 192.0.2.0/24|||SBL1", "2 192.0.2.1|||why"],
            ),
            // No blank before it: a part of the value.
            ("a#b;c # d # e", &["1 a#b;c|||d # e"]),
            ("prefix:sip vicious", &["1 prefix:sip vicious|||"]),
            (
                "a # until=2026-12-01T00:00:00Z a comment",
                &["1 a||1796083200|a comment"],
            ),
            ("a ; until=60", &["1 a||60|"]),
            (
                "a # until=Friday\nb",
                &[
                    "1!until must be a time such as 2026-12-01T00:00:00Z, or seconds since 1970",
                    "2 b|||",
                ],
            ),
            ("a # later until=60", &["1 a|||later until=60"]),
            ("\u{feff}a\n", &["1 a|||"]),
            ("\u{feff}# a\n", &[]),
        ],
    );
    let any = b"\xff\x00z # \x01\n";
    assert_eq!(read(Format::Text, any), ["1 \\xff\\x00z|||\\x01"]);
}

#[test]
fn ndjson() {
    check(
        Format::Ndjson,
        &[
            ("", &[]),
            (
                concat!(
                    "{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\",\"rir\":\"x\"}\n\n",
                    "{\"type\":\"metadata\",\"records\":1}\n"
                ),
                &["1 192.0.2.0/24|||"],
            ),
            (
                "{\"value\":\" sip \",\"match\":\"Prefix\",\"until\":\"2026-12-01\",\"comment\":\"c\"}",
                &["1 sip|prefix|1796083200|c"],
            ),
            (
                "{\"value\":64500,\"until\":60,\"match\":null,\"comment\":null}",
                &["1 64500||60|"],
            ),
            (
                "{\"value\":\"caf\\u00e9 \\\"x\\\"\"}",
                &["1 caf\\xc3\\xa9 \\\"x\\\"|||"],
            ),
            ("{\"cidr\":null}", &["1!the value must be a text"]),
            (
                "{\"value\":\"a\",\"match\":\"like\"}",
                &["1!match must be one of exact, prefix, suffix, contains, regex"],
            ),
            (
                "{\"value\":\"a\",\"until\":true}",
                &["1!until must be a time such as 2026-12-01T00:00:00Z, or seconds since 1970"],
            ),
            (
                "[1]\nx\n{\"value\":\"b\"}",
                &[
                    "1!must be a JSON object such as {\"cidr\":\"192.0.2.0/24\"}",
                    "2!must be a JSON object such as {\"cidr\":\"192.0.2.0/24\"}",
                    "3 b|||",
                ],
            ),
        ],
    );
}

#[test]
fn csv() {
    check(
        Format::Csv,
        &[
            ("", &[]),
            ("a,b\nc,d\n", &["1 a|||", "2 c|||"]),
            ("# x\n\n\"a,\"\"b\"\"\",1\n", &["3 a,\\\"b\\\"|||"]),
            (
                "# x\nid, IP ,Comment,until,match\n1,192.0.2.1,bad,60,\n2,x,\"two\nlines\",,prefix\n3,y\n",
                &["3 192.0.2.1||60|bad", "4 x|prefix||two\\nlines", "6 y|||"],
            ),
            ("network,asn\r\n192.0.2.0/24,1\r\n", &["2 192.0.2.0/24|||"]),
            ("ip,until\n,60\n , \n", &["2!has no value"]),
            (
                "ip,until\na,x\n",
                &["2!until must be a time such as 2026-12-01T00:00:00Z, or seconds since 1970"],
            ),
            ("\u{feff}ip\na\n", &["2 a|||"]),
        ],
    );
}

#[test]
fn formats_are_told_by_the_name() {
    for (name, format) in [
        ("/a/drop.txt", Format::Text),
        ("/a/drop", Format::Text),
        ("/a/drop.JSON", Format::Ndjson),
        ("/a/drop.ndjson", Format::Ndjson),
        ("/a/drop.jsonl", Format::Ndjson),
        ("/a/drop.csv", Format::Csv),
        ("/a/csv", Format::Text),
    ] {
        assert_eq!(Format::of_name(name), format, "{name}");
    }
}

#[test]
fn what_is_written() {
    let until_s = Some(1_796_083_200);
    for (format, file, (value, until_s, comment), expected) in [
        (Format::Text, "", ("a", None, ""), Ok("a")),
        (Format::Text, "", ("a", None, "b c"), Ok("a # b c")),
        (
            Format::Text,
            "",
            ("a", until_s, ""),
            Ok("a # until=2026-12-01T00:00:00Z"),
        ),
        (
            Format::Text,
            "",
            ("a", until_s, "b"),
            Ok("a # until=2026-12-01T00:00:00Z b"),
        ),
        (
            Format::Text,
            "",
            ("a #b", None, ""),
            Err("a line of text can't hold it"),
        ),
        (
            Format::Text,
            "",
            (" a", None, ""),
            Err("a line of text can't hold it"),
        ),
        (
            Format::Text,
            "",
            (";a", None, ""),
            Err("a line of text can't hold it"),
        ),
        (
            Format::Text,
            "",
            ("a\nb", None, ""),
            Err("a line of text can't hold it"),
        ),
        (
            Format::Text,
            "",
            ("a", None, "b\nc"),
            Err("the comment must be one line"),
        ),
        (
            Format::Text,
            "",
            ("a", None, "until=60"),
            Err("the comment must not begin with until="),
        ),
        (
            Format::Ndjson,
            "",
            ("a\"b", None, ""),
            Ok("{\"value\":\"a\\\"b\"}"),
        ),
        (
            Format::Ndjson,
            "{\"cidr\":\"192.0.2.0/24\"}",
            ("192.0.2.1", until_s, "c"),
            Ok("{\"cidr\":\"192.0.2.1\",\"comment\":\"c\",\"until\":\"2026-12-01T00:00:00Z\"}"),
        ),
        (Format::Csv, "", ("a,b", None, ""), Ok("\"a,b\"")),
        (Format::Csv, "x,y,z", ("a", None, ""), Ok("a,,")),
        (
            Format::Csv,
            "x,y",
            ("a", None, "c"),
            Err("the CSV file has no column comment"),
        ),
        (
            Format::Csv,
            "ip",
            ("a", until_s, ""),
            Err("the CSV file has no column until"),
        ),
        (
            Format::Csv,
            "comment,ip,until\n",
            ("a", until_s, "c"),
            Ok("c,a,2026-12-01T00:00:00Z"),
        ),
    ] {
        let record = NewRecord {
            value: value.as_bytes(),
            until_s,
            comment: comment.as_bytes(),
        };
        let written = format.write(file.as_bytes(), record);
        let shown = written.as_ref().map(|line| String::from_utf8_lossy(line));
        match (shown, expected) {
            (Ok(line), Ok(expected)) => {
                assert_eq!(line, expected);
                // And it is read as what it was.
                let whole = format!("{file}\n{line}\n");
                let records = read(format, whole.as_bytes());
                let last = records.last().map_or("", |record| record.as_str());
                let until = until_s.map_or(String::new(), |at| at.to_string());
                let value = value.as_bytes().escape_ascii();
                assert!(
                    last.ends_with(&format!(" {value}||{until}|{comment}")),
                    "{last}"
                );
            }
            (Err(why), Err(expected)) => assert!(why.starts_with(expected), "{why}"),
            (other, expected) => panic!("{value} {comment}: {other:?}, not {expected:?}"),
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        for (_, format) in Format::NAMES {
            let records = read(format, &bytes);
            proptest::prop_assert!(records.len() <= bytes.len());
        }
    }

    /// Whatever a line of text can hold comes back from it.
    #[test]
    fn a_text_that_is_written_is_read_again(
        value in "[ -~]{1,20}", comment in "[ -~]{0,20}", until_s: Option<u32>,
    ) {
        let until_s = until_s.map(u64::from);
        let record = NewRecord { value: value.as_bytes(), until_s, comment: comment.as_bytes() };
        if let Ok(line) = Format::Text.write(b"", record) {
            let mut records = Vec::new();
            Format::Text.each(&line, |record| records.push(record));
            let expected = Record {
                line: 1,
                span: 0..line.len(),
                value: Cow::Borrowed(value.as_bytes()),
                matching: None,
                until_s,
                comment: Cow::Borrowed(comment.trim_ascii().as_bytes()),
            };
            proptest::prop_assert_eq!(records, [Ok(expected)]);
        }
    }
}
