/*
 * Palisade - the arguments of a function in kamailio.cfg: constants and
 * pseudo-variables.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/dprint.h"
#include "core/error.h"
#include "core/mod_fix.h"
#include "core/pvapi.h"
#include "core/pvar.h"
#include "core/ut.h"

#include "arguments.h"

int fixup_text(void **param, int no)
{
	(void)no;
	return fixup_spve_null(param, 1);
}

int fixup_free(void **param, int no)
{
	(void)no;
	return fixup_free_spve_null(param, 1);
}

/* str2sint() takes an empty text for 0: here it would be a ban without end */
static int number_of(str *text, int *value)
{
	return text->s != NULL && text->len > 0 ? str2sint(text, value) : -1;
}

/*
 * A number is fixed up as a text and converted at each call: so it may also
 * come from a variable that holds text, and fixing up what is only known at
 * runtime can't fail (Kamailio 5.6 would leak the text then, see
 * MODF_RVE_PARAM_CONVERT in core/action.c). A constant is checked here.
 */
static int fixup_number(void **param, int no)
{
	int at_runtime = fixup_get_param(param, no, no)->type == STRING_RVE_ST;
	fparam_t *fixed;
	int value;

	if(fixup_text(param, no) != 0)
		return E_UNSPEC;
	fixed = (fparam_t *)*param;
	if(at_runtime || fixed->type != FPARAM_STR
			|| number_of(&fixed->v.str, &value) == 0)
		return 0;
	LM_ERR("parameter %d is not a number: \"%s\"\n", no, fixed->v.str.s);
	return E_UNSPEC;
}

int fixup_text_number_text(void **param, int no)
{
	return no == 2 ? fixup_number(param, no) : fixup_text(param, no);
}

int fixup_number_text(void **param, int no)
{
	return no == 1 ? fixup_number(param, no) : fixup_text(param, no);
}

/* appends to a buffer of room bytes; what doesn't fit is cut */
static void append(str *text, int room, const str *s)
{
	int len = s->len < room - text->len ? s->len : room - text->len;

	if(s->s == NULL || len <= 0)
		return;
	memcpy(text->s + text->len, s->s, len);
	text->len += len;
}

/* pv_printf(), but for a variable without a value and for a text too long */
static str evaluate(sip_msg_t *msg, const pv_elem_t *list)
{
	str left_out = STR_NULL;
	str text = {pv_get_buffer(), 0};
	int room = pv_get_buffer_size();
	const pv_elem_t *elem;
	pv_value_t value;

	for(elem = list; elem != NULL; elem = elem->next) {
		append(&text, room, &elem->text);
		if(elem->spec == NULL || elem->spec->type == PVT_NONE)
			continue;
		if(pv_get_spec_value(msg, elem->spec, &value) != 0
				|| (value.flags & PV_VAL_NULL))
			return left_out;
		/* A variable alone isn't cut. It is copied where it fits, as numbers
		 * and addresses are in static memory that the next one overwrites. */
		if(value.rs.len > room && list->next == NULL && text.len == 0)
			return value.rs;
		append(&text, room, &value.rs);
	}
	return text;
}

str argument_text(sip_msg_t *msg, char *fixed)
{
	fparam_t *param = (fparam_t *)fixed;
	str text = STR_NULL;

	if(param == NULL)
		return text;
	if(param->type == FPARAM_PVE)
		return evaluate(msg, param->v.pve);
	if(get_str_fparam(&text, msg, param) != 0)
		text.s = NULL;
	return text;
}

int argument_number_of(const str *text, const char *what, int *value)
{
	char copy[32];
	char *end = copy;
	double number = 0;

	if(text->s != NULL && text->len > 0 && text->len < (int)sizeof(copy)) {
		memcpy(copy, text->s, text->len);
		copy[text->len] = 0;
		number = strtod(copy, &end);
	}
	if(end == copy || *end != 0 || number != floor(number)
			|| fabs(number) > INT_MAX) {
		LM_ERR("%s is not a whole number\n", what);
		return -1;
	}
	*value = (int)number;
	return 0;
}

int argument_number(sip_msg_t *msg, char *fixed, const char *what, int *value)
{
	str text = argument_text(msg, fixed);

	if(number_of(&text, value) == 0)
		return 0;
	/* not the text: it may be from the network */
	LM_ERR("%s is not a number\n", what);
	return -1;
}
