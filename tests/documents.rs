//! What the documents say can be done: each snippet of a config starts in a real Kamailio, each function that is
//! named is there, and each that is there is named; each link leads somewhere.

mod pages;

use crate::support::{Kamailio, Phone};
use pages::{Page, pages, text_of};
use palisade::abi::functions::FUNCTIONS;
use std::collections::BTreeSet;

/// What the snippets take for loaded. The users are those of the examples.
const MODULES: [&str; 9] = [
    "db_text",
    "db_sqlite",
    "rr",
    "dialog",
    "auth",
    "auth_db",
    "sanity",
    "registrar",
    "palisade",
];

/// The snippets load what they need by these lines, which are left out: all of it is loaded before them.
fn around(snippet: &str) -> String {
    let mut text = String::new();
    for module in MODULES.iter().filter(|module| **module != "registrar") {
        text += &format!("loadmodule \"{module}.so\"\n");
    }
    let root = env!("CARGO_MANIFEST_DIR");
    text += &format!("modparam(\"auth_db\", \"db_url\", \"text://{root}/examples/dbtext\")\n");
    text += "modparam(\"auth_db\", \"calculate_ha1\", 1)\n\
             modparam(\"auth_db\", \"password_column\", \"password\")\n\
             modparam(\"auth_db\", \"load_credentials\", \"\")\n";
    for line in snippet.lines() {
        match line.strip_prefix("loadmodule \"") {
            Some(rest) => {
                let name = rest.split(".so\"").next().unwrap_or_default();
                assert!(MODULES.contains(&name), "not loaded before: {name}");
            }
            None => text += &format!("{line}\n"),
        }
    }
    if !snippet.contains("request_route") {
        text += "request_route { if (!palisade_check()) exit; }\n";
    }
    text
}

fn server(snippet: &str) -> Kamailio {
    // The files and tables that a snippet names are the operator's.
    Kamailio::with(&around(snippet))
        .allow("ERROR: palisade: list_error")
        .allow("ERROR: palisade: geo_error")
        .allow("ERROR: db_sqlite")
        .allow("ERROR: <core> [db.c")
        .workers(1)
}

#[test]
fn every_snippet_starts() {
    let mut seen = BTreeSet::new();
    for page in pages() {
        for snippet in page.fenced("cfg") {
            if seen.insert(snippet.to_owned()) {
                let kam = server(snippet).start();
                kam.stop();
            }
        }
    }
    assert!(seen.len() > 15, "{}", seen.len());
}

#[test]
fn the_recipe_for_passwords_stops_a_guesser_and_spares_the_user() {
    let page = Page::read("docs/passwords.md");
    let recipe = page.snippet("route[AUTHENTICATE]");
    let route = "request_route {\n\tif (!palisade_check()) exit;\n\troute(AUTHENTICATE);\n\t\
                 sl_send_reply(\"200\", \"OK\");\n}\n";
    let kam = server(&format!("{recipe}{route}")).start();
    let guesser = Phone::udp(&kam, "127.0.0.66").domain("example.com");
    let guesses: Vec<_> = (0..6)
        .map(|n| guesser.register("alice", &format!("guess{n}")))
        .collect();
    assert_eq!(guesses[3..], [Some(403); 3], "{guesses:?}");
    assert_eq!(guesser.register("alice", "secret"), Some(403));
    let phone = Phone::udp(&kam, "127.0.0.5").domain("example.com");
    assert_eq!(phone.register("alice", "secret"), Some(200));
    kam.stop();
}

/// A row of a table of functions: how it is called in kamailio.cfg, and in KEMI.
fn functions() -> Vec<(String, Vec<String>)> {
    let page = Page::read("docs/functions.md");
    let rows = page.rows("| function | in KEMI | returns |");
    rows.map(|cells| {
        let names = cells[1].split('`').filter(|text| text.contains('('));
        (
            cells[0].trim_matches('`').to_owned(),
            names.map(before_bracket).collect(),
        )
    })
    .collect()
}

fn before_bracket(call: &str) -> String {
    call.split('(').next().unwrap_or_default().to_owned()
}

/// `palisade_ban(key [, seconds [, reason]])`: with one, two and three arguments.
fn calls(function: &str) -> Vec<String> {
    let (name, rest) = function.split_once('(').expect("a call");
    let (needed, optional) = rest
        .trim_end_matches(')')
        .split_once('[')
        .unwrap_or((rest, ""));
    let names = |text: &str| -> Vec<String> {
        let words = text.split(|letter: char| !letter.is_ascii_alphabetic());
        words
            .filter(|word| !word.is_empty())
            .map(argument)
            .collect()
    };
    let (mut arguments, optional) = (names(needed), names(optional));
    let call = |arguments: &[String]| format!("{name}({});", arguments.join(", "));
    let mut all = vec![call(&arguments)];
    for more in optional {
        arguments.push(more);
        all.push(call(&arguments));
    }
    all
}

fn argument(name: &str) -> String {
    match name {
        "seconds" | "weight" | "code" => "\"1\"".to_owned(),
        _ => "\"$si\"".to_owned(),
    }
}

#[test]
fn every_function_that_is_named_can_be_called() {
    let calls: Vec<String> = functions()
        .iter()
        .flat_map(|(function, _)| calls(function))
        .collect();
    let kam = server(&format!("route[ALL] {{\n{}\n}}\n", calls.join("\n"))).start();
    kam.stop();
    assert!(calls.len() > 25, "{calls:?}");
}

#[test]
fn every_name_in_kemi_is_there() {
    let names: Vec<String> = functions()
        .into_iter()
        .flat_map(|(_, names)| names)
        .collect();
    let script = tempfile::NamedTempFile::new().expect("a file");
    let lua = "function answer()\n\tlocal missing = ''\n\tfor name in string.gmatch(\"NAMES\", '%S+') do\n\t\t\
               if KSR.palisade[name] == nil then missing = missing .. ' ' .. name end\n\tend\n\t\
               KSR.sl.sl_send_reply(200, 'missing:' .. missing)\nend\n";
    std::fs::write(&script, lua.replace("NAMES", &names.join(" "))).expect("a script");
    let kam = Kamailio::with(&format!(
        "loadmodule \"app_lua.so\"\nloadmodule \"palisade.so\"\nmodparam(\"app_lua\", \"load\", \"{}\")\n\
         request_route {{ lua_run(\"answer\"); }}\n",
        script.path().display()
    ))
    .start();
    let phone = Phone::udp(&kam, "127.0.0.5");
    let answer = phone
        .ask(&phone.request("OPTIONS"))
        .expect("an answer")
        .to_string();
    assert!(answer.starts_with("SIP/2.0 200 missing:\r\n"), "{answer}");
    kam.stop();
}

#[test]
fn every_function_is_named_with_its_names_in_kemi() {
    let named: BTreeSet<(String, Vec<String>)> = functions()
        .into_iter()
        .map(|(function, names)| (before_bracket(&function), names))
        .collect();
    let there: BTreeSet<(String, Vec<String>)> = FUNCTIONS
        .iter()
        .map(|function| {
            let names = function.forms.iter().map(|form| form.kemi.to_owned());
            (function.name.to_owned(), names.collect())
        })
        .collect();
    assert_eq!(named, there);
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let complaints: Vec<String> = pages
        .iter()
        .flat_map(|page| page.broken_links(&pages))
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn the_readme_is_short() {
    let lines = text_of("README.md").lines().count();
    assert!(lines <= 150, "{lines} lines");
}
