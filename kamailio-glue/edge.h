/*
 * Palisade - the edge: datagrams, before Kamailio parses them.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_EDGE_H
#define PALISADE_EDGE_H

#include <stdint.h>

/* Takes Kamailio's hook for datagrams, if it is wanted and free. To be called
 * once, after all modules have started: sipcapture wants the same hook, and
 * does not start without it. */
void edge_init(void);

/* What the edge has done with the datagram in this buffer: PALISADE_CHARGED,
 * PALISADE_SPARED, or-ed. A message in another buffer is a copy of one that came
 * in before, in this process or in another: tm keeps requests. */
uint32_t edge_flags(const char *buffer);

#endif
