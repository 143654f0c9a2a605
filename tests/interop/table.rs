//! What was seen, as it stands in docs/scans.md and in tests/data/interop. With `PALISADE_BLESS=1` it is written, else
//! compared.

use super::honest::Recorded;
use super::row::{NOTHING, Seen};
use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const DOCUMENT: &str = "docs/scans.md";

pub struct Line {
    pub kind: String,
    pub method: String,
    pub asterisk: String,
    pub seen: Seen,
    /// How far it gets is chance: in haste, and of a tool that gives up by itself.
    pub is_chance: bool,
}

/// What is the same for several methods or Asterisks is one row; rows of one kind stand together.
pub fn attacks(lines: &[Line]) -> String {
    let mut kinds: Vec<&str> = vec![];
    for line in lines {
        if !kinds.contains(&&*line.kind) {
            kinds.push(&line.kind);
        }
    }
    let head = "| 60 times | by | Asterisk | its replies | evaluated | Palisade | Fail2ban |\n\
                | --- | --- | --- | --- | --- | --- | --- |\n";
    let rows = kinds.iter().map(|kind| {
        let lines = lines.iter().filter(|line| line.kind == *kind);
        let by_method =
            grouped(lines.map(|line| ((&line.method, cells(line)), line.asterisk.as_str())));
        let by_asterisk = grouped(
            by_method
                .into_iter()
                .map(|((method, cells), asterisks)| ((asterisks, cells), method.as_str())),
        );
        let rows = by_asterisk.iter().map(|((asterisks, cells), methods)| {
            let (methods, asterisks) = (methods.join(", "), asterisks.join(", "));
            format!("| {kind} | {methods} | {asterisks} | {cells} |\n")
        });
        rows.collect::<String>()
    });
    head.to_owned() + &rows.collect::<String>()
}

/// The values of each key, in the order in which they came.
fn grouped<K: PartialEq, V>(pairs: impl Iterator<Item = (K, V)>) -> Vec<(K, Vec<V>)> {
    let mut groups: Vec<(K, Vec<V>)> = vec![];
    for (key, value) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}

fn cells(line: &Line) -> String {
    let seen = &line.seen;
    let evaluated = match line.is_chance && seen.evaluated > 0 {
        true => "some".to_owned(),
        false => seen.evaluated.to_string(),
    };
    let replies = match &*seen.replies {
        "" => NOTHING,
        replies => replies,
    };
    let fail2ban = match seen.fail2ban {
        0 => NOTHING,
        _ => "finds it",
    };
    format!("{replies} | {evaluated} | {} | {fail2ban}", seen.palisade)
}

/// A file for the imitated PBX: method, what is in the request, its credentials, the answer, the challenge in it.
pub fn recorded(rows: &[Recorded]) -> String {
    let lines = rows.iter().map(|row| {
        let (case, answer) = (&row.case, &row.answer);
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
