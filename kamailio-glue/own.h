/*
 * Palisade - the addresses of this server itself, which are never banned.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_OWN_H
#define PALISADE_OWN_H

/* Tells Rust the addresses that Kamailio listens on or gives out as its own.
 * To be called before palisade_start(). */
void own_tell(void);

#endif
