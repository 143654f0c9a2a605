/*
 * Palisade - the arguments of an RPC command, as texts.
 *
 * A number arrives as it was written: what is no whole number is a text with
 * a point or an exponent, which Rust refuses where it wants a number. What
 * rpc->scan() makes of a number is not that: jsonrpcs casts it to an unsigned
 * long, so that 0.9, -0.5 and 1e30 are all "0", a ban for ever.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE /* dladdr() */
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "core/utils/srjson.h"
#include "modules/jsonrpcs/jsonrpcs_mod.h"

#include "rpc_arguments.h"

static const char *neither = "an argument is neither text nor number";

/* digits of the largest number that is written without an exponent */
#define NUMBER_SIZE 32

typedef struct argument
{
	str text; /* s NULL: there are no more */
	char number[NUMBER_SIZE];
} argument_t;

/* Reads the next argument. NULL, or the sentence that refuses it. */
typedef const char *(*next_t)(argument_t *argument, rpc_t *rpc, void *ctx);

static void take_number(argument_t *argument, const char *format, double value)
{
	argument->text.s = argument->number;
	/* + 0.0: -0 is 0 */
	argument->text.len =
			snprintf(argument->number, NUMBER_SIZE, format, value + 0.0);
}

/*
 * jsonrpcs: the node that is to be read next tells what it is. Nothing else
 * does: scan() takes null, true and {} for 0, if it is asked for a number.
 */
static const char *next_of_jsonrpcs(argument_t *argument, rpc_t *rpc, void *ctx)
{
	const srjson_t *node = ((jsonrpc_ctx_t *)ctx)->req_node;
	double value;

	if(node == NULL)
		return NULL;
	if(node->type == srjson_String)
		return rpc->scan(ctx, "*S", &argument->text) == 1 ? NULL : neither;
	if(node->type != srjson_Number || rpc->scan(ctx, "*f", &value) != 1)
		return neither;
	/* 64-bit numbers and no more: %.0f of 1e300 has 300 digits */
	if(value == floor(value) && fabs(value) < 1e20)
		take_number(argument, "%.0f", value);
	else
		take_number(argument, "%g", value);
	return NULL;
}

/*
 * ctl: scan() stays where it is at what is of another type, so each type is
 * asked for. It makes no text of a number with a fraction, but skips it. A
 * double has three digits after the point on its way: 0.0004 arrives as 0.0,
 * which must not count as a whole number (modules/ctl/binrpc.h).
 */
static const char *next_of_ctl(argument_t *argument, rpc_t *rpc, void *ctx)
{
	double value;
	int whole;

	if(rpc->scan(ctx, "*S", &argument->text) == 1)
		return NULL;
	argument->text.s = NULL;
	if(rpc->scan(ctx, "*d", &whole) == 1)
		take_number(argument, "%.0f", whole);
	else if(rpc->scan(ctx, "*f", &value) == 1)
		take_number(argument, "%.3f", value);
	return NULL;
}

/* What a transport returns for an argument that is missing or of another type
 * differs; what counts is what it delivers. */
static const char *next_of_another(argument_t *argument, rpc_t *rpc, void *ctx)
{
	if(rpc->scan(ctx, "*.S", &argument->text) != 1)
		argument->text.s = NULL;
	return NULL;
}

/* by the module that scan() is a function of */
static next_t next_of(const rpc_t *rpc)
{
	Dl_info from;
	const char *file;

	if(dladdr((void *)rpc->scan, &from) == 0 || from.dli_fname == NULL)
		return next_of_another;
	file = strrchr(from.dli_fname, '/');
	file = file != NULL ? file + 1 : from.dli_fname;
	if(strcmp(file, "jsonrpcs.so") == 0)
		return next_of_jsonrpcs;
	return strcmp(file, "ctl.so") == 0 ? next_of_ctl : next_of_another;
}

const char *rpc_arguments_read(
		rpc_arguments_t *arguments, rpc_t *rpc, void *ctx)
{
	next_t next = next_of(rpc);

	for(arguments->count = 0; arguments->count < ARGUMENTS_MAX;
			arguments->count++) {
		uint8_t *copy = arguments->copy[arguments->count];
		argument_t argument = {.text = STR_NULL};
		const char *refused = next(&argument, rpc, ctx);

		if(refused != NULL || argument.text.s == NULL)
			return refused;
		if(argument.text.len < 0 || argument.text.len > ARGUMENT_SIZE)
			return "an argument is too long";
		/* some transports have one buffer for all */
		memcpy(copy, argument.text.s, argument.text.len);
		arguments->text[arguments->count].data = copy;
		arguments->text[arguments->count].len = argument.text.len;
	}
	return NULL;
}
