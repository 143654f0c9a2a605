/*
 * Palisade - the arguments of a function in kamailio.cfg: constants and
 * pseudo-variables.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_ARGUMENTS_H
#define PALISADE_ARGUMENTS_H

#include "core/parser/msg_parser.h"
#include "core/str.h"

/*
 * Fixups, named after what the parameters are; one frees them all. What the
 * script writes without quotes is an expression, fixed up at each call.
 */
int fixup_text(void **param, int no);
int fixup_text_number_text(void **param, int no);
int fixup_number_text(void **param, int no);
int fixup_free(void **param, int no);

/*
 * The value of a text. It is left out (s NULL) where fixed is NULL, or where
 * a pseudo-variable in it has no value: "$au@$ar" of a message without
 * credentials is no user, where Kamailio's own evaluation makes it
 * "<null>@<null>". A text made of several parts is cut at the size of
 * Kamailio's buffer for them.
 */
str argument_text(sip_msg_t *msg, char *fixed);

/* The whole number that a script wrote as 60 or 60.0; -1 and an error in the
 * log if it is none, or was left out. */
int argument_number_of(const str *text, const char *what, int *value);

/* The value of a number; -1 and an error in the log if it is none. */
int argument_number(sip_msg_t *msg, char *fixed, const char *what, int *value);

#endif
