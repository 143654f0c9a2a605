/*
 * Palisade - a SIP message of Kamailio's, as Rust sees it.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <string.h>

#include "core/parser/digest/digest.h"
#include "core/parser/msg_parser.h"
#include "core/parser/parse_cseq.h"
#include "core/parser/parse_from.h"
#include "core/pass_fd.h"
#include "core/pt.h"
#include "core/tcp_conn.h"
#include "core/tcp_server.h"

#include "address.h"
#include "edge.h"
#include "message.h"

/* Copies of a fixed length, to where it is read, and nothing written there
 * before: a load of bytes that came in two stores waits for both, for as long
 * as the rest of a rate check takes. */
void message_source(palisade_address_t *source, const receive_info_t *rcv)
{
	const ip_addr_t *ip = &rcv->src_ip;

	/* a message that Kamailio made up itself came from nowhere */
	source->len = ip->af != 0 ? ip->len : 0;
	if(source->len == 4)
		memcpy(source->bytes, ip->u.addr, 4);
	else if(source->len == 16)
		memcpy(source->bytes, ip->u.addr, 16);
}

void message_request(palisade_request_t *request, sip_msg_t *msg)
{
	message_source(&request->source, &msg->rcv);
	request->message = msg;
	if(msg->rcv.proto == PROTO_UDP)
		request->flags = edge_is_on ? PALISADE_PASSED_EDGE : 0;
	else
		request->flags = PALISADE_ON_CONNECTION;
}

/* As the tcpops module does it (ki_tcp_close_connection_id() of
 * modules/tcpops/tcpops_mod.c): tcp main is told that the connection has
 * ended, and takes over the reference. */
void message_close_connection(const void *message)
{
	const sip_msg_t *msg = message;
	struct tcp_connection *con;
	long command[2];

	con = tcpconn_get(msg->rcv.proto_reserved1, 0, 0, 0, 0);
	if(con == NULL)
		return;
	con->send_flags.f |= SND_F_CON_CLOSE;
	con->flags |= F_CONN_FORCE_EOF;
	command[0] = (long)con;
	command[1] = CONN_EOF;
	if(send_all(unix_tcp_sock, command, sizeof(command)) <= 0)
		LM_ERR("can't close a connection: %s\n", strerror(errno));
}

/* Headers whose credentials are parsed. Nobody honest sends so many; a
 * datagram has room for thousands, and a parser that fails is asked again by
 * every part. What comes after them counts as offered, unread. */
#define PARSED_MAX 32

/* the index-th header with parsable credentials among hdr and its siblings,
 * but for skip; counts index down */
static hdr_field_t *parsable(
		hdr_field_t *hdr, const hdr_field_t *skip, uint32_t *index)
{
	int parsed = 0;

	for(; hdr != NULL; hdr = next_sibling_hdr(hdr)) {
		if(hdr == skip)
			continue;
		if(parsed++ < PARSED_MAX && parse_credentials(hdr) != 0)
			continue;
		if((*index)-- == 0)
			return hdr;
	}
	return NULL;
}

static hdr_field_t *offered(
		sip_msg_t *msg, const hdr_field_t *skip, uint32_t index)
{
	hdr_field_t *hdr = parsable(msg->proxy_auth, skip, &index);

	return hdr != NULL ? hdr : parsable(msg->authorization, skip, &index);
}

/*
 * The header that holds the index-th digest credentials. The first is the one
 * that the auth module evaluated, where it did (pre_auth() of
 * modules/auth/api.c marks it, right or wrong); else the one that $au and $ar
 * read (pv_get_authattr() of modules/pv/pv_core.c). Of several headers, it is
 * up to the sender which comes first, but not which one the password is
 * checked against.
 */
static hdr_field_t *credentials(sip_msg_t *msg, uint32_t index)
{
	hdr_field_t *first = NULL;

	if(msg->first_line.type != SIP_REQUEST
			|| (msg->REQ_METHOD & (METHOD_ACK | METHOD_CANCEL)))
		return NULL;

	/* An error may be about a later header: what was found by then counts,
	 * as it does for the auth module. */
	parse_up_to(msg,
			index > 0 ? HDR_EOH_F : HDR_PROXYAUTH_F | HDR_AUTHORIZATION_F);

	get_authorized_cred(msg->proxy_auth, &first);
	if(first == NULL)
		get_authorized_cred(msg->authorization, &first);
	if(first == NULL)
		first = offered(msg, NULL, 0);
	return index == 0 || first == NULL ? first : offered(msg, first, index - 1);
}

static const dig_cred_t *digest(sip_msg_t *msg, uint32_t index)
{
	const hdr_field_t *hdr = credentials(msg, index);

	if(hdr == NULL || hdr->parsed == NULL)
		return NULL;
	return &((const auth_body_t *)hdr->parsed)->digest;
}

/* the hook of a header in the message, parsed so far */
static const str *body(sip_msg_t *msg, hdr_flags_t flag, hdr_field_t **hook)
{
	if(*hook == NULL)
		parse_up_to(msg, flag);
	return *hook != NULL ? &(*hook)->body : NULL;
}

/* of a response it is the method of its request */
static const str *method(sip_msg_t *msg)
{
	if(msg->first_line.type == SIP_REQUEST)
		return &msg->first_line.u.request.method;
	if(body(msg, HDR_CSEQ_F, &msg->cseq) == NULL || msg->cseq->parsed == NULL)
		return NULL;
	return &get_cseq(msg)->method;
}

/* a part of which a message has one */
static const str *single_part(sip_msg_t *msg, int32_t part)
{
	const sip_uri_t *from;

	switch(part) {
		case PALISADE_PART_METHOD:
			return method(msg);
		case PALISADE_PART_USER_AGENT:
			return body(msg, HDR_USERAGENT_F, &msg->user_agent);
		case PALISADE_PART_FROM_USER:
			from = parse_from_uri(msg);
			return from != NULL ? &from->user : NULL;
		case PALISADE_PART_FROM_HOST:
			from = parse_from_uri(msg);
			return from != NULL ? &from->host : NULL;
		case PALISADE_PART_CALL_ID:
			return body(msg, HDR_CALLID_F, &msg->callid);
		case PALISADE_PART_CSEQ:
			return body(msg, HDR_CSEQ_F, &msg->cseq);
		default:
			return NULL;
	}
}

static const str *part_of(sip_msg_t *msg, int32_t part, uint32_t index)
{
	const dig_cred_t *cred;
	const hdr_field_t *hdr;

	switch(part) {
		case PALISADE_PART_AUTH_USER:
			cred = digest(msg, index);
			return cred != NULL ? &cred->username.user : NULL;
		case PALISADE_PART_AUTH_REALM:
			cred = digest(msg, index);
			return cred != NULL ? &cred->realm : NULL;
		case PALISADE_PART_AUTH_NAME:
			cred = digest(msg, index);
			return cred != NULL ? &cred->username.whole : NULL;
		case PALISADE_PART_CREDENTIALS:
			hdr = credentials(msg, index);
			return hdr != NULL ? &hdr->body : NULL;
		default:
			if(part >= PALISADE_PART_URI_USER)
				return address_part(msg, part, index);
			return index == 0 ? single_part(msg, part) : NULL;
	}
}

palisade_host_text_t message_text(
		const void *message, int32_t part, uint32_t index)
{
	/* Rust only hands back what it was given; Kamailio's parser notes in the
	 * message what it found. */
	sip_msg_t *msg = (sip_msg_t *)message;
	const str *s = msg != NULL ? part_of(msg, part, index) : NULL;
	palisade_host_text_t text = {NULL, 0};

	if(s != NULL && s->s != NULL && s->len > 0) {
		text.data = (const uint8_t *)s->s;
		text.len = s->len;
	}
	return text;
}
