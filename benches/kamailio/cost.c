/*
 * Palisade's benchmark - what one message costs: Kamailio's own parse of it,
 * and Palisade's checks.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/cfg_core.h"
#include "core/dprint.h"
#include "core/parser/contact/parse_contact.h"
#include "core/parser/digest/digest.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_to.h"
#include "core/parser/parse_uri.h"
#include "core/pt.h"
#include "core/socket_info.h"

#include "cost.h"
#include "grammar.h"
#include "loop.h"
#include "message.h"

/* 5 µs, and one linear scan: that of the User-Agent filter, whose automaton
 * takes 1.7 ns for a byte on the machine of the first record */
#define ALLOWED_NS 5000
#define SCAN_NS_PER_BYTE 2

/* where Kamailio keeps the message that it handles */
static char buffer[MESSAGE_BYTES + 1];

static void parser_log_off(void)
{
	set_local_debug_level(L_CRIT);
}

/* as Kamailio's core has it when it begins to run the script: receive_msg() of
 * core/receive.c */
static int receive(sip_msg_t *msg, const char *text, int len)
{
	static unsigned int id;
	int result;

	memcpy(buffer, text, len);
	buffer[len] = '\0';
	memset(msg, 0, sizeof(*msg));
	msg->buf = buffer;
	msg->len = len;
	msg->id = ++id;
	msg->pid = my_pid();
	msg->set_global_address = default_global_address;
	msg->set_global_port = default_global_port;
	msg->rcv = message.rcv;
	message_from(0x40000000 + id);
	msg->rcv.src_ip = message.rcv.src_ip;
	parser_log_off();
	result = parse_msg(buffer, len, msg);
	reset_local_debug_level();
	if(result != 0 || msg->first_line.type != SIP_REQUEST || msg->via1 == NULL
			|| msg->via1->error != PARSE_OK) {
		free_sip_msg(msg);
		return -1;
	}
	return 0;
}

static void parse_all_contacts(sip_msg_t *msg)
{
	hdr_field_t *hdr;
	const contact_t *contact;
	sip_uri_t uri;

	for(hdr = msg->contact; hdr != NULL; hdr = next_sibling_hdr(hdr)) {
		if(parse_contact(hdr) < 0)
			continue;
		contact = ((contact_body_t *)hdr->parsed)->contacts;
		for(; contact != NULL; contact = contact->next)
			(void)parse_uri(contact->uri.s, contact->uri.len, &uri);
	}
}

static void parse_all_credentials(hdr_field_t *hdr)
{
	for(; hdr != NULL; hdr = next_sibling_hdr(hdr))
		(void)parse_credentials(hdr);
}

/* all that Kamailio makes of a message when each part is asked for once */
static void parse(sip_msg_t *msg)
{
	(void)parse_headers(msg, HDR_EOH_F, 0);
	if(msg->from != NULL)
		(void)parse_from_uri(msg);
	if(msg->to != NULL)
		(void)parse_to_uri(msg);
	(void)parse_orig_ruri(msg);
	parse_all_contacts(msg);
	parse_all_credentials(msg->authorization);
	parse_all_credentials(msg->proxy_auth);
}

static double parse_once(sip_msg_t *msg)
{
	double ns;

	parser_log_off();
	ns = now_ns();
	parse(msg);
	ns = now_ns() - ns;
	reset_local_debug_level();
	return ns;
}

static double check_once(sip_msg_t *msg)
{
	double ns = now_ns();

	palisade_worst.call(msg, palisade_worst.p1, NULL);
	return now_ns() - ns;
}

/* one of both, on a fresh copy */
static int run_once(
		const char *text, int len, double (*once)(sip_msg_t *), double *least_ns)
{
	sip_msg_t msg;
	double ns;

	if(receive(&msg, text, len) < 0)
		return -1;
	ns = once(&msg);
	free_sip_msg(&msg);
	if(ns < *least_ns)
		*least_ns = ns;
	return 0;
}

int cost_of(const char *text, int len, int runs, cost_t *cost)
{
	*cost = (cost_t){.parse_ns = 1e12, .check_ns = 1e12};
	cost->allowed_ns = ALLOWED_NS + (double)SCAN_NS_PER_BYTE * len;
	/* one after the other, and twice the same: what a run finds in caches and
	 * in private memory is what either of them has left there */
	while(runs-- > 0)
		if(run_once(text, len, parse_once, &cost->parse_ns) < 0
				|| run_once(text, len, check_once, &cost->check_ns) < 0
				|| run_once(text, len, check_once, &cost->check_ns) < 0
				|| run_once(text, len, parse_once, &cost->parse_ns) < 0)
			return -1;
	return 0;
}

double cost_excess(const cost_t *cost)
{
	return cost->check_ns - cost->parse_ns - cost->allowed_ns;
}
