/*
 * Palisade's benchmark - the rows of the table: what is measured beside what,
 * and what is to be reached.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include <stdint.h>

#include "subject.h"

/* so many sources are banned all the time: those of this family */
#define BANS 50000
#define BAN_FAMILY 1

/* what the physical limit of a row is measured on */
typedef enum area
{
	AREA_NONE,		   /* no table is read */
	AREA_SOURCES,	   /* the table of sources, or as much as is touched */
	AREA_BANS,		   /* the table of bans */
	AREA_BAN_TAGS,	   /* the part of it that tells who is not banned */
	AREA_TAGS_SOURCES, /* that, and the table of sources */
	AREA_USERS,		   /* as much as is touched of the table of users */
	AREA_LIST		   /* the list of the row */
} area_t;

/* 0: no such target */
typedef struct target
{
	double times;  /* ours is at least so many times faster than theirs */
	double limits; /* ours takes at most so many times the limit */
	double beyond; /* ours takes at most so many ns more than the limit */
	double alone;  /* with a second process: so many times as alone */
	double before; /* ours takes at most so many times what it took a row ago */
} target_t;

/* the lists that Palisade has: scripts/bench starts Kamailio with each */
enum lists
{
	LISTS_NONE,
	LISTS_ASKED,   /* by palisade_in_list() */
	LISTS_CHECKED, /* by palisade_check() */
	LISTS_WORST	   /* the same, and more; there are no rows about them */
};

typedef struct row
{
	enum lists lists;
	/* the one that its limit is about */
	const char *list;
	const char *operation;
	const char *peer;
	const subject_t *ours;
	const subject_t *theirs;
	const subject_t *empty;
	/* messages come from so many sources, drawn at random */
	uint32_t sources;
	/* they are users who take turns, each from an address of its own */
	int are_users;
	/* rows with the same number have the same sources; so that what one row
	 * counted is not in the next one's way, most have their own */
	uint32_t family;
	/* calls that are measured in one round, in batches */
	uint32_t batches;
	/* so that no source gets over the limit of the rate check: a round takes
	 * longer than its window */
	int is_paced;
	/* a second process does the same at the same time */
	int is_crowded;
	/* called before the first round; -1 after an error was logged */
	int (*prepare)(void);
	area_t area;
	target_t target;
} row_t;

extern const row_t rows[];
extern const int rows_count;

/* bytes of the two regions of the row's limit */
void row_area(const row_t *row, size_t *bytes, size_t *more_bytes);

#endif
