/*
 * Palisade - what other servers read in a message, and Kamailio does not.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#define _GNU_SOURCE /* memmem() */

#include <string.h>
#include <strings.h>

#include "elsewhere.h"
#include "once.h"

/* parameters of credentials that are looked at */
#define PARAMETERS_MAX 64

/* signs & of a message that are looked at */
#define AMPERSANDS_MAX 64

/* What pjsip skips before and behind a header's name: line ends too, where a
 * line is folded. */
static int is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *behind_blanks(const char *s, const char *end)
{
	while(s < end && is_blank(*s))
		s++;
	return s;
}

/* Does the name stand there, and a colon? */
static int is_header(const char *s, const char *end, const char *name)
{
	size_t len = strlen(name);

	if((size_t)(end - s) < len || strncasecmp(s, name, len) != 0)
		return 0;
	s = behind_blanks(s + len, end);
	return s < end && *s == ':';
}

/* Does a header that matters stand there, in its compact form or not? */
static int is_any_header(const char *s, const char *end)
{
	static const char *const names[] = {"Authorization", "Proxy-Authorization",
			"From", "f", "To", "t", "Contact", "m", "Call-ID", "i", "CSeq"};
	size_t i;

	for(i = 0; s < end && i < sizeof(names) / sizeof(names[0]); i++)
		if((*s | 0x20) == (names[i][0] | 0x20) && is_header(s, end, names[i]))
			return 1;
	return 0;
}

/* Does a header stand behind an & in a value, or are there too many to look?
 * left: how many more are looked at. */
static int holds_header(const char *s, const char *end, int *left)
{
	while((s = memchr(s, '&', end - s)) != NULL) {
		s = behind_blanks(s + 1, end);
		if((*left)-- == 0 || is_any_header(s, end))
			return 1;
	}
	return 0;
}

/* Of headers that are any text, an & ends none. */
static int is_text(const hdr_field_t *hdr)
{
	switch(hdr->type) {
		case HDR_USERAGENT_T:
		case HDR_SERVER_T:
		case HDR_SUBJECT_T:
		case HDR_ORGANIZATION_T:
			return 1;
		default:
			return 0;
	}
}

/*
 * For Kamailio only a newline ends a line. But pjsip (pj_scan_get_newline())
 * and Sofia (CRLF_TEST()) take a CR alone for one; pjsip ends a header at an &
 * as well (parse_hdr_end()); and a server that keeps messages as C's strings
 * ends them at a NUL. Credentials, or another From, can hide there in the
 * value of a header that nobody here looks at. Behind the & may be blanks and a
 * folded line, and so before the colon.
 */
int elsewhere_hides_headers(sip_msg_t *msg)
{
	const char *at, *begin, *end = msg->eoh;
	const hdr_field_t *hdr;
	walk_t walk = once_walk(msg);
	unsigned char is_bare = 0;
	int left = AMPERSANDS_MAX;

	if(end == NULL || msg->headers == NULL)
		return 0;
	begin = msg->headers->name.s;
	if(memchr(begin, '\0', end - begin) != NULL)
		return 1;
	/* without a jump, so that the compiler looks at many bytes at a time */
	for(at = begin; at + 1 < end; at++)
		is_bare |= (at[0] == '\r') & (at[1] != '\n');
	if(is_bare)
		return 1;
	if(memchr(begin, '&', end - begin) == NULL)
		return 0;
	while((hdr = once_next(&walk, ANY_HEADER)) != NULL)
		if(!is_text(hdr) && hdr->body.s != NULL
				&& holds_header(hdr->body.s, hdr->body.s + hdr->body.len,
						&left))
			return 1;
	return 0;
}

/* Does a name stand before this place, blanks between them left out? */
static int follows(const char *s, const char *at, const char *name, int len)
{
	while(at > s && is_blank(at[-1]))
		at--;
	return at - s >= len && strncasecmp(at - len, name, len) == 0;
}

/* Does a name stand anywhere before this character, or are there too many of
 * that to look? */
static int stands_before(const char *s, const char *end, const char *name,
		char character, int most)
{
	const char *at;
	int len = strlen(name);

	for(at = s; (at = memchr(at, character, end - at)) != NULL; at++)
		if(most-- == 0 || follows(s, at, name, len))
			return 1;
	return 0;
}

int elsewhere_holds_credentials(const char *s, int len)
{
	const char *end = memmem(s, len, "\r\n\r\n", 4);

	return stands_before(s, end != NULL ? end : s + len, "Authorization", ':',
			PALISADE_HEADERS_MAX);
}

/* chan_sip (sip_digest_parser()) and FreeSWITCH (sofia_reg_parse_auth()) look
 * at the parameters of any scheme. */
int elsewhere_names_user(const str *credentials)
{
	return stands_before(credentials->s, credentials->s + credentials->len,
			"username", '=', PARAMETERS_MAX);
}
