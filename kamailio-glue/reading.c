/*
 * Palisade - a SIP message of Kamailio's, read for Rust.
 *
 * All is what Kamailio's own parser makes of it, which is asked once.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/parser/contact/parse_contact.h"
#include "core/parser/digest/digest.h"
#include "core/parser/parse_cseq.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_nameaddr.h"
#include "core/parser/parse_to.h"
#include "core/parser/parse_uri.h"
#include "core/trim.h"

#include "elsewhere.h"
#include "method.h"
#include "once.h"
#include "reading.h"

/* Another value of enum palisade_host_unreadable, for the memory alone. */
#define UNREADABLE_ROUTE (1u << 31)

/* What is read of the headers of one message: Kamailio's parser may take a
 * millisecond for a kilobyte, since it takes memory for each parameter. */

/* bytes of the longest credentials, and of all Contacts together */
#define BODY_MAX 4096

/* signs ; and , of all Contacts together; those in quotes, too, where phones
 * list their methods */
#define CONTACT_SIGNS_MAX 64

/* bytes of a From and of a To, and the parameters of a From */
#define PARTY_MAX 1024
#define PARTY_PARAMETERS_MAX 32

/* Bytes of a User-Agent; one more is shown to Rust, which takes it for too
 * long. */
#define AGENT_MAX 2048

static palisade_host_text_t text(const str *s)
{
	palisade_host_text_t text = {NULL, 0};

	if(s != NULL && s->s != NULL && s->len > 0) {
		text.data = (const uint8_t *)s->s;
		text.len = s->len;
	}
	return text;
}

static palisade_host_text_t body(const hdr_field_t *hdr)
{
	return text(hdr != NULL ? &hdr->body : NULL);
}

static palisade_host_text_t agent(const hdr_field_t *hdr)
{
	palisade_host_text_t agent = body(hdr);

	if(agent.len > AGENT_MAX)
		agent.len = AGENT_MAX + 1;
	return agent;
}

/* How often do these two signs stand in it? */
static int count(const str *s, char one, char other)
{
	int i, signs = 0;

	/* without a jump, so that the compiler looks at many bytes at a time */
	for(i = 0; i < s->len; i++)
		signs += (s->s[i] == one) | (s->s[i] == other);
	return signs;
}

/* a display name without its quotes; what is escaped in it stays so */
static palisade_host_text_t unquoted(const str *display)
{
	str name = *display;

	if(name.s == NULL)
		return text(NULL);
	trim(&name);
	if(name.len >= 2 && name.s[0] == '"' && name.s[name.len - 1] == '"') {
		name.s++;
		name.len -= 2;
	}
	return text(&name);
}

/* Has a URI a scheme (RFC 3261, 25.1), whichever? */
static int has_scheme(const str *uri)
{
	int i;

	for(i = 0; i < uri->len && uri->s[i] != ':'; i++)
		if(!isalpha((unsigned char)uri->s[i])
				&& (i == 0
						|| (!isdigit((unsigned char)uri->s[i])
								&& memchr("+-.", uri->s[i], 3) == NULL)))
			return 0;
	return i > 0 && i < uri->len;
}

/* Is it one that Kamailio's parse_uri() is to be asked about? One of another
 * scheme is none that it could not read, but none that it reads; what has no
 * scheme at all (an R-URI in angle brackets, say) other servers may read. */
static int is_for_parser(const str *uri)
{
	static const char *const schemes[] = {"sip:", "sips:", "tel:", "tels:"};
	size_t i, len;

	for(i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		len = strlen(schemes[i]);
		if(uri->len >= (int)len && strncasecmp(uri->s, schemes[i], len) == 0)
			return 1;
	}
	return !has_scheme(uri);
}

int reading_headers(sip_msg_t *msg)
{
	/* having seen the end, it sets all flags: HDR_EOH_F is all of them */
	if(msg->parsed_flag == HDR_EOH_F)
		return 0;
	return ONCE(msg, once_failed(msg), PALISADE_UNREADABLE_HEADERS,
			parse_headers(msg, HDR_EOH_F, 0));
}

int32_t reading_method(sip_msg_t *msg)
{
	if(!IS_SIP(msg) && !IS_SIP_REPLY(msg))
		return PALISADE_METHOD_NONE;
	if(msg->first_line.type == SIP_REQUEST)
		return method_of(msg->REQ_METHOD);
	if(msg->cseq == NULL)
		reading_headers(msg);
	if(msg->cseq == NULL || msg->cseq->parsed == NULL)
		return PALISADE_METHOD_NONE;
	return method_of(get_cseq(msg)->method_id);
}

/* From or To, whose URI is read by read_uri() */
static void read_party(palisade_host_reading_t *reading, sip_msg_t *msg,
		const to_body_t *party,
		sip_uri_t *(*read_uri)(sip_msg_t *), uint32_t what, int32_t user,
		int32_t host)
{
	sip_uri_t *uri = NULL;

	if(party == NULL)
		return;
	if(party->uri.len > PARTY_MAX) {
		reading->unreadable |= what;
		return;
	}
	if(party->parsed_uri.user.s != NULL || party->parsed_uri.host.s != NULL)
		uri = read_uri(msg);
	else if(is_for_parser(&party->uri))
		ONCE(msg, once_failed(msg), what, (uri = read_uri(msg)) != NULL ? 0 : -1);
	if(uri != NULL) {
		reading->single[user] = text(&uri->user);
		reading->single[host] = text(&uri->host);
	}
}

static sip_uri_t *to_uri(sip_msg_t *msg)
{
	return parse_to_uri(msg);
}

/* Is it more than anybody writes into a From? */
static int is_long_party(const hdr_field_t *hdr)
{
	return hdr != NULL
		   && (hdr->body.len > PARTY_MAX
				   || count(&hdr->body, ';', ';') > PARTY_PARAMETERS_MAX);
}

static void read_from_and_to(
		palisade_host_reading_t *reading, sip_msg_t *msg)
{
	const to_body_t *from = NULL, *to = NULL;

	if(is_long_party(msg->from))
		reading->unreadable |= PALISADE_UNREADABLE_FROM;
	else if(msg->from != NULL
			&& (msg->from->parsed != NULL
					|| ONCE(msg, once_failed(msg), PALISADE_UNREADABLE_FROM,
							   parse_from_header(msg))
							   == 0))
		from = get_from(msg);
	read_party(reading, msg, from, parse_from_uri, PALISADE_UNREADABLE_FROM,
			PALISADE_PART_FROM_USER, PALISADE_PART_FROM_HOST);
	if(from != NULL)
		reading->single[PALISADE_PART_FROM_NAME] = unquoted(&from->display);

	/* parse_headers() has parsed To */
	if(msg->to != NULL && msg->to->parsed != NULL)
		to = get_to(msg);
	read_party(reading, msg, to, to_uri, PALISADE_UNREADABLE_TO,
			PALISADE_PART_TO_USER, PALISADE_PART_TO_HOST);
	if(to != NULL)
		reading->single[PALISADE_PART_TO_TAG] = text(&to->tag_value);
}

static void read_uri(
		palisade_host_reading_t *reading, sip_msg_t *msg)
{
	const sip_uri_t *uri = &msg->parsed_orig_ruri;
	const str *written = &msg->first_line.u.request.uri;

	reading->single[PALISADE_PART_URI] = text(written);
	if(!msg->parsed_orig_ruri_ok
			&& (!is_for_parser(written)
					|| ONCE(msg, once_failed(msg), PALISADE_UNREADABLE_URI,
							   parse_orig_ruri(msg))
							   < 0))
		return;
	reading->single[PALISADE_PART_URI_USER] = text(&uri->user);
	reading->single[PALISADE_PART_URI_HOST] = text(&uri->host);
}

/* -1: there is no room for another */
static int add_contact(palisade_host_reading_t *reading, sip_msg_t *msg,
		const contact_t *contact)
{
	palisade_host_text_t *to;
	sip_uri_t uri;

	if(reading->contact_count == PALISADE_CONTACTS_MAX)
		return -1;
	to = reading->contacts[reading->contact_count++];
	memset(to, 0, sizeof(reading->contacts[0]));
	to[0] = text(&contact->uri);
	to[3] = unquoted(&contact->name);
	if(is_for_parser(&contact->uri)
			&& ONCE(msg, 0, PALISADE_UNREADABLE_CONTACT,
					   parse_uri(contact->uri.s, contact->uri.len, &uri))
					   == 0) {
		to[1] = text(&uri.user);
		to[2] = text(&uri.host);
	}
	return 0;
}

/* Every header is tried, also behind one that can't be read: a decoy hides
 * nothing. In a header, Kamailio keeps the contacts back to front. */
static void read_contacts(
		palisade_host_reading_t *reading, sip_msg_t *msg)
{
	uint32_t before = once_failed(msg);
	walk_t walk = once_walk(msg);
	const contact_t *contact;
	hdr_field_t *hdr;
	int headers = 0, bytes = 0, signs = 0;

	while((hdr = once_next(&walk, HDR_CONTACT_T)) != NULL) {
		bytes += hdr->body.len;
		if(bytes <= BODY_MAX)
			signs += count(&hdr->body, ';', ',');
		if(headers++ == PALISADE_CONTACTS_MAX || bytes > BODY_MAX
				|| signs > CONTACT_SIGNS_MAX) {
			reading->unreadable |= PALISADE_MANY_CONTACTS;
			return;
		}
		if(hdr->parsed == NULL
				&& ONCE(msg, before, PALISADE_UNREADABLE_CONTACT,
						   parse_contact(hdr))
						   < 0)
			continue;
		contact = ((const contact_body_t *)hdr->parsed)->contacts;
		for(; contact != NULL; contact = contact->next)
			if(add_contact(reading, msg, contact) < 0) {
				reading->unreadable |= PALISADE_MANY_CONTACTS;
				return;
			}
	}
}

static void add_credentials(
		palisade_host_reading_t *reading, const hdr_field_t *hdr)
{
	const dig_cred_t *cred = &((const auth_body_t *)hdr->parsed)->digest;
	palisade_host_text_t *to;

	to = reading->credentials[reading->credentials_count++];
	to[0] = text(&cred->username.user);
	to[1] = text(&cred->realm);
	to[2] = text(&cred->username.whole);
	to[3] = text(&hdr->body);
}

/* the credentials of one type, but for those of first */
static void read_offered(palisade_host_reading_t *reading, sip_msg_t *msg,
		hdr_types_t type, const hdr_field_t *first)
{
	uint32_t before = once_failed(msg);
	walk_t walk = once_walk(msg);
	hdr_field_t *hdr;
	int headers = 0, result;

	while((hdr = once_next(&walk, type)) != NULL) {
		/* it has its place already, wherever it stands */
		if(hdr == first)
			continue;
		if(headers++ == PALISADE_CREDENTIALS_MAX
				|| reading->credentials_count == PALISADE_CREDENTIALS_MAX) {
			reading->unreadable |= PALISADE_MANY_CREDENTIALS;
			return;
		}
		if(hdr->body.len > BODY_MAX) {
			reading->unreadable |= PALISADE_UNREADABLE_CREDENTIALS;
			continue;
		}
		result = hdr->parsed != NULL
						 ? 0
						 : ONCE(msg, before, PALISADE_UNREADABLE_CREDENTIALS,
								 parse_credentials(hdr));
		/* above zero: no digest, which Kamailio's auth modules have no use for */
		if(result == 0)
			add_credentials(reading, hdr);
		else if(result > 0 && elsewhere_names_user(&hdr->body))
			reading->unreadable |= PALISADE_UNREADABLE_CREDENTIALS;
	}
}

/* The first is the one that was evaluated; where none was, the one that $au and
 * $ar read (pv_get_authattr() of modules/pv/pv_core.c). Of several headers, it
 * is up to the sender which comes first, but not which one the password is
 * checked against. An ACK and a CANCEL can't be challenged, and have none for
 * $au either. */
static void read_credentials(
		palisade_host_reading_t *reading, sip_msg_t *msg)
{
	hdr_field_t *first;

	if(msg->REQ_METHOD & (METHOD_ACK | METHOD_CANCEL))
		return;
	first = once_evaluated(msg);
	if(first != NULL) {
		add_credentials(reading, first);
		reading->is_evaluated = 1;
	}
	if(msg->proxy_auth != NULL)
		read_offered(reading, msg, HDR_PROXYAUTH_T, first);
	if(msg->authorization != NULL)
		read_offered(reading, msg, HDR_AUTHORIZATION_T, first);
}

static int has_many_headers(const sip_msg_t *msg)
{
	walk_t walk = once_walk(msg);

	while(once_next(&walk, ANY_HEADER) != NULL)
		;
	return walk.at != NULL;
}

/* Also of what is no SIP: HTTP comes through the same routes, and has none of
 * the headers that Kamailio's parser would complain of. */
static void read_all(palisade_host_reading_t *reading, sip_msg_t *msg)
{
	int is_request = msg->first_line.type == SIP_REQUEST && IS_SIP(msg);

	reading->is_request = is_request;
	reading->unreadable = 0;
	reading->credentials_count = 0;
	reading->contact_count = 0;
	reading->is_evaluated = 0;
	memset(reading->single, 0, sizeof(reading->single));

	reading_headers(msg);
	reading->method = reading_method(msg);
	reading->single[PALISADE_PART_USER_AGENT] = agent(msg->user_agent);
	if(reading->method == PALISADE_METHOD_NONE)
		return;
	reading->single[PALISADE_PART_METHOD] =
			text(is_request ? &msg->first_line.u.request.method
							: &get_cseq(msg)->method);
	reading->single[PALISADE_PART_CALL_ID] = body(msg->callid);
	reading->single[PALISADE_PART_CSEQ] = body(msg->cseq);
	read_from_and_to(reading, msg);
	if(is_request) {
		read_uri(reading, msg);
		read_credentials(reading, msg);
	}
	if(msg->contact != NULL)
		read_contacts(reading, msg);
	if(has_many_headers(msg))
		reading->unreadable |= PALISADE_MANY_HEADERS;
	else if(elsewhere_hides_headers(msg))
		reading->unreadable |=
				PALISADE_UNREADABLE_HEADERS | PALISADE_UNREADABLE_CREDENTIALS;
	/* some servers ask for a password whatever the method */
	if(reading->method == PALISADE_METHOD_OTHER
			&& (once_failed(msg) & PALISADE_UNREADABLE_HEADERS)
			&& elsewhere_holds_credentials(msg->buf, msg->len))
		reading->unreadable |= PALISADE_UNREADABLE_CREDENTIALS;
	reading->unreadable |= once_failed(msg) & ~UNREADABLE_ROUTE;
}

palisade_host_reading_t *reading_of(const void *message)
{
	/* Rust only hands back what it was given; Kamailio's parser notes in the
	 * message what it found. */
	return once_read((sip_msg_t *)message, read_all);
}

/* the bytes of Record-Route that are looked at */
#define ROUTE_BYTES 1024

/* Of the topmost Record-Route no more than its first value is parsed: what
 * follows is nobody's concern here, and may be thousands. */
palisade_host_text_t reading_route(const void *message)
{
	sip_msg_t *msg = (sip_msg_t *)message;
	name_addr_t nameaddr;
	str body;
	sip_uri_t uri;

	reading_headers(msg);
	if(msg->record_route == NULL)
		return text(NULL);
	body = msg->record_route->body;
	if(body.len > ROUTE_BYTES)
		body.len = ROUTE_BYTES;
	if(ONCE(msg, once_failed(msg), UNREADABLE_ROUTE, parse_nameaddr(&body, &nameaddr)) < 0
			|| ONCE(msg, once_failed(msg), UNREADABLE_ROUTE,
					   parse_uri(nameaddr.uri.s, nameaddr.uri.len, &uri))
					   < 0)
		return text(NULL);
	return text(&uri.host);
}
