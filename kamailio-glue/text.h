/*
 * Palisade - Kamailio's strings as the texts of the C ABI.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_TEXT_H
#define PALISADE_TEXT_H

#include <string.h>

#include "core/str.h"

#include "palisade.h"

static const palisade_text_t text_none = {NULL, 0};

static inline palisade_text_t text_literal(const char *s)
{
	palisade_text_t text = {(const uint8_t *)s, strlen(s)};

	return text;
}

/* as it is: an empty string is an empty text */
static inline palisade_text_t text_value(const str *s)
{
	palisade_text_t text = {(const uint8_t *)s->s, s->len > 0 ? s->len : 0};

	return text;
}

/* An argument of a script: an empty one counts as left out. A variable
 * without a value arrives as "" or as NULL, depending on how it was written. */
static inline palisade_text_t text_argument(const str *s)
{
	return s->s != NULL && s->len > 0 ? text_value(s) : text_none;
}

#endif
