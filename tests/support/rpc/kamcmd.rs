//! The real kamcmd, and its output read back as a tree.
//!
//! Its output is indented by tabs: `name: value`, `name: {` … `}`, and `{` … `}` without a name
//! inside a list. A name that comes twice is a list too (`core.sockets_list`).

use super::{Endpoints, Reply, RpcError, TIMEOUT};
use serde_json::{Map, Value, json};
use std::ffi::OsStr;
use std::process::Command;

pub fn call(at: &Endpoints, method: &str, params: &Value) -> Result<Reply, RpcError> {
    let params = params
        .as_array()
        .expect("params is an array")
        .iter()
        .cloned()
        .map(|param| Reply(param).as_text());
    let words: Vec<String> = std::iter::once(method.to_string()).chain(params).collect();
    read(&text(at, &words))
}

/// Standard output and standard error of `kamcmd` with these words.
pub fn text<S: AsRef<OsStr>>(at: &Endpoints, words: &[S]) -> String {
    let mut command = Command::new("timeout");
    command.arg(TIMEOUT.as_secs().to_string()).arg(&at.kamcmd);
    command
        .arg("-s")
        .arg(format!("unix:{}", at.ctl().display()))
        .args(words);
    let output = command.output().expect("run timeout and kamcmd");
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text += &String::from_utf8_lossy(&output.stderr);
    text
}

fn read(text: &str) -> Result<Reply, RpcError> {
    if let Some(error) = text.strip_prefix("error: ") {
        let (code, message) = error.trim_end().split_once(" - ").unwrap_or(("0", error));
        return Err(RpcError {
            code: code.parse().unwrap_or(0),
            message: message.into(),
        });
    }
    if text.starts_with("ERROR: ") {
        return Err(RpcError::no_reply(text));
    }
    let mut top = read_block(&mut text.lines());
    Ok(Reply(match top.len() {
        0 => json!([]),
        1 => top.pop().expect("one").1,
        _ => top.into_iter().map(|(_, value)| value).collect(),
    }))
}

/// Up to the closing brace or the end. Values without a name have None.
fn read_block<'a>(lines: &mut impl Iterator<Item = &'a str>) -> Vec<(Option<&'a str>, Value)> {
    let mut entries = vec![];
    while let Some(line) = lines.next() {
        let entry = match line.trim_start_matches('\t') {
            "}" => break,
            "{" => (None, shape(read_block(lines))),
            other => match other.split_once(": ").filter(|_| line.starts_with('\t')) {
                Some((name, "{")) => (Some(name), shape(read_block(lines))),
                Some((name, value)) => (Some(name), json!(value)),
                None => (None, json!(other)),
            },
        };
        entries.push(entry);
    }
    entries
}

/// An object, unless it can only be a list.
fn shape(entries: Vec<(Option<&str>, Value)>) -> Value {
    let mut names: Vec<_> = entries.iter().map(|(name, _)| name).collect();
    names.sort();
    let repeated = names.windows(2).any(|pair| pair[0] == pair[1]);
    if repeated || names.contains(&&None) {
        return entries
            .into_iter()
            .map(|(name, value)| name.map_or(value.clone(), |name| json!({ name: value })))
            .collect();
    }
    let named = entries
        .into_iter()
        .filter_map(|(name, value)| Some((name?.to_string(), value)));
    Value::Object(named.collect::<Map<_, _>>())
}
