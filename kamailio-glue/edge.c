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

/* The datagram that this process is busy with, and whether it was charged. */
static const char *at_hand = NULL;
static int is_charged = 0;

/* Are datagrams charged at all? Set before the fork. */
static int is_charging = 0;

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
	is_charged = verdict == PALISADE_EDGE_CHARGED;
	return verdict < 0 ? -1 : 0;
}

/* A message in another buffer is a copy of one that came in here before, in
 * this process or in another: tm keeps requests. */
int edge_has_charged(const char *buffer)
{
	return buffer == at_hand ? is_charged : is_charging;
}

void edge_init(void)
{
	int32_t wanted = palisade_edge_wanted();

	if(wanted < 0)
		return;
	if(sr_event_register_cb(SREV_NET_DGRAM_IN, datagram_in) < 0)
		palisade_edge_unavailable();
	else
		is_charging = wanted == PALISADE_EDGE_CHARGED;
}
