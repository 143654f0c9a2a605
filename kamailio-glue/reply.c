/*
 * Palisade - replies: which request they answer, and where it came from.
 *
 * The source of a reply is the backend; that of its request is in tm's
 * transaction, else in the second Via.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/dprint.h"
#include "core/mem/mem.h"
#include "core/parser/hf.h"
#include "core/parser/msg_parser.h"
#include "core/resolve.h"
#include "core/route.h"

#include "challenge.h"
#include "elsewhere.h"
#include "message.h"
#include "palisade.h"
#include "reading.h"
#include "reply.h"
#include "text.h"
#include "transactions.h"

/* bytes of challenges that are looked at */
#define CHALLENGES_MAX 4096

/* bodies of the challenges in a reply, parted by commas; several lie in memory
 * that is overwritten by the next call */
static palisade_text_t challenges_of(sip_msg_t *reply)
{
	static char joined[CHALLENGES_MAX];
	const hdr_field_t *hdr;
	str all = {NULL, 0};

	reading_headers(reply);
	for(hdr = reply->headers; hdr != NULL; hdr = hdr->next) {
		if(hdr->type != HDR_WWW_AUTHENTICATE_T
				&& hdr->type != HDR_PROXY_AUTHENTICATE_T)
			continue;
		if(all.len <= 0) {
			all = hdr->body;
			continue;
		}
		if(all.len + 1 + hdr->body.len > CHALLENGES_MAX)
			break;
		if(all.s != joined)
			all.s = memcpy(joined, all.s, all.len);
		joined[all.len++] = ',';
		memcpy(joined + all.len, hdr->body.s, hdr->body.len);
		all.len += hdr->body.len;
	}
	return all.s != NULL ? text_value(&all) : text_none;
}

/* Whoever is asked by this branch has seen no credentials: this server has
 * evaluated them, and taken them out. */
static int are_credentials_kept(const struct cell *t, int branch)
{
	const struct retr_buf *sent;

	if(branch < 0 || branch >= t->nr_of_outgoings)
		return 0;
	sent = &t->uac[branch].request;
	return sent->buffer != NULL
		   && !elsewhere_holds_credentials(sent->buffer, sent->buffer_len);
}

/* Takes the credentials out of a copy. */
static void remove_credentials(sip_msg_t *copy)
{
	hdr_field_t *hdr;

	reading_headers(copy);
	for(hdr = copy->headers; hdr != NULL; hdr = hdr->next)
		if(hdr->type == HDR_AUTHORIZATION_T || hdr->type == HDR_PROXYAUTH_T)
			hdr->type = HDR_OTHER_T;
	copy->authorization = copy->proxy_auth = NULL;
}

/* Is it from the address that this branch was sent to? tm takes a reply of
 * anybody who knows the branch parameter, and that has no secret in it: who has
 * sent the request can reckon it (t_calc_branch() of modules/tm). */
static int is_from_server(const struct cell *t, int branch, const sip_msg_t *reply)
{
	union sockaddr_union to;
	ip_addr_t server;

	if(branch < 0 || branch >= t->nr_of_outgoings)
		return 0;
	to = t->uac[branch].request.dst.to;
	su2ip_addr(&server, &to);
	return ip_addr_cmp(&server, &reply->rcv.src_ip);
}

/* The reply to the request of a transaction, in answer to one of its branches;
 * NULL: nobody has sent it. */
static int judge_matched(
		const struct cell *t, int branch, int status, sip_msg_t *reply)
{
	palisade_message_t request;
	sip_msg_t copy;
	int result = 1;

	if(transaction_copy(&copy, t->uas.request) == 0) {
		if(are_credentials_kept(t, branch))
			remove_credentials(&copy);
		challenge_relayed(&copy, t, branch, status, reply);
		message_fill(&request, &copy);
		result = palisade_reply(&request, status,
				reply != NULL ? challenges_of(reply) : text_none, NULL);
	}
	transaction_copy_free(&copy);
	return result;
}

/* Where the request came from that is answered by a reply without a
 * transaction: what this server has written into the second Via. */
static int second_via(sip_msg_t *msg, receive_info_t *rcv)
{
	const struct via_body *via = msg->via1 != NULL ? msg->via1->next : NULL;
	ip_addr_t *ip;
	str host;

	if(via == NULL) {
		reading_headers(msg);
		via = msg->via2;
	}
	if(via == NULL)
		return -1;
	host = via->received != NULL ? via->received->value : via->host;
	ip = str2ipx(&host);
	if(ip == NULL)
		return -1;
	memset(rcv, 0, sizeof(*rcv));
	rcv->src_ip = *ip;
	return 0;
}

static int judge_unmatched(sip_msg_t *msg, int matters)
{
	palisade_message_t reply, request = {.handle = msg};
	palisade_address_t replier;
	receive_info_t rcv;
	int result = 0;

	message_fill(&reply, msg);
	if(tm.t_check != NULL)
		result = palisade_unmatched_reply(&reply);
	if(result != 0)
		return result;
	if(!matters || second_via(msg, &rcv) != 0)
		return 1;
	message_source(&request.source, &rcv);
	message_source(&replier, &msg->rcv);
	return palisade_reply(
			&request, msg->REPLY_STATUS, challenges_of(msg), &replier);
}

/* what reply_judge() answers to a reply of somebody who was not asked */
#define FORGED -3

static int judge_forged(sip_msg_t *msg)
{
	palisade_message_t reply;

	message_fill(&reply, msg);
	(void)palisade_unmatched_reply(&reply);
	return FORGED;
}

/* in an onreply_route */
static int judge_reply(sip_msg_t *msg)
{
	struct cell *before, *t = NULL;
	int branch = -1, is_looked_up, result;
	int matters = palisade_reply_matters(
						  reading_method(msg), msg->REPLY_STATUS)
				  > 0;

	/* elsewhere there is a transaction */
	if(!matters && !is_route_type(CORE_ONREPLY_ROUTE))
		return 1;
	if(tm.t_check == NULL)
		return judge_unmatched(msg, matters);

	before = tm.t_gett();
	if(tm.t_check(msg, &branch) > 0)
		t = tm.t_gett();
	if(t == NULL || t == T_UNDEFINED)
		return judge_unmatched(msg, matters);
	if(!is_from_server(t, branch, msg))
		result = judge_forged(msg);
	/* one of this server's own requests came from nowhere */
	else if(matters && t->uas.request != NULL)
		result = judge_matched(t, branch, msg->REPLY_STATUS, msg);
	else
		result = 1;

	/* The reference is ours, in a reply_route: tm takes its own, when the
	 * reply is not dropped. */
	is_looked_up = before == NULL || before == T_UNDEFINED;
	if(is_looked_up && is_route_type(CORE_ONREPLY_ROUTE))
		tm.t_unref(msg);
	return result;
}

/* in a failure_route: the request at hand, and the reply that was picked */
static int judge_failure(sip_msg_t *msg)
{
	struct cell *t = transaction_at_hand();
	const sip_msg_t *reply;
	sip_msg_t copy;
	int branch, status, result;

	if(t == NULL || t->uas.request == NULL)
		return 1;
	branch = tm.t_get_picked_branch();
	if(branch < 0 || branch >= t->nr_of_outgoings)
		return 1;
	status = t->uac[branch].last_received;
	reply = t->uac[branch].reply;
	if(palisade_reply_matters(reading_method(msg), status) < 0)
		return 1;

	if(reply == NULL || reply == FAKED_REPLY)
		return judge_matched(t, branch, status, NULL);
	if(!is_from_server(t, branch, reply))
		return FORGED;
	result = judge_matched(t, branch, status,
			transaction_copy(&copy, reply) == 0 ? &copy : NULL);
	transaction_copy_free(&copy);
	return result;
}

int reply_judge(sip_msg_t *msg)
{
	if(msg->first_line.type == SIP_REPLY)
		return judge_reply(msg);
	if(is_route_type(FAILURE_ROUTE | BRANCH_FAILURE_ROUTE))
		return judge_failure(msg);
	return 1;
}
