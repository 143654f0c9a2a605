/*
 * Palisade - the pseudo-variables: $palisade(name), of the message at hand.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <limits.h>

#include "core/dprint.h"
#include "core/pvapi.h"

#include "message.h"
#include "palisade.h"
#include "text.h"
#include "variables.h"

static int parse_name(pv_spec_t *spec, str *name)
{
	int32_t variable = palisade_variable_named(text_value(name));

	if(variable < 0) {
		LM_ERR("there is no $palisade(%.*s)\n", name->len, name->s);
		return -1;
	}
	spec->pvp.pvn.type = PV_NAME_INTSTR;
	spec->pvp.pvn.u.isname.type = 0;
	spec->pvp.pvn.u.isname.name.n = variable;
	return 0;
}

static int get(sip_msg_t *msg, pv_param_t *param, pv_value_t *value)
{
	/* One of several that take turns: a line of a log may ask for more than
	 * one variable. */
	char *buffer = pv_get_buffer();
	palisade_message_t message;
	int64_t number = -1;
	int32_t len;

	if(msg == NULL)
		return pv_get_null(msg, param, value);
	message_fill(&message, msg);
	len = palisade_variable(&message, param->pvn.u.isname.name.n,
			(uint8_t *)buffer, pv_get_buffer_size(), &number);
	if(len < 0)
		return pv_get_null(msg, param, value);
	value->rs.s = buffer;
	value->rs.len = len;
	value->ri = 0;
	value->flags = PV_VAL_STR;
	/* Kamailio's integers had 32 bits before 5.7, and have them in places
	 * since: a larger number is a text alone. */
	if(number >= 0 && number <= INT_MAX) {
		value->ri = number;
		value->flags |= PV_VAL_INT | PV_TYPE_INT;
	}
	return 0;
}

/* clang-format off */
pv_export_t variables[] = {
	{str_init("palisade"), PVT_OTHER, get, 0, parse_name, 0, 0, 0},
	{{0, 0}, 0, 0, 0, 0, 0, 0, 0}
};
/* clang-format on */
