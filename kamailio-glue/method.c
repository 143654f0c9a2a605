/*
 * Palisade - methods, by Kamailio's id and by host.h's number.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/parser/msg_parser.h"

#include "host.h"
#include "method.h"

int32_t method_of(int id)
{
	switch(id) {
		case METHOD_INVITE:
			return PALISADE_METHOD_INVITE;
		case METHOD_ACK:
			return PALISADE_METHOD_ACK;
		case METHOD_BYE:
			return PALISADE_METHOD_BYE;
		case METHOD_CANCEL:
			return PALISADE_METHOD_CANCEL;
		case METHOD_REGISTER:
			return PALISADE_METHOD_REGISTER;
		case METHOD_OPTIONS:
			return PALISADE_METHOD_OPTIONS;
		case METHOD_PRACK:
			return PALISADE_METHOD_PRACK;
		case METHOD_UPDATE:
			return PALISADE_METHOD_UPDATE;
		case METHOD_INFO:
			return PALISADE_METHOD_INFO;
		case METHOD_SUBSCRIBE:
			return PALISADE_METHOD_SUBSCRIBE;
		case METHOD_NOTIFY:
			return PALISADE_METHOD_NOTIFY;
		case METHOD_MESSAGE:
			return PALISADE_METHOD_MESSAGE;
		case METHOD_REFER:
			return PALISADE_METHOD_REFER;
		case METHOD_PUBLISH:
			return PALISADE_METHOD_PUBLISH;
		default:
			return PALISADE_METHOD_OTHER;
	}
}
