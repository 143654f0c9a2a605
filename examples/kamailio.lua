-- A registrar edge behind Palisade, in Lua: what examples/kamailio.cfg does, with the same order and
-- for the same reasons. examples/kamailio-lua.cfg loads it.

local domain = "example.com" -- as DOMAIN in kamailio-lua.cfg

function ksr_request_route()
	-- Before all else, and without an answer: an answer tells a scanner that somebody is here.
	if KSR.palisade.check() < 0 then return end

	KSR.force_rport()
	if KSR.sanity.sanity_check(17895, 7) < 0 then
		-- Ten of these within scan_window, and the source is banned.
		KSR.palisade.signal("sanity")
		return
	end
	if KSR.maxfwd.process_maxfwd(10) < 0 then
		KSR.sl.sl_send_reply(483, "Too Many Hops")
		return
	end

	-- By Kamailio's own reading, which ignores the case of letters: $rm is what was written.
	if KSR.is_OPTIONS() and KSR.is_myself_ruri() and KSR.pv.is_null("$rU") then
		KSR.sl.sl_send_reply(200, "OK")
		return
	end
	if KSR.is_CANCEL() then
		if KSR.tm.t_check_trans() > 0 then relay() end
		return
	end
	if not KSR.is_ACK() then
		if KSR.tmx.t_precheck_trans() > 0 then
			KSR.tm.t_check_trans()
			return
		end
		if KSR.tm.t_check_trans() == 0 then return end
	end
	if KSR.siputils.has_totag() > 0 then return within_dialog() end
	if KSR.is_ACK() then return end
	if KSR.is_PRACK() or KSR.is_BYE() or KSR.is_UPDATE() or KSR.is_INFO() then
		KSR.sl.sl_send_reply(481, "Call/Transaction Does Not Exist")
		return
	end
	-- No open relay, and no foreign names.
	if not (KSR.is_myself_furi() and KSR.is_myself_ruri()) then
		KSR.sl.sl_send_reply(403, "Forbidden")
		return
	end

	if not authenticate() then return end
	KSR.hdr.remove("Route")
	if KSR.is_REGISTER() then
		if KSR.registrar.save("location", 0) < 0 then KSR.sl.sl_reply_error() end
		return
	end
	if KSR.is_INVITE() then
		KSR.rr.record_route()
		KSR.dialog.dlg_manage()
	end
	if KSR.registrar.lookup("location") < 0 then
		KSR.sl.sl_send_reply(404, "Not Found")
		return
	end
	relay()
end

-- True when the password was right; else an answer has been sent.
function authenticate()
	-- Asked before the password is looked at: a guesser who is blocked learns nothing.
	local blocked = KSR.palisade.auth_blocked()
	if blocked == 2 then
		-- Somebody has failed in this name who was never at this address, and nothing says that
		-- this one is: asked anew, the real one answers.
		KSR.auth.auth_challenge(domain, 17)
		return false
	elseif blocked == 3 then
		-- As many as may fail are being looked at just now. Over UDP, this one comes again.
		if KSR.pv.get("$proto") ~= "udp" then
			KSR.sl.sl_send_reply(503, "Service Unavailable")
		end
		return false
	elseif blocked > 0 then
		KSR.sl.sl_send_reply(403, "Forbidden")
		return false
	end
	local code = KSR.auth_db.auth_check(domain, "subscriber", 1)
	-- Counts or clears, for the user of the credentials that were evaluated.
	if KSR.palisade.auth_result(code) < 0 then
		KSR.sl.sl_send_reply(403, "Forbidden")
		return false
	end
	if code < 0 then
		-- 1: with qop; 16: stale, not the password was wrong but the nonce too old.
		KSR.auth.auth_challenge(domain, code == -4 and 17 or 1)
		return false
	end
	KSR.auth.consume_credentials()
	return true
end

-- Requests within a call that was set up here.
function within_dialog()
	-- A To tag alone opens no door.
	if KSR.rr.loose_route() > 0 and KSR.dialog.is_known_dlg() > 0 then return relay() end
	-- The ACK of a refusal has no route; it ends here, in its transaction.
	if KSR.is_ACK() then
		KSR.tm.t_check_trans()
	else
		KSR.sl.sl_send_reply(481, "Call/Transaction Does Not Exist")
	end
end

function ksr_reply_route()
	if KSR.sanity.sanity_check(17604, 6) < 0 then
		KSR.set_drop()
		return
	end
	-- A 404 to one number after another is a scan. What answers nothing that was relayed from here counts
	-- for nobody; of a banned source it goes nowhere.
	if KSR.palisade.reply() < 0 and KSR.tm.t_check_trans() < 0 then KSR.set_drop() end
end

function relay()
	if KSR.tm.t_relay() < 0 then KSR.sl.sl_reply_error() end
end
