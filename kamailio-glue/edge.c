/*
 * Palisade - the edge: datagrams, before Kamailio parses them.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/events.h"
#include "core/ip_addr.h"

#include "edge.h"
#include "message.h"
#include "palisade.h"

int edge_is_on = 0;

/* udp_rcv_loop() of core/udp_server.c: buffer, length, where it came from;
 * below zero: the datagram is done with */
static int datagram_in(sr_event_param_t *evp)
{
	void **data = evp->data;
	palisade_text_t datagram = {data[0], *(unsigned int *)data[1]};
	palisade_address_t source;

	message_source(&source, data[2]);
	return palisade_edge(&source, datagram) < 0 ? -1 : 0;
}

void edge_init(void)
{
	if(palisade_edge_wanted() < 0)
		return;
	if(sr_event_register_cb(SREV_NET_DGRAM_IN, datagram_in) < 0)
		palisade_edge_unavailable();
	else
		edge_is_on = 1;
}
