/*
 * Palisade - dialogs, as Kamailio's dialog module knows them.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_DIALOG_H
#define PALISADE_DIALOG_H

#include <stdint.h>

/* once all modules have started: is the dialog module there? */
void dialog_init(void);

/* palisade_host_t.in_dialog */
int32_t dialog_holds(const void *message);

#endif
