/*
 * Palisade - the RPC commands: arguments to Rust, and Rust's reply to whom
 * it concerns, over whichever transport (ctl, jsonrpcs, xhttp ...). Which
 * commands there are stands in Rust (src/report/commands.rs).
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <limits.h>

#include "core/str.h"

#include "palisade.h"
#include "rpc.h"
#include "rpc_arguments.h"
#include "tables.h"
#include "text.h"

/* how deep structs and lists nest */
#define DEPTH_MAX 8

typedef struct reply
{
	rpc_t *rpc;
	void *ctx;
	struct
	{
		void *handle;
		int is_list;
	} open[DEPTH_MAX];
	int depth;
	int broken;
	int answered;
} reply_t;

/*
 * Adds one value to what is open: to the reply itself, to a list, or to a
 * struct under its name. ctl's text FIFO has one function for lists and
 * structs, which wants a name for both (fifo_rpc_init() in
 * modules/ctl/fifo_server.c).
 */
#define ADD(reply, name, type, value)                                   \
	((reply)->depth == 0 ? (reply)->rpc->add((reply)->ctx, type, value) \
			: wants_no_name(reply)                                      \
					? (reply)->rpc->array_add(top(reply), type, value)  \
					: (reply)->rpc->struct_add(top(reply), type,        \
							  (char *)((name) ? (name) : ""), value))

static void *top(const reply_t *reply)
{
	return reply->open[reply->depth - 1].handle;
}

static int wants_no_name(const reply_t *reply)
{
	return reply->open[reply->depth - 1].is_list
		   && reply->rpc->array_add != reply->rpc->struct_add;
}

/* once a write failed, nothing more is written */
static int32_t done(reply_t *reply, int result)
{
	if(result < 0)
		reply->broken = 1;
	return result < 0 ? -1 : 0;
}

static int32_t opened(reply_t *reply, const char *name, char *type)
{
	void *handle = NULL;

	if(reply->broken || reply->answered || reply->depth == DEPTH_MAX)
		return done(reply, -1);
	if(ADD(reply, name, type, &handle) < 0 || handle == NULL)
		return done(reply, -1);
	reply->open[reply->depth].handle = handle;
	reply->open[reply->depth].is_list = type[0] == '[';
	reply->depth++;
	return 0;
}

int32_t reply_open_struct(void *reply, const char *name)
{
	return opened(reply, name, "{");
}

int32_t reply_open_list(void *reply, const char *name)
{
	return opened(reply, name, "[");
}

int32_t reply_close(void *handle)
{
	reply_t *reply = handle;

	if(reply->broken || reply->depth == 0)
		return done(reply, -1);
	reply->depth--;
	return 0;
}

/* Kamailio's RPC integers have 32 bits. A double carries 53 over every
 * transport, and is printed as an integer by kamcmd and in JSON. */
int32_t reply_add_number(void *handle, const char *name, int64_t value)
{
	reply_t *reply = handle;

	if(reply->broken || reply->answered)
		return done(reply, -1);
	if(value >= INT_MIN && value <= INT_MAX)
		return done(reply, ADD(reply, name, "d", (int)value));
	return done(reply, ADD(reply, name, "f", (double)value));
}

int32_t reply_add_text(
		void *handle, const char *name, const uint8_t *text, size_t len)
{
	reply_t *reply = handle;
	str s = {text != NULL ? (char *)text : "", text != NULL ? (int)len : 0};

	if(reply->broken || reply->answered)
		return done(reply, -1);
	return done(reply, ADD(reply, name, "S", &s));
}

void reply_fault(void *handle, int32_t code, const char *sentence)
{
	reply_t *reply = handle;

	if(reply->answered)
		return;
	reply->answered = 1;
	/* ctl sends no fault at all that is longer */
	reply->rpc->fault(reply->ctx, code, "%.254s", sentence);
}

static void run(const char *command, rpc_t *rpc, void *ctx)
{
	reply_t reply = {.rpc = rpc, .ctx = ctx};
	rpc_arguments_t arguments;
	const char *refused = rpc_arguments_read(&arguments, rpc, ctx);

	if(refused != NULL) {
		reply_fault(&reply, 400, refused);
		return;
	}
	palisade_rpc(
			text_literal(command), arguments.text, arguments.count, &reply);
	if(reply.broken)
		reply_fault(&reply, 500, "the reply does not fit: ask for fewer rows");
}

/* clang-format off */
/* Kamailio doesn't tell a function which command it is called for. */
#define FUNCTION(name, doc) \
	static const char *name##_doc[] = {doc, 0}; \
	static void name##_run(rpc_t *rpc, void *ctx) \
	{ \
		run(#name, rpc, ctx); \
	}

PALISADE_COMMANDS(FUNCTION)

#define EXPORT(name, doc) \
	{"palisade." #name, name##_run, name##_doc, 0},

rpc_export_t rpc_commands[] = {
	PALISADE_COMMANDS(EXPORT)
	{0, 0, 0, 0}
};
/* clang-format on */
