/*
 * Palisade - the addresses in a SIP message: From, To, Contact, Record-Route.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_ADDRESS_H
#define PALISADE_ADDRESS_H

#include "core/parser/msg_parser.h"

/* parse_headers(), but not again once it has seen all headers: looking for one
 * that is not there, it would take memory each time */
static inline void parse_up_to(sip_msg_t *msg, hdr_flags_t flags)
{
	/* having seen the end, it sets all flags: HDR_EOH_F is all of them */
	if(msg->parsed_flag != HDR_EOH_F)
		parse_headers(msg, flags, 0);
}

/* a PALISADE_PART_* that is a part of an address; NULL: it has none. Valid
 * until the next call: a process looks at one text at a time. */
const str *address_part(sip_msg_t *msg, int32_t part, uint32_t index);

#endif
