//! Parts, methods, and what can't be read.

use super::*;

#[test]
fn credentials_that_two_servers_read_differently() {
    for (text, expected) in [
        (r#"Digest username="a", realm="b""#, true),
        (r#"Digest username="a" , realm=b"#, true),
        (r#"Digest username="", realm="""#, true),
        ("Digest username=a", true),
        ("", true),
        (r#"Digest username="a" or 1=1--", realm="b""#, false),
        (r#"Digest username="a\" or 1=1--", realm="b""#, false),
        (r#"Digest username="a""b", realm="b""#, false),
        (r#"Digest username="a" "b""#, false),
        (r#"Digest username="a"#, false),
        (r#"Digest username="a"x"#, false),
        (r#"Digest username="a", username="b""#, false),
        (r#"Digest username="a", USERNAME ="b""#, false),
        (r#"Digest username="a", opaque="x, username=b, ""#, false),
        (
            r#"Digest username="username", uri="sip:username@h;name=a""#,
            true,
        ),
        (r#"Digest username*=UTF-8''a, username="a""#, true),
    ] {
        assert_eq!(is_unambiguous(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn every_method_has_one_number_and_one_name() {
    for (method, name) in Method::NAMED {
        assert_eq!(Method::from_number(method as i32), method);
        assert_eq!(Method::named(name.to_lowercase().as_bytes()), method);
        assert_eq!(method.name(), Some(name));
    }
    for (number, expected) in [(0, Method::None), (1, Method::Other), (99, Method::Other)] {
        assert_eq!(Method::from_number(number), expected);
        assert_eq!(expected.name(), None);
    }
    assert_eq!(Method::named(b"INVITES"), Method::Other);
    assert_eq!(Method::named(b""), Method::None);
}

#[test]
fn what_cannot_be_read_has_a_name() {
    let all = Unreadable::NAMES
        .iter()
        .fold(Unreadable::default(), |all, row| all.and(row.0));
    let names: Vec<_> = Unreadable::NAMES.iter().map(|row| row.1).collect();
    assert_eq!(all.to_string(), names.join(","));
    assert_eq!(Unreadable::default().to_string(), "");
}
