//! The ban table: bans by hand and from the script, how they end, and what a full table does.

mod commands;
mod full;
mod life;
mod many;
mod own;

use crate::support::{Kamailio, Phone, Reply, Rpc, RpcError, Server};
use serde_json::{Value, json};

/// Does what X-Do says, with X-Key, X-Seconds and X-Reason, and answers with the code that came
/// back; without X-Do, whoever is not blocked gets 200.
const ROUTE: &str = r#"
request_route {
	if ($hdr(X-Do) == $null) {
		if (!palisade_check()) exit;
		sl_send_reply("200", "OK");
		exit;
	}
	switch ($hdr(X-Do)) {
		case "ban key":
			palisade_ban("$hdr(X-Key)");
			$var(code) = $retcode;
			break;
		case "ban key seconds":
			palisade_ban("$hdr(X-Key)", "$hdr(X-Seconds)");
			$var(code) = $retcode;
			break;
		case "ban key seconds reason":
			palisade_ban("$hdr(X-Key)", "$hdr(X-Seconds)", "$hdr(X-Reason)");
			$var(code) = $retcode;
			break;
		case "unban key":
			palisade_unban("$hdr(X-Key)");
			$var(code) = $retcode;
			break;
		case "is_banned key":
			palisade_is_banned("$hdr(X-Key)");
			$var(code) = $retcode;
			break;
		case "is_banned":
			palisade_is_banned();
			$var(code) = $retcode;
			break;
	}
	sl_send_reply("200", "$var(code)");
}
"#;

fn kamailio(parameters: &str) -> Kamailio {
    Kamailio::with(&format!(
        "loadmodule \"palisade.so\"\n{parameters}\n{ROUTE}"
    ))
}

fn server(parameters: &str) -> Server {
    kamailio(parameters).start()
}

/// A command, and how the script answers it when `phone` sends it.
#[track_caller]
fn script(phone: &Phone, function: &str, arguments: &[&str]) -> i32 {
    let names = &["key", "seconds", "reason"][..arguments.len()];
    let mut request = phone
        .request("OPTIONS")
        .header("X-Do", [&[function], names].concat().join(" "));
    for (name, value) in names.iter().zip(arguments) {
        request = request.header(&format!("X-{name}"), value);
    }
    let answer = phone.ask(&request).expect("an answer");
    let code = answer.reason().and_then(|reason| reason.parse().ok());
    code.unwrap_or_else(|| panic!("{function} {arguments:?}: {answer}"))
}

fn rpc(kam: &Server, command: &str, arguments: Value) -> Result<Reply, RpcError> {
    kam.rpc(Rpc::Datagram, &format!("palisade.{command}"), arguments)
}

/// All bans, up to a hundred.
#[track_caller]
fn bans(kam: &Server) -> Vec<Reply> {
    let reply = rpc(kam, "bans", json!([])).expect("bans");
    let rows = reply.rows("rows");
    assert_eq!(reply.number("total"), rows.len() as i64, "{reply}");
    rows
}

/// The one ban of this key.
#[track_caller]
fn ban_of(kam: &Server, key: &str) -> Reply {
    let (mut all, others): (Vec<_>, Vec<_>) = bans(kam)
        .into_iter()
        .partition(|ban| ban.text("key") == key);
    assert_eq!(all.len(), 1, "bans of {key} in {all:?}, beside {others:?}");
    all.remove(0)
}

/// Does it get an answer?
#[track_caller]
fn is_answered(phone: &Phone) -> bool {
    phone.status(&phone.request("OPTIONS")) == Some(200)
}
