//! Descriptions of lists, good and bad.

use super::*;

#[test]
fn what_is_described() {
    let spec = Spec::parse(
        b" name = carriers ;kind=network;action=trust; file=/etc/carriers.list ;required=1;",
    );
    assert_eq!(
        spec,
        Ok(Spec {
            name: "carriers".into(),
            kind: Kind::Network,
            action: Action::Trust,
            limit: None,
            origin: Origin::File {
                path: "/etc/carriers.list".into(),
                format: Format::Text,
            },
            matching: Matching::Exact,
            force: false,
            required: true,
        })
    );
    let spec = Spec::parse(
        b"name=gw;kind=network;action=trust;db=address;layout=address;group=2;value_col=ip_addr",
    );
    assert_eq!(
        spec.map(|spec| spec.origin),
        Ok(Origin::Table(Table {
            name: "address".into(),
            layout: Layout::Address,
            value: Some("ip_addr".into()),
            matching: None,
            until: None,
            comment: None,
            group: Some(2),
        }))
    );
}

#[test]
fn a_limit_is_scaled_to_the_window() {
    let limit = |text: &str| {
        let text = format!("name=x;kind=network;action=limit;file=/x;limit={text}");
        Spec::parse(text.as_bytes()).map(|spec| spec.limit.map(|limit| limit.per_window(2000)))
    };
    for (text, expected) in [
        ("1000/2", 1000),
        ("1000/1", 2000),
        ("1/3600", 1),
        ("100/60", 4),
    ] {
        assert_eq!(limit(text), Ok(Some(expected)), "{text}");
    }
    for text in [
        "0/2", "1/0", "65535/2", "1/3601", "1000", "a/b", "-1/2", "1/2/3", "+5/2", "5/+2", "/2",
        "5/",
    ] {
        let refused = limit(text).unwrap_err();
        let expected = format!("list=x: limit={text}: must be requests/seconds such as 1000/2,");
        assert!(refused.starts_with(&expected), "{refused}");
    }
}

#[test]
fn how_texts_are_compared() {
    for (text, expected) in [
        ("kind=agent", Matching::Contains),
        ("kind=agent;match=exact", Matching::Exact),
        ("kind=user", Matching::Exact),
        ("kind=domain;match=suffix", Matching::Suffix),
        ("kind=name;match=regex", Matching::Regex),
        ("kind=destination", Matching::Prefix),
        ("kind=destination;match=prefix", Matching::Prefix),
    ] {
        let text = format!("name=x;action=deny;file=/x;{text}");
        let spec = Spec::parse(text.as_bytes());
        assert_eq!(spec.map(|spec| spec.matching), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_wrong_is_named() {
    let whole = "name=x;kind=user;action=deny;file=/x;";
    for (text, expected) in [
        (String::new(), "list=: name= is missing"),
        (
            "name=x;kind".into(),
            "list=x: kind: must be key=value, parted by ;",
        ),
        (
            "name=x;sort=user".into(),
            "list=x: sort=user: the key must be one of name, kind,",
        ),
        ("name=x;kind=;".into(), "list=x: kind=: must not be empty"),
        ("name=x;name=y".into(), "list=x: name=y: is given twice"),
        (
            "name=a b;kind=user".into(),
            "list=a b: name=a b: must be letters, digits and -_.",
        ),
        (format!("name={}", "x".repeat(33)), "at most 32 of them"),
        ("name=x".into(), "list=x: kind= is missing"),
        ("name=x;kind=user".into(), "list=x: action= is missing"),
        (
            "name=x;kind=users;action=deny".into(),
            "list=x: kind=users: must be one of network, agent,",
        ),
        (
            "name=x;kind=user;action=block".into(),
            "list=x: action=block: must be one of trust, deny, allow, limit",
        ),
        (
            "name=x;kind=user;action=allow;file=/x".into(),
            "list=x: action=allow is for kind=country and kind=asn",
        ),
        (
            "name=x;kind=user;action=deny".into(),
            "list=x: needs one source: file= or db=",
        ),
        (
            format!("{whole}db=y"),
            "list=x: needs one source: file= or db=",
        ),
        (
            "name=x;kind=user;action=deny;file=x".into(),
            "list=x: file=x: must be a whole path",
        ),
        (
            format!("{whole}format=xml"),
            "list=x: format=xml: must be one of text, ndjson, csv",
        ),
        (
            format!("{whole}group=1"),
            "list=x: group= is for db=, not for file=",
        ),
        (
            format!("{whole}match=like"),
            "list=x: match=like: must be one of exact, prefix,",
        ),
        (
            format!("{whole}force=yes"),
            "list=x: force=yes: must be one of 0, 1",
        ),
        (
            "name=x;kind=asn;action=deny;file=/x;match=exact".into(),
            "list=x: match= is for agent, user,",
        ),
        (
            "name=x;kind=destination;action=deny;file=/x;match=regex".into(),
            "list=x: match=: destinations are",
        ),
        (
            "name=x;kind=user;action=deny;db=a;format=csv".into(),
            "list=x: format= is for file=, not for db=",
        ),
        (
            "name=x;kind=user;action=deny;db=a b".into(),
            "list=x: db=a b: must be letters, digits and _",
        ),
        (
            "name=x;kind=user;action=deny;db=a;value_col=b\"".into(),
            "value_col=b\\\": must be letters",
        ),
        (
            "name=x;kind=user;action=deny;db=a;layout=b".into(),
            "list=x: layout=b: must be one of palisade,",
        ),
        (
            "name=x;kind=user;action=deny;db=a;group=1".into(),
            "list=x: group= is for layout=address",
        ),
        (
            "name=x;kind=user;action=deny;db=a;layout=address;group=z".into(),
            "list=x: group=z: must be a number",
        ),
    ] {
        let sentence = Spec::parse(text.as_bytes()).expect_err(&text);
        assert!(sentence.contains(expected), "{text}: {sentence}");
    }
    let sentence = Spec::parse(b"name=\xff").expect_err("no UTF-8");
    assert_eq!(sentence, "list=name=\\xff: must be UTF-8");
}

#[test]
fn names_are_given_once_and_there_are_not_too_many() {
    let mut specs = Vec::new();
    let text = |number: usize| format!("name=n{number};kind=user;action=deny;file=/x");
    for number in 0..MOST {
        assert_eq!(add(&mut specs, text(number).as_bytes()), Ok(()));
    }
    for (number, expected) in [
        (0, "list=n0: there are two lists of this name"),
        (MOST, "list=n48: there may be 48 lists at the most"),
    ] {
        let sentence = add(&mut specs, text(number).as_bytes()).expect_err("one too many");
        assert_eq!(sentence, expected);
    }
}
