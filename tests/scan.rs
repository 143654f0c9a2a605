//! Scans, against a real Kamailio with a PBX behind it: who is found and banned, after how much, and
//! who is not.

pub mod backend;
mod callee;
mod kemi;
mod replies;
mod seed;
mod signals;
mod tools;

use crate::support::{Kamailio, Phone, Reply, Rpc, Server};
use serde_json::json;

const LOADED: &str = r#"
    loadmodule "palisade.so"
    modparam("pv", "shvset", "backend=s:none")
    modparam("palisade", "reqs_density_per_unit", 60000)
    modparam("palisade", "agent_builtin", 0)
"#;

/// Before a PBX. What `palisade_reply()` says of a reply is in the log.
const ROUTES: &str = r#"
    request_route {
        if (!palisade_check()) exit;
        sl_send_reply("100", "Trying");
        if (is_method("REGISTER") && palisade_auth_blocked()) {
            sl_send_reply("403", "Blocked");
            exit;
        }
        t_on_reply("BACK");
        $du = $shv(backend);
        t_relay();
    }
    onreply_route[BACK] {
        palisade_reply();
        xlog("L_NOTICE", "taken $rs $rm $tU: $rc\n");
    }
"#;

fn proxy(parameters: &str) -> Kamailio {
    Kamailio::with(&format!("{LOADED}{parameters}{ROUTES}"))
}

/// The source's row of `palisade.scans`, if it has one.
fn scan_of(kam: &Server, source: &str) -> Option<Reply> {
    let scans = kam
        .rpc(Rpc::Kamcmd, "palisade.scans", json!([]))
        .expect("palisade.scans");
    let rows = scans.rows("rows");
    assert_eq!(scans.number("total"), rows.len() as i64, "{scans}");
    rows.into_iter().find(|row| row.text("key") == source)
}

/// Distinct users, distinct destinations, signals.
fn counts(kam: &Server, source: &str) -> [i64; 3] {
    scan_of(kam, source).map_or([0; 3], |row| {
        ["users", "destinations", "signals"].map(|name| row.number(name))
    })
}

/// The key and the reason of every ban.
fn banned(kam: &Server) -> Vec<(String, String)> {
    let bans = kam
        .rpc(Rpc::Kamcmd, "palisade.bans", json!([]))
        .expect("palisade.bans");
    let of = |row: &Reply| (row.text("key"), row.text("reason"));
    bans.rows("rows").iter().map(of).collect()
}

fn stat(kam: &Server, name: &str) -> i64 {
    kam.rpc(Rpc::Kamcmd, "palisade.stats", json!([]))
        .expect("palisade.stats")
        .number(name)
}

/// The status of a call to this number.
fn call(phone: &Phone, number: &str) -> Option<u16> {
    let uri = format!("sip:{number}@palisade.test");
    let invite = phone.request("INVITE").uri(&uri);
    phone.status(&invite.header("To", format!("<{uri}>")))
}
