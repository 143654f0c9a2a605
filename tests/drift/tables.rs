//! What is written down elsewhere of the tables that stand in Rust: the module's exports in C, and
//! the tables of the documents. `PALISADE_BLESS=1 cargo test --test drift` writes it anew.

use palisade::abi::functions::{FUNCTIONS, Form, Function};
use palisade::report::commands::{COMMANDS, Command};
use palisade::settings::table::{ALIASES, Kind, PARAMETERS, Parameter};
use palisade::settings::{Settings, Value};
use std::fs;
use std::path::Path;

#[test]
fn the_rows_in_c_are_those_of_the_tables() {
    let names = PARAMETERS.iter().map(|parameter| parameter.name);
    let names = names.chain(ALIASES.iter().map(|(alias, _)| *alias));
    let parameters: Vec<String> = names.map(|name| format!("X({name})")).collect();
    let commands: Vec<String> = COMMANDS.iter().map(exported).collect();
    let functions: Vec<String> = FUNCTIONS.iter().flat_map(rows_in_c).collect();
    let text = format!(
        "{C_HEAD}\n/* X(name) */\n{}\n/* X(name, help) */\n{}\n/* see functions.c: what it takes(name, name in KEMI, what it calls) */\n{}\n#endif\n",
        c_list("PALISADE_PARAMETERS(X)", &parameters),
        c_list("PALISADE_COMMANDS(X)", &commands),
        c_list("PALISADE_FUNCTIONS", &functions)
    );
    check("kamailio-glue/tables.h", |_| text);
}

const C_HEAD: &str = "\
/*
 * Palisade - the rows of the tables in Rust, for what is exported to Kamailio.
 *
 * Generated from src/settings/table.rs, src/report/commands.rs and
 * src/abi/functions.rs. After a change there: PALISADE_BLESS=1 cargo test --test drift
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_TABLES_H
#define PALISADE_TABLES_H

/* clang-format off */
";

fn c_list(name: &str, rows: &[String]) -> String {
    format!("#define {name} \\\n\t{}\n", rows.join(" \\\n\t"))
}

fn rows_in_c(function: &Function) -> Vec<String> {
    let row = |form: &Form| {
        let (takes, _) = form.takes.words();
        format!("{takes}({}, {}, {})", function.name, form.kemi, form.calls)
    };
    function.forms.iter().map(row).collect()
}

/// With the help that `kamcmd help palisade.ban` prints.
fn exported(command: &Command) -> String {
    let help = plain(command.doc);
    let help = match command.arguments {
        "" => help,
        arguments => format!("{help} Arguments: {arguments}"),
    };
    assert!(!help.contains(['"', '\\']), "{help}");
    format!("X({}, \"{help}\")", command.name)
}

/// Without the signs of Markdown.
fn plain(doc: &str) -> String {
    doc.trim().replace('`', "")
}

#[test]
fn the_document_of_the_parameters_has_their_rows() {
    let head = "| name | type | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n";
    let defaults = Settings::default();
    let rows = defaults
        .each()
        .map(|(parameter, default)| parameter_row(parameter, &default));
    let table = head.to_owned() + &rows.collect::<String>();
    check("docs/parameters.md", |text| with_table(text, &table));
}

fn parameter_row(parameter: &Parameter, default: &Value) -> String {
    let code = |text: &str| match text {
        "" => String::new(),
        text => format!("`{text}`"),
    };
    let default = match default {
        Value::Number(number) => number.to_string(),
        Value::Text(text) => code(text),
    };
    let (kind, allowed) = match &parameter.kind {
        Kind::Number { allowed, unit, .. } => {
            let (least, most) = (allowed.start(), allowed.end());
            let range = format!("{least} to {most} {unit}");
            ("number", range.trim_end().to_owned())
        }
        Kind::Word(words) => {
            let words: Vec<String> = words.iter().map(|word| code(word)).collect();
            ("word", words.join(" "))
        }
        Kind::Text(allowed) => ("text", (*allowed).to_owned()),
        Kind::Texts(allowed) => ("text, repeatable", (*allowed).to_owned()),
    };
    let (name, doc) = (parameter.name, parameter.doc.trim());
    row(&[&code(name), kind, &default, &allowed, doc])
}

#[test]
fn the_document_of_the_commands_has_their_rows() {
    let head = "| command | does | answers |\n| --- | --- | --- |\n";
    let rows = COMMANDS.iter().map(|command| {
        let call = format!("`palisade.{} {}", command.name, command.arguments);
        let call = format!("{}`", call.trim_end());
        row(&[&call, command.doc.trim(), &answers(&command.shape())])
    });
    let table = head.to_owned() + &rows.collect::<String>();
    check("docs/rpc.md", |text| with_table(text, &table));
}

/// `{total# rows[{key left#}]}` is `rows: key left`; what is inside of a field is left out.
fn answers(shape: &str) -> String {
    let rows = shape
        .strip_prefix("{total# rows[")
        .and_then(|rest| rest.strip_suffix("]}"));
    let mut depth = 0;
    let mut names = String::new();
    for sign in rows.unwrap_or(shape).chars() {
        match sign {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            '#' => {}
            sign if depth == 1 => names.push(sign),
            _ => {}
        }
    }
    match (names.as_str(), rows) {
        ("…", _) => "a field for each".to_owned(),
        (names, Some(_)) => format!("rows: `{names}`"),
        (names, None) => format!("`{names}`"),
    }
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    format!("| {} |\n", cells.join(" | ")).replace("|  |", "| |")
}

/// The document with this table in the place of the one that begins with the same line.
#[track_caller]
fn with_table(text: &str, table: &str) -> String {
    let head = table.lines().next().unwrap_or_default();
    let begin = text
        .find(head)
        .unwrap_or_else(|| panic!("no line {head:?}"));
    let rest = &text[begin..];
    let end = rest.find("\n\n").map_or(text.len(), |end| begin + end + 1);
    [&text[..begin], table, &text[end..]].concat()
}

#[track_caller]
fn check(name: &str, fresh: impl FnOnce(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let fresh = fresh(&committed);
    if std::env::var_os("PALISADE_BLESS").is_some() {
        fs::write(&path, &fresh).expect("the source folder is writable");
    } else {
        assert!(
            fresh == committed,
            "{name} has drifted: run PALISADE_BLESS=1 cargo test --test drift"
        );
    }
}
