/*
 * Palisade's benchmark - how much memory is taken.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdarg.h>
#include <string.h>

#include "core/dprint.h"
#include "core/mem/shm_mem.h"
#include "core/rpc.h"

#include "loop.h"
#include "memory.h"

size_t kamailio_bytes(void)
{
	struct mem_info info;

	shm_info(&info);
	return info.real_used;
}

/* The reply of palisade.tables and of palisade.lists, as it is written: {total,
 * rows: [{table or name, ..., bytes}, ...]}. */
typedef struct reading
{
	const char *wanted; /* NULL: the sum of all */
	int is_wanted;
	palisade_table_t table;
	size_t load_ms;
	size_t generation;
	str argument; /* NULL: none */
} reading_t;

static reading_t reading;

static void read_field(const char *name, char type, va_list *values)
{
	size_t value;
	const str *s;

	switch(type) {
		case '{':
		case '[':
			*va_arg(*values, void **) = &reading;
			return;
		case 'S':
			s = va_arg(*values, const str *);
			if(strcmp(name, "table") == 0 || strcmp(name, "name") == 0)
				reading.is_wanted =
						reading.wanted == NULL
						|| (s->len == (int)strlen(reading.wanted)
								&& memcmp(s->s, reading.wanted, s->len) == 0);
			return;
		case 'f':
			value = va_arg(*values, double);
			break;
		default:
			value = va_arg(*values, int);
	}
	if(reading.is_wanted && strcmp(name, "bytes") == 0)
		reading.table.bytes += value;
	if(reading.is_wanted && strcmp(name, "capacity") == 0)
		reading.table.capacity += value;
	if(reading.is_wanted && strcmp(name, "load_ms") == 0)
		reading.load_ms = value;
	if(reading.is_wanted && strcmp(name, "generation") == 0)
		reading.generation = value;
}

static int add(void *ctx, char *types, ...)
{
	va_list values;

	(void)ctx;
	va_start(values, types);
	for(; *types != '\0'; types++)
		read_field("", *types, &values);
	va_end(values);
	return 0;
}

static int struct_add(void *ctx, char *types, ...)
{
	va_list values;

	(void)ctx;
	va_start(values, types);
	for(; *types != '\0'; types++) {
		const char *name = va_arg(values, const char *);

		read_field(name, *types, &values);
	}
	va_end(values);
	return 0;
}

/* as it is asked for texts: "*.S" */
static int scan(void *ctx, char *types, ...)
{
	va_list values;

	(void)ctx;
	if(reading.argument.s == NULL || strcmp(types, "*.S") != 0)
		return 0;
	va_start(values, types);
	*va_arg(values, str *) = reading.argument;
	va_end(values);
	reading.argument.s = NULL;
	return 1;
}

static void fault(void *ctx, int code, char *sentence, ...)
{
	(void)ctx;
	LM_ERR("RPC: %d %s\n", code, sentence);
}

/* a command's reply, as far as it is about this table or list */
static void read_reply(char *name, const char *wanted, char *argument)
{
	rpc_export_t *command = find_rpc_export(name, 0);
	rpc_t rpc = {.fault = fault,
			.add = add,
			.scan = scan,
			.struct_add = struct_add,
			.array_add = add};

	reading = (reading_t){.wanted = wanted};
	if(argument != NULL)
		reading.argument = (str){argument, strlen(argument)};
	if(command != NULL)
		command->function(&rpc, &reading);
}

palisade_table_t palisade_table(const char *name)
{
	read_reply("palisade.tables", name, NULL);
	if(reading.table.bytes == 0)
		LM_ERR("palisade.tables tells of no bytes of %s\n", name);
	return reading.table;
}

palisade_list_t palisade_list(const char *name)
{
	palisade_list_t list;

	read_reply("palisade.lists", name, NULL);
	list.bytes = reading.table.bytes;
	list.load_ms = reading.load_ms;
	list.generation = reading.generation;
	if(list.bytes == 0)
		LM_ERR("palisade.lists tells of no bytes of %s\n", name);
	return list;
}

double palisade_reload(char *name)
{
	size_t before = palisade_list(name).generation;
	double begin_ns = now_ns();

	/* this process is a SIP worker, which gets an answer at once */
	read_reply("palisade.reload", name, name);
	while(palisade_list(name).generation == before)
		if(now_ns() > begin_ns + 1e9)
			return -1;
	return (now_ns() - begin_ns) / 1e6;
}

size_t palisade_bytes(void)
{
	return palisade_table(NULL).bytes;
}
