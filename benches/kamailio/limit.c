/*
 * Palisade's benchmark - the physical limit.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "core/dprint.h"

#include "memory.h"

#define LINE 64
#define HUGE_PAGE (2 << 20)

typedef struct region
{
	uint64_t lines;
	uint64_t *first;
} region_t;

/* of the one limit that is measured just now */
static region_t regions[2];

static uint64_t *memory;
static size_t memory_bytes;

/* mapped as Palisade maps its own, so that both have pages of one size */
int limit_init(void)
{
	char *start;

	memory_bytes = palisade_bytes();
	if(memory_bytes == 0)
		return -1;
	start = mmap(NULL, memory_bytes + HUGE_PAGE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if(start == MAP_FAILED) {
		LM_ERR("no memory for the physical limit\n");
		return -1;
	}
	start += -(uintptr_t)start % HUGE_PAGE;
	madvise(start, memory_bytes, MADV_HUGEPAGE);
	memset(start, 0, memory_bytes);
	memory = (uint64_t *)start;
	return 0;
}

static int change_lines(sip_msg_t *msg, char *p1, char *p2)
{
	static uint64_t chain;
	const region_t *region;

	(void)msg;
	(void)p1;
	(void)p2;
	for(region = regions; region < regions + 2 && region->lines; region++) {
		uint64_t random = (chain + 1) * 0x9e3779b97f4a7c15;
		uint64_t index = ((random >> 32) * region->lines) >> 32;
		uint64_t *line = region->first + index * (LINE / sizeof(uint64_t));

		chain = random + __atomic_fetch_add(line, 1, __ATOMIC_RELAXED);
	}
	return 1;
}

static region_t region_at(size_t offset, size_t bytes)
{
	region_t region = {bytes / LINE, memory + offset / sizeof(uint64_t)};

	return region;
}

subject_t limit_of(size_t bytes, size_t more_bytes)
{
	subject_t subject = {.call = (cmd_function)change_lines, .answer = 1};

	regions[0] = region_at(0, bytes);
	regions[1] = region_at(bytes, more_bytes);
	return subject;
}
