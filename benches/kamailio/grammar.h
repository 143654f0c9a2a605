/*
 * Palisade's benchmark - hostile messages, put together from pieces.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef BENCH_GRAMMAR_H
#define BENCH_GRAMMAR_H

#include <stddef.h>
#include <stdint.h>

/* bytes of the longest message: about what fits into a datagram */
#define MESSAGE_BYTES 65000

/* pieces of one message, at the most */
#define PARTS_MAX 5

/* A piece, so many times, with a filler of so many bytes in it. */
typedef struct part
{
	uint8_t piece;
	uint8_t filler;
	uint16_t count;
	uint16_t size;
} part_t;

/* What a message is made of: the same recipe gives the same bytes. */
typedef struct recipe
{
	uint8_t method;
	uint8_t parts_count;
	/* do the pieces stand before the headers that every request has? */
	uint8_t is_first;
	/* bytes that are replaced at random at the end, */
	uint8_t changes;
	/* by this seed */
	uint32_t seed;
	part_t parts[PARTS_MAX];
} recipe_t;

/* its bytes, at most MESSAGE_BYTES, and a NUL; returns how many */
int recipe_write(const recipe_t *recipe, char *to);

/* in words */
void recipe_describe(const recipe_t *recipe, char *to, size_t room);

/* the same for messages that mostly consist of the same piece */
int recipe_kind(const recipe_t *recipe);

/* The recipes to begin with: each piece with each filler, few and many, short
 * and long. 0 behind the last. */
int recipe_first(unsigned index, recipe_t *recipe);

/* another one, not far from this */
void recipe_change(recipe_t *recipe, uint64_t *random);

/* splitmix64 */
uint64_t random_next(uint64_t *random);

#endif
