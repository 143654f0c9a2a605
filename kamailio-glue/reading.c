/*
 * Palisade - a SIP message of Kamailio's, read for Rust.
 *
 * All is what Kamailio's own parser makes of it. That parser begins anew each
 * time it is asked for what it could not read before, takes memory each time,
 * and writes up to three lines into the log: so it is asked once for each
 * header of a message, whatever it answers, and with its log turned down.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "core/cfg_core.h"
#include "core/dprint.h"
#include "core/parser/contact/parse_contact.h"
#include "core/parser/digest/digest.h"
#include "core/parser/parse_cseq.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_nameaddr.h"
#include "core/parser/parse_to.h"
#include "core/parser/parse_uri.h"
#include "core/trim.h"

#include "reading.h"

/* Another value of enum palisade_host_unreadable, for the memory alone. */
#define UNREADABLE_ROUTE (1u << 31)

/* Which message it is, as it came: Kamailio may have changed its bytes
 * (msg_apply_changes() of textopsx) and parsed them anew. */
typedef struct identity
{
	const sip_msg_t *msg;
	const char *buf;
	const hdr_field_t *first;
	unsigned int id, len;
	int pid;
} identity_t;

/* What is known of the last message that was read. */
static struct
{
	identity_t of;
	uint32_t unreadable;
	/* what was read of it; the rest says that it is still so */
	int is_read;
	uint64_t sum;
	hdr_flags_t parsed_flag;
	const hdr_field_t *last, *evaluated;
	palisade_host_reading_t reading;
} known;

static identity_t identity_of(const sip_msg_t *msg)
{
	identity_t identity;

	/* its padding too is compared */
	memset(&identity, 0, sizeof(identity));
	identity.msg = msg;
	identity.buf = msg->buf;
	identity.first = msg->headers;
	identity.id = msg->id;
	identity.len = msg->len;
	identity.pid = msg->pid;
	return identity;
}

static int is_known(const sip_msg_t *msg)
{
	identity_t identity = identity_of(msg);

	return memcmp(&known.of, &identity, sizeof(identity)) == 0;
}

static uint32_t failed_before(const sip_msg_t *msg)
{
	return is_known(msg) ? known.unreadable : 0;
}

static void remember_failure(const sip_msg_t *msg, uint32_t what)
{
	if(!is_known(msg)) {
		known.of = identity_of(msg);
		known.unreadable = 0;
		known.is_read = 0;
	}
	known.unreadable |= what;
}

/* The parser's log, but for what is critical; how it was. */
static int log_turn_down(void)
{
	int level = get_cfg_debug_level();

	set_local_debug_level(L_CRIT);
	return level;
}

static void log_turn_up(int level)
{
	/* a process without a level of its own follows the server's */
	if(level == cfg_get(core, core_cfg, debug))
		reset_local_debug_level();
	else
		set_local_debug_level(level);
}

/* The value of the expression, which parses what is not parsed already, and is
 * below zero when it fails; -1 where that has failed before. */
#define PARSE(msg, before, what, expression)              \
	({                                                    \
		int result_ = -1;                                 \
		if(((before) & (what)) == 0) {                    \
			int level_ = log_turn_down();                 \
			result_ = (expression);                       \
			log_turn_up(level_);                          \
			if(result_ < 0)                               \
				remember_failure(msg, what);              \
		}                                                 \
		result_;                                          \
	})

/*
 * Kamailio's own parse ends where something can't be read. What is left is
 * read nevertheless, a decoy hides nothing; but only where that is little: so
 * many bytes and so many headers on. More of it is as good as unreadable.
 */
typedef struct rest
{
	int bytes;
	int headers;
} rest_t;

static const rest_t rest_of_message = {2048, 128};

static int may_read(const sip_msg_t *msg, const str *s, rest_t *rest)
{
	if(failed_before(msg) == 0)
		return 1;
	rest->bytes -= s->len;
	return rest->bytes >= 0;
}

/* the next header of the same type; NULL behind the last, and *is_beyond 1 if
 * it is too far */
static hdr_field_t *next_like(const sip_msg_t *msg, const hdr_field_t *hdr,
		rest_t *rest, int *is_beyond)
{
	int has_failed = failed_before(msg) != 0;
	hdr_field_t *next;

	for(next = hdr->next; next != NULL && next->type != hdr->type;
			next = next->next)
		if(has_failed && rest->headers-- <= 0) {
			*is_beyond = 1;
			return NULL;
		}
	return next;
}

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

/* Is it one of those that Kamailio's parse_uri() is made for? Any other is
 * none that it could not read, but none that it reads. */
static int is_sip_or_tel(const str *uri)
{
	static const char *const schemes[] = {"sip:", "sips:", "tel:", "tels:"};
	size_t i, len;

	for(i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		len = strlen(schemes[i]);
		if(uri->len >= (int)len && strncasecmp(uri->s, schemes[i], len) == 0)
			return 1;
	}
	return 0;
}

int reading_headers(sip_msg_t *msg)
{
	/* having seen the end, it sets all flags: HDR_EOH_F is all of them */
	if(msg->parsed_flag == HDR_EOH_F)
		return 0;
	return PARSE(msg, failed_before(msg), PALISADE_UNREADABLE_HEADERS,
			parse_headers(msg, HDR_EOH_F, 0));
}

static int32_t method_of(int id)
{
	switch(id) {
		case METHOD_INVITE:
			return PALISADE_METHOD_INVITE;
		case METHOD_ACK:
			return PALISADE_METHOD_ACK;
		case METHOD_BYE:
			return PALISADE_METHOD_BYE;
		case METHOD_CANCEL:
			return PALISADE_METHOD_CANCEL;
		case METHOD_REGISTER:
			return PALISADE_METHOD_REGISTER;
		case METHOD_OPTIONS:
			return PALISADE_METHOD_OPTIONS;
		case METHOD_PRACK:
			return PALISADE_METHOD_PRACK;
		case METHOD_UPDATE:
			return PALISADE_METHOD_UPDATE;
		case METHOD_INFO:
			return PALISADE_METHOD_INFO;
		case METHOD_SUBSCRIBE:
			return PALISADE_METHOD_SUBSCRIBE;
		case METHOD_NOTIFY:
			return PALISADE_METHOD_NOTIFY;
		case METHOD_MESSAGE:
			return PALISADE_METHOD_MESSAGE;
		case METHOD_REFER:
			return PALISADE_METHOD_REFER;
		case METHOD_PUBLISH:
			return PALISADE_METHOD_PUBLISH;
		default:
			return PALISADE_METHOD_OTHER;
	}
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
		rest_t *rest, const to_body_t *party,
		sip_uri_t *(*read_uri)(sip_msg_t *), uint32_t what, int32_t user,
		int32_t host)
{
	sip_uri_t *uri = NULL;

	if(party == NULL)
		return;
	if(party->parsed_uri.user.s != NULL || party->parsed_uri.host.s != NULL)
		uri = read_uri(msg);
	else if(!may_read(msg, &party->uri, rest))
		reading->unreadable |= what;
	else if(is_sip_or_tel(&party->uri))
		PARSE(msg, failed_before(msg), what, (uri = read_uri(msg)) != NULL ? 0 : -1);
	if(uri != NULL) {
		reading->single[user] = text(&uri->user);
		reading->single[host] = text(&uri->host);
	}
}

static sip_uri_t *to_uri(sip_msg_t *msg)
{
	return parse_to_uri(msg);
}

static void read_from_and_to(
		palisade_host_reading_t *reading, sip_msg_t *msg, rest_t *rest)
{
	const to_body_t *from = NULL, *to = NULL;

	if(msg->from != NULL && msg->from->parsed == NULL
			&& !may_read(msg, &msg->from->body, rest))
		reading->unreadable |= PALISADE_UNREADABLE_FROM;
	else if(msg->from != NULL
			&& (msg->from->parsed != NULL
					|| PARSE(msg, failed_before(msg), PALISADE_UNREADABLE_FROM,
							   parse_from_header(msg))
							   == 0))
		from = get_from(msg);
	read_party(reading, msg, rest, from, parse_from_uri, PALISADE_UNREADABLE_FROM,
			PALISADE_PART_FROM_USER, PALISADE_PART_FROM_HOST);
	if(from != NULL)
		reading->single[PALISADE_PART_FROM_NAME] = unquoted(&from->display);

	/* parse_headers() has parsed To */
	if(msg->to != NULL && msg->to->parsed != NULL)
		to = get_to(msg);
	read_party(reading, msg, rest, to, to_uri, PALISADE_UNREADABLE_TO,
			PALISADE_PART_TO_USER, PALISADE_PART_TO_HOST);
	if(to != NULL)
		reading->single[PALISADE_PART_TO_TAG] = text(&to->tag_value);
}

static void read_uri(
		palisade_host_reading_t *reading, sip_msg_t *msg, rest_t *rest)
{
	const sip_uri_t *uri = &msg->parsed_orig_ruri;
	const str *written = &msg->first_line.u.request.uri;

	reading->single[PALISADE_PART_URI] = text(written);
	if(!msg->parsed_orig_ruri_ok && !may_read(msg, written, rest)) {
		reading->unreadable |= PALISADE_UNREADABLE_URI;
		return;
	}
	if(!msg->parsed_orig_ruri_ok
			&& (!is_sip_or_tel(written)
					|| PARSE(msg, failed_before(msg), PALISADE_UNREADABLE_URI,
							   parse_orig_ruri(msg))
							   < 0))
		return;
	reading->single[PALISADE_PART_URI_USER] = text(&uri->user);
	reading->single[PALISADE_PART_URI_HOST] = text(&uri->host);
}

/* Every header is tried, also behind one that can't be read: a decoy hides
 * nothing. In a header, Kamailio keeps the contacts back to front. */
static void read_contacts(
		palisade_host_reading_t *reading, sip_msg_t *msg, rest_t *rest)
{
	uint32_t before = failed_before(msg);
	palisade_host_text_t *to;
	hdr_field_t *hdr;
	const contact_t *c;
	sip_uri_t uri;
	int is_beyond = 0;

	for(hdr = msg->contact; hdr != NULL && !is_beyond;
			hdr = next_like(msg, hdr, rest, &is_beyond)) {
		if(hdr->parsed == NULL && !may_read(msg, &hdr->body, rest)) {
			is_beyond = 1;
			break;
		}
		if(hdr->parsed == NULL
				&& PARSE(msg, before, PALISADE_UNREADABLE_CONTACT,
						   parse_contact(hdr))
						   < 0)
			continue;
		c = ((const contact_body_t *)hdr->parsed)->contacts;
		for(; c != NULL; c = c->next) {
			if(reading->contact_count == PALISADE_CONTACTS_MAX) {
				reading->unreadable |= PALISADE_MANY_CONTACTS;
				return;
			}
			to = reading->contacts[reading->contact_count++];
			memset(to, 0, sizeof(reading->contacts[0]));
			to[0] = text(&c->uri);
			to[3] = unquoted(&c->name);
			if(!is_sip_or_tel(&c->uri)
					|| PARSE(msg, 0, PALISADE_UNREADABLE_CONTACT,
							   parse_uri(c->uri.s, c->uri.len, &uri))
							   < 0)
				continue;
			to[1] = text(&uri.user);
			to[2] = text(&uri.host);
		}
	}
	if(is_beyond)
		reading->unreadable |= PALISADE_MANY_CONTACTS;
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

/* the credentials of hdr and its siblings, but for those of first */
static void read_offered(palisade_host_reading_t *reading, sip_msg_t *msg,
		hdr_field_t *hdr, const hdr_field_t *first, rest_t *rest)
{
	uint32_t before = failed_before(msg);
	int headers = 0, is_beyond = 0;

	for(; hdr != NULL && !is_beyond;
			hdr = next_like(msg, hdr, rest, &is_beyond)) {
		if(headers++ == PALISADE_CREDENTIALS_MAX
				|| reading->credentials_count == PALISADE_CREDENTIALS_MAX
				|| (hdr->parsed == NULL && !may_read(msg, &hdr->body, rest))) {
			is_beyond = 1;
			break;
		}
		/* above zero: no digest, which neither Kamailio's auth modules nor a
		 * password guesser have a use for */
		if(hdr != first
				&& (hdr->parsed != NULL
						|| PARSE(msg, before, PALISADE_UNREADABLE_CREDENTIALS,
								   parse_credentials(hdr))
								   == 0))
			add_credentials(reading, hdr);
	}
	if(is_beyond)
		reading->unreadable |= PALISADE_MANY_CREDENTIALS;
}

/*
 * The one that the auth module evaluated, where it did (pre_auth() of
 * modules/auth/api.c marks it, right or wrong); else the one that $au and $ar
 * read (pv_get_authattr() of modules/pv/pv_core.c). Of several headers, it is
 * up to the sender which comes first, but not which one the password is
 * checked against.
 */
static hdr_field_t *evaluated(const sip_msg_t *msg)
{
	hdr_field_t *hdr = NULL;

	get_authorized_cred(msg->proxy_auth, &hdr);
	if(hdr == NULL)
		get_authorized_cred(msg->authorization, &hdr);
	return hdr;
}

/* The first is the one that was evaluated. An ACK and a CANCEL can't be
 * challenged, and have none for $au either. */
static void read_credentials(
		palisade_host_reading_t *reading, sip_msg_t *msg, rest_t *rest)
{
	hdr_field_t *first = evaluated(msg);

	if(msg->REQ_METHOD & (METHOD_ACK | METHOD_CANCEL))
		return;
	if(first != NULL)
		add_credentials(reading, first);
	read_offered(reading, msg, msg->proxy_auth, first, rest);
	read_offered(reading, msg, msg->authorization, first, rest);
}

/* Also of what is no SIP: HTTP comes through the same routes, and has none of
 * the headers that Kamailio's parser would complain of. */
static void read_all(palisade_host_reading_t *reading, sip_msg_t *msg)
{
	int is_request = msg->first_line.type == SIP_REQUEST && IS_SIP(msg);
	rest_t rest = rest_of_message;

	reading->is_request = is_request;
	reading->unreadable = 0;
	reading->credentials_count = 0;
	reading->contact_count = 0;
	memset(reading->single, 0, sizeof(reading->single));

	reading_headers(msg);
	reading->method = reading_method(msg);
	reading->single[PALISADE_PART_USER_AGENT] = body(msg->user_agent);
	if(reading->method == PALISADE_METHOD_NONE)
		return;
	reading->single[PALISADE_PART_METHOD] =
			text(is_request ? &msg->first_line.u.request.method
							: &get_cseq(msg)->method);
	reading->single[PALISADE_PART_CALL_ID] = body(msg->callid);
	reading->single[PALISADE_PART_CSEQ] = body(msg->cseq);
	read_from_and_to(reading, msg, &rest);
	if(is_request) {
		read_uri(reading, msg, &rest);
		read_credentials(reading, msg, &rest);
	}
	read_contacts(reading, msg, &rest);
	reading->unreadable |= failed_before(msg) & ~UNREADABLE_ROUTE;
}

/* Of the bytes of a message: another, if they have changed. Four words at a
 * time, none of which waits for the one before. */
static uint64_t sum_of(const sip_msg_t *msg)
{
	uint64_t lanes[4] = {0}, words[4];
	unsigned int at, lane;

	for(at = 0; at + sizeof(words) <= msg->len; at += sizeof(words)) {
		memcpy(words, msg->buf + at, sizeof(words));
		for(lane = 0; lane < 4; lane++)
			lanes[lane] = (lanes[lane] << 5 | lanes[lane] >> 59) ^ words[lane];
	}
	for(; at < msg->len; at++)
		lanes[at % 4] = lanes[at % 4] * 31 + (unsigned char)msg->buf[at];
	return lanes[0] + 3 * lanes[1] + 5 * lanes[2] + 7 * lanes[3];
}

static int is_read(const sip_msg_t *msg)
{
	return known.is_read && is_known(msg) && known.last == msg->last_header
		   && known.parsed_flag == msg->parsed_flag
		   && known.evaluated == evaluated(msg) && known.sum == sum_of(msg);
}

static void remember_reading(const sip_msg_t *msg)
{
	if(!is_known(msg)) {
		known.of = identity_of(msg);
		known.unreadable = 0;
	}
	known.last = msg->last_header;
	known.parsed_flag = msg->parsed_flag;
	known.evaluated = evaluated(msg);
	known.sum = sum_of(msg);
	known.is_read = 1;
}

/* but for the sets beyond their counts, which hold nothing */
static void copy_reading(palisade_host_reading_t *to)
{
	const palisade_host_reading_t *from = &known.reading;

	memcpy(to, from, offsetof(palisade_host_reading_t, credentials));
	memcpy(to->credentials, from->credentials,
			from->credentials_count * sizeof(from->credentials[0]));
	memcpy(to->contacts, from->contacts,
			from->contact_count * sizeof(from->contacts[0]));
}

/* A script asks several times for one message: it is read once, since a walk
 * over thousands of headers, and a Contact's URI, cost as much each time. */
void reading_of(const void *message, palisade_host_reading_t *reading)
{
	/* Rust only hands back what it was given; Kamailio's parser notes in the
	 * message what it found. */
	sip_msg_t *msg = (sip_msg_t *)message;

	if(!is_read(msg)) {
		known.is_read = 0;
		read_all(&known.reading, msg);
		remember_reading(msg);
	}
	copy_reading(reading);
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
	if(PARSE(msg, failed_before(msg), UNREADABLE_ROUTE, parse_nameaddr(&body, &nameaddr)) < 0
			|| PARSE(msg, failed_before(msg), UNREADABLE_ROUTE,
					   parse_uri(nameaddr.uri.s, nameaddr.uri.len, &uri))
					   < 0)
		return text(NULL);
	return text(&uri.host);
}
