/*
 * Palisade - the edge: datagrams, before Kamailio parses them.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_EDGE_H
#define PALISADE_EDGE_H

/* Takes Kamailio's hook for datagrams, if it is wanted and free. To be called
 * once, after all modules have started: sipcapture wants the same hook, and
 * does not start without it. */
void edge_init(void);

/* Has the edge charged the datagram in this buffer to its source? */
int edge_has_charged(const char *buffer);

#endif
