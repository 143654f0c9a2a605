//! Every layout, over a database in memory.

use super::*;
use crate::lists::reading::database::Url;
use crate::lists::reading::database::tests::memory::Memory;
use crate::lists::reading::spec::Origin;

const VERSION: [&str; 3] = ["palisade_list|1", "secfilter|1", "address|6"];
const PALISADE: [&str; 6] = ["id", "name", "value", "matching", "until", "comment"];
const SECFILTER: [&str; 4] = ["id", "action", "type", "data"];
const ADDRESS: [&str; 6] = ["id", "grp", "ip_addr", "mask", "port", "tag"];

fn memory() -> Memory {
    Memory::default()
        .with("version", &["table_name", "table_version"], &VERSION)
        .with(
            "palisade_list",
            &PALISADE,
            &[
                "1|bad|sip|prefix|NULL|a scanner",
                "2|bad| exact:x |NULL|4102444800|",
                "3|other|z|NULL|NULL|NULL",
                "4|bad|y|like|NULL|NULL",
                "5|bad|y|EXACT|2026|NULL",
                "6|bad|y|NULL|2030-01-01 00:00:00|NULL",
                "7|bad||NULL|NULL|NULL",
                "8|bad|100|NULL|0|200",
            ],
        )
        .with(
            "secfilter",
            &SECFILTER,
            &[
                "1|0|0|friendly-scanner",
                "2|1|0|Linphone",
                "3|0|1|CN",
                "4|1|2|example.com",
                "5|0|3|192.0.2.0/24",
                "6|0|4|admin",
                "7|2|0|+882",
                "8|0|4|",
            ],
        )
        .with(
            "address",
            &ADDRESS,
            &[
                "1|1|192.0.2.0|24|0|carrier",
                "2|1|192.0.2.9|32|5060|NULL",
                "3|2|2001:db8::|32|0|six",
                "4|2|2001:db8::1|128|0|NULL",
                "5|2|192.0.2.8|0|0|NULL",
                "6|1|192.0.2.7|33|0|NULL",
            ],
        )
        .with(
            "black_list",
            &["id", "ip", "detail"],
            &["7|192.0.2.1|fraud"],
        )
        .with(
            "black_list_country",
            &["id", "country", "detail"],
            &["1|es|"],
        )
        .with(
            "mine",
            &["cidr", "ends", "who"],
            &["192.0.2.0/24|4102444800|me", "192.0.2.1|NULL|NULL"],
        )
}

/// What is read of a list: `row value matching until comment`, or what is wrong.
fn read(memory: &Memory, list: &str) -> Result<Vec<String>, String> {
    let url = Url::parse(b"sqlite:///x").unwrap();
    let access = Access {
        database: memory,
        url: Some(&url),
    };
    let spec = Spec::parse(list.as_bytes())?;
    let Origin::Table(table) = &spec.origin else {
        unreachable!("{list}: no table")
    };
    let mut read = Vec::new();
    Rows::new(access, &spec, table).each(&mut |record, _| {
        read.push(match record {
            Ok(record) => format!(
                "{} {} {} {} {}",
                record.line,
                record.value.escape_ascii(),
                record
                    .matching
                    .map_or("-", crate::lists::lookup::entry::Matching::name),
                record.until_s.unwrap_or_default(),
                record.comment.escape_ascii()
            ),
            Err(bad) => format!("{} {}: {}", bad.line, bad.text.escape_ascii(), bad.why),
        });
    })?;
    Ok(read)
}

/// Changes the list, and answers what the table holds then.
fn change(list: &str, remove: &[Mark], add: Option<NewRecord<'_>>) -> Result<Vec<String>, String> {
    let memory = memory();
    let url = Url::parse(b"sqlite:///x").unwrap();
    let access = Access {
        database: &memory,
        url: Some(&url),
    };
    let spec = Spec::parse(list.as_bytes()).expect(list);
    let Origin::Table(table) = &spec.origin else {
        unreachable!("{list}: no table")
    };
    let rows = Rows::new(access, &spec, table);
    let row = add.map(|record| rows.write(record)).transpose()?;
    rows.change(remove, row.as_deref())?;
    Ok(memory.rows(&table.name))
}

#[test]
fn every_layout_is_read() {
    for (list, expected) in [
        (
            "name=bad;kind=agent;action=deny;db=palisade_list",
            &[
                "1 sip prefix 0 a scanner",
                "2 exact:x - 4102444800 ",
                "4 y: match must be one of exact, prefix, suffix, contains, regex",
                "5 y: until must be a time such as 2026-12-01T00:00:00Z, or seconds since 1970",
                "6 y - 1893456000 ",
                "7  - 0 ",
                "8 100 - 0 200",
            ][..],
        ),
        (
            "name=a;kind=agent;action=deny;db=secfilter;layout=secfilter",
            &["1 friendly-scanner - 0 "],
        ),
        (
            "name=a;kind=agent;action=trust;db=secfilter;layout=secfilter",
            &["2 Linphone - 0 "],
        ),
        (
            "name=a;kind=country;action=deny;db=secfilter;layout=secfilter",
            &["3 CN - 0 "],
        ),
        (
            "name=a;kind=domain;action=trust;db=secfilter;layout=secfilter",
            &["4 example.com - 0 "],
        ),
        (
            "name=a;kind=network;action=deny;db=secfilter;layout=secfilter",
            &["5 192.0.2.0/24 - 0 "],
        ),
        (
            "name=a;kind=user;action=deny;db=secfilter;layout=secfilter",
            &["6 admin - 0 ", "8  - 0 "],
        ),
        (
            "name=a;kind=destination;action=deny;db=secfilter;layout=secfilter",
            &["7 +882 - 0 "],
        ),
        (
            "name=a;kind=network;action=trust;db=address;layout=address;group=1",
            &[
                "1 192.0.2.0/24 - 0 carrier",
                "2 192.0.2.9 - 0 ",
                "6 192.0.2.7: mask must be between 0 and 32, or 128 where the address is of IPv6",
            ],
        ),
        (
            "name=a;kind=network;action=trust;db=address;layout=address;group=2",
            &[
                "3 2001:db8::/32 - 0 six",
                "4 2001:db8::1 - 0 ",
                "5 192.0.2.8 - 0 ",
            ],
        ),
        (
            "name=a;kind=network;action=deny;db=black_list;layout=black_list",
            &["7 192.0.2.1 - 0 fraud"],
        ),
        (
            "name=a;kind=country;action=deny;db=black_list_country;layout=black_list_country",
            &["1 es - 0 "],
        ),
        (
            "name=a;kind=network;action=deny;db=mine;value_col=cidr;until_col=ends;comment_col=who",
            &["1 192.0.2.0/24 - 4102444800 me", "2 192.0.2.1 - 0 "],
        ),
    ] {
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        assert_eq!(read(&memory(), list), Ok(expected), "{list}");
    }
}

#[test]
fn what_keeps_a_table_from_being_read_is_said() {
    let list = "name=a;kind=agent;action=deny;db=palisade_list";
    let no_version = Memory::default().with("version", &["table_name", "table_version"], &[]);
    let old = Memory::default().with(
        "version",
        &["table_name", "table_version"],
        &["palisade_list|2"],
    );
    for (memory, list, expected) in [
        (
            &no_version,
            list,
            "db=palisade_list: the table \"version\" has no version for it, must be 1",
        ),
        (
            &old,
            list,
            "db=palisade_list: the table \"version\" has version 2 for it, must be 1",
        ),
        (&Memory::default(), list, "db=version: no such table"),
        (
            &Memory::default(),
            "name=a;kind=agent;action=deny;db=x",
            "db=x: no such table",
        ),
        (
            &memory(),
            "name=a;kind=name;action=deny;db=x;layout=secfilter",
            "list=a: layout=secfilter has agents",
        ),
        (
            &memory(),
            "name=a;kind=destination;action=trust;db=x;layout=secfilter",
            "list=a: layout=secfilter has",
        ),
        (
            &memory(),
            "name=a;kind=user;action=trust;db=x;layout=address",
            "list=a: this layout is for kind=network",
        ),
        (
            &memory(),
            "name=a;kind=user;action=trust;db=x;layout=black_list",
            "list=a: this layout is for",
        ),
        (
            &memory(),
            "name=a;kind=user;action=deny;db=x;layout=black_list_country",
            "list=a: layout=black_list_country",
        ),
    ] {
        let sentence = read(memory, list).expect_err(list);
        assert!(sentence.starts_with(expected), "{list}: {sentence}");
    }
    let spec = Spec::parse(list.as_bytes()).unwrap();
    let Origin::Table(table) = &spec.origin else {
        unreachable!("{list}: no table")
    };
    let access = Access {
        database: &Memory::default(),
        url: None,
    };
    let sentence = Rows::new(access, &spec, table).each(&mut |_, _| {});
    assert!(
        sentence.is_err_and(|sentence| sentence.starts_with("the parameter db_url is missing"))
    );
}

#[test]
fn every_layout_is_written() {
    let plain = |value: &'static str| NewRecord {
        value: value.as_bytes(),
        until_s: None,
        comment: b"",
    };
    let whole = |value: &'static str| NewRecord {
        value: value.as_bytes(),
        until_s: Some(4_102_444_800),
        comment: b"why",
    };
    for (list, record, expected) in [
        (
            "kind=agent;action=deny;db=palisade_list",
            whole("prefix:sip"),
            "NULL|a|prefix:sip|NULL|4102444800|why",
        ),
        (
            "kind=agent;action=deny;db=palisade_list",
            plain("x"),
            "NULL|a|x|NULL|NULL|",
        ),
        (
            "kind=agent;action=trust;db=secfilter;layout=secfilter",
            plain("prefix:sip"),
            "NULL|1|0|sip",
        ),
        (
            "kind=agent;action=trust;db=secfilter;layout=secfilter",
            plain("exact:sip"),
            "its table does not say how",
        ),
        (
            "kind=agent;action=trust;db=secfilter;layout=secfilter",
            whole("sip"),
            "its table has no column for the time",
        ),
        (
            "kind=destination;action=deny;db=secfilter;layout=secfilter",
            plain("+44"),
            "NULL|2|0|+44",
        ),
        (
            "kind=network;action=trust;db=address;layout=address",
            plain("192.0.2.0/24"),
            "NULL|1|192.0.2.0|24|0|",
        ),
        (
            "kind=network;action=trust;db=address;layout=address;group=7",
            plain("[::1]"),
            "NULL|7|::1|128|0|",
        ),
        (
            "kind=network;action=trust;db=address;layout=address",
            plain("192.0.2.1-192.0.2.9"),
            "its table holds addresses",
        ),
        (
            "kind=network;action=deny;db=black_list;layout=black_list",
            plain("192.0.2.9"),
            "NULL|192.0.2.9|",
        ),
        (
            "kind=country;action=deny;db=black_list_country;layout=black_list_country",
            plain("de"),
            "NULL|de|",
        ),
        (
            "kind=network;action=deny;db=mine;value_col=cidr",
            plain("192.0.2.9"),
            "192.0.2.9|NULL|NULL",
        ),
        (
            "kind=network;action=deny;db=mine;value_col=cidr;until_col=ends;comment_col=who",
            whole("::1"),
            "::1|4102444800|why",
        ),
        (
            "kind=network;action=deny;db=mine;value_col=cidr;until_col=ends",
            whole("::1"),
            "its table has no column for a comment",
        ),
        (
            "kind=user;action=deny;db=mine;value_col=cidr",
            plain("a\0b"),
            "must not have a NUL",
        ),
    ] {
        let list = format!("name=a;{list}");
        let done = match change(&list, &[], Some(record)) {
            Ok(rows) => rows.last().cloned().unwrap_or_default(),
            Err(sentence) => sentence,
        };
        assert!(done.starts_with(expected), "{list}: {done}");
    }
}

#[test]
fn rows_are_removed_by_what_marks_them_and_others_stay() {
    let before = memory();
    for (list, marks, gone) in [
        (
            "name=bad;kind=agent;action=deny;db=palisade_list",
            vec![Mark::Id(1), Mark::Id(8)],
            vec![0, 7],
        ),
        (
            "name=a;kind=network;action=deny;db=mine;value_col=cidr",
            vec![Mark::Text(b"192.0.2.1".to_vec())],
            vec![1],
        ),
    ] {
        let table = list
            .split_once("db=")
            .map(|(_, rest)| rest.split(';').next().unwrap());
        let mut expected = before.rows(table.unwrap());
        for &row in gone.iter().rev() {
            expected.remove(row);
        }
        assert_eq!(change(list, &marks, None), Ok(expected), "{list}");
    }
}
