//! Every command of the table, over every transport: its reply has the fields that its row says.

use crate::support::{Kamailio, Phone, Reply, Rpc, Server};
use palisade::report::commands::COMMANDS;
use serde_json::{Value, json};

fn server(folder: &tempfile::TempDir) -> Server {
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    };
    let list = write("ours.list", "198.51.100.0/24 # a comment\n");
    let geo = write("countries.csv", "127.0.0.0,127.0.0.255,XX\n");
    let kam = Kamailio::with(&format!(
        r#"
        loadmodule "palisade.so"
        modparam("palisade", "list", "name=ours;kind=network;action=deny;force=1;file={list}")
        modparam("palisade", "geo", "{geo}")
        request_route {{
            palisade_check();
            palisade_signal("odd");
            palisade_auth_failed("$hdr(X-User)");
            sl_send_reply("200", "OK");
        }}"#
    ))
    .start();
    let phone = Phone::udp(&kam, "127.0.0.7");
    for number in 0..Rpc::ALL.len() {
        let user = format!("user{number}");
        let request = phone.request("REGISTER").header("X-User", user.as_bytes());
        assert_eq!(phone.status(&request), Some(200));
    }
    kam
}

/// Arguments that are answered; what one changes, a later one finds.
fn arguments(command: &str, number: usize) -> Value {
    match command {
        "ban" | "unban" => json!([format!("192.0.2.{number}")]),
        "auth_clear" => json!([format!("user{number}"), "127.0.0.7"]),
        "show" => json!(["127.0.0.7"]),
        "list" | "reload" => json!(["ours"]),
        "list_find" => json!(["198.51.100.7"]),
        "list_add" | "list_remove" => json!(["ours", format!("203.0.113.{number}")]),
        "bans" | "sources" | "auth" | "scans" | "agents" => json!(["0", "50"]),
        _ => json!([]),
    }
}

#[test]
fn every_reply_has_the_fields_of_its_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let kam = server(&folder);
    for (number, via) in Rpc::ALL.into_iter().enumerate() {
        for command in COMMANDS {
            let method = format!("palisade.{}", command.name);
            let what = format!("{via:?}: {method}");
            // `show` is to show a ban, too.
            if command.name == "show" {
                kam.rpc(via, "palisade.ban", json!(["127.0.0.7"]))
                    .expect(&what);
            }
            let reply = kam
                .rpc(via, &method, arguments(command.name, number))
                .unwrap_or_else(|error| panic!("{what}: {error}"));
            let shape = command.shape();
            let rest = check(&what, via, Some(&reply.0), &shape);
            assert_eq!(rest, "", "{what}: {shape}");
        }
    }
    kam.assert_healthy();
}

/// Arguments that no command takes are one too many, and none is ignored.
#[test]
fn no_command_takes_six_arguments() {
    let folder = tempfile::tempdir().expect("a folder");
    let kam = server(&folder);
    for command in COMMANDS {
        let method = format!("palisade.{}", command.name);
        let first = arguments(command.name, 0);
        let mut params = first.as_array().expect("an array").clone();
        params.extend((params.len()..6).map(|_| json!("60")));
        for via in Rpc::ALL {
            let error = kam.rpc(via, &method, json!(params)).expect_err(&method);
            let is_said = error.message.contains("is one argument too many");
            assert!(error.code == 400 && is_said, "{via:?} {method}: {error}");
        }
    }
}

/// The value is what the shape begins with ([`palisade::report::commands::Command::shape`]).
/// Answers the rest of the shape. `None`: it is read over.
fn check<'a>(what: &str, via: Rpc, value: Option<&Value>, shape: &'a str) -> &'a str {
    match shape.as_bytes().first() {
        Some(b'{') => check_struct(what, via, value, &shape[1..]),
        Some(b'[') => {
            let elements = value.map(|value| Reply(value.clone()).records());
            for element in elements.unwrap_or_default() {
                check(what, via, Some(&element.0), &shape[1..]);
            }
            let rest = check(what, via, None, &shape[1..]);
            rest.strip_prefix(']').expect("a closed list")
        }
        Some(b'#') => {
            let is_number = |value: &Value| match via {
                Rpc::Kamcmd => value
                    .as_str()
                    .is_some_and(|text| text.parse::<i64>().is_ok()),
                _ => value.is_i64(),
            };
            assert!(
                value.is_none_or(is_number),
                "{what}: {value:?} is no number"
            );
            &shape[1..]
        }
        _ => {
            assert!(
                value.is_none_or(Value::is_string),
                "{what}: {value:?} is no text"
            );
            shape
        }
    }
}

fn check_struct<'a>(what: &str, via: Rpc, value: Option<&Value>, mut shape: &'a str) -> &'a str {
    let mut known = 0;
    loop {
        if let Some(rest) = shape.strip_prefix('}') {
            let fields = value.and_then(Value::as_object).map(serde_json::Map::len);
            assert!(
                fields.is_none_or(|fields| fields == known),
                "{what}: {value:?}"
            );
            return rest;
        }
        shape = shape.trim_start();
        // Names that only the server knows: of counters, of parameters.
        if let Some(rest) = shape.strip_prefix('…') {
            let fields = value.and_then(Value::as_object).expect(what);
            assert!(fields.len() > 10, "{what}: {value:?}");
            return &rest[rest.find('}').expect("a closed struct") + 1..];
        }
        let end = shape
            .find(|sign| "{[#? }]".contains(sign))
            .expect("a name ends");
        let (name, rest) = shape.split_at(end);
        let field = value.and_then(|value| value.get(name));
        let after = check(&format!("{what}: {name}"), via, field, rest);
        let may_miss = after.starts_with('?');
        assert!(
            value.is_none() || field.is_some() || may_miss,
            "{what}: no {name}"
        );
        known += usize::from(field.is_some());
        shape = after.trim_start_matches('?');
    }
}
