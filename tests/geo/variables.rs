//! `$palisade(…)` in a config and in Lua.

use super::*;

#[test]
fn a_script_sees_where_a_message_is_from() {
    let folder = folder();
    let kam = kamailio(&folder, ROUTE).start();
    for (source, expected) in [
        ("127.0.0.5", "ES 64500 127.0.0.0/24"),
        ("127.0.0.6", "FR <null> 127.0.0.0/24"),
        ("127.0.0.7", "<null> 4200000000 127.0.0.0/24"),
        ("127.0.0.8", "<null> <null> 127.0.0.0/24"),
        ("::1", "<null> 64502 ::/64"),
    ] {
        assert_eq!(told(&kam, source), expected, "{source}");
    }
    kam.assert_healthy();
}

/// In conditions and sums a system is a number, and what is unknown is nothing.
#[test]
fn values_have_their_types() {
    let folder = folder();
    let route = r#"
    request_route {
        if ($palisade(country) == "ES" && $palisade(asn) == 64500 && $palisade(asn) > 64499) {
            $var(next) = $palisade(asn) + 1;
            sl_send_reply("200", "yes $var(next)");
        } else if ($palisade(country) == $null && $palisade(asn) == $null) {
            sl_send_reply("200", "unknown");
        } else {
            sl_send_reply("200", "no");
        }
    }"#;
    let kam = kamailio(&folder, route).start();
    for (source, expected) in [
        ("127.0.0.5", "yes 64501"),
        ("127.0.0.6", "no"),
        ("127.0.0.8", "unknown"),
    ] {
        assert_eq!(told(&kam, source), expected, "{source}");
    }
}

#[test]
fn lua_sees_the_same() {
    let folder = folder();
    let script = folder.path().join("told.lua");
    let lua = r#"
function tell()
    local words = {}
    for _, name in ipairs({"country", "asn", "source"}) do
        local value = KSR.pv.get("$palisade(" .. name .. ")")
        words[#words + 1] = type(value) .. "=" .. tostring(value)
    end
    KSR.sl.sl_send_reply(200, table.concat(words, " "))
end
"#;
    std::fs::write(&script, lua).expect("a script");
    let script = script.display();
    let kam = kamailio(
        &folder,
        &format!(
            r#"
            loadmodule "app_lua.so"
            modparam("app_lua", "load", "{script}")
            request_route {{ lua_run("tell"); }}"#
        ),
    )
    .start();
    for (source, expected) in [
        ("127.0.0.5", "string=ES number=64500 string=127.0.0.0/24"),
        ("127.0.0.7", "nil=nil string=4200000000 string=127.0.0.0/24"),
        ("127.0.0.8", "nil=nil nil=nil string=127.0.0.0/24"),
    ] {
        assert_eq!(told(&kam, source), expected, "{source}");
    }
}

#[test]
fn a_variable_that_is_none_stops_the_start() {
    let route = "request_route { $var(city) = $palisade(city); }";
    let log = kamailio(&folder(), route).expect_start_failure();
    assert!(log.contains("there is no $palisade(city)"), "{log}");
}
