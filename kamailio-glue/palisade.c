/*
 * Palisade - a SIP firewall.
 *
 * The life of the module in Kamailio. It decides nothing: what it does is in
 * Rust, behind include/palisade.h.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/dprint.h"
#include "core/pt.h"
#include "core/sr_module.h"
#include "core/timer.h"

#include "challenge.h"
#include "database.h"
#include "dialog.h"
#include "edge.h"
#include "functions.h"
#include "host.h"
#include "keeper.h"
#include "message.h"
#include "own.h"
#include "palisade.h"
#include "params.h"
#include "reading.h"
#include "reply.h"
#include "rpc.h"
#include "transactions.h"
#include "variables.h"

MODULE_VERSION

/*
 * LOG_FN without a prefix: the line reads "WARNING: palisade: ban key=...",
 * without the file and function that LM_WARN() and its like put in between.
 * The levels of host.h are Kamailio's own; one that is not to be seen costs a
 * comparison.
 *
 * And without log_prefix: it holds what a stranger wrote (Kamailio's sample:
 * "{$mt $hdr(CSeq) $ci} "), which could end it and begin a line of ours.
 */
static void host_log(int32_t level, const uint8_t *text, size_t len)
{
	str *prefix = log_prefix_val;

	log_prefix_val = NULL;
	LOG_FN(DEFAULT_FACILITY, level, "", "%.*s\n", (int)len, (const char *)text);
	log_prefix_val = prefix;
}

static const palisade_host_t kamailio_host = {
		.log = host_log,
		.read = reading_of,
		.bytes = message_bytes,
		.route = reading_route,
		.in_dialog = dialog_holds,
		.close_connection = message_close_connection,
		.open_struct = reply_open_struct,
		.open_list = reply_open_list,
		.close = reply_close,
		.add_number = reply_add_number,
		.add_text = reply_add_text,
		.fault = reply_fault,
		.db_process = database_process,
		.db_open = database_open,
		.db_select = database_select,
		.db_row = database_row,
		.db_delete = database_delete,
		.db_insert = database_insert,
		.db_begin = database_begin,
		.db_commit = database_commit,
		.db_close = database_close,
};

static void tick(unsigned int ticks, void *param)
{
	(void)ticks;
	(void)param;
	palisade_tick();
}

static void say(int32_t level, const char *line)
{
	host_log(level, (const uint8_t *)line, strlen(line));
}

static int mod_init(void)
{
	if(find_module_by_name("pike") != NULL)
		say(L_WARN, "palisade: pike.so is loaded too: pike_check_req() is that "
					"of the module which is loaded last, and pike counts for "
					"itself: remove it");
	functions_init();
	own_tell();
	if(palisade_start() != 0 || keeper_register() != 0)
		return -1;
	return register_timer(tick, NULL, 1) < 0 ? -1 : 0;
}

static int child_init(int rank)
{
	/* These are calls in the main process, around the fork. */
	if(rank == PROC_INIT) {
		edge_init();
		transactions_init();
		challenge_init();
		dialog_init();
	}
	if(rank == PROC_MAIN)
		return keeper_start();
	if(rank == PROC_INIT || rank == PROC_POSTCHILDINIT)
		return 0;
	/* SIP is handled here, and must not wait */
	if(rank > PROC_MAIN)
		palisade_never_wait();
	return palisade_worker_start();
}

static void destroy(void)
{
	/* also called in a child that failed to start */
	if(process_no == 0)
		palisade_stop();
}

/* clang-format off */
struct module_exports exports = {
	"palisade",      /* module name */
	DEFAULT_DLFLAGS, /* dlopen flags */
	cmds,            /* cmd (cfg function) exports */
	params,          /* param exports */
	rpc_commands,    /* RPC method exports */
	variables,       /* pseudo-variables exports */
	0,               /* response handling function */
	mod_init,        /* module init function */
	child_init,      /* per-child init function */
	destroy          /* module destroy function */
};
/* clang-format on */

/* called when the module is loaded: before its parameters are set */
int mod_register(char *path, int *dlflags, void *p1, void *p2)
{
	(void)path;
	(void)dlflags;
	(void)p1;
	(void)p2;
	if(find_module_by_name("palisade") != NULL) {
		say(L_ERR, "palisade: palisade.so is loaded twice, from two files: each "
				   "would have tables of its own: remove one loadmodule");
		return -1;
	}
	if(palisade_load(&kamailio_host) != 0)
		return -1;
	return sr_kemi_modules_add(kemi_functions);
}
