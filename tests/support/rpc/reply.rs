//! The result of an RPC, as a tree. Numbers and texts are read alike, since kamcmd's output has
//! only text.

use serde_json::Value;
use std::ops::Deref;

#[derive(Clone, Debug, PartialEq)]
pub struct Reply(pub Value);

impl Reply {
    /// The records of a reply that may be one or many: Kamailio sends an array only when there are
    /// several, or when the command says so.
    pub fn records(&self) -> Vec<Reply> {
        match &self.0 {
            Value::Array(all) => all.iter().cloned().map(Reply).collect(),
            Value::Object(none) if none.is_empty() => vec![],
            Value::Null => vec![],
            one => vec![Reply(one.clone())],
        }
    }

    /// The list under this name.
    #[track_caller]
    pub fn rows(&self, name: &str) -> Vec<Reply> {
        self.field(name).records()
    }

    /// What is at `a.b.c`. Panics, with the reply, when there is nothing.
    #[track_caller]
    pub fn field(&self, path: &str) -> Reply {
        let found = path.split('.').try_fold(&self.0, |at, name| at.get(name));
        Reply(
            found
                .unwrap_or_else(|| panic!("no {path:?} in {}", self.0))
                .clone(),
        )
    }

    pub fn has(&self, path: &str) -> bool {
        path.split('.')
            .try_fold(&self.0, |at, name| at.get(name))
            .is_some()
    }

    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        self.field(path).as_text()
    }

    #[track_caller]
    pub fn number(&self, path: &str) -> i64 {
        let text = self.text(path);
        text.parse()
            .unwrap_or_else(|_| panic!("{path:?} is {text:?}, not a number"))
    }

    /// A leaf as text; anything else as JSON.
    pub fn as_text(&self) -> String {
        self.0
            .as_str()
            .map_or_else(|| self.0.to_string(), str::to_string)
    }
}

impl Deref for Reply {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        self.0.fmt(out)
    }
}
