/*
 * Palisade - a SIP message of Kamailio's, read for Rust.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_READING_H
#define PALISADE_READING_H

#include "core/parser/msg_parser.h"

#include "host.h"

/* palisade_host_t.read */
palisade_host_reading_t *reading_of(const void *message);

/* palisade_host_t.route */
palisade_host_text_t reading_route(const void *message);

/* enum palisade_host_method of a request, or of the request that a reply
 * answers */
int32_t reading_method(sip_msg_t *msg);

/* All headers, of which Kamailio reads as many as it can. -1: not all. */
int reading_headers(sip_msg_t *msg);

#endif
