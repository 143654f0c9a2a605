/*
 * Palisade's benchmark - what is measured, found through Kamailio's own API.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/action.h"
#include "core/dprint.h"
#include "core/pvar.h"
#include "core/route.h"

#include "message.h"
#include "subject.h"

#define DEFINE(name, answer, found) subject_t name;
SUBJECTS(DEFINE)
#undef DEFINE

static int call_nothing(sip_msg_t *msg, char *p1, char *p2)
{
	(void)msg;
	(void)p1;
	(void)p2;
	return 1;
}

static int call_route(sip_msg_t *msg, char *route, char *unused)
{
	struct run_act_ctx ctx;

	(void)unused;
	return run_top_route((struct action *)route, msg, &ctx);
}

/* 1: the variable has a value, -1: it has none */
static int call_get(sip_msg_t *msg, char *variable, char *unused)
{
	pv_value_t value;

	(void)unused;
	if(pv_get_spec_value(msg, (pv_spec_t *)variable, &value) != 0)
		return 0;
	return value.flags & PV_VAL_NULL ? -1 : 1;
}

static int call_set(sip_msg_t *msg, char *variable, char *unused)
{
	pv_value_t value = {.ri = 1, .flags = PV_VAL_INT | PV_TYPE_INT};

	(void)unused;
	return pv_set_spec_value(msg, (pv_spec_t *)variable, 0, &value) == 0 ? 1
																		 : -1;
}

static int found(subject_t *subject, cmd_function call, void *p1)
{
	subject->call = call;
	subject->p1 = p1;
	return 0;
}

static int find_local(subject_t *subject)
{
	return found(subject, call_nothing, NULL);
}

/* of this very module: pike_check_req() is pike's and Palisade's */
static int find_export_of(subject_t *subject, char *module, char *name)
{
	cmd_function call = find_mod_export(module, name, 0, 0);

	if(call != NULL)
		return found(subject, call, NULL);
	LM_ERR("%s exports no %s()\n", module, name);
	return -1;
}

static int find_route(subject_t *subject, char *name)
{
	int index = route_lookup(&main_rt, name);

	if(index >= 0 && main_rt.rlist[index] != NULL)
		return found(subject, call_route, main_rt.rlist[index]);
	LM_ERR("there is no route[%s]\n", name);
	return -1;
}

/* it is there when its rows are measured */
static int find_lists_route(subject_t *subject, char *name)
{
	int index = route_lookup(&main_rt, name);

	return index >= 0 && main_rt.rlist[index] != NULL
				   ? find_route(subject, name)
				   : found(subject, call_nothing, NULL);
}

static int find_variable(subject_t *subject, cmd_function call, char *name)
{
	str s = {name, strlen(name)};
	pv_spec_t *variable = pv_cache_get(&s);

	if(variable != NULL)
		return found(subject, call, variable);
	LM_ERR("there is no %s\n", name);
	return -1;
}

#define LOCAL(name) find_local(subject)
#define EXPORT(module, name) find_export_of(subject, module, name)
#define ROUTE(name) find_route(subject, name)
#define LISTS_ROUTE(name) find_lists_route(subject, name)
#define GET(name) find_variable(subject, call_get, name)
#define SET(name) find_variable(subject, call_set, name)

int subjects_find(void)
{
	subject_t *subject;

#define FIND(name, must_answer, find) \
	subject = &name;                  \
	subject->answer = must_answer;    \
	if((find) < 0)                    \
		return -1;
	SUBJECTS(FIND)
#undef FIND

	/* in the recipe's routes it has to be pike's */
	if(find_export("pike_check_req", 0, 0) != pike.call) {
		LM_ERR("load pike after palisade: routes would call the wrong one\n");
		return -1;
	}
	palisade_auth.clear = palisade_auth_failed.clear = &palisade_auth_ok;
	recipe_auth.clear = recipe_auth_failed.clear = &recipe_auth_ok;
	return 0;
}
