/*
 * Palisade - the functions of kamailio.cfg and of KEMI.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_FUNCTIONS_H
#define PALISADE_FUNCTIONS_H

#include "core/kemi.h"
#include "core/sr_module.h"

extern cmd_export_t cmds[];
extern sr_kemi_t kemi_functions[];

/* In mod_init: fits the functions of KEMI to the languages that are loaded. */
void functions_init(void);

#endif
