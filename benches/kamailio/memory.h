/*
 * Palisade's benchmark - how much memory is taken, and the physical limit:
 * memory of a table's size that is read, changed and written back.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include <stddef.h>

#include "subject.h"

/* bytes of Kamailio's shared memory that are in use, overhead included */
size_t kamailio_bytes(void);

typedef struct palisade_table
{
	size_t bytes;
	size_t capacity;
} palisade_table_t;

/* as palisade.tables tells; bytes 0: there is no such table */
palisade_table_t palisade_table(const char *name);

/* of one list, as palisade.lists tells */
typedef struct palisade_list
{
	size_t bytes;
	size_t load_ms;
	size_t generation;
} palisade_list_t;

palisade_list_t palisade_list(const char *name);

/* milliseconds from palisade.reload of this list until the new one is in use;
 * -1: it never was */
double palisade_reload(char *name);

/* bytes of all tables */
size_t palisade_bytes(void);

/* once, before the fork; -1 after an error was logged */
int limit_init(void);

/*
 * A subject that changes a random cache line in each of two regions of these
 * sizes (0: none): atomically, as others may change it too. Which line the
 * next call takes depends on what this one read, so that no two calls overlap.
 */
subject_t limit_of(size_t bytes, size_t more_bytes);

#endif
