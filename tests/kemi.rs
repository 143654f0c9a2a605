//! KEMI: every function from Lua, and the example that is routed in Lua, as it stands.

use crate::support::{Flood, Kamailio, Phone, Rpc, Server};
use serde_json::json;

/// Calls the function that the X-Call header names, with its arguments, and answers with the code.
const CALLER: &str = r##"
function answer()
	local words, count = {}, 0
	for word in string.gmatch(KSR.pv.getvs("$hdr(X-Call)", ""), "%S+") do
		if word == "#nil" then word = nil
		elseif string.sub(word, 1, 1) == "#" then word = tonumber(string.sub(word, 2)) end
		count = count + 1
		words[count] = word
	end
	local call = KSR.palisade[words[1]]
	KSR.sl.sl_send_reply(200, "code " .. tostring(call(table.unpack(words, 2, count))))
end
table.unpack = table.unpack or unpack
"##;

/// A server that answers with the code of a function of `KSR.palisade`; numbers begin with `#`, and
/// `#nil` is none.
fn caller(script: &tempfile::NamedTempFile, list: &tempfile::NamedTempFile) -> Server {
    std::fs::write(script, CALLER).expect("a script");
    std::fs::write(list, "127.0.0.5\n").expect("a list");
    Kamailio::with(&format!(
        r#"
        loadmodule "app_lua.so"
        loadmodule "palisade.so"
        modparam("app_lua", "load", "{}")
        modparam("palisade", "edge", "off")
        modparam("palisade", "policy", "list=off")
        modparam("palisade", "list", "name=ours;kind=network;action=deny;force=1;file={}")
        modparam("palisade", "trusted", "198.51.100.0/24")
        modparam("palisade", "reqs_density_per_unit", 2)
        request_route {{ lua_run("answer"); }}
        "#,
        script.path().display(),
        list.path().display()
    ))
    .start()
}

/// The code that Lua got.
fn code(phone: &Phone, call: &str, agent: &str) -> String {
    let request = phone.request("REGISTER").header("X-Call", call.as_bytes());
    let answer = phone
        .ask(&request.header("User-Agent", agent.as_bytes()))
        .expect("an answer");
    answer
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .replace("SIP/2.0 200 ", "")
}

#[test]
fn every_function_answers_its_codes() {
    let mut untried: Vec<String> = Vec::new();
    let script = tempfile::NamedTempFile::new().expect("a file");
    let list = tempfile::NamedTempFile::new().expect("a file");
    let kam = caller(&script, &list);
    let phone = Phone::udp(&kam, "127.0.0.5");
    let functions = kam
        .rpc(Rpc::Http, "app_lua.api_list", json!([]))
        .expect("KEMI's functions");
    let functions = functions.rows("methods");
    let functions = functions.iter().map(|row| row.field("func"));
    untried.extend(
        functions
            .filter(|function| function.text("module") == "palisade")
            .map(|function| function.text("name")),
    );
    assert!(untried.len() > 30, "{untried:?}");
    for (call, expected) in [
        ("check", "1"),
        ("check", "1"),
        ("check", "-2"),
        ("check", "-1"),
        ("is_banned", "1"),
        ("unban 127.0.0.5", "1"),
        ("unban 127.0.0.5", "-1"),
        ("is_banned", "-1"),
        ("pike_check_req", "1"),
        ("pike_check_req", "1"),
        ("pike_check_req", "-2"),
        ("pike_check_req", "-1"),
        ("pike_check_ip 192.0.2.9", "1"),
        ("pike_check_ip nonsense", "-1"),
        ("ban 192.0.2.1", "1"),
        ("ban_for 192.0.2.2 #60", "1"),
        ("ban_for 192.0.2.2 #-1", "-1"),
        ("ban_reason 192.0.2.3 #0 fraud", "1"),
        ("ban 198.51.100.1", "-3"),
        ("ban nonsense", "-1"),
        ("is_banned_key 192.0.2.3", "1"),
        ("is_banned_key 192.0.2.4", "-1"),
        ("auth_failed_user 100", "1"),
        ("auth_failed_user #100", "1"),
        ("auth_failed_user 100", "-2"),
        ("auth_failed_user 100", "-1"),
        ("auth_blocked_user 100", "1"),
        ("auth_result_user #1 100", "-1"),
        ("auth_ok_user 100", "1"),
        ("auth_blocked_user 100", "-1"),
        ("auth_result_user #-2 200", "1"),
        ("auth_result_user #1 200", "1"),
        ("auth_failed", "1"),
        ("auth_result #-4", "1"),
        ("auth_result #-2", "1"),
        ("auth_result #-2", "-2"),
        ("auth_blocked", "1"),
        ("auth_ok", "1"),
        ("auth_blocked", "-1"),
        ("check_agent_text friendly-scanner", "-2"),
        ("check_agent_text Linphone", "1"),
        ("check_sqli", "1"),
        ("check_sqli_text 1'or'1", "-2"),
        ("check_sqli_text o'brien", "1"),
        ("check_contact", "-2"),
        ("check_route", "1"),
        ("in_list ours", "1"),
        ("in_list others", "-1"),
        ("in_list_value ours 127.0.0.5", "1"),
        ("in_list_value ours 127.0.0.6", "-1"),
        ("check_country", "1"),
        ("check_country_ip 192.0.2.1", "1"),
        ("check_country_ip nonsense", "-1"),
        ("check_destination", "1"),
        ("check_destination_number 00883123", "1"),
        ("reply", "1"),
        ("signal odd", "1"),
        ("signal_weight odd #8", "1"),
        ("signal_weight odd #0", "1"),
        ("signal_weight Odd #8", "1"),
        ("signal odd", "-2"),
        ("signal odd", "-1"),
    ] {
        assert_eq!(
            code(&phone, call, "Linphone"),
            format!("code {expected}"),
            "{call}"
        );
        untried.retain(|name| call.split(' ').next() != Some(name));
    }
    assert_eq!(untried, ["check_agent"], "functions that nothing calls");
    assert_eq!(code(&phone, "check_agent", "sipvicious"), "code -2");
    assert_eq!(code(&phone, "check_agent", "Linphone"), "code 1");
    let bans = kam
        .rpc(Rpc::ALL[0], "palisade.bans", json!([]))
        .expect("bans");
    let fraud = bans
        .rows("rows")
        .into_iter()
        .find(|row| row.text("reason") == "fraud");
    let fraud = fraud.expect("the ban that Lua gave a reason");
    assert_eq!(
        (fraud.text("key"), fraud.number("until")),
        ("192.0.2.3".into(), 0)
    );
    kam.log()
        .expect("key=nonsense: must be an IPv4 or IPv6 address");
}

/// Zero seconds are for ever: what is no number must not become that.
#[test]
fn seconds_that_are_none_ban_nobody() {
    let script = tempfile::NamedTempFile::new().expect("a file");
    let list = tempfile::NamedTempFile::new().expect("a file");
    let kam = caller(&script, &list);
    let phone = Phone::udp(&kam, "127.0.0.5");
    for seconds in ["#nil", "#0.5", "#-0.5", "#1e30", "soon", "60s", "#-1"] {
        for call in [
            format!("ban_for 192.0.2.1 {seconds}"),
            format!("ban_reason 192.0.2.1 {seconds} fraud"),
        ] {
            assert_eq!(code(&phone, &call, "Linphone"), "code -1", "{call}");
        }
    }
    let bans = || {
        kam.rpc(Rpc::Http, "palisade.bans", json!([]))
            .expect("bans")
    };
    assert_eq!(bans().number("total"), 0);
    kam.log()
        .expect("palisade.ban_for: seconds is not a whole number");
    for (seconds, left) in [
        ("#0", 0),
        ("#6000", 6000),
        ("#6000.0", 6000),
        ("6000", 6000),
    ] {
        let call = format!("ban_for 192.0.2.1 {seconds}");
        assert_eq!(code(&phone, &call, "Linphone"), "code 1", "{call}");
        let told = bans().rows("rows")[0].number("left");
        assert!((left - 60..=left).contains(&told), "{call}: {told}");
    }
}

#[test]
fn the_example_in_lua_stops_attackers_and_serves_phones() {
    let root = env!("CARGO_MANIFEST_DIR");
    let kam = Kamailio::file("examples/kamailio-lua.cfg")
        .define("LISTEN_PORT", "@PORT@")
        .define("CTL", r#""unix:@DIR@/ctl""#)
        .define("DBURL", &format!("\"text://{root}/examples/dbtext\""))
        .define("SCRIPT", &format!("\"{root}/examples/kamailio.lua\""))
        .start();
    let phone = Phone::udp(&kam, "127.0.0.5").domain("example.com");
    assert_eq!(phone.register("alice", "secret"), Some(200));
    let scanner = Phone::udp(&kam, "127.0.0.67").agent("friendly-scanner");
    assert_eq!(scanner.status(&scanner.request("OPTIONS")), None);
    let guesser = Phone::udp(&kam, "127.0.0.68").domain("example.com");
    let guesses: Vec<_> = (0..6)
        .map(|n| guesser.register("alice", &format!("guess{n}")))
        .collect();
    assert_eq!(guesses[3..], [Some(403); 3], "{guesses:?}");
    let tally = Flood::on(&kam).from("127.0.0.66").requests(100).send();
    assert!(tally.answered() <= 30, "{tally}");
    assert_eq!(phone.register("alice", "secret"), Some(200));
    kam.log().expect("ban key=127.0.0.66 reason=rate");
    kam.log().expect("block key=127.0.0.67 reason=agent");
    kam.log()
        .expect("auth_block user=\"alice@example.com\" key=127.0.0.68");
}

#[test]
fn the_five_lines_of_the_readme_stop_a_flood() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/minimal.cfg"))
            .expect("examples/minimal.cfg");
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"))
        .expect("README.md");
    for line in text.lines().filter(|line| line.contains("palisade")) {
        assert!(readme.contains(line.trim()), "not in the README: {line}");
    }
    let ctl = "loadmodule \"ctl.so\"\nmodparam(\"ctl\", \"binrpc\", \"unix:@DIR@/ctl\")\n\
               loadmodule \"kex.so\"\n";
    let listen = "listen=udp:127.0.0.1:@PORT@\nlog_stderror=yes\n";
    let text = text.replace("listen=udp:127.0.0.1:5060\n", &format!("{listen}{ctl}"));
    let kam = Kamailio::whole(&text).start();
    let tally = Flood::on(&kam).from("127.0.0.66").requests(100).send();
    assert_eq!(tally.answered(), 30, "{tally}");
}
