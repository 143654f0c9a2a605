//! Which addresses count together, and which never count.

use super::{ROUTE, code_of};
use crate::support::{Kamailio, Phone, Rpc, Server};
use serde_json::json;

const LIMIT: usize = 3;

fn server(parameters: &str) -> Server {
    Kamailio::with(&format!(
        r#"
loadmodule "palisade.so"
modparam("palisade", "sampling_time_unit", 60)
modparam("palisade", "reqs_density_per_unit", {LIMIT})
{parameters}
{ROUTE}
"#
    ))
    .start()
}

/// One address has used up its limit: is the other one over it too? `from` is a packet that really
/// comes from there, the others are given to pike_check_ip() as text.
struct Pair {
    one: &'static str,
    other: &'static str,
    together: bool,
    /// The key under which `one` is listed.
    key: &'static str,
}

const fn pair(one: &'static str, other: &'static str, together: bool, key: &'static str) -> Pair {
    Pair {
        one,
        other,
        together,
        key,
    }
}

const WHOLE_V4: [Pair; 4] = [
    pair("198.51.100.1", "198.51.100.2", false, "198.51.100.1"),
    pair("::ffff:192.0.2.1", "192.0.2.1", true, "192.0.2.1"),
    pair("from 127.0.0.5", "from 127.0.0.6", false, "127.0.0.5"),
    pair("from 127.0.0.7", "::ffff:7f00:7", true, "127.0.0.7"),
];

#[test]
fn by_default_an_ipv4_address_and_an_ipv6_slash_64_are_one_source_each() {
    check("", &WHOLE_V4);
    check(
        "",
        &[
            pair(
                "2001:db8::1",
                "2001:db8::ffff:ffff:ffff:ffff",
                true,
                "2001:db8::/64",
            ),
            pair(
                "[2001:db8:0:1::1]",
                "2001:db8:0:2::1",
                false,
                "2001:db8:0:1::/64",
            ),
            pair("from ::1", "::2", true, "::/64"),
        ],
    );
}

#[test]
fn prefixes_decide_what_is_one_source() {
    check(
        r#"modparam("palisade", "ipv6_prefix", 128)"#,
        &[
            pair("2001:db8::1", "2001:db8::2", false, "2001:db8::1"),
            pair("2001:db8::3", "2001:DB8:0::0:3", true, "2001:db8::3"),
            pair("from ::1", "::2", false, "::1"),
        ],
    );
    check(
        r#"
        modparam("palisade", "ipv4_prefix", 24)
        modparam("palisade", "ipv6_prefix", 48)
        "#,
        &[
            pair("192.0.2.1", "::ffff:192.0.2.254", true, "192.0.2.0/24"),
            pair("198.51.100.1", "198.51.101.1", false, "198.51.100.0/24"),
            pair("from 127.0.0.5", "from 127.0.0.99", true, "127.0.0.0/24"),
            pair("from 127.0.1.5", "from 127.0.2.5", false, "127.0.1.0/24"),
            pair(
                "2001:db8:1:2::1",
                "2001:db8:1:3::1",
                true,
                "2001:db8:1::/48",
            ),
            pair("2001:db8:2::1", "2001:db8:3::1", false, "2001:db8:2::/48"),
        ],
    );
}

fn check(parameters: &str, pairs: &[Pair]) {
    let kam = server(parameters);
    for Pair {
        one,
        other,
        together,
        key,
    } in pairs
    {
        for _ in 0..LIMIT {
            assert_eq!(code_of(&kam, one), 1, "{one} ({parameters})");
        }
        let expected = if *together { -2 } else { 1 };
        assert_eq!(
            code_of(&kam, other),
            expected,
            "{other} after {one} ({parameters})"
        );
        let sources = kam
            .rpc(Rpc::Kamcmd, "palisade.sources", json!(["ALL"]))
            .expect("sources");
        let rows = sources.rows("rows");
        let row = rows.iter().find(|row| row.text("key") == *key);
        let counted = row
            .unwrap_or_else(|| panic!("no {key} in {sources}"))
            .number("hits_curr");
        assert_eq!(
            counted,
            (LIMIT + usize::from(*together)) as i64,
            "{key} in {sources}"
        );
    }
    kam.stop();
}

#[test]
fn trusted_networks_are_never_limited() {
    let kam = server(
        r#"
        modparam("palisade", "trusted", "127.0.1.0/24, ::1")
        modparam("palisade", "trusted", "192.0.2.0/25 2001:db8:1::/48")
        "#,
    );
    for (source, trusted) in [
        ("from 127.0.1.5", true),
        ("from 127.0.2.5", false),
        ("from ::1", true),
        // Of the same /64, which is one source; trust is a matter of the address.
        ("::2", false),
        ("192.0.2.127", true),
        ("192.0.2.128", false),
        ("::ffff:192.0.2.1", true),
        ("2001:db8:1:ffff::1", true),
        ("2001:db8:2::1", false),
    ] {
        let codes: Vec<i32> = (0..3 * LIMIT).map(|_| code_of(&kam, source)).collect();
        let expected: &[i32] = if trusted {
            &[1; 9]
        } else {
            &[1, 1, 1, -2, -1, -1, -1, -1, -1]
        };
        assert_eq!(codes, expected, "{source}");
    }
    let sources = kam
        .rpc(Rpc::Kamcmd, "palisade.sources", json!(["ALL"]))
        .expect("sources");
    let mut keys: Vec<String> = sources
        .rows("rows")
        .iter()
        .map(|row| row.text("key"))
        .collect();
    keys.sort();
    assert_eq!(
        keys,
        ["127.0.2.5", "192.0.2.128", "2001:db8:2::/64", "::/64"],
        "nobody else"
    );
    kam.stop();
}

#[test]
fn an_ipv4_packet_that_a_dual_stack_socket_shows_as_ipv6_counts_as_ipv4() {
    let kam = Kamailio::whole(
        r#"
        debug=2
        log_stderror=yes
        fork=yes
        children=1
        disable_tcp=yes
        listen=udp:[::]:@PORT@
        loadmodule "tm.so"
        loadmodule "sl.so"
        loadmodule "pv.so"
        loadmodule "ctl.so"
        modparam("ctl", "binrpc", "unix:@DIR@/ctl")
        loadmodule "palisade.so"
        request_route {
            pike_check_req();
            sl_send_reply("200", "$si");
        }"#,
    )
    .start();
    let phone = Phone::udp(&kam, "127.0.0.9");
    let answer = phone.ask(&phone.request("OPTIONS")).expect("an answer");
    assert_eq!(
        answer.reason(),
        Some("::ffff:127.0.0.9"),
        "what Kamailio sees"
    );
    let sources = kam
        .rpc(Rpc::Kamcmd, "palisade.sources", json!([]))
        .expect("sources");
    assert_eq!(sources.number("total"), 1, "{sources}");
    assert_eq!(sources.rows("rows")[0].text("key"), "127.0.0.9");
    kam.stop();
}
