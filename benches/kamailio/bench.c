/*
 * Palisade's benchmark: a module that is loaded beside Palisade and the
 * modules that it is compared with, and calls their functions in a loop.
 *
 * It runs in a process of its own, writes a table to a file and ends Kamailio.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/dprint.h"
#include "core/pt.h"
#include "core/route.h"
#include "core/sr_module.h"

#include "loop.h"
#include "measure.h"
#include "message.h"
#include "report.h"
#include "worst.h"

MODULE_VERSION

/* the file that the table is written to */
static char *report;
/* rows whose operation does not contain this text are left out */
static char *only = "";
/* the lists that there are, and the rows that are about them: see row.h */
static int lists = LISTS_NONE;

static int measure_all(void)
{
	int index;

	if(report_begin(report) < 0)
		return -1;
	if(lists == LISTS_WORST) {
		if(worst_search() < 0)
			return -1;
		report_end();
		return 0;
	}
	report_head();
	for(index = 0; index < rows_count; index++) {
		result_t result;

		if((int)rows[index].lists != lists
				|| strstr(rows[index].operation, only) == NULL)
			continue;
		if(measure(&rows[index], &result) < 0)
			return -1;
		report_row(&rows[index], &result);
	}
	if(lists == LISTS_ASKED)
		report_loading("networks_1000000", "networks_500");
	report_end();
	return 0;
}

/* it only matters while it is measured beside the first: then all the time */
static void become_second(void)
{
	setpriority(PRIO_PROCESS, 0, -20);
	measure_beside();
}

static void become_first(void)
{
	while(!sr_instance_ready())
		usleep(10000);
	if(lists == LISTS_WORST) {
		/* the least of few runs means something only without others in them: a
		 * session of its own has its own share of the processor (sched(7),
		 * autogroup) */
		setsid();
		setpriority(PRIO_PROCESS, 0, -20);
	}
	if(measure_all() < 0)
		LM_ERR("not everything could be measured\n");
	kill(pt[0].pid, SIGTERM);
	for(;;)
		pause();
}

/* on the index-th of the processors that this process may use; the last, if
 * there are less */
static void stay_on_processor(int index)
{
	cpu_set_t all, one;
	int processor;

	CPU_ZERO(&one);
	if(sched_getaffinity(0, sizeof(all), &all) != 0)
		return;
	for(processor = 0; processor < CPU_SETSIZE && index >= 0; processor++) {
		if(!CPU_ISSET(processor, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(processor, &one);
		index--;
	}
	sched_setaffinity(0, sizeof(one), &one);
}

/* a process as a SIP worker is one, but that it keeps its processor */
static int start_process(char *what, int processor, void (*become)(void))
{
	int pid = fork_process(PROC_XWORKER, what, 0);

	if(pid != 0)
		return pid < 0 ? -1 : 0;
	set_route_type(REQUEST_ROUTE);
	stay_on_processor(processor);
	if(message_init() < 0 || loop_init() < 0)
		exit(1);
	become();
	exit(0);
}

static int mod_init(void)
{
	if(report == NULL) {
		LM_ERR("the parameter report is not set: where to write the table\n");
		return -1;
	}
	register_procs(2);
	return measure_init();
}

static int child_init(int rank)
{
	if(rank != PROC_MAIN)
		return 0;
	if(subjects_find() < 0)
		return -1;
	if(start_process("benchmark, second process", 0, become_second) < 0)
		return -1;
	return start_process("benchmark", 1, become_first);
}

/* clang-format off */
static param_export_t params[] = {
	{"report", PARAM_STRING, &report},
	{"only", PARAM_STRING, &only},
	{"lists", PARAM_INT, &lists},
	{0, 0, 0}
};

struct module_exports exports = {
	"bench",         /* module name */
	DEFAULT_DLFLAGS, /* dlopen flags */
	0,               /* cmd (cfg function) exports */
	params,          /* param exports */
	0,               /* RPC method exports */
	0,               /* pseudo-variables exports */
	0,               /* response handling function */
	mod_init,        /* module init function */
	child_init,      /* per-child init function */
	0                /* module destroy function */
};
/* clang-format on */
