/*
 * Palisade's benchmark - the loop that calls a subject.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/dprint.h"

#include "loop.h"
#include "message.h"

sequence_t sequence_of(const row_t *row, int round)
{
	sequence_t sequence = {.sources = row->sources,
			.are_users = row->are_users,
			.first = row->family << 24,
			.random = (uint64_t)round << 32,
			/* a user's Call-ID is not seen again */
			.turn = (uint32_t)(round + 8) << 24};

	return sequence;
}

static inline void next_message(sequence_t *sequence)
{
	uint64_t random;

	if(sequence->are_users) {
		message_from_user(sequence->turn, sequence->turn % sequence->sources);
		sequence->turn++;
		return;
	}
	/* splitmix64, without its last multiplication */
	sequence->random += 0x9e3779b97f4a7c15;
	random = sequence->random;
	random = (random ^ (random >> 30)) * 0xbf58476d1ce4e5b9;
	random = (random >> 32) * sequence->sources;
	message_from(sequence->first + (uint32_t)(random >> 32));
}

double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

/* of this process: time on a processor, time waiting for one, turns
 * (Documentation/scheduler/sched-stats.rst) */
static int schedstat;

int loop_init(void)
{
	schedstat = open("/proc/self/schedstat", O_RDONLY);
	if(schedstat >= 0)
		return 0;
	LM_ERR("/proc/self/schedstat: %s\n", strerror(errno));
	return -1;
}

static double waited_ns(void)
{
	char text[64] = "";
	unsigned long on_processor, waiting = 0;

	if(pread(schedstat, text, sizeof(text) - 1, 0) > 0)
		sscanf(text, "%lu %lu", &on_processor, &waiting);
	return waiting;
}

/* forgets what was counted for each user */
static void clear(const subject_t *subject, uint32_t users)
{
	uint32_t user;

	for(user = 0; user < users; user++) {
		message_from_user(0, user);
		subject->call(&message, subject->p1, NULL);
	}
}

static void note(tally_t *tally, double ns)
{
	tally->batches++;
	tally->ns += ns;
	if(ns > tally->worst_ns)
		tally->worst_ns = ns;
}

tally_t loop_tally(const sample_t *sample)
{
	const tally_t *more = &sample->disturbed;
	tally_t tally = sample->undisturbed;

	if(tally.batches < more->batches) {
		tally.batches += more->batches;
		tally.ns += more->ns;
		if(tally.worst_ns < more->worst_ns)
			tally.worst_ns = more->worst_ns;
	}
	return tally;
}

void loop_batch(
		const subject_t *subject, sequence_t *sequence, sample_t *sample)
{
	int must = subject->answer, call;
	unsigned wrong = 0;
	double ns, waited;

	if(subject->clear != NULL
			&& sequence->turn % (2 * sequence->sources) == 0)
		clear(subject->clear, sequence->sources);
	waited = waited_ns();
	ns = now_ns();
	for(call = 0; call < BATCH; call++) {
		int answer;

		next_message(sequence);
		answer = subject->call(&message, subject->p1, NULL);
		if(must != 0 && answer != must) {
			wrong++;
			sample->wrong_answer = answer;
		}
	}
	ns = now_ns() - ns;
	waited = waited_ns() - waited;
	sample->wrong += wrong;
	if(waited == 0)
		note(&sample->undisturbed, ns);
	else /* or it was before or after the calls */
		note(&sample->disturbed, waited < ns ? ns - waited : ns);
}
