/*
 * Palisade - the functions of kamailio.cfg and of KEMI.
 *
 * Each ki_* is the function of KEMI, with the types of its arguments; the w_*
 * beside it takes the arguments of kamailio.cfg, fixed up at the start, gets
 * their values and calls it. What they return is Rust's answer, unchanged.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/dprint.h"
#include "core/mod_fix.h"

#include "arguments.h"
#include "functions.h"
#include "message.h"
#include "palisade.h"
#include "reply.h"
#include "text.h"

/* clang-format off */

/* about the message: ki_NAME(), w_NAME() */
#define ABOUT_MESSAGE(name, call, ...) \
	static int ki_##name(sip_msg_t *msg) \
	{ \
		palisade_message_t message; \
		message_fill(&message, msg); \
		return call(&message, ##__VA_ARGS__); \
	} \
	static int w_##name(sip_msg_t *msg, char *p1, char *p2) \
	{ \
		(void)p1; \
		(void)p2; \
		return ki_##name(msg); \
	}

/* about the message, with a text: ki_NAME(text), w_NAME(text) */
#define ABOUT_MESSAGE_AND_TEXT(name, call) \
	static int ki_##name(sip_msg_t *msg, str *text) \
	{ \
		palisade_message_t message; \
		message_fill(&message, msg); \
		return call(&message, text_argument(text)); \
	} \
	static int w_##name(sip_msg_t *msg, char *p1, char *p2) \
	{ \
		str text = argument_text(msg, p1); \
		(void)p2; \
		return ki_##name(msg, &text); \
	}

/* about an address given as text: ki_NAME(key), w_NAME(key) */
#define ABOUT_KEY(name, call) \
	static int ki_##name(sip_msg_t *msg, str *key) \
	{ \
		(void)msg; \
		return call(text_argument(key)); \
	} \
	static int w_##name(sip_msg_t *msg, char *p1, char *p2) \
	{ \
		str key = argument_text(msg, p1); \
		(void)p2; \
		return ki_##name(msg, &key); \
	}

ABOUT_MESSAGE(check, palisade_check)
ABOUT_MESSAGE(pike_check_req, palisade_rate_check)
ABOUT_MESSAGE(is_banned, palisade_is_banned)
ABOUT_MESSAGE(auth_failed, palisade_auth_failed, text_none)
ABOUT_MESSAGE(auth_ok, palisade_auth_ok, text_none)
ABOUT_MESSAGE(auth_blocked, palisade_auth_blocked, text_none)
ABOUT_MESSAGE(check_agent, palisade_check_agent, text_none)

ABOUT_MESSAGE_AND_TEXT(auth_failed_user, palisade_auth_failed)
ABOUT_MESSAGE_AND_TEXT(auth_ok_user, palisade_auth_ok)
ABOUT_MESSAGE_AND_TEXT(auth_blocked_user, palisade_auth_blocked)
ABOUT_MESSAGE_AND_TEXT(check_agent_text, palisade_check_agent)

ABOUT_KEY(pike_check_ip, palisade_rate_check_ip)
ABOUT_KEY(ban, palisade_ban)
ABOUT_KEY(unban, palisade_unban)
ABOUT_KEY(is_banned_key, palisade_is_banned_key)

ABOUT_MESSAGE_AND_TEXT(in_list, palisade_in_list)
ABOUT_MESSAGE(check_sqli, palisade_check_sqli, text_none)
ABOUT_MESSAGE_AND_TEXT(check_sqli_text, palisade_check_sqli)
ABOUT_MESSAGE(check_contact, palisade_check_contact)
ABOUT_MESSAGE(check_route, palisade_check_route)
ABOUT_MESSAGE(check_country, palisade_check_country, text_none)
ABOUT_MESSAGE_AND_TEXT(check_country_ip, palisade_check_country)
ABOUT_MESSAGE(check_destination, palisade_check_destination, text_none)
ABOUT_MESSAGE_AND_TEXT(check_destination_number, palisade_check_destination)

/* clang-format on */

static int ki_ban_for(sip_msg_t *msg, str *key, int seconds)
{
	(void)msg;
	return palisade_ban_for(text_argument(key), seconds);
}

static int w_ban_for(sip_msg_t *msg, char *p1, char *p2)
{
	str key = argument_text(msg, p1);
	int seconds;

	if(argument_number(msg, p2, "palisade_ban: seconds", &seconds) < 0)
		return -1;
	return ki_ban_for(msg, &key, seconds);
}

static int ki_ban_reason(sip_msg_t *msg, str *key, int seconds, str *reason)
{
	(void)msg;
	return palisade_ban_reason(
			text_argument(key), seconds, text_argument(reason));
}

static int w_ban_reason(sip_msg_t *msg, char *p1, char *p2, char *p3)
{
	str key = argument_text(msg, p1);
	str reason = argument_text(msg, p3);
	int seconds;

	if(argument_number(msg, p2, "palisade_ban: seconds", &seconds) < 0)
		return -1;
	return ki_ban_reason(msg, &key, seconds, &reason);
}

/* the same, with seconds as Lua and JavaScript give them: see functions_init() */
static int ki_ban_for_text(sip_msg_t *msg, str *key, str *text)
{
	int seconds;

	if(argument_number_of(text, "palisade.ban_for: seconds", &seconds) < 0)
		return -1;
	return ki_ban_for(msg, key, seconds);
}

static int ki_ban_reason_text(sip_msg_t *msg, str *key, str *text, str *reason)
{
	int seconds;

	if(argument_number_of(text, "palisade.ban_reason: seconds", &seconds) < 0)
		return -1;
	return ki_ban_reason(msg, key, seconds, reason);
}

static int ki_auth_result_user(sip_msg_t *msg, int code, str *user)
{
	palisade_message_t message;

	message_fill(&message, msg);
	return palisade_auth_result(&message, code, text_argument(user));
}

static int ki_auth_result(sip_msg_t *msg, int code)
{
	str left_out = STR_NULL;

	return ki_auth_result_user(msg, code, &left_out);
}

static int w_auth_result_user(sip_msg_t *msg, char *p1, char *p2)
{
	str user = argument_text(msg, p2);
	int code;

	/* what the auth modules return for a failure of their own */
	if(argument_number(msg, p1, "palisade_auth_result: code", &code) < 0)
		code = -1;
	return ki_auth_result_user(msg, code, &user);
}

static int w_auth_result(sip_msg_t *msg, char *p1, char *p2)
{
	(void)p2;
	return w_auth_result_user(msg, p1, NULL);
}

static int ki_reply(sip_msg_t *msg)
{
	return reply_judge(msg);
}

static int w_reply(sip_msg_t *msg, char *p1, char *p2)
{
	(void)p1;
	(void)p2;
	return ki_reply(msg);
}

static int ki_signal_weight(sip_msg_t *msg, str *reason, int weight)
{
	palisade_message_t message;

	message_fill(&message, msg);
	return palisade_signal(&message, text_argument(reason), weight);
}

static int ki_signal(sip_msg_t *msg, str *reason)
{
	return ki_signal_weight(msg, reason, 1);
}

static int w_signal_weight(sip_msg_t *msg, char *p1, char *p2)
{
	str reason = argument_text(msg, p1);
	int weight;

	/* the script's mistake is nobody's to be blocked for */
	if(argument_number(msg, p2, "palisade_signal: weight", &weight) < 0)
		return 1;
	return ki_signal_weight(msg, &reason, weight);
}

static int w_signal(sip_msg_t *msg, char *p1, char *p2)
{
	str reason = argument_text(msg, p1);

	(void)p2;
	return ki_signal(msg, &reason);
}

static int ki_in_list_value(sip_msg_t *msg, str *name, str *value)
{
	(void)msg;
	return palisade_value_in_list(text_argument(name), text_argument(value));
}

static int w_in_list_value(sip_msg_t *msg, char *p1, char *p2)
{
	str name = argument_text(msg, p1);
	str value = argument_text(msg, p2);

	return ki_in_list_value(msg, &name, &value);
}

/* clang-format off */
#define CMD(name, function, count, fixup) \
	{name, (cmd_function)function, count, fixup, fixup_free, ANY_ROUTE}
#define CMD0(name, function) \
	{name, (cmd_function)function, 0, 0, 0, ANY_ROUTE}

cmd_export_t cmds[] = {
	CMD0("palisade_check", w_check),
	CMD0("pike_check_req", w_pike_check_req),
	CMD("pike_check_ip", w_pike_check_ip, 1, fixup_text),
	CMD("palisade_ban", w_ban, 1, fixup_text),
	CMD("palisade_ban", w_ban_for, 2, fixup_text_number_text),
	CMD("palisade_ban", w_ban_reason, 3, fixup_text_number_text),
	CMD("palisade_unban", w_unban, 1, fixup_text),
	CMD0("palisade_is_banned", w_is_banned),
	CMD("palisade_is_banned", w_is_banned_key, 1, fixup_text),
	CMD("palisade_auth_result", w_auth_result, 1, fixup_number_text),
	CMD("palisade_auth_result", w_auth_result_user, 2, fixup_number_text),
	CMD0("palisade_auth_failed", w_auth_failed),
	CMD("palisade_auth_failed", w_auth_failed_user, 1, fixup_text),
	CMD0("palisade_auth_ok", w_auth_ok),
	CMD("palisade_auth_ok", w_auth_ok_user, 1, fixup_text),
	CMD0("palisade_auth_blocked", w_auth_blocked),
	CMD("palisade_auth_blocked", w_auth_blocked_user, 1, fixup_text),
	CMD0("palisade_check_agent", w_check_agent),
	CMD("palisade_check_agent", w_check_agent_text, 1, fixup_text),
	CMD0("palisade_reply", w_reply),
	CMD("palisade_signal", w_signal, 1, fixup_text),
	CMD("palisade_signal", w_signal_weight, 2, fixup_text_number_text),
	CMD0("palisade_check_sqli", w_check_sqli),
	CMD("palisade_check_sqli", w_check_sqli_text, 1, fixup_text),
	CMD0("palisade_check_contact", w_check_contact),
	CMD0("palisade_check_route", w_check_route),
	CMD0("palisade_check_country", w_check_country),
	CMD("palisade_check_country", w_check_country_ip, 1, fixup_text),
	CMD0("palisade_check_destination", w_check_destination),
	CMD("palisade_check_destination", w_check_destination_number, 1, fixup_text),
	CMD("palisade_in_list", w_in_list, 1, fixup_text),
	CMD("palisade_in_list", w_in_list_value, 2, fixup_text),
	{0, 0, 0, 0, 0, 0}
};

#define INT SR_KEMIP_INT
#define STR SR_KEMIP_STR
/* SR_KEMIP_NONE is 0: the types that are left out */
#define KI(name, ...) \
	{str_init("palisade"), str_init(#name), SR_KEMIP_INT, ki_##name, \
		{__VA_ARGS__}}

sr_kemi_t kemi_functions[] = {
	KI(check, SR_KEMIP_NONE),
	KI(pike_check_req, SR_KEMIP_NONE),
	KI(pike_check_ip, STR),
	KI(ban, STR),
	KI(ban_for, STR, INT),
	KI(ban_reason, STR, INT, STR),
	KI(unban, STR),
	KI(is_banned, SR_KEMIP_NONE),
	KI(is_banned_key, STR),
	KI(auth_result, INT),
	KI(auth_result_user, INT, STR),
	KI(auth_failed, SR_KEMIP_NONE),
	KI(auth_failed_user, STR),
	KI(auth_ok, SR_KEMIP_NONE),
	KI(auth_ok_user, STR),
	KI(auth_blocked, SR_KEMIP_NONE),
	KI(auth_blocked_user, STR),
	KI(check_agent, SR_KEMIP_NONE),
	KI(check_agent_text, STR),
	KI(reply, SR_KEMIP_NONE),
	KI(signal, STR),
	KI(signal_weight, STR, INT),
	KI(check_sqli, SR_KEMIP_NONE),
	KI(check_sqli_text, STR),
	KI(check_contact, SR_KEMIP_NONE),
	KI(check_route, SR_KEMIP_NONE),
	KI(check_country, SR_KEMIP_NONE),
	KI(check_country_ip, STR),
	KI(check_destination, SR_KEMIP_NONE),
	KI(check_destination_number, STR),
	KI(in_list, STR),
	KI(in_list_value, STR, STR),
	{{0, 0}, {0, 0}, 0, NULL, {0, 0, 0, 0, 0, 0}}
};
/* clang-format on */

/*
 * Where a number is wanted, Lua and JavaScript give 0 for nil, undefined, a
 * text and, in Lua, a fraction: a ban for ever. Where a text is wanted, they
 * give the number as a text, and nil as none. The other languages refuse nil,
 * and give no text for a number; where one of them is loaded too, all stays
 * as it is in the table. (sr_kemi_lua_exec_func_ex() in modules/app_lua,
 * sr_kemi_jsdt_exec_func_ex() in modules/app_jsdt)
 */
void functions_init(void)
{
	static char *strict[] = {"app_python", "app_python3", "app_python3s",
			"app_ruby", "app_ruby_proc", "app_sqlang", "app_mono"};
	sr_kemi_t *row;
	size_t i;

	if(!module_loaded("app_lua") && !module_loaded("app_jsdt"))
		return;
	for(i = 0; i < sizeof(strict) / sizeof(strict[0]); i++) {
		if(module_loaded(strict[i]))
			return;
	}
	for(row = kemi_functions; row->func != NULL; row++) {
		if(row->func == (void *)ki_ban_for)
			row->func = ki_ban_for_text;
		else if(row->func == (void *)ki_ban_reason)
			row->func = ki_ban_reason_text;
		else
			continue;
		row->ptypes[1] = SR_KEMIP_STR;
	}
}
