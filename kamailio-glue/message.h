/*
 * Palisade - a SIP message of Kamailio's, as Rust sees it.
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

/* palisade_host_t.close_connection */
void message_close_connection(const void *message);

/* the source of the message, how it came, and the message itself for message_text() */
void message_request(palisade_request_t *request, sip_msg_t *msg);

/*
 * palisade_host_t.text: parses what it needs and no more. A part that is not
 * there, or that Kamailio can't parse, is the empty text.
 */
palisade_host_text_t message_text(
		const void *message, int32_t part, uint32_t index);

#endif
