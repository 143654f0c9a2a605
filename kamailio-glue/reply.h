/*
 * Palisade - replies: which request they answer, and where it came from.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_REPLY_H
#define PALISADE_REPLY_H

#include "core/parser/msg_parser.h"

/* Hands the reply at hand to Rust, with the request that it answers: in an
 * onreply_route the message itself, in a failure_route the one that was picked.
 * Its answer; 1 where there is no reply; -3 where somebody has sent it who was
 * not asked. */
int reply_judge(sip_msg_t *msg);

#endif
