//! The example configs as they stand, against a real Kamailio; what guessers meet at them is in
//! `auth::example`.

mod asterisk;
mod migration;
mod registrar;

use crate::support::{Kamailio, Message, Phone, Reply, Request, Rpc, Server};
use serde_json::{Value, json};
use std::time::Duration;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PATIENCE: Duration = Duration::from_secs(10);

fn example(name: &str) -> Kamailio {
    Kamailio::file(format!("examples/{name}")).like_an_example()
}

#[track_caller]
fn call(kam: &Server, command: &str, arguments: Value) -> Reply {
    let answer = kam.rpc(Rpc::Kamcmd, &format!("palisade.{command}"), arguments);
    answer.unwrap_or_else(|error| panic!("palisade.{command}: {error}\n{}", kam.log()))
}

/// The final response, however long others need for it; what [`Phone::ask`] takes for silence is
/// only Kamailio's.
#[track_caller]
fn relayed(phone: &Phone, request: &Request) -> Message {
    phone.send(request);
    let mut received = std::iter::from_fn(|| phone.receive(PATIENCE));
    let answer = received.find(Message::is_final).expect("a final response");
    if request.method == "INVITE" && answer.status() >= Some(300) {
        phone.send(&request.acknowledge(&answer));
    }
    answer
}

/// [`relayed`], and once more with credentials.
#[track_caller]
fn relayed_as(phone: &Phone, request: &Request, user: &str, password: &str) -> Option<u16> {
    let challenge = relayed(phone, request);
    if !matches!(challenge.status(), Some(401 | 407)) {
        return challenge.status();
    }
    let request = request.clone().authorize(&challenge, user, password);
    relayed(phone, &request).status()
}

/// The reason of a source's ban; `None`: it has none.
fn ban_of(kam: &Server, source: &str) -> Option<String> {
    let bans = call(kam, "bans", json!([])).rows("rows");
    let ban = bans.into_iter().find(|ban| ban.text("key") == source)?;
    Some(ban.text("reason"))
}
