/*
 * Palisade - databases, through the drivers that Kamailio has loaded.
 *
 * A driver is found as lib/srdb1 finds it (db_bind_mod() of lib/srdb1/db.c),
 * which we don't link: it would bring a second pool of connections.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/dprint.h"
#include "core/globals.h"
#include "core/mem/mem.h"
#include "core/pt.h"
#include "core/sr_module.h"
#include "lib/srdb1/db.h"

#include "database.h"

/* Rows that are taken from the driver at a time: it makes values of them in
 * Kamailio's private memory, which is small (8 MB, unless -M says more). */
#define PAGE 1000

#define COLUMNS_MAX 8
#define EQUAL_MAX 4

typedef struct database
{
	db_func_t driver;
	db1_con_t *connection;
	int is_sqlite;
	int is_changing; /* a transaction is open */
	str table;
	db1_res_t *page;
	int at; /* the next row of it */

	/* Of SQLite, whose driver takes all rows at once, we ask for a page at a
	 * time; what was asked for, the number of the row first. */
	str names[COLUMNS_MAX + 1];
	db_key_t columns[COLUMNS_MAX + 1];
	int column_count;
	char equal_names[EQUAL_MAX][66];
	str equal_keys[EQUAL_MAX + 1];
	db_key_t keys[EQUAL_MAX + 1];
	db_op_t ops[EQUAL_MAX + 1];
	db_val_t values[EQUAL_MAX + 1];
	int equal_count;
	long long last_row;
} database_t;

/*
 * A connection is shared by those in one process who ask for the same URL
 * (pool_get() of lib/srdb1/db_pool.c), and a process is told by my_pid(), which
 * looks into the process table. This one is not in the table: without it,
 * my_pid() asks the kernel, and no connection of our parent's is taken for
 * ours. Nor does a signal make us the main process.
 */
void database_process(void)
{
	pt = NULL;
	_ksr_is_main = 0;
}

static str name_of(const char *name)
{
	str s = {(char *)name, strlen(name)};

	return s;
}

/* Are its preparations over? Modules are prepared in the order in which they
 * are loaded; the list begins with the last. */
static int is_ready(const sr_module_t *driver)
{
	const sr_module_t *m;

	for(m = find_module_by_name(MOD_NAME); m != NULL; m = m->next)
		if(m == driver)
			return 1;
	return 0;
}

static int32_t find_driver(const char *url, db_func_t *driver)
{
	char name[32];
	const char *colon = strchr(url, ':');
	const sr_module_t *module;
	db_bind_api_f bind_api;

	if(colon == NULL
			|| snprintf(name, sizeof(name), "db_%.*s", (int)(colon - url), url)
					   >= (int)sizeof(name))
		return PALISADE_DB_NO_DRIVER;
	module = find_module_by_name(name);
	if(module == NULL)
		return PALISADE_DB_NO_DRIVER;
	if(!is_ready(module))
		return PALISADE_DB_LATE_DRIVER;
	bind_api = (db_bind_api_f)find_mod_export(name, "db_bind_api", 0, 0);
	if(bind_api == NULL || bind_api(driver) < 0)
		return PALISADE_DB_UNABLE;
	if(driver->init == NULL || driver->close == NULL
			|| driver->use_table == NULL || driver->query == NULL
			|| driver->free_result == NULL)
		return PALISADE_DB_UNABLE;
	return 0;
}

/* A statement that answers nothing that we want to know. */
static int32_t say(database_t *d, const char *statement)
{
	str s = name_of(statement);
	db1_res_t *result = NULL;

	if(d->driver.raw_query == NULL)
		return PALISADE_DB_UNABLE;
	/* a driver may carry it out when the result is taken, and not before */
	if(d->driver.raw_query(d->connection, &s, &result) < 0)
		return PALISADE_DB_REFUSED;
	if(result != NULL)
		d->driver.free_result(d->connection, result);
	return 0;
}

int32_t database_open(const char *url, void **database)
{
	str s = name_of(url);
	database_t *d;
	int32_t code;

	*database = NULL;
	d = pkg_malloc(sizeof(*d));
	if(d == NULL)
		return PALISADE_DB_NO_MEMORY;
	memset(d, 0, sizeof(*d));
	code = find_driver(url, &d->driver);
	if(code == 0) {
		d->connection = d->driver.init(&s);
		if(d->connection == NULL)
			code = PALISADE_DB_CLOSED;
	}
	if(code != 0) {
		pkg_free(d);
		return code;
	}
	d->is_sqlite = strncmp(url, "sqlite:", 7) == 0;
	if(d->is_sqlite) /* another process may be writing: wait, but not long */
		say(d, "pragma busy_timeout=2000");
	*database = d;
	return 0;
}

static void drop_page(database_t *d)
{
	if(d->page != NULL)
		d->driver.free_result(d->connection, d->page);
	d->page = NULL;
	d->at = 0;
}

static int32_t use(database_t *d, const char *table)
{
	drop_page(d);
	d->table = name_of(table);
	if(d->driver.use_table(d->connection, &d->table) < 0)
		return PALISADE_DB_REFUSED;
	return 0;
}

static db_val_t value_of(const palisade_host_field_t *field)
{
	db_val_t value;

	memset(&value, 0, sizeof(value));
	switch(field->holds) {
		case PALISADE_HOLDS_NUMBER:
			value.type = DB1_BIGINT;
			value.val.ll_val = field->number;
			break;
		case PALISADE_HOLDS_TEXT:
			value.type = DB1_STR;
			value.val.str_val.s = (char *)field->text.data;
			value.val.str_val.len = field->text.len;
			break;
		default:
			value.type = DB1_STR;
			value.nul = 1;
	}
	return value;
}

/* the next page of what SQLite was asked for, in the order of its rows */
static int sqlite_page(database_t *d)
{
	static char order[] = "rowid limit 1000"; /* PAGE */
	str s = name_of(order);

	d->values[0].val.ll_val = d->last_row;
	return d->driver.query(d->connection, d->keys, d->ops, d->values,
			d->columns, d->equal_count + 1, d->column_count + 1, &s,
			&d->page);
}

/*
 * Rows are told apart by their number, so that every page is found at once. A
 * plus before a column keeps SQLite from another index, where it would have
 * to sort all rows for each page. One transaction: all pages are of one time.
 */
static int32_t sqlite_select(database_t *d)
{
	static char rowid[] = "rowid";
	int i;

	d->names[0] = name_of(rowid);
	d->keys[0] = &d->names[0];
	d->ops[0] = OP_GT;
	memset(&d->values[0], 0, sizeof(d->values[0]));
	d->values[0].type = DB1_BIGINT;
	d->last_row = INT64_MIN;
	for(i = 1; i <= d->equal_count; i++) {
		snprintf(d->equal_names[i - 1], sizeof(d->equal_names[0]), "+%.*s",
				d->equal_keys[i].len, d->equal_keys[i].s);
		d->equal_keys[i] = name_of(d->equal_names[i - 1]);
	}
	if(say(d, "begin") != 0)
		return PALISADE_DB_REFUSED;
	d->is_changing = 1;
	return sqlite_page(d) < 0 ? PALISADE_DB_REFUSED : 0;
}

int32_t database_select(void *database, const char *table,
		const char *const *columns, size_t column_count,
		const palisade_host_field_t *equal, size_t equal_count)
{
	database_t *d = database;
	db_func_t *driver = &d->driver;
	size_t i;
	int result;

	if(column_count > COLUMNS_MAX || equal_count > EQUAL_MAX)
		return PALISADE_DB_UNABLE;
	if(use(d, table) != 0)
		return PALISADE_DB_REFUSED;
	d->column_count = column_count;
	d->equal_count = equal_count;
	/* place 0 is that of SQLite's number of the row */
	for(i = 0; i <= column_count; i++) {
		d->names[i] = name_of(i > 0 ? columns[i - 1] : "");
		d->columns[i] = &d->names[i];
	}
	for(i = 1; i <= equal_count; i++) {
		d->equal_keys[i] = name_of(equal[i - 1].column);
		d->keys[i] = &d->equal_keys[i];
		d->ops[i] = OP_EQ;
		d->values[i] = value_of(&equal[i - 1]);
	}
	if(d->is_sqlite)
		return sqlite_select(d);
	if(driver->fetch_result == NULL) {
		result = driver->query(d->connection, d->keys + 1, d->ops + 1,
				d->values + 1, d->columns + 1, equal_count, column_count,
				NULL, &d->page);
	} else {
		result = driver->query(d->connection, d->keys + 1, d->ops + 1,
				d->values + 1, d->columns + 1, equal_count, column_count,
				NULL, NULL);
		if(result >= 0)
			result = driver->fetch_result(d->connection, &d->page, PAGE);
	}
	return result < 0 ? PALISADE_DB_REFUSED : 0;
}

static palisade_host_field_t number_field(int64_t number)
{
	palisade_host_field_t field = {.holds = PALISADE_HOLDS_NUMBER};

	field.number = number;
	return field;
}

static palisade_host_field_t text_field(const char *s, int len)
{
	palisade_host_field_t field = {.holds = PALISADE_HOLDS_TEXT};

	field.text.data = (const uint8_t *)s;
	field.text.len = s != NULL && len > 0 ? len : 0;
	return field;
}

static palisade_host_field_t field_of(const db_val_t *value)
{
	palisade_host_field_t nothing = {.holds = PALISADE_HOLDS_NOTHING};

	if(value->nul)
		return nothing;
	switch(value->type) {
		case DB1_INT:
			return number_field(value->val.int_val);
		case DB1_UINT:
			return number_field(value->val.uint_val);
		case DB1_BITMAP:
			return number_field(value->val.bitmap_val);
		case DB1_BIGINT:
			return number_field(value->val.ll_val);
		case DB1_UBIGINT:
			return number_field(
					value->val.ull_val > INT64_MAX ? INT64_MAX
												   : (int64_t)value->val.ull_val);
		case DB1_DATETIME:
			return number_field(value->val.time_val);
		case DB1_DOUBLE:
			if(!(fabs(value->val.double_val) < 9e18))
				return nothing;
			return number_field((int64_t)value->val.double_val);
		case DB1_STRING:
			if(value->val.string_val == NULL)
				return nothing;
			return text_field(
					value->val.string_val, strlen(value->val.string_val));
		case DB1_STR:
			return text_field(value->val.str_val.s, value->val.str_val.len);
		case DB1_BLOB:
			return text_field(value->val.blob_val.s, value->val.blob_val.len);
		default:
			return nothing;
	}
}

/* 1: there is one more page, 0: there is none */
static int32_t next_page(database_t *d)
{
	if(!d->is_sqlite && d->driver.fetch_result == NULL)
		return 0;
	d->at = 0;
	if(d->is_sqlite) {
		if(RES_ROW_N(d->page) < PAGE)
			return 0;
		drop_page(d);
		if(sqlite_page(d) < 0)
			return PALISADE_DB_REFUSED;
	} else if(d->driver.fetch_result(d->connection, &d->page, PAGE) < 0) {
		/* a driver may have freed it, or not: rather lose a page */
		d->page = NULL;
		return PALISADE_DB_REFUSED;
	}
	return d->page != NULL && RES_ROW_N(d->page) > 0;
}

int32_t database_row(void *database, palisade_host_field_t *fields)
{
	database_t *d = database;
	const db_row_t *row;
	int first = d->is_sqlite ? 1 : 0;
	int i;
	int32_t more;

	if(d->page == NULL)
		return 0;
	if(d->at >= RES_ROW_N(d->page)) {
		more = next_page(d);
		if(more <= 0)
			return more;
	}
	row = &RES_ROWS(d->page)[d->at++];
	if(ROW_N(row) != d->column_count + first)
		return PALISADE_DB_REFUSED;
	if(first) {
		int64_t number = field_of(&ROW_VALUES(row)[0]).number;

		/* the driver cuts numbers to 32 bits: no page twice for that */
		if(number <= d->last_row)
			return PALISADE_DB_UNABLE;
		d->last_row = number;
	}
	for(i = 0; i < d->column_count; i++)
		fields[i] = field_of(&ROW_VALUES(row)[i + first]);
	return 1;
}

/* fields as the drivers take them: names, pointers to these, values */
static void spread(const palisade_host_field_t *fields, size_t count,
		str *names, db_key_t *keys, db_val_t *values)
{
	size_t i;

	for(i = 0; i < count; i++) {
		names[i] = name_of(fields[i].column);
		keys[i] = &names[i];
		values[i] = value_of(&fields[i]);
	}
}

int32_t database_delete(void *database, const char *table,
		const palisade_host_field_t *equal, size_t equal_count)
{
	database_t *d = database;
	str names[EQUAL_MAX];
	db_key_t keys[EQUAL_MAX];
	db_val_t values[EQUAL_MAX];

	/* without a condition it would be all rows */
	if(d->driver.delete == NULL || equal_count == 0 || equal_count > EQUAL_MAX)
		return PALISADE_DB_UNABLE;
	if(use(d, table) != 0)
		return PALISADE_DB_REFUSED;
	spread(equal, equal_count, names, keys, values);
	if(d->driver.delete(d->connection, keys, NULL, values, equal_count) < 0)
		return PALISADE_DB_REFUSED;
	return 0;
}

int32_t database_insert(void *database, const char *table,
		const palisade_host_field_t *fields, size_t count)
{
	database_t *d = database;
	str names[COLUMNS_MAX];
	db_key_t keys[COLUMNS_MAX];
	db_val_t values[COLUMNS_MAX];

	if(d->driver.insert == NULL || count > COLUMNS_MAX)
		return PALISADE_DB_UNABLE;
	if(use(d, table) != 0)
		return PALISADE_DB_REFUSED;
	spread(fields, count, names, keys, values);
	if(d->driver.insert(d->connection, keys, values, count) < 0)
		return PALISADE_DB_REFUSED;
	return 0;
}

int32_t database_begin(void *database)
{
	database_t *d = database;
	int32_t code = say(d, "begin");

	d->is_changing = code == 0;
	return code;
}

int32_t database_commit(void *database)
{
	database_t *d = database;
	int32_t code = say(d, "commit");

	d->is_changing = code != 0;
	return code;
}

void database_close(void *database)
{
	database_t *d = database;

	drop_page(d);
	/* the connection may be one that Kamailio shares among modules */
	if(d->is_changing)
		say(d, "rollback");
	d->driver.close(d->connection);
	pkg_free(d);
}
