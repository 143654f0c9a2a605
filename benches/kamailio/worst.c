/*
 * Palisade's benchmark - the most expensive message that can be found.
 *
 * A datagram must not buy more than it costs: whatever its bytes, the checks
 * take at most what Kamailio's own parse of it takes, and a little more. The
 * search tries every hostile piece alone, then changes what was most expensive
 * so far, one change at a time. The messages are the same each time as long as
 * the machine takes the same time for them.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/dprint.h"
#include "core/mem/mem.h"

#include "cost.h"
#include "grammar.h"
#include "loop.h"
#include "report.h"
#include "worst.h"

#define SEED 8
#define CHANGES 60000
/* the search ends after so many seconds in any case */
#define FIRST_S 20
#define SEARCH_S 45
/* how often each is run twice: at once; when it seems to be among the worst; at the
 * end */
#define RUNS 1
#define MORE_RUNS 4
#define LAST_RUNS 25
/* private memory that a search may keep, for what is taken once */
#define LEAK_BYTES (64 << 10)

/* one of each kind: the ten that are reported, and others to go on from */
#define KEPT 40
#define REPORTED 10

typedef struct found
{
	recipe_t recipe;
	cost_t cost;
} found_t;

static found_t kept[KEPT];
static int kept_count;
static unsigned tried;

static char text[MESSAGE_BYTES + 1];

static double excess(const found_t *found)
{
	return cost_excess(&found->cost);
}

/* moves the one at this index to where it belongs */
static void sort_up(int index)
{
	for(; index > 0 && excess(&kept[index]) > excess(&kept[index - 1]);
			index--) {
		found_t found = kept[index];

		kept[index] = kept[index - 1];
		kept[index - 1] = found;
	}
}

/* the place of one of this kind, or of one that it is worse than; -1: none */
static int place_of(const found_t *found)
{
	int kind = recipe_kind(&found->recipe), index;

	for(index = 0; index < kept_count; index++)
		if(recipe_kind(&kept[index].recipe) == kind)
			return excess(found) > excess(&kept[index]) ? index : -1;
	if(kept_count < KEPT)
		return kept_count++;
	return excess(found) > excess(&kept[KEPT - 1]) ? KEPT - 1 : -1;
}

static int is_among_worst(const found_t *found)
{
	return kept_count < KEPT || excess(found) > excess(&kept[kept_count - 1]);
}

static void try(const recipe_t *recipe)
{
	found_t found = {.recipe = *recipe};
	int len = recipe_write(recipe, text), place;

	tried++;
	if(cost_of(text, len, RUNS, &found.cost) < 0 || !is_among_worst(&found)
			|| cost_of(text, len, MORE_RUNS, &found.cost) < 0)
		return;
	place = place_of(&found);
	if(place < 0)
		return;
	kept[place] = found;
	sort_up(place);
}

static void try_each_piece(double end_ns)
{
	recipe_t recipe;
	unsigned index;

	for(index = 0; now_ns() < end_ns && recipe_first(index, &recipe); index++)
		try(&recipe);
}

static void climb(double end_ns)
{
	uint64_t random = SEED;
	int change;

	for(change = 0; change < CHANGES && now_ns() < end_ns && kept_count > 0;
			change++) {
		uint64_t drawn = random_next(&random);
		recipe_t recipe = kept[drawn % kept_count].recipe;
		int steps = 1 + (drawn >> 32) % 3;

		while(steps-- > 0)
			recipe_change(&recipe, &random);
		try(&recipe);
	}
}

static void measure_kept_again(void)
{
	int index;

	for(index = 0; index < kept_count; index++) {
		found_t *found = &kept[index];
		int len = recipe_write(&found->recipe, text);

		cost_of(text, len, LAST_RUNS, &found->cost);
		sort_up(index);
	}
}

static void report_found(const found_t *found)
{
	char words[512];
	int len = recipe_write(&found->recipe, text);

	recipe_describe(&found->recipe, words, sizeof(words));
	report_line("| %d | %.1f | %.1f | %.2f | %.1f | %.1f | %s |\n", len,
			found->cost.check_ns / 1000, found->cost.parse_ns / 1000,
			found->cost.check_ns / found->cost.parse_ns,
			(found->cost.check_ns - found->cost.parse_ns) / 1000,
			found->cost.allowed_ns / 1000, words);
}

int worst_search(void)
{
	struct mem_info before, after;
	double begin_ns = now_ns();
	int index, beyond = 0;

	pkg_info(&before);
	try_each_piece(begin_ns + FIRST_S * 1e9);
	climb(begin_ns + SEARCH_S * 1e9);
	measure_kept_again();
	pkg_info(&after);
	if(after.used_size > before.used_size + LEAK_BYTES) {
		LM_ERR("%lu bytes of private memory were not given back\n",
				(unsigned long)(after.used_size - before.used_size));
		return -1;
	}
	report_line("| bytes | palisade_check() and the auth functions µs | "
				"Kamailio's parse µs | ratio | difference µs | allowed µs | "
				"made of |\n| --: | --: | --: | --: | --: | --: | --- |\n");
	for(index = 0; index < kept_count; index++) {
		beyond += excess(&kept[index]) > 0;
		if(index < REPORTED)
			report_found(&kept[index]);
	}
	report_line("\nOf %u messages, no more than Kamailio's own parse takes, "
				"and 5 µs, and 2 ns a byte: ",
			tried);
	report_target(kept_count > 0 && beyond == 0,
			beyond == 0 ? "it holds for all" : "%d kinds take longer", beyond);
	report_line("\n");
	return kept_count > 0 ? 0 : -1;
}
