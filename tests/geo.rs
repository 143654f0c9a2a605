//! Countries and autonomous systems: the pseudo-variables in a config and in Lua, files that are
//! replaced and files that are broken while requests come.

mod reload;
mod table;
mod variables;

use crate::support::mmdb::{Mmdb, country};
use crate::support::{Kamailio, Phone, Server};
use std::path::Path;
use tempfile::TempDir;

/// Answers with what is known of the source.
const ROUTE: &str = r#"
request_route {
    pv_printf("$var(told)", "$palisade(country) $palisade(asn) $palisade(source)");
    sl_send_reply("200", "$var(told)");
}"#;

/// A folder with `country.mmdb` and `asn.csv`: 127.0.0.5 is Spain's, 127.0.0.6 France's.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    put(folder.path(), "country.mmdb", &countries("ES"));
    let systems = "127.0.0.0,127.0.0.5,64500,\"Example, Inc.\"\n127.0.0.7,127.0.0.7,4200000000,Big\n\
                   ::1,::1,64502,Six\n";
    put(folder.path(), "asn.csv", systems.as_bytes());
    folder
}

/// A file in which 127.0.0.5 is this country's.
fn countries(code: &'static str) -> Vec<u8> {
    Mmdb::new(28)
        .network("127.0.0.5/32", country(code))
        .network("127.0.0.6/32", country("FR"))
        .network("2001:db8::/32", country("DE"))
        .aliased()
        .bytes()
}

/// Puts a file in place as an updater does.
fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let new = folder.join("new");
    std::fs::write(&new, bytes).expect("a new file");
    std::fs::rename(new, folder.join(name)).expect("in place of the old one");
}

fn kamailio(folder: &TempDir, rest: &str) -> Kamailio {
    let folder = folder.path().display();
    Kamailio::with(&format!(
        r#"
        loadmodule "palisade.so"
        modparam("palisade", "geo", "{folder}/country.mmdb, {folder}/asn.csv")
        modparam("palisade", "ipv4_prefix", 24)
        {rest}"#
    ))
}

/// What a request from there is answered with.
#[track_caller]
fn told(kam: &Server, source: &str) -> String {
    let phone = Phone::udp(kam, source);
    let answer = phone.ask(&phone.request("OPTIONS")).expect("an answer");
    answer.reason().unwrap_or_default().to_owned()
}
