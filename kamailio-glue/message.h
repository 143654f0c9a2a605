/*
 * Palisade - a SIP message of Kamailio's: where it came from, and how.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_MESSAGE_H
#define PALISADE_MESSAGE_H

#include "core/parser/msg_parser.h"

#include "host.h"
#include "palisade.h"

/* where it came from */
void message_source(palisade_address_t *source, const receive_info_t *rcv);

/* the source of the message, how it came, and the handle of it */
void message_fill(palisade_message_t *message, sip_msg_t *msg);

/* palisade_host_t.bytes */
palisade_host_text_t message_bytes(const void *message);

/* palisade_host_t.close_connection */
void message_close_connection(const void *message);

#endif
