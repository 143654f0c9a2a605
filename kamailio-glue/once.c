/*
 * Palisade - asking Kamailio's parser once.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/cfg_core.h"
#include "core/dprint.h"
#include "core/parser/digest/digest.h"

#include "once.h"

/* Which message it is, as it came. Kamailio may have changed its bytes
 * (msg_apply_changes() of textopsx) and parsed them anew, into the same memory:
 * then it has no time any more, or a later one (sip_msg_update_buffer() of
 * core/msg_translator.c). */
typedef struct identity
{
	const sip_msg_t *msg;
	const char *buf;
	const hdr_field_t *first;
	struct timeval time;
	unsigned int id, len;
	int pid;
} identity_t;

/* What is known of the last message that was asked about. */
static struct
{
	identity_t of;
	uint32_t unreadable;
	/* what was read of it; the rest says that it is still so */
	int is_read;
	hdr_flags_t parsed_flag;
	const hdr_field_t *last, *evaluated;
	palisade_host_reading_t reading;
} known;

static int is_known(sip_msg_t *msg)
{
	const identity_t *of = &known.of;

	/* of now, where nobody has asked for it before */
	msg_set_time(msg);
	return of->msg == msg && of->id == msg->id && of->buf == msg->buf
		   && of->first == msg->headers && of->len == msg->len
		   && of->time.tv_usec == msg->tval.tv_usec
		   && of->time.tv_sec == msg->tval.tv_sec && of->pid == msg->pid;
}

static void know(sip_msg_t *msg, uint32_t unreadable)
{
	msg_set_time(msg);
	known.of = (identity_t){.msg = msg,
			.buf = msg->buf,
			.first = msg->headers,
			.time = msg->tval,
			.id = msg->id,
			.len = msg->len,
			.pid = msg->pid};
	known.unreadable = unreadable;
	known.is_read = 0;
}

uint32_t once_failed(sip_msg_t *msg)
{
	return is_known(msg) ? known.unreadable : 0;
}

void once_fails(sip_msg_t *msg, uint32_t what)
{
	if(is_known(msg))
		known.unreadable |= what;
	else
		know(msg, what);
}

int once_log_down(void)
{
	int level = get_cfg_debug_level();

	set_local_debug_level(L_CRIT);
	return level;
}

void once_log_up(int level)
{
	/* a process without a level of its own follows the server's */
	if(level == cfg_get(core, core_cfg, debug))
		reset_local_debug_level();
	else
		set_local_debug_level(level);
}

hdr_field_t *once_next(walk_t *walk, hdr_types_t type)
{
	hdr_field_t *hdr;

	while(walk->at != NULL && walk->left > 0) {
		hdr = walk->at;
		walk->at = hdr->next;
		walk->left--;
		if(hdr->type == type || type == ANY_HEADER)
			return hdr;
	}
	return NULL;
}

hdr_field_t *once_evaluated(const sip_msg_t *msg)
{
	hdr_field_t *hdr = NULL;

	get_authorized_cred(msg->proxy_auth, &hdr);
	if(hdr == NULL)
		get_authorized_cred(msg->authorization, &hdr);
	return hdr;
}

palisade_host_reading_t *once_read(sip_msg_t *msg,
		void (*read)(palisade_host_reading_t *reading, sip_msg_t *msg))
{
	if(!is_known(msg)) {
		know(msg, 0);
		known.reading.counted = 0;
	} else if(known.is_read && known.last == msg->last_header
			  && known.parsed_flag == msg->parsed_flag
			  && known.evaluated == once_evaluated(msg)) {
		return &known.reading;
	}

	known.is_read = 0;
	known.reading.judged = 0;
	read(&known.reading, msg);
	/* before it was read it may have had no headers */
	known.of.first = msg->headers;
	known.last = msg->last_header;
	known.parsed_flag = msg->parsed_flag;
	known.evaluated = once_evaluated(msg);
	known.is_read = 1;
	return &known.reading;
}
