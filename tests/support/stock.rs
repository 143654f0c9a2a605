//! What operators use today, as config parts for [`Kamailio::with`](super::Kamailio::with): the
//! subjects to compare with.

/// The pike module alone, as its README has it. Blocked requests are not answered, others with 200.
pub fn pike(limit: u32, window: u32) -> String {
    format!(
        r#"
loadmodule "pike.so"
modparam("pike", "sampling_time_unit", {window})
modparam("pike", "reqs_density_per_unit", {limit})
modparam("pike", "remove_latency", 4)
request_route {{
	if (!pike_check_req()) {{
		xlog("L_ALERT", "ALERT: pike block $rm from $fu (IP:$si:$sp)\n");
		exit;
	}}
	sl_send_reply("200", "OK");
}}
"#
    )
}

/// pike and an htable of banned addresses: the Kamailio wiki, "Overview of Security related config
/// snippets", "Banning for a period of time". Blocked requests are not answered, others with 200.
pub fn pike_ipban(limit: u32, window: u32, ban: u32) -> String {
    format!(
        r#"
loadmodule "pike.so"
loadmodule "htable.so"
modparam("pike", "sampling_time_unit", {window})
modparam("pike", "reqs_density_per_unit", {limit})
modparam("pike", "remove_latency", 4)
modparam("htable", "htable", "ipban=>size=8;autoexpire={ban};")
request_route {{
	if ($sht(ipban=>$si) != $null) {{
		# ip is already blocked - keep the node warm
		pike_check_req();
		xdbg("request from blocked IP - $rm from $fu (IP:$si:$sp)\n");
		exit;
	}}
	if (!pike_check_req()) {{
		$sht(ipban=>$si) = 1;
		xlog("L_ALERT", "ALERT: pike block $rm from $fu (IP:$si:$sp)\n");
		exit;
	}}
	sl_send_reply("200", "OK");
}}
"#
    )
}

/// The password of every user in [`auth_count`].
pub const PASSWORD: &str = "secret";

/// The auth-failure counter of htable's README, 1.2 "Dictionary attack limitation", as it stands
/// but for the password's origin (no database here). Who is let in gets 200, who has failed too
/// often 403. `evaluated` is logged per password that was looked at.
pub fn auth_count() -> String {
    format!(
        r#"
loadmodule "auth.so"
loadmodule "htable.so"
modparam("htable", "htable", "a=>size=8;")
request_route {{
	if (is_present_hf("Authorization")) {{
		if ($sht(a=>$au::auth_count) == 3) {{
			$var(exp) = $Ts - 900;
			if ($sht(a=>$au::last_auth) > $var(exp)) {{
				sl_send_reply("403", "Try later");
				exit;
			}} else {{
				$sht(a=>$au::auth_count) = 0;
			}}
		}}
		xlog("L_NOTICE", "evaluated $au from $si\n");
		if (!pv_www_authenticate("$td", "{PASSWORD}", "0")) {{
			switch ($retcode) {{
				case -1:
					sl_send_reply("403", "Forbidden");
					exit;
				case -2:
					if ($sht(a=>$au::auth_count) == $null)
						$sht(a=>$au::auth_count) = 0;
					$sht(a=>$au::auth_count) = $sht(a=>$au::auth_count) + 1;
					if ($sht(a=>$au::auth_count) == 3)
						xlog("auth failed 3rd time - src ip: $si\n");
					$sht(a=>$au::last_auth) = $Ts;
					break;
			}}
			www_challenge("$td", "0");
			exit;
		}}
		$sht(a=>$au::auth_count) = 0;
	}} else {{
		www_challenge("$td", "0");
		exit;
	}}
	sl_send_reply("200", "OK");
}}
"#
    )
}
