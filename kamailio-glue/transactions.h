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

#endif
