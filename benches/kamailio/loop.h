/*
 * Palisade's benchmark - the loop that calls a subject.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef BENCH_LOOP_H
#define BENCH_LOOP_H

#include <stdint.h>

#include "row.h"

/* calls in one batch */
#define BATCH 1024

/* where the messages come from, one after the other */
typedef struct sequence
{
	uint32_t sources;
	int are_users;
	uint32_t first; /* the number of the first source */
	uint64_t random;
	uint32_t turn;
} sequence_t;

/* the same for every side of a row in a round, another in another round */
sequence_t sequence_of(const row_t *row, int round);

typedef struct tally
{
	double ns;
	double worst_ns;
	unsigned batches;
} tally_t;

/* what some batches took */
typedef struct sample
{
	tally_t undisturbed;
	/* those in which the kernel gave the processor to another process; without
	 * that time, as far as the kernel tells */
	tally_t disturbed;
	/* calls that did not answer what they had to, and one such answer */
	unsigned wrong;
	int wrong_answer;
	/* batches of the second process meanwhile */
	unsigned beside;
} sample_t;

/* the undisturbed ones, if they are half of all; else all */
tally_t loop_tally(const sample_t *sample);

/* in every process that calls loop_batch(); -1 after an error was logged */
int loop_init(void);

double now_ns(void);

/* calls the subject BATCH times */
void loop_batch(
		const subject_t *subject, sequence_t *sequence, sample_t *sample);

#endif
