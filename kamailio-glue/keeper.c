/*
 * Palisade - the keeper: a process that loads and changes lists, so that no
 * SIP worker does.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/cfg/cfg_struct.h"
#include "core/dprint.h"
#include "core/pt.h"
#include "core/sr_module.h"

#include "keeper.h"
#include "palisade.h"

/* how long it sleeps when nobody wants anything */
#define SLEEP_MS 1000

static int is_wanted = 0;

int keeper_register(void)
{
	is_wanted = palisade_expect_keeper() > 0;
	if(!is_wanted)
		return 0;
	cfg_register_child(1);
	return register_procs(1);
}

/* Ends by a signal, as Kamailio's other processes do. */
static void run(void)
{
	for(;;) {
		cfg_update();
		palisade_keeper_turn(SLEEP_MS);
	}
}

int keeper_start(void)
{
	int pid;

	if(!is_wanted)
		return 0;
	/* PROC_RPC: other modules, those of databases above all, are ready in it */
	pid = fork_process(PROC_RPC, "Palisade keeper", 0);
	if(pid < 0) {
		LM_ERR("the keeper's process can't be made\n");
		return -1;
	}
	if(pid == 0) {
		if(cfg_child_init() != 0)
			return -1;
		run();
	}
	return 0;
}
