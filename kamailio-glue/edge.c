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

/* The datagram that this process is busy with, and what is known of it: the
 * flags of palisade_message_t. */
static const char *at_hand = NULL;
static uint32_t flags_at_hand = 0;

/* Of any that came in. Set before the fork. */
static uint32_t flags_of_all = 0;

/* udp_rcv_loop() of core/udp_server.c: buffer, length, where it came from;
 * below zero: the datagram is done with */
static int datagram_in(sr_event_param_t *evp)
{
	void **data = evp->data;
	palisade_text_t datagram = {data[0], *(unsigned int *)data[1]};
	palisade_address_t source;
	int32_t verdict;

	message_source(&source, data[2]);
	verdict = palisade_edge(&source, datagram);
	at_hand = data[0];
	flags_at_hand = 0;
	if(verdict == PALISADE_EDGE_CHARGED)
		flags_at_hand = PALISADE_CHARGED;
	else if(verdict == PALISADE_EDGE_SPARED)
		flags_at_hand = PALISADE_CHARGED | PALISADE_SPARED;
	return verdict < 0 ? -1 : 0;
}

uint32_t edge_flags(const char *buffer)
{
	return buffer == at_hand ? flags_at_hand : flags_of_all;
}

void edge_init(void)
{
	int32_t wanted = palisade_edge_wanted();

	if(wanted < 0)
		return;
	if(sr_event_register_cb(SREV_NET_DGRAM_IN, datagram_in) < 0)
		palisade_edge_unavailable();
	else
		flags_of_all = PALISADE_SPARED
					   | (wanted == PALISADE_EDGE_CHARGED ? PALISADE_CHARGED : 0);
}
