//! What was seen, as it stands in docs/scans.md and in tests/data/interop. With `PALISADE_BLESS=1` it is written, else
//! compared.

use super::honest::Recorded;
use super::row::Seen;
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const DOCUMENT: &str = "docs/scans.md";

pub struct Line {
    pub kind: String,
    pub method: String,
    pub asterisk: String,
    pub seen: Seen,
}

/// What is the same for several methods or Asterisks is one row.
pub fn attacks(lines: &[Line]) -> String {
    let mut rows: Vec<(&str, Vec<&str>, Vec<&str>, String)> = vec![];
    let mut by_method: Vec<(&str, &str, Vec<&str>, String)> = vec![];
    for line in lines {
        let cells = cells(&line.seen);
        let same = |row: &&mut (&str, &str, Vec<&str>, String)| {
            (row.0, row.1, &row.3) == (&line.kind, &line.method, &cells)
        };
        match by_method.iter_mut().find(same) {
            Some(row) => row.2.push(&line.asterisk),
            None => by_method.push((&line.kind, &line.method, vec![&line.asterisk], cells)),
        }
    }
    for (kind, method, asterisks, cells) in by_method {
        let same = |row: &&mut (&str, Vec<&str>, Vec<&str>, String)| {
            (row.0, &row.2, &row.3) == (kind, &asterisks, &cells)
        };
        match rows.iter_mut().find(same) {
            Some(row) => row.1.push(method),
            None => rows.push((kind, vec![method], asterisks, cells)),
        }
    }
    let head = "| 60 times | by | Asterisk | replies | evaluated | Palisade | lines for Fail2ban |\n\
                | --- | --- | --- | --- | --- | --- | --- |\n";
    let text = rows.iter().map(|(kind, methods, asterisks, cells)| {
        let (methods, asterisks) = (methods.join(", "), asterisks.join(", "));
        format!("| {kind} | {methods} | {asterisks} | {cells} |\n")
    });
    head.to_owned() + &text.collect::<String>()
}

/// How far somebody in haste gets is chance.
fn cells(seen: &Seen) -> String {
    let is_chance = seen.palisade == "banned: rate";
    let number = |number: usize| match is_chance && number > 0 {
        true => "some".to_owned(),
        false => number.to_string(),
    };
    let replies = match is_chance {
        true => "",
        false => &*seen.replies,
    };
    format!(
        "{replies} | {} | {} | {}",
        number(seen.evaluated),
        seen.palisade,
        number(seen.fail2ban)
    )
}

/// A file for the imitated PBX: method, what is in the request, its credentials, the answer, the challenge in it.
pub fn recorded(rows: &[Recorded]) -> String {
    let lines = rows.iter().map(|row| {
        let (case, answer) = (row.case, &row.answer);
        let line = [
            case.method,
            case.what,
            row.credentials,
            &answer.status,
            &answer.challenge,
        ];
        line.join("\t").trim_end().to_owned() + "\n"
    });
    lines.collect()
}

pub fn file_of(asterisk: &str) -> PathBuf {
    let name: String = asterisk
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() || letter == '_' {
                letter
            } else {
                '-'
            }
        })
        .collect();
    Path::new("tests/data/interop").join(name.replace("--", "-") + ".tsv")
}

/// What is written there is what was seen?
pub fn check_file(path: &Path, seen: &str) -> Result<(), String> {
    let path = Path::new(ROOT).join(path);
    if is_blessed() {
        fs::create_dir_all(path.parent().expect("a folder")).map_err(|error| error.to_string())?;
        return fs::write(&path, seen).map_err(|error| error.to_string());
    }
    let written = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    compare(&path.display().to_string(), &written, seen)
}

/// The same for what stands in the document between the two marks.
pub fn check_document(seen: &str) -> Result<(), String> {
    let path = Path::new(ROOT).join(DOCUMENT);
    let text = fs::read_to_string(&path).map_err(|error| error.to_string())?;
    let (begin, end) = ("<!-- make interop -->\n", "<!-- end -->\n");
    let (before, rest) = text.split_once(begin).ok_or("no mark in the document")?;
    let (written, after) = rest.split_once(end).ok_or("no end in the document")?;
    if is_blessed() {
        let text = [before, begin, seen, end, after].concat();
        return fs::write(&path, text).map_err(|error| error.to_string());
    }
    compare(DOCUMENT, written, seen)
}

fn is_blessed() -> bool {
    std::env::var_os("PALISADE_BLESS").is_some()
}

fn compare(name: &str, written: &str, seen: &str) -> Result<(), String> {
    let only = |one: &str, other: &str, sign: &str| -> String {
        let lines = one
            .lines()
            .filter(|line| !other.lines().any(|known| known == *line));
        lines.map(|line| format!("{sign} {line}\n")).collect()
    };
    let differs = only(written, seen, "-") + &only(seen, written, "+");
    match differs.is_empty() {
        true => Ok(()),
        false => Err(format!(
            "{name} says otherwise (PALISADE_BLESS=1 writes it):\n{differs}"
        )),
    }
}
