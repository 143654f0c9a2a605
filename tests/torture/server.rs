//! The servers under torture: every function of the module in every route.

use crate::support::Kamailio;

/// Whom nobody answers, as all who are not named here.
pub const TORTURER: &str = "127.0.0.10";
/// Whose requests are relayed to the callee.
pub const RELAYED: &str = "127.0.0.11";
pub const PHONE: &str = "127.0.0.12";
pub const PASSWORD: &str = "secret";

/// Where the server relays to. Not the server's own port: the harness takes every socket that has
/// it for the server's. ROUTES computes the same.
pub fn callee(port: u16) -> String {
    format!("127.0.0.13:{}", 5000 + port % 5000)
}

/// What is called wherever a message is at hand. Texts come from the message, so that they are as
/// broken as it is.
const CHECKS: &str = r#"
route[CHECKS] {
	palisade_check();
	pike_check_req();
	palisade_is_banned();
	palisade_check_agent();
	palisade_check_agent("$ua");
	palisade_check_agent("$hdr(Subject)");
	palisade_check_agent("$rb");
	palisade_check_sqli();
	palisade_check_sqli("$rb");
	palisade_check_contact();
	palisade_check_route();
	palisade_auth_blocked();
	palisade_auth_blocked("$au@$ar");
	# every code, one for each message
	$var(code) = 1 - ($ml mod 10);
	palisade_auth_result("$var(code)");
	palisade_auth_result("$var(code)", "$au@$ar");
	palisade_auth_failed("$hdr(Contact)");
	palisade_auth_ok("$tU");
	if ($ml mod 7 == 0) {
		palisade_auth_failed();
		palisade_auth_ok();
		palisade_auth_blocked("$fU");
	}
	palisade_is_banned("$fd");
	pike_check_ip("$rd");
	palisade_ban("$fU", "1", "$ua");
	palisade_unban("$fU");
}
"#;

/// Credentials are evaluated for all, the phone is served as an operator would do it.
const ROUTES: &str = r#"
request_route {
	if ($si == "127.0.0.12") {
		route(PHONE);
		exit;
	}
	route(CHECKS);
	if ($si == "127.0.0.11") {
		$var(port) = 5000 + @PORT@ mod 5000;
		$du = "sip:127.0.0.13:" + $var(port);
		t_on_branch("CHECKED");
		t_on_failure("CHECKED");
		t_on_reply("CHECKED");
		t_relay();
		exit;
	}
	pv_www_authenticate("$td", "secret", "0");
	palisade_auth_result("$retcode");
}
route[PHONE] {
	if (palisade_check() < 0) exit;
	if (is_method("REGISTER")) {
		if (palisade_auth_blocked()) exit;
		pv_www_authenticate("$td", "secret", "0");
		$var(code) = $retcode;
		if (palisade_auth_result("$var(code)") < 0) exit;
		if ($var(code) < 0) {
			www_challenge("$td", "0");
			exit;
		}
	}
	sl_send_reply("200", "OK");
}
branch_route[CHECKED] { route(CHECKS); }
onreply_route[CHECKED] { route(CHECKS); }
failure_route[CHECKED] { route(CHECKS); }
onsend_route { palisade_check(); palisade_check_agent(); palisade_auth_blocked(); }
event_route[core:receive-parse-error] { route(CHECKS); }
reply_route {
	route(CHECKS);
	# To wherever a broken Via says: not from a test.
	if ($si != "127.0.0.13") drop;
}
"#;

fn with(parameters: &str) -> Kamailio {
    // The log of a hundred thousand broken messages tells nothing; CRITICAL and BUG stay.
    let part = format!(
        r#"
debug=-2
loadmodule "auth.so"
loadmodule "palisade.so"
modparam("tm", "fr_timer", 500)
modparam("tm", "fr_inv_timer", 500)
{parameters}
{CHECKS}
{ROUTES}"#
    );
    // What Kamailio itself takes for a bug of its own when it reads such messages.
    let its_own = ["core/forward.c", "core/parser/"];
    let kamailio = Kamailio::with(&part).workers(2);
    its_own.into_iter().fold(kamailio, Kamailio::allow)
}

/// So that every check reads all of every message.
pub fn that_bans_nobody() -> Kamailio {
    with(
        r#"
modparam("palisade", "sampling_time_unit", 1)
modparam("palisade", "reqs_density_per_unit", 65534)
modparam("palisade", "rate_ban_time", 0)
modparam("palisade", "auth_max_failures", 1000)
modparam("palisade", "auth_window", 1)
modparam("palisade", "auth_ban_time", 1)
"#,
    )
}

/// So that the torturers are soon banned, and dropped at the edge.
pub fn that_bans() -> Kamailio {
    with(
        r#"
modparam("palisade", "reqs_density_per_unit", 20)
modparam("palisade", "edge", "rate")
modparam("palisade", "agent_ban_time", 60)
modparam("palisade", "auth_scope", "source")
"#,
    )
}
