/*
 * Palisade's benchmark - one row, measured.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>

#include "row.h"

/* what is measured in turn, round after round */
enum side
{
	BARE,  /* a call of nothing, which is taken off the limit */
	EMPTY, /* nothing, called as the subjects are; which is taken off them */
	LIMIT,
	LIMIT_ALONE, /* without the second process, in rows that have one */
	OURS,
	OURS_ALONE,
	THEIRS,
	SIDES
};

typedef struct figure
{
	int is_measured;
	/* of one call: the median of the rounds */
	double ns;
	/* of all batches of all rounds; µs */
	double worst_us;
} figure_t;

typedef struct result
{
	figure_t of[SIDES];
	size_t limit_bytes;
	/* bytes more than at the start, at the end of a round */
	long growth_ours;
	long growth_theirs;
} result_t;

/* before the fork; -1 after an error was logged */
int measure_init(void);

/* -1 after an error was logged: something could not be measured */
int measure(const row_t *row, result_t *result);

/* the second process: does what the first one asks for, never returns */
void measure_beside(void);

#endif
