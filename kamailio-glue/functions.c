/*
 * Palisade - the functions of kamailio.cfg and of KEMI. Which there are stands
 * in Rust (src/abi/functions.rs).
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
#include "challenge.h"
#include "functions.h"
#include "message.h"
#include "palisade.h"
#include "reply.h"
#include "tables.h"
#include "text.h"

/* What a number stands for that is none: the script's mistake is nobody's to
 * be blocked for. */
#define NO_CODE -1	 /* of an auth module: a failure of its own */
#define NO_WEIGHT 1	 /* the answer: pass */
#define NO_SECONDS -1 /* the answer: not banned */

/* What follows of each kind of function: a pair of C functions, a row for
 * kamailio.cfg and a row for KEMI. */

/* clang-format off */
#define BODY(ki, call) \
	static int ki_##ki(sip_msg_t *msg) call \
	static int w_##ki(sip_msg_t *msg, char *p1, char *p2) \
	{ \
		(void)p1; \
		(void)p2; \
		return ki_##ki(msg); \
	}

#define WITH_MESSAGE(call) \
	{ \
		palisade_message_t message; \
		message_fill(&message, msg); \
		return call; \
	}

#define MESSAGE(name, ki, calls) \
	BODY(ki, WITH_MESSAGE(calls(&message)))

#define MESSAGE_NO_TEXT(name, ki, calls) \
	BODY(ki, WITH_MESSAGE(calls(&message, text_none)))

#define SCRIPT(name, ki, calls) \
	BODY(ki, { return calls(msg); })

#define MESSAGE_TEXT(name, ki, calls) \
	static int ki_##ki(sip_msg_t *msg, str *text) \
	WITH_MESSAGE(calls(&message, text_argument(text))) \
	static int w_##ki(sip_msg_t *msg, char *p1, char *p2) \
	{ \
		str text = argument_text(msg, p1); \
		(void)p2; \
		return ki_##ki(msg, &text); \
	}

#define MESSAGE_NUMBER(name, ki, calls) \
	static int ki_##ki(sip_msg_t *msg, int number) \
	WITH_MESSAGE(calls(&message, number, text_none)) \
	static int w_##ki(sip_msg_t *msg, char *p1, char *p2) \
	{ \
		int number; \
		(void)p2; \
		if(argument_number(msg, p1, #name ": code", &number) < 0) \
			number = NO_CODE; \
		return ki_##ki(msg, number); \
	}

#define MESSAGE_NUMBER_TEXT(name, ki, calls) \
	static int ki_##ki(sip_msg_t *msg, int number, str *text) \
	WITH_MESSAGE(calls(&message, number, text_argument(text))) \
	static int w_##ki(sip_msg_t *msg, char *p1, char *p2) \
	{ \
		str text = argument_text(msg, p2); \
		int number; \
		if(argument_number(msg, p1, #name ": code", &number) < 0) \
			number = NO_CODE; \
		return ki_##ki(msg, number, &text); \
	}

#define MESSAGE_TEXT_NUMBER(name, ki, calls) \
	static int ki_##ki(sip_msg_t *msg, str *text, int number) \
	WITH_MESSAGE(calls(&message, text_argument(text), number)) \
	static int w_##ki(sip_msg_t *msg, char *p1, char *p2) \
	{ \
		str text = argument_text(msg, p1); \
		int number; \
		if(argument_number(msg, p2, #name ": weight", &number) < 0) \
			return NO_WEIGHT; \
		return ki_##ki(msg, &text, number); \
	}

#define TEXT(name, ki, calls) \
	static int ki_##ki(sip_msg_t *msg, str *text) \
	{ \
		(void)msg; \
		return calls(text_argument(text)); \
	} \
	static int w_##ki(sip_msg_t *msg, char *p1, char *p2) \
	{ \
		str text = argument_text(msg, p1); \
		(void)p2; \
		return ki_##ki(msg, &text); \
	}

#define TEXT_TEXT(name, ki, calls) \
	static int ki_##ki(sip_msg_t *msg, str *first, str *second) \
	{ \
		(void)msg; \
		return calls(text_argument(first), text_argument(second)); \
	} \
	static int w_##ki(sip_msg_t *msg, char *p1, char *p2) \
	{ \
		str first = argument_text(msg, p1); \
		str second = argument_text(msg, p2); \
		return ki_##ki(msg, &first, &second); \
	}

#define TEXT_SECONDS(name, ki, calls) \
	static int ki_##ki(sip_msg_t *msg, str *text, int seconds) \
	{ \
		(void)msg; \
		return calls(text_argument(text), seconds); \
	} \
	static int w_##ki(sip_msg_t *msg, char *p1, char *p2) \
	{ \
		str text = argument_text(msg, p1); \
		int seconds; \
		if(argument_number(msg, p2, #name ": seconds", &seconds) < 0) \
			return NO_SECONDS; \
		return ki_##ki(msg, &text, seconds); \
	}

#define TEXT_SECONDS_TEXT(name, ki, calls) \
	static int ki_##ki(sip_msg_t *msg, str *text, int seconds, str *last) \
	{ \
		(void)msg; \
		return calls(text_argument(text), seconds, text_argument(last)); \
	} \
	static int w_##ki(sip_msg_t *msg, char *p1, char *p2, char *p3) \
	{ \
		str text = argument_text(msg, p1); \
		str last = argument_text(msg, p3); \
		int seconds; \
		if(argument_number(msg, p2, #name ": seconds", &seconds) < 0) \
			return NO_SECONDS; \
		return ki_##ki(msg, &text, seconds, &last); \
	}

PALISADE_FUNCTIONS

#undef MESSAGE
#undef MESSAGE_NO_TEXT
#undef SCRIPT
#undef MESSAGE_TEXT
#undef MESSAGE_NUMBER
#undef MESSAGE_NUMBER_TEXT
#undef MESSAGE_TEXT_NUMBER
#undef TEXT
#undef TEXT_TEXT
#undef TEXT_SECONDS
#undef TEXT_SECONDS_TEXT

#define ROW(name, ki, count, fixup) \
	{#name, (cmd_function)w_##ki, count, fixup, fixup_free, ANY_ROUTE},
#define ROW_ALONE(name, ki) \
	{#name, (cmd_function)w_##ki, 0, 0, 0, ANY_ROUTE},

#define MESSAGE(name, ki, calls) ROW_ALONE(name, ki)
#define MESSAGE_NO_TEXT(name, ki, calls) ROW_ALONE(name, ki)
#define SCRIPT(name, ki, calls) ROW_ALONE(name, ki)
#define MESSAGE_TEXT(name, ki, calls) ROW(name, ki, 1, fixup_text)
#define MESSAGE_NUMBER(name, ki, calls) ROW(name, ki, 1, fixup_number_text)
#define MESSAGE_NUMBER_TEXT(name, ki, calls) \
	ROW(name, ki, 2, fixup_number_text)
#define MESSAGE_TEXT_NUMBER(name, ki, calls) \
	ROW(name, ki, 2, fixup_text_number_text)
#define TEXT(name, ki, calls) ROW(name, ki, 1, fixup_text)
#define TEXT_TEXT(name, ki, calls) ROW(name, ki, 2, fixup_text)
#define TEXT_SECONDS(name, ki, calls) \
	ROW(name, ki, 2, fixup_text_number_text)
#define TEXT_SECONDS_TEXT(name, ki, calls) \
	ROW(name, ki, 3, fixup_text_number_text)

cmd_export_t cmds[] = {
	PALISADE_FUNCTIONS
	{0, 0, 0, 0, 0, 0}
};

#undef MESSAGE
#undef MESSAGE_NO_TEXT
#undef SCRIPT
#undef MESSAGE_TEXT
#undef MESSAGE_NUMBER
#undef MESSAGE_NUMBER_TEXT
#undef MESSAGE_TEXT_NUMBER
#undef TEXT
#undef TEXT_TEXT
#undef TEXT_SECONDS
#undef TEXT_SECONDS_TEXT

/* SR_KEMIP_NONE is 0: the types that are left out */
#define KEMI(ki, ...) \
	{str_init("palisade"), str_init(#ki), SR_KEMIP_INT, ki_##ki, \
		{__VA_ARGS__}},

#define MESSAGE(name, ki, calls) KEMI(ki, SR_KEMIP_NONE)
#define MESSAGE_NO_TEXT(name, ki, calls) KEMI(ki, SR_KEMIP_NONE)
#define SCRIPT(name, ki, calls) KEMI(ki, SR_KEMIP_NONE)
#define MESSAGE_TEXT(name, ki, calls) KEMI(ki, SR_KEMIP_STR)
#define MESSAGE_NUMBER(name, ki, calls) KEMI(ki, SR_KEMIP_INT)
#define MESSAGE_NUMBER_TEXT(name, ki, calls) \
	KEMI(ki, SR_KEMIP_INT, SR_KEMIP_STR)
#define MESSAGE_TEXT_NUMBER(name, ki, calls) \
	KEMI(ki, SR_KEMIP_STR, SR_KEMIP_INT)
#define TEXT(name, ki, calls) KEMI(ki, SR_KEMIP_STR)
#define TEXT_TEXT(name, ki, calls) KEMI(ki, SR_KEMIP_STR, SR_KEMIP_STR)
#define TEXT_SECONDS(name, ki, calls) KEMI(ki, SR_KEMIP_STR, SR_KEMIP_INT)
#define TEXT_SECONDS_TEXT(name, ki, calls) \
	KEMI(ki, SR_KEMIP_STR, SR_KEMIP_INT, SR_KEMIP_STR)

sr_kemi_t kemi_functions[] = {
	PALISADE_FUNCTIONS
	{{0, 0}, {0, 0}, 0, NULL, {0, 0, 0, 0, 0, 0}}
};
/* clang-format on */

/* ban_for and ban_reason, with seconds as Lua and JavaScript give them: see
 * functions_init() */
static int ki_ban_for_text(sip_msg_t *msg, str *key, str *text)
{
	int seconds;

	if(argument_number_of(text, "palisade.ban_for: seconds", &seconds) < 0)
		return NO_SECONDS;
	return ki_ban_for(msg, key, seconds);
}

static int ki_ban_reason_text(sip_msg_t *msg, str *key, str *text, str *reason)
{
	int seconds;

	if(argument_number_of(text, "palisade.ban_reason: seconds", &seconds) < 0)
		return NO_SECONDS;
	return ki_ban_reason(msg, key, seconds, reason);
}

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
