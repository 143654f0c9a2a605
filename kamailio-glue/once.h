/*
 * Palisade - asking Kamailio's parser once.
 *
 * That parser begins anew each time it is asked for what it could not read
 * before, takes memory each time, and writes up to three lines into the log:
 * so it is asked once for each header of a message, whatever it answers, and
 * with its log turned down. A script asks several times for one message: it is
 * read once.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_ONCE_H
#define PALISADE_ONCE_H

#include "core/parser/msg_parser.h"

#include "host.h"

/* what could not be read of the message so far: enum palisade_host_unreadable,
 * or-ed */
uint32_t once_failed(sip_msg_t *msg);

/* notes that this can't be read */
void once_fails(sip_msg_t *msg, uint32_t what);

/* The parser's log, but for what is critical; how it was. */
int once_log_down(void);
void once_log_up(int level);

/* The value of the expression, which parses what is not parsed already, and is
 * below zero when it fails; -1 where that (of enum palisade_host_unreadable) is
 * among what failed before. */
#define ONCE(msg, before, what, expression) \
	({                                      \
		int result_ = -1;                   \
		if(((before) & (what)) == 0) {      \
			int level_ = once_log_down();   \
			result_ = (expression);         \
			once_log_up(level_);            \
			if(result_ < 0)                 \
				once_fails(msg, what);      \
		}                                   \
		result_;                            \
	})

/* A walk over the headers of a message that have been parsed: no more than this
 * many, or a message of thousands would be walked over again and again. */
typedef struct walk
{
	hdr_field_t *at;
	int left;
} walk_t;

static inline walk_t once_walk(const sip_msg_t *msg)
{
	return (walk_t){msg->headers, PALISADE_HEADERS_MAX};
}

/* of any type */
#define ANY_HEADER HDR_EOH_T

/* the next header of a type; NULL: there is no other, or too far */
hdr_field_t *once_next(walk_t *walk, hdr_types_t type);

/* The credentials that the auth module evaluated, right or wrong (pre_auth() of
 * modules/auth/api.c marks them, in the first header of their type); NULL where
 * it has not. */
hdr_field_t *once_evaluated(const sip_msg_t *msg);

/* What is read of a message, by this function unless it has been and nothing
 * has changed since. It stays until the next call. */
palisade_host_reading_t *once_read(sip_msg_t *msg,
		void (*read)(palisade_host_reading_t *reading, sip_msg_t *msg));

#endif
