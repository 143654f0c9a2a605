//! Names of hosts in `trusted`. No DNS is asked: the resolver takes `0x7f.0.1.9` for an address, and `a..b` for
//! none.

use super::{BLOCKED, DENIED, Lists, PASS, checked, rpc};
use crate::support::Rpc;
use serde_json::json;

#[test]
fn hosts_are_trusted_by_their_addresses() {
    let kam = Lists::new()
        .list(
            "denied",
            "kind=network;action=deny;force=1",
            "127.0.1.0/24\n",
        )
        .parameter("trusted", "\"0x7f.0.1.9, 127.0.1.7 0x7f.0.1.10\"")
        .start();
    for (source, expected) in [
        ("127.0.1.9", PASS),
        ("127.0.1.10", PASS),
        ("127.0.1.7", PASS),
        ("127.0.1.8", DENIED),
    ] {
        assert_eq!(checked(&kam, source), expected, "{source}");
    }
    let refused = kam.rpc(Rpc::Datagram, "palisade.ban", json!(["127.0.1.9", 60]));
    assert_eq!(refused.expect_err("trusted").code, 403);
    let shown = rpc(&kam, "show", "127.0.1.9");
    assert_eq!(
        shown.text("now"),
        "pass: trusted, list=trusted entry=\"127.0.1.9\""
    );
    assert_eq!(shown.rows("lists")[0].text("comment"), "0x7f.0.1.9");
    rpc(&kam, "reload", "trusted");
    assert_eq!(checked(&kam, "127.0.1.9"), PASS);
    let edit = kam.rpc(
        Rpc::Datagram,
        "palisade.list_add",
        json!(["trusted", "127.0.1.8"]),
    );
    assert_eq!(edit.expect_err("no file").code, 403);
    assert_eq!(checked(&kam, "127.0.1.8"), DENIED);
    let settings = kam
        .rpc(Rpc::Datagram, "palisade.settings", json!([]))
        .expect("settings");
    assert_eq!(
        settings.text("trusted"),
        "0x7f.0.1.9, 127.0.1.7/32, 0x7f.0.1.10"
    );
}

#[test]
fn a_name_that_has_no_address_is_told_and_takes_nothing_from_the_others() {
    let kam = Lists::new()
        .list(
            "denied",
            "kind=network;action=deny;force=1",
            "127.0.1.0/24\n",
        )
        .parameter("trusted", "\"0x7f.0.1.9 no-such-host.invalid\"")
        .start_allowing("ERROR: palisade: list_error");
    kam.log()
        .expect("list_error name=trusted no-such-host.invalid: ");
    assert_eq!(checked(&kam, "127.0.1.9"), PASS);
    let verdict = checked(&kam, "127.0.1.8");
    assert!([DENIED, BLOCKED].contains(&verdict), "{verdict}");
}
