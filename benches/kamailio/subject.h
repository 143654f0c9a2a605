/*
 * Palisade's benchmark - what is measured: one function that is called with
 * the message, again and again.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef BENCH_SUBJECT_H
#define BENCH_SUBJECT_H

#include "core/sr_module.h"

typedef struct subject
{
	/* called as the script interpreter does it */
	cmd_function call;
	char *p1;
	/* what each call has to return, so that it did what it is measured for;
	 * 0: anything */
	int answer;
	/* called for every user when each has failed twice; not measured */
	const struct subject *clear;
} subject_t;

/* X(name, answer, how it is found: see subject.c) */
/* clang-format off */
#define SUBJECTS(X) \
	X(nothing, 1, LOCAL(nothing)) \
	X(nothing_route, 1, ROUTE("NOTHING")) \
	\
	X(palisade_rate, 0, EXPORT("palisade", "pike_check_req")) \
	X(palisade_banned, 1, EXPORT("palisade", "palisade_is_banned")) \
	X(palisade_not_banned, -1, EXPORT("palisade", "palisade_is_banned")) \
	X(palisade_check, 1, EXPORT("palisade", "palisade_check")) \
	X(palisade_check_any, 0, EXPORT("palisade", "palisade_check")) \
	X(palisade_check_route, 1, ROUTE("PALISADE_CHECK")) \
	X(palisade_ban, 1, ROUTE("PALISADE_BAN")) \
	X(palisade_agent, 1, ROUTE("PALISADE_AGENT")) \
	X(palisade_sqli, 1, ROUTE("PALISADE_SQLI")) \
	X(palisade_auth_ok, 1, ROUTE("PALISADE_AUTH_OK")) \
	X(palisade_auth_failed, 1, ROUTE("PALISADE_AUTH_FAILED")) \
	X(palisade_auth, 1, ROUTE("PALISADE_AUTH")) \
	\
	X(palisade_worst, 0, LISTS_ROUTE("PALISADE_WORST")) \
	X(palisade_country, 1, LISTS_ROUTE("PALISADE_COUNTRY")) \
	X(in_networks_1000000, 1, LISTS_ROUTE("IN_NETWORKS_1000000")) \
	X(in_networks_500, 1, LISTS_ROUTE("IN_NETWORKS_500")) \
	X(in_agents_10, 1, LISTS_ROUTE("IN_AGENTS_10")) \
	X(in_agents_100000, 1, LISTS_ROUTE("IN_AGENTS_100000")) \
	X(in_users_10, 1, LISTS_ROUTE("IN_USERS_10")) \
	X(in_users_100000, 1, LISTS_ROUTE("IN_USERS_100000")) \
	X(in_destinations_10, 1, LISTS_ROUTE("IN_DESTINATIONS_10")) \
	X(in_destinations_100000, 1, LISTS_ROUTE("IN_DESTINATIONS_100000")) \
	\
	X(pike, 0, EXPORT("pike", "pike_check_req")) \
	X(htable_get, 1, GET("$sht(ipban=>$si)")) \
	X(htable_get_none, -1, GET("$sht(ipban=>$si)")) \
	X(htable_get_large, 1, GET("$sht(ipban16=>$si)")) \
	X(htable_set, 1, SET("$sht(ipban=>$si)")) \
	X(htable_set_large, 1, SET("$sht(ipban16=>$si)")) \
	X(recipe_ban, 1, ROUTE("RECIPE_BAN")) \
	X(recipe_check, 1, ROUTE("RECIPE_CHECK")) \
	X(recipe_agent, 1, ROUTE("RECIPE_AGENT")) \
	X(recipe_auth_ok, 1, ROUTE("RECIPE_AUTH_OK")) \
	X(recipe_auth_failed, 1, ROUTE("RECIPE_AUTH_FAILED")) \
	X(recipe_auth, 1, ROUTE("RECIPE_AUTH")) \
	X(permissions, 1, LISTS_ROUTE("PERMISSIONS")) \
	X(secfilter_ip, 1, LISTS_ROUTE("SECFILTER_IP")) \
	X(secfilter_user, 1, LISTS_ROUTE("SECFILTER_USER")) \
	X(secfilter_agent, 1, ROUTE("SECFILTER_AGENT")) \
	X(secfilter_sqli, 1, ROUTE("SECFILTER_SQLI"))
/* clang-format on */

#define DECLARE(name, answer, found) extern subject_t name;
SUBJECTS(DECLARE)
#undef DECLARE

/* finds all of them; -1 after an error was logged */
int subjects_find(void);

#endif
