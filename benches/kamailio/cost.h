/*
 * Palisade's benchmark - what one message costs: Kamailio's own parse of it,
 * and Palisade's checks.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef BENCH_COST_H
#define BENCH_COST_H

typedef struct cost
{
	double parse_ns;
	double check_ns;
	/* what the checks may take beyond the parse */
	double allowed_ns;
} cost_t;

/*
 * The least of so many runs of each, each on a fresh copy, from a source of
 * its own. -1: Kamailio's core drops it, no script sees it.
 */
int cost_of(const char *text, int len, int runs, cost_t *cost);

/* above zero: more than is allowed */
double cost_excess(const cost_t *cost);

#endif
