/*
 * Palisade - databases, through the drivers that Kamailio has loaded.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_DATABASE_H
#define PALISADE_DATABASE_H

#include "host.h"

/* palisade_host_t.db_* */
void database_process(void);
int32_t database_open(const char *url, void **database);
int32_t database_select(void *database, const char *table,
		const char *const *columns, size_t column_count,
		const palisade_host_field_t *equal, size_t equal_count);
int32_t database_row(void *database, palisade_host_field_t *fields);
int32_t database_delete(void *database, const char *table,
		const palisade_host_field_t *equal, size_t equal_count);
int32_t database_insert(void *database, const char *table,
		const palisade_host_field_t *fields, size_t count);
int32_t database_begin(void *database);
int32_t database_commit(void *database);
void database_close(void *database);

#endif
