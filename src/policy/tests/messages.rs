//! What is found in a message, and what follows.

use super::*;
use crate::message::{CONTACTS_MAX, COUNTED_MAX, CREDENTIALS_MAX, HOSTS_MAX, NAME_MAX};

const SENDER: &str = "192.0.2.1";
const SQL: &str = "a' or 1=1--";

/// A request that is in order, by a name and without a Record-Route.
fn request() -> Parts {
    Parts::default()
        .with(Part::Method, "INVITE")
        .with(Part::Uri, "sip:+49301234@example.com")
        .with(Part::UriUser, "+49301234")
        .with(Part::FromUser, "o'brien")
        .with(Part::FromName, SQL)
        .with(Part::ToUser, "*31#0301234")
        .with(Part::CallId, "a--b' or 1=1")
        .with(Part::Contact, "sip:alice@phone.example.com")
        .with(Part::ContactUser, "alice")
        .with(Part::ContactHost, "phone.example.com")
        .with(Part::Credentials, "Digest …")
        .with(Part::AuthName, "alice@example.com")
}

fn policy(text: &'static str) -> impl FnOnce(&mut Settings) {
    move |settings| settings.set_text("policy", text.as_bytes()).unwrap()
}

type Change = fn(Parts) -> Parts;

/// What is wrong with a message, and what the log says of it.
const FOUND: [(Change, &str); 13] = [
    (
        |parts| {
            let uri = "sip:a'%20or%201=1--@example.com";
            parts
                .with(Part::Uri, uri)
                .with(Part::UriUser, "a'%20or%201=1--")
        },
        r#"reason=sqli part=uri text="a'%20or%201\x3d1--""#,
    ),
    (
        |parts| {
            parts
                .with(Part::Uri, "tel:1;drop table x")
                .with(Part::UriUser, "1;drop table x")
        },
        r#"reason=sqli part=uri text="1;drop table x""#,
    ),
    (
        |parts| parts.with(Part::FromUser, "\"\r\n"),
        r#"reason=sqli part=from text="\"\r\n""#,
    ),
    (
        |parts| parts.with(Part::ToUser, SQL),
        "reason=sqli part=to text=",
    ),
    (
        |parts| {
            parts
                .with(Part::Contact, "sip:100'@x.org")
                .with(Part::ContactUser, "100'")
        },
        r#"reason=sqli part=contact text="100'""#,
    ),
    (
        |parts| {
            let parts = parts.with_nth(Part::Contact, 1, "sip:a`@x.org");
            parts.with_nth(Part::ContactUser, 1, "a`")
        },
        "reason=sqli part=contact text=\"a`\"",
    ),
    (
        |parts| parts.with(Part::AuthName, "a' or 1=1--@x"),
        "reason=sqli part=credentials text=",
    ),
    (
        |parts| {
            let parts = parts.with_nth(Part::Credentials, 1, "Digest …");
            parts.with_nth(Part::AuthName, 1, SQL)
        },
        "reason=sqli part=credentials text=",
    ),
    (
        |parts| {
            let parts = parts.with(Part::Contact, "sip:alice@198.51.100.9:5060");
            parts.with(Part::ContactHost, "198.51.100.9")
        },
        r#"reason=contact contact="sip:alice@198.51.100.9:5060""#,
    ),
    (
        |parts| {
            let parts = parts.with_nth(Part::Contact, 1, "sip:[2001:db8::1]");
            parts.with_nth(Part::ContactHost, 1, "[2001:db8::1]")
        },
        r#"reason=contact contact="sip:\x5b2001:db8::1]""#,
    ),
    (
        |parts| parts.with(Part::RecordRouteHost, "203.0.113.1"),
        r#"reason=route route="203.0.113.1""#,
    ),
    (
        |parts| parts.with(Part::RecordRouteHost, "[2001:db8::1]"),
        r#"reason=route route="2001:db8::1""#,
    ),
    (
        |parts| parts.with(Part::RecordRouteHost, "192.0.2.2"),
        r#"reason=route route="192.0.2.2""#,
    ),
];

/// What is not: as it is, or because nothing can be said of it.
const FINE: [Change; 6] = [
    |parts| parts,
    |parts| parts.with(Part::RecordRouteHost, SENDER),
    |parts| parts.with(Part::RecordRouteHost, "proxy.example.com"),
    |parts| parts.with(Part::Contact, "").with(Part::ContactHost, ""),
    // A number in another guise, which is no address to Kamailio either.
    |parts| parts.with(Part::ContactHost, "3221225985"),
    // A response: its names are those of the request.
    |parts| {
        let parts = parts.with(Part::Uri, "").with(Part::ToUser, SQL);
        parts
            .with(Part::ContactHost, "192.0.2.9")
            .with(Part::RecordRouteHost, "192.0.2.9")
    },
];

const ALL: &str = "rate=off sqli=block contact=block route=block";

#[test]
fn what_is_wrong_is_found_and_told() {
    let firewall = firewall(policy(ALL));
    for (change, told) in FOUND {
        let verdict = firewall.check(address(SENDER), &change(request()));
        let log = logged().join("\n");
        assert_eq!(verdict, Verdict::NewlyBlocked, "{told}");
        let line = format!("palisade: block key={SENDER} {told}");
        assert!(
            log.starts_with(&line) && log.ends_with(" method=INVITE proof=no"),
            "{log}"
        );
        // A trusted network may send anything.
        let verdict = firewall.check(address(TRUSTED), &change(request()));
        assert_eq!(verdict, Verdict::Pass, "{told}");
    }
    for (number, change) in FINE.iter().enumerate() {
        let verdict = firewall.check(address(SENDER), &change(request()));
        assert_eq!(verdict, Verdict::Pass, "{number}: {:?}", logged());
    }
    let counts = [
        Counter::BlockedSqli,
        Counter::BlockedContact,
        Counter::BlockedRoute,
    ];
    assert_eq!(
        counts.map(|counter| firewall.counters.total(counter)),
        [8, 2, 3]
    );
}

#[test]
fn contacts_and_routes_are_looked_at_where_a_dialog_begins() {
    let firewall = firewall(policy(ALL));
    for (method, expected) in [
        ("REGISTER", Verdict::NewlyBlocked),
        ("INVITE", Verdict::NewlyBlocked),
        ("OPTIONS", Verdict::Pass),
        ("BYE", Verdict::Pass),
    ] {
        let by_address = request()
            .with(Part::Method, method)
            .with(Part::ContactHost, "192.0.2.1");
        assert_eq!(
            firewall.check(address(SENDER), &by_address),
            expected,
            "{method}"
        );
        let asked = firewall.check_contact(address(SENDER), &by_address);
        assert_eq!(
            asked,
            Verdict::NewlyBlocked,
            "{method}: the script knows why it asks"
        );
    }
}

#[test]
fn the_policy_says_what_follows_and_a_check_called_by_name_always_looks() {
    let sql = || request().with(Part::ToUser, SQL);
    let contact = || request().with(Part::ContactHost, SENDER);
    let route = || request().with(Part::RecordRouteHost, "192.0.2.2");
    for (text, checked, asked, banned) in [
        ("rate=off", [true, false, false], true, false),
        (
            "rate=off sqli=off contact=off route=off",
            [false; 3],
            true,
            false,
        ),
        (
            "rate=off sqli=log contact=log route=log",
            [false; 3],
            false,
            false,
        ),
        (
            "rate=off sqli=block contact=block route=block",
            [true; 3],
            true,
            false,
        ),
        (
            "rate=off sqli=ban:60 contact=ban:60 route=ban:60",
            [true; 3],
            true,
            true,
        ),
    ] {
        let firewall = firewall(policy(text));
        let sender = address(SENDER);
        for (at, message) in [sql(), contact(), route()].iter().enumerate() {
            let expected = if checked[at] {
                Verdict::NewlyBlocked
            } else {
                Verdict::Pass
            };
            assert_eq!(firewall.check(sender, message), expected, "{text} {at}");
            assert_eq!(firewall.is_banned(sender), banned, "{text} {at}");
            firewall.unban(sender, Origin::Script);
        }
        let expected = if asked {
            Verdict::NewlyBlocked
        } else {
            Verdict::Pass
        };
        for ask in [
            firewall.check_sqli(sender, None, &sql()),
            firewall.check_sqli(sender, Some(SQL.as_bytes()), &request()),
            firewall.check_contact(sender, &contact()),
            firewall.check_route(sender, &route()),
        ] {
            assert_eq!(ask, expected, "{text}");
        }
        assert_eq!(firewall.is_banned(sender), banned, "{text}");
        for ask in [
            firewall.check_sqli(sender, None, &request()),
            firewall.check_sqli(sender, Some(b"o'brien"), &request()),
            firewall.check_contact(sender, &request()),
            firewall.check_route(sender, &request()),
            firewall.check_sqli(address(TRUSTED), Some(SQL.as_bytes()), &request()),
            firewall.check_contact(address(TRUSTED), &contact()),
            firewall.check_route(address(TRUSTED), &route()),
        ] {
            assert_eq!(ask, Verdict::Pass, "{text}");
        }
    }
}

/// More than are looked at are not looked at, and that is said.
#[test]
fn what_is_too_much_is_malformed() {
    let firewall = firewall(policy(ALL));
    let many = |part, count: usize, text: &str| {
        (0..count).fold(request(), |parts, index| parts.with_nth(part, index, text))
    };
    let long = "a".repeat(NAME_MAX + 1);
    for (message, expected) in [
        (many(Part::Contact, CONTACTS_MAX, "sip:a@b.example"), None),
        (
            many(Part::Contact, CONTACTS_MAX + 1, "sip:a@b.example"),
            Some("many_contacts"),
        ),
        (many(Part::Credentials, CREDENTIALS_MAX, "Digest …"), None),
        (
            many(Part::Credentials, CREDENTIALS_MAX + 1, "Digest …"),
            Some("many_credentials"),
        ),
        (request().with(Part::FromUser, &long[1..]), None),
        (
            request()
                .with(Part::FromUser, &long[1..])
                .with(Part::ToUser, &long[1..]),
            Some("long_name"),
        ),
        (request().with(Part::FromUser, &long), Some("long_name")),
        (
            request().with_nth(Part::ContactHost, 1, &long),
            Some("long_name"),
        ),
        (request().with(Part::UserAgent, &long), None),
        (request().with(Part::FromName, &long), Some("long_name")),
        (
            many(
                Part::ContactHost,
                CONTACTS_MAX,
                &"a".repeat(HOSTS_MAX / CONTACTS_MAX),
            ),
            Some("long_name"),
        ),
        (
            many(
                Part::AuthRealm,
                CREDENTIALS_MAX,
                &long[..COUNTED_MAX / CREDENTIALS_MAX - 10],
            ),
            None,
        ),
        (
            many(
                Part::AuthRealm,
                CREDENTIALS_MAX,
                &long[..=COUNTED_MAX / CREDENTIALS_MAX],
            ),
            Some("long_name"),
        ),
        (many(Part::Credentials, 1, &"\"x\",".repeat(32)), None),
        (
            many(Part::Credentials, 1, &"\"x\",".repeat(33)),
            Some("credentials"),
        ),
        (
            many(Part::Credentials, 1, &"x".repeat(4097)),
            Some("credentials"),
        ),
    ] {
        let verdict = firewall.check(address(SENDER), &message);
        let line = expected.map(|what| {
            format!("palisade: block key={SENDER} reason=malformed unreadable={what} method=INVITE proof=no")
        });
        assert_eq!(verdict == Verdict::NewlyBlocked, expected.is_some());
        assert_eq!(logged().first(), line.as_ref());
        firewall.clock.advance(600_000);
    }
}
