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

#include "memory.h"

size_t kamailio_bytes(void)
{
	struct mem_info info;

	shm_info(&info);
	return info.real_used;
}

/* The reply of palisade.tables, as it is written: {total, rows: [{table,
 * capacity, used, evictions, bytes}, ...]}. */
typedef struct reading
{
	const char *wanted; /* NULL: the sum of all */
	int is_wanted;
	palisade_table_t table;
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
			if(strcmp(name, "table") == 0)
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

static int scan(void *ctx, char *types, ...)
{
	(void)ctx;
	(void)types;
	return 0; /* no arguments */
}

static void fault(void *ctx, int code, char *sentence, ...)
{
	(void)ctx;
	LM_ERR("palisade.tables: %d %s\n", code, sentence);
}

palisade_table_t palisade_table(const char *name)
{
	rpc_export_t *command = find_rpc_export("palisade.tables", 0);
	rpc_t rpc = {.fault = fault,
			.add = add,
			.scan = scan,
			.struct_add = struct_add,
			.array_add = add};

	reading = (reading_t){.wanted = name};
	if(command != NULL)
		command->function(&rpc, &reading);
	if(reading.table.bytes == 0)
		LM_ERR("palisade.tables tells of no bytes of %s\n", name);
	return reading.table;
}

size_t palisade_bytes(void)
{
	return palisade_table(NULL).bytes;
}
