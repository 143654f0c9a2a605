//! What is allowed, and what is in force.

use super::*;

#[test]
fn bad_values_are_named() {
    let mut settings = Settings::default();
    for (name, value, expected) in [
        (
            "ipv6_prefix",
            200,
            "ipv6_prefix=200: must be between 32 and 128",
        ),
        (
            "sampling_time_unit",
            0,
            "sampling_time_unit=0: must be between 1 and 3600",
        ),
        ("log_level", 9, "log_level=9: must be between -5 and 3"),
        ("pike_log_level", 9, "log_level=9: must be between -5 and 3"),
        ("no_such", 1, "no_such=1: there is no such parameter"),
        ("auth_scope", 1, "auth_scope=1: must be a text"),
    ] {
        assert_eq!(settings.set_number(name, value).unwrap_err(), expected);
    }
    for (name, value, expected) in [
        (
            "auth_scope",
            "ip",
            "auth_scope=ip: must be one of user_source, user, source",
        ),
        ("on_fault", "", "on_fault=: must be one of pass, drop"),
        ("edge", "on", "edge=on: must be one of off, bans, rate"),
        ("geo", "x.dat", "geo=x.dat: must be files that end in"),
        (
            "country_unknown",
            "maybe",
            "country_unknown=maybe: must be one of pass, deny",
        ),
        ("trusted", "home", "trusted=home: must be networks such as"),
        (
            "agent_deny",
            "(",
            "agent_deny=(: must be a regular expression: unclosed group",
        ),
        ("no_such", "x", "no_such=x: there is no such parameter"),
        (
            "ipv4_prefix",
            "32",
            "ipv4_prefix=32: must be a number, without quotes",
        ),
    ] {
        let error = settings.set_text(name, value.as_bytes()).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn what_was_set_is_in_force() {
    let mut settings = Settings::default();
    settings.set_number("ipv6_prefix", 56).unwrap();
    settings.set_number("pike_log_level", 2).unwrap();
    settings.set_text("auth_scope", b"source").unwrap();
    settings.set_number("auth_ban_time", 77).unwrap();
    settings.set_text("policy", b"agent=log").unwrap();
    assert_eq!((settings.ipv6_prefix(), settings.log_level()), (56, 2));
    assert_eq!(settings.auth_scope, AuthScope::Source);
    for (finding, expected) in [
        (Reason::Rate, Consequence::Ban(300)),
        (Reason::Agent, Consequence::Log),
        (Reason::Auth, Consequence::Ban(77)),
        (Reason::Contact, Consequence::Off),
    ] {
        assert_eq!(settings.consequence(finding), expected, "{finding:?}");
    }
}

#[test]
fn every_parameter_takes_what_it_is_said_to() {
    let mut names: Vec<&str> = PARAMETERS.iter().map(|parameter| parameter.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), PARAMETERS.len(), "a name stands twice");
    for Parameter {
        name, kind, doc, ..
    } in PARAMETERS
    {
        assert!(doc.starts_with(' ') && doc.ends_with('.'), "{name}: {doc}");
        let mut settings = Settings::default();
        match kind {
            Kind::Number { allowed, .. } => {
                for value in [*allowed.start(), *allowed.end()] {
                    assert_eq!(settings.set_number(name, value), Ok(()));
                    let shown = settings
                        .each()
                        .find(|(row, _)| row.name == *name)
                        .unwrap()
                        .1;
                    assert_eq!(shown, Value::Number(value), "{name}");
                }
            }
            Kind::Word(words) => {
                for word in *words {
                    assert_eq!(settings.set_text(name, word.as_bytes()), Ok(()));
                    let shown = settings
                        .each()
                        .find(|(row, _)| row.name == *name)
                        .unwrap()
                        .1;
                    assert_eq!(shown, Value::Text((*word).to_owned()), "{name}");
                }
            }
            Kind::Text(_) | Kind::Texts(_) => {
                let refused = settings.set_text(name, b"\xff").unwrap_err();
                assert!(refused.starts_with(name), "{refused}");
            }
        }
    }
}

#[test]
fn what_is_allowed_but_hardly_meant_is_told() {
    for (given, told) in [
        (&[][..], &[][..]),
        (
            &[("trusted", "0.0.0.0/0")],
            &["trusted=0.0.0.0/0: trusts every IPv4 address"],
        ),
        (
            &[("trusted", "192.0.2.5/24")],
            &["trusted=192.0.2.5/24: has bits beyond its length"],
        ),
        (&[("agent_deny", ".*")], &["agent_deny=.*: matches"]),
        (
            &[("policy", "sqli=log scan=ban"), ("policy", "sqli=ban:60")],
            &["policy=sqli=ban:60: sqli is named 2 times, the last one counts"],
        ),
        (
            &[("list", "name=a;kind=country;action=deny;file=/a")],
            &["list=a: kind=country without geo"],
        ),
    ] {
        let mut settings = Settings::default();
        for (name, value) in given {
            settings.set_text(name, value.as_bytes()).unwrap();
        }
        let doubts = settings.doubts();
        assert_eq!(doubts.len(), told.len(), "{doubts:?}");
        for (doubt, told) in doubts.iter().zip(told) {
            assert!(doubt.starts_with(told), "{doubt}");
        }
    }
}

#[test]
fn what_counts_nothing_is_refused() {
    for (policy, edge, is_refused) in [
        ("rate=off", "rate", true),
        ("rate=off", "bans", false),
        ("rate=log", "rate", false),
        ("rate=block", "rate", false),
    ] {
        let mut settings = Settings::default();
        settings.set_text("policy", policy.as_bytes()).unwrap();
        settings.set_text("edge", edge.as_bytes()).unwrap();
        assert_eq!(settings.check().is_err(), is_refused, "{policy} {edge}");
    }
}

#[test]
fn defaults_are_allowed() {
    for Parameter { name, kind, .. } in PARAMETERS {
        if let Kind::Number {
            default, allowed, ..
        } = kind
        {
            assert!(allowed.contains(default), "{name}");
        }
    }
}
