/*
 * Palisade - the module's parameters: a name goes to Rust, with its value.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "params.h"
#include "text.h"

/* clang-format off */
#define PARAMETERS(X) \
	X(sampling_time_unit) \
	X(reqs_density_per_unit) \
	X(remove_latency) \
	X(rate_ban_time) \
	X(ipv4_prefix) \
	X(ipv6_prefix) \
	X(trusted) \
	X(sources_max) \
	X(bans_max) \
	X(users_max) \
	X(auth_max_failures) \
	X(auth_window) \
	X(auth_ban_time) \
	X(auth_scope) \
	X(auth_user_max_failures) \
	X(auth_known_time) \
	X(agent_deny) \
	X(agent_builtin) \
	X(agent_ban_time) \
	X(log_level) \
	X(pike_log_level) \
	X(on_fault) \
	X(edge) \
	X(scans_max) \
	X(scan_window) \
	X(scan_max_users) \
	X(scan_max_destinations) \
	X(signal_max) \
	X(tcp_close) \
	X(trust_to_tag) \
	X(policy) \
	X(list) \
	X(lists_memory) \
	X(db_url) \
	X(geo) \
	X(country_unknown)
/* clang-format on */

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

PARAMETERS(SETTERS)

/* clang-format off */
#define EXPORTS(name) \
	{#name, PARAM_INT | PARAM_USE_FUNC, (void *)name##_number}, \
	{#name, PARAM_STR | PARAM_USE_FUNC, (void *)name##_text},

param_export_t params[] = {
	PARAMETERS(EXPORTS)
	{0, 0, 0}
};
/* clang-format on */
