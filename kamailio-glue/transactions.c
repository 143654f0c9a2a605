/*
 * Palisade - Kamailio's transactions: the tm module, where it is loaded.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/sr_module.h"

#include "transactions.h"

tm_api_t tm;

void transactions_init(void)
{
	/* load_tm_api() complains where there is none */
	if(find_export("load_tm", NO_SCRIPT, 0) == NULL || load_tm_api(&tm) != 0)
		memset(&tm, 0, sizeof(tm));
}

struct cell *transaction_at_hand(void)
{
	struct cell *t = tm.t_gett != NULL ? tm.t_gett() : NULL;

	return t != T_UNDEFINED ? t : NULL;
}
