/*
 * Palisade - the addresses in a SIP message: From, To, Contact, Record-Route.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/parser/contact/parse_contact.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_rr.h"
#include "core/parser/parse_to.h"
#include "core/parser/parse_uri.h"
#include "core/trim.h"

#include "address.h"
#include "host.h"

static const to_body_t *from(sip_msg_t *msg)
{
	return parse_from_header(msg) == 0 ? get_from(msg) : NULL;
}

static const to_body_t *to(sip_msg_t *msg)
{
	return parse_to_uri(msg) != NULL ? get_to(msg) : NULL;
}

static const sip_uri_t *request_uri(sip_msg_t *msg)
{
	if(msg->first_line.type != SIP_REQUEST || parse_orig_ruri(msg) < 0)
		return NULL;
	return &msg->parsed_orig_ruri;
}

/* Of several headers each is parsed when its turn comes. What stands behind
 * one that can't be parsed is not looked at: the parser would be asked again
 * by every part. contact_iterator() does the same, but keeps the place in a
 * static of its own. In a header, Kamailio keeps the contacts back to front. */
static const contact_t *contact(sip_msg_t *msg, uint32_t index)
{
	hdr_field_t *hdr;
	const contact_t *c;

	parse_up_to(msg, index > 0 ? HDR_EOH_F : HDR_CONTACT_F);
	for(hdr = msg->contact; hdr != NULL; hdr = next_sibling_hdr(hdr)) {
		if(parse_contact(hdr) < 0)
			return NULL;
		c = ((const contact_body_t *)hdr->parsed)->contacts;
		for(; c != NULL; c = c->next)
			if(index-- == 0)
				return c;
	}
	return NULL;
}

static const rr_t *record_route(sip_msg_t *msg, uint32_t index)
{
	hdr_field_t *hdr;
	const rr_t *rr;

	parse_up_to(msg, index > 0 ? HDR_EOH_F : HDR_RECORDROUTE_F);
	for(hdr = msg->record_route; hdr != NULL; hdr = next_sibling_hdr(hdr)) {
		if(parse_rr(hdr) < 0)
			return NULL;
		for(rr = hdr->parsed; rr != NULL; rr = rr->next)
			if(index-- == 0)
				return rr;
	}
	return NULL;
}

/* a display name without its quotes; what is escaped in it stays so */
static str unquoted(str name)
{
	trim(&name);
	if(name.len >= 2 && name.s[0] == '"' && name.s[name.len - 1] == '"') {
		name.s++;
		name.len -= 2;
	}
	return name;
}

static str user_of(const str *uri)
{
	sip_uri_t parsed;
	str none = STR_NULL;

	return parse_uri(uri->s, uri->len, &parsed) < 0 ? none : parsed.user;
}

static str host_of(const str *uri)
{
	sip_uri_t parsed;
	str none = STR_NULL;

	return parse_uri(uri->s, uri->len, &parsed) < 0 ? none : parsed.host;
}

static str contact_part(const contact_t *c, int32_t part)
{
	switch(part) {
		case PALISADE_PART_CONTACT_USER:
			return user_of(&c->uri);
		case PALISADE_PART_CONTACT_HOST:
			return host_of(&c->uri);
		case PALISADE_PART_CONTACT_NAME:
			return unquoted(c->name);
		default:
			return c->uri;
	}
}

const str *address_part(sip_msg_t *msg, int32_t part, uint32_t index)
{
	static str made;
	const to_body_t *body;
	const sip_uri_t *uri;
	const contact_t *c;
	const rr_t *rr;

	switch(part) {
		case PALISADE_PART_CONTACT:
		case PALISADE_PART_CONTACT_USER:
		case PALISADE_PART_CONTACT_HOST:
		case PALISADE_PART_CONTACT_NAME:
			c = contact(msg, index);
			if(c == NULL)
				return NULL;
			made = contact_part(c, part);
			return &made;
		case PALISADE_PART_RECORD_ROUTE_HOST:
			rr = record_route(msg, index);
			if(rr == NULL)
				return NULL;
			made = host_of(&rr->nameaddr.uri);
			return &made;
		default:
			break;
	}
	if(index > 0)
		return NULL;
	switch(part) {
		case PALISADE_PART_FROM_NAME:
			body = from(msg);
			if(body == NULL || body->display.s == NULL)
				return NULL;
			made = unquoted(body->display);
			return &made;
		case PALISADE_PART_FROM_TAG:
			body = from(msg);
			return body != NULL ? &body->tag_value : NULL;
		case PALISADE_PART_TO_USER:
			body = to(msg);
			return body != NULL ? &body->parsed_uri.user : NULL;
		case PALISADE_PART_TO_HOST:
			body = to(msg);
			return body != NULL ? &body->parsed_uri.host : NULL;
		case PALISADE_PART_TO_TAG:
			body = to(msg);
			return body != NULL ? &body->tag_value : NULL;
		case PALISADE_PART_URI:
			return msg->first_line.type == SIP_REQUEST
						   ? &msg->first_line.u.request.uri
						   : NULL;
		case PALISADE_PART_URI_USER:
			uri = request_uri(msg);
			return uri != NULL ? &uri->user : NULL;
		case PALISADE_PART_URI_HOST:
			uri = request_uri(msg);
			return uri != NULL ? &uri->host : NULL;
		default:
			return NULL;
	}
}
