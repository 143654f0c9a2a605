//! Lists: from files, asked by the script, changed by RPC and by hand, replaced without a gap.

mod edit;
mod files;
mod gap;
mod keeper;
mod load;
mod names;

use crate::support::{Kamailio, Phone, Reply, Rpc, RpcError, Server};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Asks the list in X-List about the value in X-Value, else about the message, and answers with the
/// code that came back. Without X-List, what is in the list "bad" gets no answer.
const ROUTE: &str = r#"
request_route {
    if ($hdr(X-List) == $null) {
        if (palisade_in_list("bad")) exit;
        sl_send_reply("200", "OK");
        exit;
    }
    if ($hdr(X-Value) == $null) palisade_in_list("$hdr(X-List)");
    else palisade_in_list("$hdr(X-List)", "$hdr(X-Value)");
    $var(code) = $retcode;
    sl_send_reply("200", "$var(code)");
}
"#;

/// The files of lists, and the parameters that name them.
struct Lists {
    dir: TempDir,
    parameters: String,
}

impl Lists {
    fn new() -> Lists {
        Lists {
            dir: tempfile::tempdir().expect("a folder for lists"),
            parameters: String::new(),
        }
    }

    /// A list of this name over a file that holds this. `rest`: `kind=…;action=…`.
    fn with(mut self, name: &str, file: &str, content: impl AsRef<[u8]>, rest: &str) -> Lists {
        std::fs::write(self.path(file), content).expect("write a list");
        self.parameters += &format!(
            "modparam(\"palisade\", \"list\", \"name={name};file={};{rest}\")\n",
            self.path(file).display()
        );
        self
    }

    /// The list that the route asks, of denied networks.
    fn bad(self, content: impl AsRef<[u8]>) -> Lists {
        self.with(
            "bad",
            "bad.list",
            content,
            "kind=network;action=deny;force=1",
        )
    }

    fn parameter(mut self, name: &str, value: &str) -> Lists {
        self.parameters += &format!("modparam(\"palisade\", \"{name}\", {value})\n");
        self
    }

    fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join(file)
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.path(file)).expect("a list in UTF-8")
    }

    fn kamailio(&self) -> Kamailio {
        Kamailio::with(&format!(
            "loadmodule \"palisade.so\"\n{}{ROUTE}",
            self.parameters
        ))
    }

    fn start(&self) -> Server {
        self.kamailio().start()
    }
}

pub fn rpc(kam: &Server, command: &str, arguments: Value) -> Result<Reply, RpcError> {
    kam.rpc(Rpc::Datagram, &format!("palisade.{command}"), arguments)
}

#[track_caller]
pub fn call(kam: &Server, command: &str, arguments: Value) -> Reply {
    let answer = rpc(kam, command, arguments.clone());
    answer.unwrap_or_else(|error| panic!("palisade.{command} {arguments}: {error}\n{}", kam.log()))
}

/// The row of a list in palisade.lists.
#[track_caller]
pub fn row(kam: &Server, name: &str) -> Reply {
    let rows = call(kam, "lists", json!([])).rows("rows");
    let found = rows.into_iter().find(|row| row.text("name") == name);
    found.unwrap_or_else(|| panic!("no list {name}"))
}

/// The values of a list, up to a hundred.
#[track_caller]
fn values(kam: &Server, name: &str) -> Vec<String> {
    let reply = call(kam, "list", json!([name]));
    let rows = reply.rows("rows");
    assert_eq!(reply.number("total"), rows.len() as i64);
    rows.iter().map(|row| row.text("value")).collect()
}

/// What the script is told of a value, or of the phone's message.
#[track_caller]
fn asked(phone: &Phone, list: &str, value: Option<&str>) -> i32 {
    let mut request = phone.request("OPTIONS").header("X-List", list);
    if let Some(value) = value {
        request = request.header("X-Value", value);
    }
    let answer = phone.ask(&request).expect("an answer");
    let code = answer.reason().and_then(|reason| reason.parse().ok());
    code.unwrap_or_else(|| panic!("{list} {value:?}: {answer}"))
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
