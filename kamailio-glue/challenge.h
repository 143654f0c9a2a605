/*
 * Palisade - challenges that go out, of Kamailio's own or of a server behind.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_CHALLENGE_H
#define PALISADE_CHALLENGE_H

#include "core/ip_addr.h"
#include "core/parser/msg_parser.h"
#include "modules/tm/h_table.h"

#include "palisade.h"

/* Watches what sl answers, if it is loaded. To be called once, after all
 * modules have started and before the fork. */
void challenge_init(void);

/* Tells Rust of a reply to a branch of a transaction, if it is a challenge;
 * request: its request, in memory of this process; reply NULL: nobody has sent
 * one. */
void challenge_relayed(sip_msg_t *request, const struct cell *t, int branch,
		int status, const sip_msg_t *reply);

/* palisade_auth_result(), and what tm answers to the request is watched: with
 * a challenge, most likely. */
int32_t challenge_auth_result(
		const palisade_message_t *message, int32_t code, palisade_text_t user);

#endif
