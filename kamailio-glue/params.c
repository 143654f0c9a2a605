/*
 * Palisade - the module's parameters: a name goes to Rust, with its value.
 * Which there are stands in Rust (src/settings/table.rs).
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "params.h"
#include "tables.h"
#include "text.h"

/*
 * Kamailio doesn't tell a setter which parameter it is called for, so each
 * has its own. Each takes a number and a text, whichever it wants: Rust knows
 * what is allowed and says so; Kamailio would say that a parameter of this
 * type was not found.
 */
#define SETTERS(name)                                                      \
	static int name##_number(modparam_t type, void *value)                 \
	{                                                                      \
		(void)type;                                                        \
		return palisade_set_number(text_literal(#name), (int)(long)value); \
	}                                                                      \
	static int name##_text(modparam_t type, void *value)                   \
	{                                                                      \
		(void)type;                                                        \
		return palisade_set_text(text_literal(#name), text_value(value));  \
	}

PALISADE_PARAMETERS(SETTERS)

/* clang-format off */
#define EXPORTS(name) \
	{#name, PARAM_INT | PARAM_USE_FUNC, (void *)name##_number}, \
	{#name, PARAM_STR | PARAM_USE_FUNC, (void *)name##_text},

param_export_t params[] = {
	PALISADE_PARAMETERS(EXPORTS)
	{0, 0, 0}
};
/* clang-format on */
