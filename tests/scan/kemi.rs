//! The same from Lua.

use super::backend::{Backend, chan_sip};
use super::{LOADED, banned, call, counts};
use crate::support::{Kamailio, Phone};

const SCRIPT: &str = r#"
function ksr_request_route()
	if KSR.palisade.check() < 0 then return 1 end
	KSR.sl.sl_send_reply(100, "Trying")
	if KSR.is_OPTIONS() then
		local code = KSR.palisade.signal("odd")
		local more = KSR.palisade.signal_weight("odd-too", 7)
		KSR.sl.sl_send_reply(200, "codes " .. tostring(code) .. " " .. tostring(more))
		return 1
	end
	KSR.tm.t_on_reply("ksr_back")
	KSR.pv.sets("$du", KSR.pv.getvs("$shv(backend)", ""))
	KSR.tm.t_relay()
	return 1
end

function ksr_back()
	KSR.palisade.reply()
	return 1
end
"#;

#[test]
fn replies_and_signals_from_lua() {
    let script = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&script, SCRIPT).expect("a script");
    let kam = Kamailio::with(&format!(
        r#"
        loadmodule "app_lua.so"
        modparam("app_lua", "load", "{}")
        {LOADED}
        modparam("palisade", "scan_max_destinations", 5)
        modparam("palisade", "policy", "malformed=block")
        cfgengine "lua"
        "#,
        script.path().display()
    ))
    .start();
    let _pbx = Backend::start(&kam, "127.0.0.50", chan_sip);
    let attacker = Phone::udp(&kam, "127.0.0.66");
    for number in 0..5 {
        assert_eq!(call(&attacker, &format!("{number}00009999")), Some(404));
    }
    kam.log()
        .expect("block key=127.0.0.66 reason=scan users=0 destinations=5");
    assert_eq!(call(&attacker, "600"), None);
    assert_eq!(banned(&kam), [("127.0.0.66".into(), "scan".into())]);
    let phone = Phone::udp(&kam, "127.0.1.1");
    let codes = || {
        let answer = phone.ask(&phone.request("OPTIONS")).expect("an answer");
        answer.reason().expect("a response").to_owned()
    };
    assert_eq!(codes(), "codes 1 1");
    assert_eq!(codes(), "codes 1 -2");
    assert_eq!(codes(), "codes -1 -1");
    assert_eq!(counts(&kam, "127.0.1.1"), [0, 0, 24]);
}
