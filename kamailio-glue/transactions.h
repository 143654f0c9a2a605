/*
 * Palisade - Kamailio's transactions: the tm module, where it is loaded.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_TRANSACTIONS_H
#define PALISADE_TRANSACTIONS_H

#include "modules/tm/tm_load.h"

/* its functions; all zero without tm */
extern tm_api_t tm;

/* To be called once, after all modules have started and before the fork. */
void transactions_init(void);

/* the transaction that this process is busy with, if there is one */
struct cell *transaction_at_hand(void);

/*
 * A copy of a message of a transaction, to be freed below, also where it fails
 * (-1). tm keeps messages in shared memory: what is parsed there would be found
 * by other processes, and is this one's own memory. (As pv_t_update_req() of
 * modules/tmx/t_var.c does it.)
 */
int transaction_copy(sip_msg_t *copy, const sip_msg_t *msg);
void transaction_copy_free(sip_msg_t *copy);

#endif
