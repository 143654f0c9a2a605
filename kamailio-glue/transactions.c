/*
 * Palisade - Kamailio's transactions: the tm module, where it is loaded.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/dprint.h"
#include "core/mem/mem.h"
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

int transaction_copy(sip_msg_t *copy, const sip_msg_t *msg)
{
	memset(copy, 0, sizeof(*copy));
	copy->buf = pkg_malloc(msg->len + 1);
	if(copy->buf == NULL) {
		PKG_MEM_ERROR;
		return -1;
	}
	memcpy(copy->buf, msg->buf, msg->len);
	copy->buf[msg->len] = '\0';
	copy->len = msg->len;
	copy->id = msg->id;
	copy->pid = msg->pid;
	copy->rcv = msg->rcv;
	return parse_msg(copy->buf, copy->len, copy) == 0 ? 0 : -1;
}

void transaction_copy_free(sip_msg_t *copy)
{
	char *buf = copy->buf;

	/* leaves alone a message without a buffer */
	free_sip_msg(copy);
	if(buf != NULL)
		pkg_free(buf);
}
