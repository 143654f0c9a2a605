/*
 * Palisade's benchmark - one row, measured.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "core/dprint.h"

#include "loop.h"
#include "measure.h"
#include "memory.h"

#define ROUNDS 5
/* on a machine that is busy with other things, fewer: at least these, and no
 * more than so many seconds for one row */
#define ROUNDS_MIN 3
#define ROW_S 12
/* what a subject runs in one round at the most, before it is measured and
 * while it is; ns */
#define WARM_UP_NS 250e6
#define ROUND_NS 2e9
/* how often a measurement beside the second process is tried, until that one
 * runs at least a quarter of the time */
#define ATTEMPTS 8
/* the first rounds, until the tables hold what they will hold; not measured */
#define WARM_UP_ROUNDS 2

/* for the second process; shared */
static volatile struct orders
{
	int row;
	int side;
	int is_wanted;
	int is_running;
	unsigned batches;
} *orders;

int measure_init(void)
{
	void *shared = mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if(shared == MAP_FAILED) {
		LM_ERR("no shared memory for the second process\n");
		return -1;
	}
	orders = shared;
	return limit_init();
}

static const subject_t *limit_of_row(const row_t *row)
{
	static subject_t limit;
	size_t bytes, more_bytes;

	row_area(row, &bytes, &more_bytes);
	limit = limit_of(bytes, more_bytes);
	return bytes != 0 ? &limit : NULL;
}

/* NULL: this row has no such side */
static const subject_t *subject_of(const row_t *row, enum side side)
{
	switch(side) {
		case BARE:
			return &nothing;
		case EMPTY:
			return row->empty;
		case LIMIT:
			return limit_of_row(row);
		case OURS:
			return row->ours;
		case THEIRS:
			return row->theirs;
		case LIMIT_ALONE:
			return row->is_crowded ? limit_of_row(row) : NULL;
		case OURS_ALONE:
			return row->is_crowded ? row->ours : NULL;
		default:
			return NULL;
	}
}

static int is_crowded(const row_t *row, enum side side)
{
	return row->is_crowded && side >= LIMIT && side < LIMIT_ALONE;
}

/* the side whose time is not the side's own */
static enum side overhead_of(enum side side)
{
	return side == LIMIT || side == LIMIT_ALONE ? BARE : EMPTY;
}

void measure_beside(void)
{
	for(;;) {
		const row_t *row;
		const subject_t *subject;
		sequence_t sequence;
		sample_t sample;

		while(!orders->is_wanted)
			usleep(100);
		row = &rows[orders->row];
		subject = subject_of(row, orders->side);
		sequence = sequence_of(row, -1);
		orders->is_running = 1;
		while(orders->is_wanted) {
			loop_batch(subject, &sequence, &sample);
			orders->batches++;
		}
		orders->is_running = 0;
	}
}

static void second_process(const row_t *row, enum side side, int is_wanted)
{
	if(!is_crowded(row, side))
		return;
	orders->row = row - rows;
	orders->side = side;
	__sync_synchronize();
	orders->is_wanted = is_wanted;
	while(orders->is_running != is_wanted)
		usleep(100);
}

/* one side in one round */
static sample_t run(
		const row_t *row, enum side side, int round, const subject_t *subject)
{
	sequence_t sequence = sequence_of(row, round);
	sample_t warm_up = {0}, sample;
	unsigned batch, before;
	int attempt;

	second_process(row, side, 1);
	for(batch = 0; batch < row->batches && warm_up.ns < WARM_UP_NS; batch++)
		loop_batch(subject, &sequence, &warm_up);
	for(attempt = 0; attempt < ATTEMPTS; attempt++) {
		sample = (sample_t){.wrong = warm_up.wrong};
		before = orders->batches;
		for(batch = 0; batch < row->batches && sample.ns < ROUND_NS; batch++)
			loop_batch(subject, &sequence, &sample);
		sample.beside = orders->batches - before;
		if(!is_crowded(row, side) || sample.beside >= batch / 4)
			break;
	}
	second_process(row, side, 0);
	return sample;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

/* takes one round's sample of one side into account */
static int note(const row_t *row, enum side side, const sample_t *sample,
		result_t *result)
{
	figure_t *figure = &result->of[side];

	if(sample->wrong != 0) {
		LM_ERR("%s: %u calls of side %d answered %d, which is not what they "
			   "were to do\n",
				row->operation, sample->wrong, side, sample->wrong_answer);
		return -1;
	}
	if(is_crowded(row, side) && sample->beside < sample->batches / 4) {
		LM_ERR("%s: the second process did not get a processor for itself\n",
				row->operation);
		return -1;
	}
	if(sample->worst_ns / 1000 > figure->worst_us)
		figure->worst_us = sample->worst_ns / 1000;
	return 0;
}

/* every side in turn; -1 after an error was logged */
static int measure_round(const row_t *row, int round, double ns[SIDES][ROUNDS],
		result_t *result)
{
	int side;

	for(side = 0; side < SIDES; side++) {
		const subject_t *subject = subject_of(row, side);
		sample_t sample;

		if(subject == NULL)
			continue;
		sample = run(row, side, round, subject);
		if(round < 0)
			continue;
		if(note(row, side, &sample, result) < 0)
			return -1;
		ns[side][round] = sample.ns / sample.batches / BATCH;
	}
	return 0;
}

/* the figures of all sides from those of the rounds */
static void conclude(const row_t *row, int rounds, double ns[SIDES][ROUNDS],
		result_t *result)
{
	int side;

	for(side = 0; side < SIDES; side++) {
		figure_t *figure = &result->of[side];

		figure->is_measured = subject_of(row, side) != NULL;
		if(figure->is_measured)
			figure->ns = median(ns[side], rounds);
		if(side >= LIMIT)
			figure->ns -= result->of[overhead_of(side)].ns;
	}
}

int measure(const row_t *row, result_t *result)
{
	double ns[SIDES][ROUNDS];
	long ours_before = palisade_bytes(), theirs_before = kamailio_bytes();
	time_t begin = time(NULL);
	size_t more_bytes;
	int round;

	memset(result, 0, sizeof(*result));
	if(row->prepare != NULL && row->prepare() < 0)
		return -1;
	for(round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
		long growth;

		if(round >= ROUNDS_MIN && time(NULL) > begin + ROW_S)
			break;
		if(measure_round(row, round, ns, result) < 0)
			return -1;
		growth = (long)kamailio_bytes() - theirs_before;
		if(growth > result->growth_theirs)
			result->growth_theirs = growth;
	}
	conclude(row, round, ns, result);
	row_area(row, &result->limit_bytes, &more_bytes);
	result->limit_bytes += more_bytes;
	result->growth_ours = (long)palisade_bytes() - ours_before;
	return 0;
}
