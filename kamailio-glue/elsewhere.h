/*
 * Palisade - what other servers read in a message, and Kamailio does not.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_ELSEWHERE_H
#define PALISADE_ELSEWHERE_H

#include "core/parser/msg_parser.h"

/* May other servers find headers in this message, parsed to its end, that are
 * none for Kamailio? */
int elsewhere_hides_headers(sip_msg_t *msg);

/* Are there credentials anywhere in the headers of this message? */
int elsewhere_holds_credentials(const char *s, int len);

/* Do these credentials, which are no Digest, name a user nevertheless? */
int elsewhere_names_user(const str *credentials);

#endif
