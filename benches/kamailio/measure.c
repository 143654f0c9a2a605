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
#define ROW_S 16
/* the longest that pike is waited for, to give back what it took */
#define PIKE_S 10
/* how long a round of a row that is paced takes: somewhat longer than the
 * rate check's window */
#define PACE_NS 2.1e9
/* calls before a subject is measured, and the most that they, and those that
 * are, may take */
#define WARM_UP_BATCHES 256
/* of the limit, which nobody counts: so many that hardly a line is left that
 * the second process was the last to change */
#define WARM_UP_BATCHES_OF_LIMIT 1024
#define WARM_UP_NS 250e6
#define ROUND_NS 2e9
/* how long a measurement beside the second process is tried again, until that
 * one gets a processor */
#define BESIDE_NS 3e9
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
	return row->is_crowded
		   && (side == LIMIT || side == OURS || side == THEIRS);
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

/* did the second process run meanwhile, at least a quarter of the time? */
static int is_beside(const sample_t *sample)
{
	unsigned batches = sample->undisturbed.batches + sample->disturbed.batches;

	return sample->beside >= batches / 4;
}

/* one side in one round */
static sample_t run(
		const row_t *row, enum side side, int round, const subject_t *subject)
{
	sequence_t sequence = sequence_of(row, round);
	sample_t warm_up = {0}, sample;
	unsigned batch, before, batches = WARM_UP_BATCHES;
	double end_ns, last_ns = now_ns() + BESIDE_NS;

	if(side == LIMIT || side == LIMIT_ALONE)
		batches = WARM_UP_BATCHES_OF_LIMIT;
	second_process(row, side, 1);
	end_ns = now_ns() + WARM_UP_NS;
	for(batch = 0; batch < batches && now_ns() < end_ns; batch++)
		loop_batch(subject, &sequence, &warm_up);
	do {
		sample = (sample_t){.wrong = warm_up.wrong};
		before = orders->batches;
		end_ns = now_ns() + ROUND_NS;
		for(batch = 0; batch < row->batches && now_ns() < end_ns; batch++)
			loop_batch(subject, &sequence, &sample);
		sample.beside = orders->batches - before;
	} while(is_crowded(row, side) && !is_beside(&sample) && now_ns() < last_ns);
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
	double worst_us = loop_tally(sample).worst_ns / 1000;

	if(sample->wrong != 0) {
		LM_ERR("%s: %u calls of side %d answered %d, which is not what they "
			   "were to do\n",
				row->operation, sample->wrong, side, sample->wrong_answer);
		return -1;
	}
	if(is_crowded(row, side) && !is_beside(sample)) {
		LM_ERR("%s, %u sources, side %d: the second process ran %u batches only\n",
				row->operation, row->sources, side, sample->beside);
		return -1;
	}
	if(worst_us > figure->worst_us)
		figure->worst_us = worst_us;
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
		tally_t tally;

		if(subject == NULL)
			continue;
		sample = run(row, side, round, subject);
		if(round < 0)
			continue;
		if(note(row, side, &sample, result) < 0)
			return -1;
		tally = loop_tally(&sample);
		ns[side][round] = tally.ns / tally.batches / BATCH;
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

/* Kamailio's memory before the row. What pike took in the row before it gives
 * back within some seconds. */
static long bytes_before(const row_t *row)
{
	static const row_t *last;
	static long before_last;
	int is_pike = last != NULL
				  && (last->theirs == &pike || last->theirs == &recipe_check);
	int seconds;

	for(seconds = 0; is_pike && seconds < PIKE_S; seconds++) {
		if((long)kamailio_bytes() <= before_last)
			break;
		sleep(1);
	}
	last = row;
	before_last = kamailio_bytes();
	return before_last;
}

int measure(const row_t *row, result_t *result)
{
	double ns[SIDES][ROUNDS];
	long ours_before = palisade_bytes(), theirs_before = bytes_before(row);
	time_t begin = time(NULL);
	size_t more_bytes;
	int round;

	memset(result, 0, sizeof(*result));
	if(row->prepare != NULL && row->prepare() < 0)
		return -1;
	for(round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
		double end_ns = now_ns() + (row->is_paced ? PACE_NS : 0);
		long growth;

		if(round >= ROUNDS_MIN && time(NULL) > begin + ROW_S)
			break;
		if(measure_round(row, round, ns, result) < 0)
			return -1;
		growth = (long)kamailio_bytes() - theirs_before;
		if(growth > result->growth_theirs)
			result->growth_theirs = growth;
		if(now_ns() < end_ns)
			usleep((end_ns - now_ns()) / 1000);
	}
	conclude(row, round, ns, result);
	row_area(row, &result->limit_bytes, &more_bytes);
	result->limit_bytes += more_bytes;
	result->growth_ours = (long)palisade_bytes() - ours_before;
	return 0;
}
