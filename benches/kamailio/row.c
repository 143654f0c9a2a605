/*
 * Palisade's benchmark - the rows of the table.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/dprint.h"

#include "memory.h"
#include "message.h"
#include "row.h"

#define LINE 64
/* of each user: two records, and the tags that lead there */
#define LINES_OF_USER 8

static int ban_all(const subject_t *ban)
{
	uint32_t source;

	for(source = 0; source < BANS; source++) {
		message_from(((uint32_t)BAN_FAMILY << 24) + source);
		if(ban->call(&message, ban->p1, NULL) != ban->answer) {
			LM_ERR("ban %u can't be set\n", source);
			return -1;
		}
	}
	return 0;
}

/* once, whichever row is the first that needs them: the growth of Kamailio's
 * memory is what htable takes for them */
static int set_bans(void)
{
	static int is_done;

	if(is_done++)
		return 0;
	return ban_all(&palisade_ban) < 0 || ban_all(&htable_set) < 0 ? -1 : 0;
}

static int set_more_bans(void)
{
	return set_bans() < 0 ? -1 : ban_all(&htable_set_large);
}

/* clang-format off */

#define RATE(count, must) \
	{.operation = "rate check", .peer = "pike_check_req", \
	.ours = &palisade_rate, .theirs = &pike, .empty = &nothing, \
	.sources = count, .family = __LINE__, .batches = 256, \
	.is_paced = count == 100000, .area = AREA_SOURCES, .target = must}

#define RATE_CROWDED(count, calls) \
	{.operation = "rate check, two processes", .peer = "pike_check_req", \
	.ours = &palisade_rate, .theirs = &pike, .empty = &nothing, \
	.sources = count, .family = __LINE__, .batches = calls, \
	.is_paced = count == 100000, .is_crowded = 1, \
	.area = AREA_SOURCES, .target = {.alone = 1.3}}

#define BANNED(what, our, their, their_name, first, ban_family, touched, must) \
	{.operation = what, .peer = their_name, \
	.ours = &our, .theirs = &their, .empty = &nothing, \
	.sources = BANS, .family = ban_family, .batches = 64, .prepare = first, \
	.area = touched, .target = must}

#define SCRIPT(what, our, their, their_name, count, touched, must) \
	{.operation = what, .peer = their_name, \
	.ours = our, .theirs = their, .empty = &nothing_route, \
	.sources = count, .family = __LINE__, .batches = 32, \
	.area = touched, .target = must}

#define AUTH(what, users, our, their) \
	{.operation = what, .peer = "$sht counter", \
	.ours = &our, .theirs = &their, .empty = &nothing_route, \
	.sources = users, .are_users = 1, .batches = 64, \
	.area = AREA_USERS, .target = {.times = 20}}

/* addresses are drawn from all there are */
#define NETWORKS(name_of, our, their, their_name, must) \
	{.operation = "in a list of networks, " name_of, .peer = their_name, \
	.lists = LISTS_ASKED, .list = #our, \
	.ours = &in_##our, .theirs = their, .empty = &nothing_route, \
	.sources = 1 << 24, .family = __LINE__, .batches = 64, \
	.area = AREA_LIST, .target = must}

#define TEXTS(what, our, their, their_name, must) \
	{.operation = "in a list of " what, .peer = their_name, \
	.lists = LISTS_ASKED, \
	.ours = &in_##our, .theirs = their, .empty = &nothing_route, \
	.sources = 1, .family = __LINE__, .batches = 64, .target = must}

#define MUST(...) {__VA_ARGS__}
#define NOTHING_MUST {0}

const row_t rows[] = {
	RATE(1, MUST(.times = 1)),
	RATE(1000, MUST(.times = 1)),
	RATE(100000, MUST(.times = 30, .limits = 1.5)),
	RATE(1000000, MUST(.times = 30, .limits = 1.5)),
	RATE(10000000, MUST(.times = 30, .limits = 1.5)),
	RATE_CROWDED(1, 256),
	RATE_CROWDED(1000, 256),
	RATE_CROWDED(100000, 64),
	RATE_CROWDED(1000000, 64),

	BANNED("is banned: yes", palisade_banned, htable_get,
		"$sht(ipban=>$si)", set_bans, BAN_FAMILY, AREA_BANS,
		MUST(.times = 20, .limits = 2)),
	BANNED("is banned: yes", palisade_banned, htable_set,
		"$sht(ipban=>$si) = 1", set_bans, BAN_FAMILY, AREA_BANS,
		MUST(.times = 20, .limits = 2)),
	BANNED("is banned: no", palisade_not_banned, htable_get_none,
		"$sht(ipban=>$si)", set_bans, __LINE__, AREA_BAN_TAGS,
		MUST(.times = 20)),
	BANNED("is banned: yes", palisade_banned, htable_get_large,
		"$sht() of size=16", set_more_bans, BAN_FAMILY, AREA_BANS, NOTHING_MUST),
	{.operation = "ban again", .peer = "$sht(ipban=>$si) = 1",
		.ours = &palisade_ban, .theirs = &recipe_ban, .empty = &nothing_route,
		.sources = BANS, .family = BAN_FAMILY, .batches = 32,
		.prepare = set_bans, .area = AREA_BANS},

	AUTH("auth failure", 1024, palisade_auth_failed, recipe_auth_failed),
	AUTH("auth blocked? and failure", 1024, palisade_auth, recipe_auth),
	AUTH("auth failure", 16384, palisade_auth_failed, recipe_auth_failed),
	AUTH("auth blocked? and failure", 16384, palisade_auth, recipe_auth),
	SCRIPT("agent filter", &palisade_agent, &recipe_agent,
		"three $ua =~", 1, AREA_NONE, MUST(.times = 10)),
	SCRIPT("agent filter", &palisade_agent, &secfilter_agent,
		"secf_check_ua", 1, AREA_NONE, NOTHING_MUST),
	SCRIPT("SQL injection", &palisade_sqli, &secfilter_sqli,
		"secf_check_sqli_all", 1, AREA_NONE, NOTHING_MUST),

	{.operation = "palisade_check(), benign", .ours = &palisade_check,
		.empty = &nothing, .sources = 100000, .family = __LINE__,
		.batches = 64, .is_paced = 1, .area = AREA_TAGS_SOURCES,
		.target = MUST(.beyond = 250)},
	{.operation = "palisade_check(), benign",
		.peer = "$sht, pike, three $ua =~", .ours = &palisade_check_route,
		.theirs = &recipe_check, .empty = &nothing_route, .sources = 100000,
		.family = __LINE__, .batches = 32, .is_paced = 1,
		.area = AREA_TAGS_SOURCES},

	/* one read-modify-write, and three reads more */
	NETWORKS("1,000,000", networks_1000000, &permissions,
		"allow_source_address, 512", MUST(.limits = 4)),
	NETWORKS("500", networks_500, &permissions,
		"allow_source_address, 512", MUST(.times = 1)),
	NETWORKS("500", networks_500, &secfilter_ip,
		"secf_check_ip, 500", MUST(.times = 1)),
	TEXTS("agents, 10", agents_10, NULL, NULL, NOTHING_MUST),
	TEXTS("agents, 100,000", agents_100000, &secfilter_agent,
		"secf_check_ua, 10,000", MUST(.before = 2)),
	TEXTS("users, 10", users_10, &secfilter_user,
		"secf_check_from_hdr, 10", NOTHING_MUST),
	TEXTS("users, 100,000", users_100000, NULL, NULL, MUST(.before = 2)),
	TEXTS("destinations, 10", destinations_10, NULL, NULL, NOTHING_MUST),
	TEXTS("destinations, 100,000", destinations_100000, NULL, NULL,
		MUST(.before = 2)),

	{.operation = "country of the source", .lists = LISTS_CHECKED,
		.ours = &palisade_country, .empty = &nothing_route,
		.sources = 1 << 24, .family = __LINE__, .batches = 64},
	{.operation = "palisade_check(), benign, 5 lists", .lists = LISTS_CHECKED,
		.ours = &palisade_check_any, .empty = &nothing, .sources = 100000,
		.family = __LINE__, .batches = 64, .is_paced = 1,
		.area = AREA_TAGS_SOURCES},
};

/* clang-format on */

const int rows_count = sizeof(rows) / sizeof(*rows);

static size_t at_most(size_t touched, const char *table)
{
	size_t bytes = palisade_table(table).bytes;

	return touched < bytes ? touched : bytes;
}

/* two tags of 8 bytes for each ban that fits */
static size_t ban_tags(void)
{
	return palisade_table("bans").capacity * 2 * 8;
}

void row_area(const row_t *row, size_t *bytes, size_t *more_bytes)
{
	size_t touched = (size_t)row->sources * LINE;

	*bytes = *more_bytes = 0;
	switch(row->area) {
		case AREA_NONE:
			break;
		case AREA_SOURCES:
			/* from so many sources on, its pages are touched all over */
			*bytes = row->sources < 100000
							 ? at_most(touched, "sources")
							 : palisade_table("sources").bytes;
			break;
		case AREA_BANS:
			*bytes = palisade_table("bans").bytes;
			break;
		case AREA_BAN_TAGS:
			*bytes = ban_tags();
			break;
		case AREA_TAGS_SOURCES:
			*bytes = ban_tags();
			*more_bytes = palisade_table("sources").bytes;
			break;
		case AREA_USERS:
			*bytes = at_most(touched * LINES_OF_USER, "users");
			break;
		case AREA_LIST:
			/* as much memory as the limit has */
			*bytes = palisade_list(row->list).bytes;
			if(*bytes > palisade_bytes())
				*bytes = palisade_bytes();
			break;
	}
}
