//! Signals of the script.

use super::{banned, counts, scan_of};
use crate::support::{Kamailio, Phone, Rpc, Server};
use serde_json::json;

/// What `sanity_check()` finds is a signal; other requests signal what X-Signal and X-Weight say,
/// and answer with the code.
fn server(parameters: &str) -> Server {
    Kamailio::with(&format!(
        r#"
        loadmodule "sanity.so"
        loadmodule "palisade.so"
        modparam("sanity", "noreply", 1)
        modparam("sanity", "autodrop", 0)
        modparam("palisade", "reqs_density_per_unit", 60000)
        {parameters}
        request_route {{
            if (!palisade_check()) exit;
            $var(code) = 0;
            if ($hdr(X-Weight) != $null) {{
                palisade_signal("$hdr(X-Signal)", "$hdr(X-Weight)");
                $var(code) = $rc;
            }} else if ($hdr(X-Signal) != $null) {{
                palisade_signal("$hdr(X-Signal)");
                $var(code) = $rc;
            }} else if (!sanity_check("1511", "7")) {{
                palisade_signal("sanity", 5);
            }}
            sl_send_reply("200", "code $var(code)");
        }}"#
    ))
    .start()
}

/// What the script was told.
fn signal(phone: &Phone, reason: &str, weight: Option<&str>) -> Option<String> {
    let request = phone.request("OPTIONS").header("X-Signal", reason);
    let request = match weight {
        Some(weight) => request.header("X-Weight", weight),
        None => request,
    };
    let answer = phone.ask(&request)?;
    answer.reason().map(|reason| reason.replace("code ", ""))
}

#[test]
fn malformed_messages_are_a_ban_in_the_end() {
    let kam = server("");
    let (attacker, phone) = (
        Phone::udp(&kam, "127.0.0.66"),
        Phone::udp(&kam, "127.0.0.5"),
    );
    let bad = attacker.request("OPTIONS").header("Expires", "soon");
    assert_eq!(attacker.status(&bad), Some(200));
    let row = scan_of(&kam, "127.0.0.66").expect("a row");
    let seen = (row.number("signals"), row.text("last_signal"));
    assert_eq!(seen, (5, "sanity".into()), "{row}");
    assert_eq!(row.number("over"), 0, "{row}");
    assert!((1..=600).contains(&row.number("left")), "{row}");
    attacker.send(&bad.next());
    kam.log()
        .expect("block key=127.0.0.66 reason=malformed signal=sanity method=OPTIONS");
    kam.log()
        .expect("ban key=127.0.0.66 reason=malformed seconds=300 count=1");
    assert_eq!(attacker.status(&attacker.request("OPTIONS")), None);
    assert_eq!(phone.status(&phone.request("OPTIONS")), Some(200));
    assert_eq!(banned(&kam), [("127.0.0.66".into(), "malformed".into())]);
}

#[test]
fn what_the_script_is_told() {
    let kam = server(r#"modparam("palisade", "policy", "malformed=block")"#);
    let one = Phone::udp(&kam, "127.0.1.1");
    for (reason, weight, code) in [
        ("odd-via", None, "1"),
        ("odd-via", Some("8"), "1"),
        // The script's mistakes: nothing is counted.
        ("Odd Via", None, "1"),
        ("odd", Some("0"), "1"),
        ("odd", Some("-7"), "1"),
        ("odd", Some("101"), "1"),
        ("odd", Some("soon"), "1"),
        ("odd_2", None, "-2"),
        ("odd_3", None, "-1"),
    ] {
        let told = signal(&one, reason, weight);
        assert_eq!(told.as_deref(), Some(code), "{reason} {weight:?}");
    }
    assert_eq!(counts(&kam, "127.0.1.1"), [0, 0, 11]);
    assert_eq!(counts(&kam, "127.0.1.2"), [0; 3]);
    kam.log()
        .expect("reason=Odd Via: must be 1 to 32 of a-z, 0-9, _ and -");
    kam.log().expect("weight=101: must be between 1 and 100");
    kam.log().expect("weight=-7: must be between 1 and 100");
    kam.log().expect("palisade_signal: weight is not a number");
    let blocked = kam.log().matching("block key=127.0.1.1 reason=malformed");
    assert_eq!(blocked.len(), 1, "{blocked:?}");
    assert_eq!(banned(&kam), []);
}

#[test]
fn who_is_trusted_or_not_asked_about_is_not_counted() {
    for parameters in [
        r#"modparam("palisade", "trusted", "127.0.1.0/24")"#,
        r#"modparam("palisade", "signal_max", 0)"#,
        r#"modparam("palisade", "policy", "malformed=off")"#,
    ] {
        let kam = server(parameters);
        let phone = Phone::udp(&kam, "127.0.1.1");
        for _ in 0..3 {
            let told = signal(&phone, "odd", Some("100"));
            assert_eq!(told.as_deref(), Some("1"), "{parameters}");
        }
        assert_eq!(counts(&kam, "127.0.1.1"), [0; 3], "{parameters}");
    }
}

#[test]
fn the_dump_has_pages_and_the_table_a_row() {
    let kam = server("");
    for number in 1..=5 {
        let phone = Phone::udp(&kam, &format!("127.0.1.{number}"));
        signal(&phone, "odd", None);
    }
    for via in Rpc::ALL {
        let page = kam
            .rpc(via, "palisade.scans", json!([1, 3]))
            .unwrap_or_else(|error| panic!("{via:?}: {error}"));
        assert_eq!(page.number("total"), 5, "{via:?}");
        assert_eq!(page.rows("rows").len(), 3, "{via:?}");
    }
    let tables = kam
        .rpc(Rpc::Kamcmd, "palisade.tables", json!([]))
        .expect("palisade.tables");
    let scans = tables.rows("rows");
    let scans = scans.iter().find(|row| row.text("table") == "scans");
    let scans = scans.expect("a table of scans");
    assert_eq!(
        (scans.number("used"), scans.number("capacity")),
        (5, 16_384)
    );
    let stats = kam
        .rpc(Rpc::Kamcmd, "palisade.stats", json!([]))
        .expect("palisade.stats");
    assert_eq!(stats.number("signals"), 5);
}
