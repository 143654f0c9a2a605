/*
 * Palisade - the keeper: a process that loads and changes lists.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_KEEPER_H
#define PALISADE_KEEPER_H

/* In mod_init, after palisade_start(): makes room for the process, where
 * there is something to keep. 0, or -1. */
int keeper_register(void);

/* In child_init(PROC_MAIN): starts it. 0, or -1. */
int keeper_start(void);

#endif
