//! Lists of texts, and of countries and systems: what is held against them, and what follows.

use super::*;

const SPAIN: &str = "203.0.113.9";
const FRANCE: &str = "203.0.114.9";
const NOWHERE: &str = "203.0.115.9";

/// A list: what it is, and its one entry.
type Given<'a> = (&'a str, &'a str);

fn with(lists: &[Given<'_>], texts: &[(&'static str, &str)]) -> Firewall<Manual> {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let countries = "203.0.113.0,203.0.113.255,ES\n203.0.114.0,203.0.114.255,FR\n";
    let systems = "203.0.113.0,203.0.113.255,64500,One\n203.0.114.0,203.0.114.255,64501,Two\n";
    let firewall = firewall(|settings| {
        settings.set_number("lists_memory", 16).unwrap();
        let mut set = |name, text: &str| settings.set_text(name, text.as_bytes()).unwrap();
        set(
            "policy",
            "rate=off list=block agent=block country=block sqli=block",
        );
        set("geo", &file("countries.csv", countries));
        set("geo", &file("systems.csv", systems));
        for (number, (list, entry)) in lists.iter().enumerate() {
            let file = file(&number.to_string(), entry);
            set(
                "list",
                &format!("name=l{number};{list};force=1;file={file}"),
            );
        }
        texts.iter().for_each(|(name, text)| set(name, text));
    });
    let keeper = firewall.keeper();
    keeper.load_countries_first().unwrap();
    keeper.load_lists().unwrap();
    firewall
}

fn call() -> Parts {
    [
        (Part::Method, "INVITE"),
        (Part::Uri, "sip:0049301@b.example"),
        (Part::UriUser, "0049301"),
        (Part::UserAgent, "Phone"),
        (Part::FromUser, "alice"),
        (Part::FromHost, "a.example"),
        (Part::FromName, "Alice A."),
        (Part::ToHost, "b.example"),
        (Part::AuthUser, "carol"),
        (Part::ContactUser, "desk"),
        (Part::ContactHost, "c.example"),
        (Part::ContactName, "Desk"),
    ]
    .into_iter()
    .fold(Parts::default(), |parts, (part, text)| {
        parts.with(part, text)
    })
}

type Change = fn(Parts) -> Parts;

const SAME: Change = |parts| parts;

#[test]
fn texts_are_held_against_lists() {
    let to_tag = |parts: Parts| parts.with(Part::ToTag, "1");
    let no_user = |parts: Parts| parts.with(Part::FromUser, "").with(Part::AuthUser, "");
    let rows: &[(Given<'_>, Change, bool)] = &[
        (("kind=agent", "phone"), SAME, true),
        (("kind=agent", "scanner"), SAME, false),
        (("kind=user", "alice"), SAME, true),
        (("kind=user", "carol"), SAME, true),
        (("kind=user", "desk"), SAME, true),
        (("kind=user", "alice a."), SAME, false),
        (("kind=user;match=regex", "^$"), no_user, false),
        (
            ("kind=user", "alice"),
            |it| it.with(Part::FromUser, "%61lice"),
            true,
        ),
        (("kind=domain", "a.example"), SAME, true),
        (("kind=domain", "b.example"), SAME, true),
        (("kind=domain", "c.example"), SAME, true),
        (("kind=domain", "alice"), SAME, false),
        (("kind=name", "alice a."), SAME, true),
        (("kind=name", "desk"), SAME, true),
        // A name is no part of a URI.
        (
            ("kind=name", "alice a."),
            |it| it.with(Part::FromName, "%61lice a."),
            false,
        ),
        (("kind=destination", "0049"), SAME, true),
        (("kind=destination", "0048"), SAME, false),
        (
            ("kind=destination", "0049"),
            |it| it.with(Part::UriUser, "%30%3049301"),
            true,
        ),
        (
            ("kind=destination", "0049"),
            |it| it.with(Part::Method, "REGISTER"),
            false,
        ),
        (("kind=destination", "0049"), to_tag, true),
    ];
    for (list, change, is_denied) in rows {
        let given = format!("{};action=deny", list.0);
        let mut firewall = with(&[(&given, list.1)], &[]);
        for (policy, is_blocked) in [
            ("rate=off list=block agent=block", *is_denied),
            ("rate=off list=log agent=log", false),
            ("rate=off list=off agent=off", false),
        ] {
            let settings = &mut firewall.settings;
            settings.set_text("policy", policy.as_bytes()).unwrap();
            let verdict = firewall.check(address(SPAIN), &change(call()));
            assert_eq!(verdict != Verdict::Pass, is_blocked, "{policy} {list:?}");
        }
    }
}

#[test]
fn a_to_tag_excuses_where_it_is_believed() {
    for (trust, tag, is_blocked) in [
        (0, "", true),
        (0, "1", true),
        (1, "", true),
        (1, "1", false),
    ] {
        let mut firewall = with(&[("kind=destination;action=deny", "0049")], &[]);
        firewall.settings.set_number("trust_to_tag", trust).unwrap();
        let verdict = firewall.check(address(SPAIN), &call().with(Part::ToTag, tag));
        assert_eq!(verdict != Verdict::Pass, is_blocked, "{trust} {tag}");
    }
}

#[test]
fn a_trusted_text_is_not_looked_into() {
    for (list, entry, is_trusted) in [
        ("kind=agent", "phone", true),
        ("kind=agent", "other", false),
        ("kind=user", "alice", true),
        ("kind=domain", "b.example", true),
        ("kind=name", "desk", true),
        ("kind=destination", "0049", true),
        ("kind=destination", "0048", false),
    ] {
        let list = format!("{list};action=trust");
        let firewall = with(&[(&list, entry)], &[]);
        let message = call().with(Part::ToUser, "a' or 1=1--");
        let verdicts = [
            firewall.check(address(SPAIN), &message),
            firewall.check_sqli(address(SPAIN), None, &message),
        ];
        assert_eq!(
            verdicts.map(|it| it == Verdict::Pass),
            [is_trusted; 2],
            "{list}"
        );
        // What its source does counts as ever.
        let flooder = address(FLOODER);
        firewall
            .ban(flooder, 60, BanReason::MANUAL, Origin::Rpc)
            .unwrap();
        assert_eq!(firewall.check(flooder, &message), Verdict::Blocked);
    }
}

#[test]
fn a_check_called_by_name_asks_its_lists() {
    let lists = [
        ("kind=destination;action=deny", "004"),
        ("kind=destination;action=trust", "0049"),
        ("kind=agent;action=deny", "phone"),
        ("kind=agent;action=trust", "phone 2"),
    ];
    let firewall = with(&lists, &[]);
    for (number, is_blocked) in [
        (Some("0048"), true),
        (Some("%30048"), true),
        (Some("0049"), false),
        (Some("005"), false),
        (Some(""), false),
        (None, false),
    ] {
        for (from, is_blocked) in [(SPAIN, is_blocked), (TRUSTED, false)] {
            let verdict = firewall.inspect(address(from), &call(), |inspection| {
                inspection.check_destination(number.map(str::as_bytes))
            });
            assert_eq!(verdict != Verdict::Pass, is_blocked, "{number:?} {from}");
        }
    }
    for (agent, is_blocked) in [
        ("Phone", true),
        ("Phone 2", false),
        ("x", false),
        ("", false),
    ] {
        let verdict = firewall.check_agent(address(SPAIN), Some(agent.as_bytes()), &call());
        assert_eq!(verdict != Verdict::Pass, is_blocked, "{agent}");
    }
}

#[test]
fn one_list_is_asked_by_its_name() {
    for (list, entry, is_in, [inside, outside]) in [
        ("kind=network", SPAIN, true, [SPAIN, FRANCE]),
        ("kind=network", FRANCE, false, [FRANCE, SPAIN]),
        ("kind=country", "ES", true, ["ES", "FR"]),
        ("kind=country", "FR", false, ["fr", "es"]),
        ("kind=asn", "64500", true, ["AS64500", "64501"]),
        ("kind=asn", "64501", false, ["64501", "x"]),
        ("kind=user", "%61lice", false, ["%61lice", "alice"]),
        ("kind=user", "alice", true, ["ALICE", "bob"]),
        ("kind=agent", "phone", true, ["a phone", "x"]),
        (
            "kind=domain",
            "b.example",
            false,
            ["b.example", "a.example"],
        ),
    ] {
        let list = format!("{list};action=deny");
        let firewall = with(&[(&list, entry)], &[]);
        let ask = |name: &[u8]| {
            firewall.inspect(address(SPAIN), &call(), |inspection| {
                inspection.in_list(name)
            })
        };
        assert_eq!((ask(b"l0"), ask(b"l1")), (Some(is_in), None), "{list}");
        let of = |value: &str| firewall.value_in_list(b"l0", value.as_bytes());
        assert_eq!(
            (of(inside), of(outside)),
            (Some(true), Some(false)),
            "{list}"
        );
        assert_eq!(firewall.value_in_list(b"l1", b"x"), None);
    }
}

#[test]
fn countries_and_systems() {
    const DENY_ES: Given<'_> = ("kind=country;action=deny", "ES");
    const DENY_ONE: Given<'_> = ("kind=asn;action=deny", "64500");
    const ALLOW_ES: Given<'_> = ("kind=country;action=allow", "ES");
    const ALLOW_FR: Given<'_> = ("kind=country;action=allow", "FR");
    const ALLOW_ONE: Given<'_> = ("kind=asn;action=allow", "64500");
    const TRUST_ES: Given<'_> = ("kind=country;action=trust", "ES");
    const TRUST_ONE: Given<'_> = ("kind=asn;action=trust", "64500");
    // Are Spain, France, and an address of no country blocked?
    let rows: &[(&[Given<'_>], &str, [bool; 3])] = &[
        (&[], "pass", [false; 3]),
        (&[], "deny", [false, false, true]),
        (&[DENY_ES], "pass", [true, false, false]),
        (&[DENY_ONE], "pass", [true, false, false]),
        (&[DENY_ES], "deny", [true, false, true]),
        (&[ALLOW_ES], "pass", [false, true, false]),
        (&[ALLOW_ES], "deny", [false, true, true]),
        (&[ALLOW_ONE], "pass", [false, true, false]),
        (&[ALLOW_ONE], "deny", [false, true, true]),
        (&[ALLOW_FR, ALLOW_ONE], "pass", [false, false, false]),
        (&[ALLOW_ES, DENY_ONE], "pass", [true, true, false]),
        (&[ALLOW_FR, TRUST_ES], "pass", [false, false, false]),
        (&[ALLOW_FR, TRUST_ONE], "pass", [false, false, false]),
    ];
    for (lists, unknown, blocked) in rows {
        let firewall = with(lists, &[("country_unknown", unknown)]);
        for (from, is_blocked) in [SPAIN, FRANCE, NOWHERE].into_iter().zip(*blocked) {
            let at = format!("{from} {lists:?} {unknown}");
            let verdict = firewall.check(address(from), &call());
            assert_eq!(verdict != Verdict::Pass, is_blocked, "{at}");
            let asked = firewall.inspect(address(from), &call(), |it| it.check_country());
            assert_eq!(asked != Verdict::Pass, is_blocked, "{at}");
        }
        let trusts = lists.contains(&TRUST_ES) || lists.contains(&TRUST_ONE);
        assert_eq!(firewall.is_trusted(address(SPAIN)), trusts, "{lists:?}");
        assert!(!firewall.is_trusted(address(FRANCE)), "{lists:?}");
    }
}
