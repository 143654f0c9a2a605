/*
 * Palisade's benchmark - the message that every subject looks at.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <sys/socket.h>

#include "core/dprint.h"
#include "core/parser/digest/digest.h"
#include "core/parser/parse_from.h"
#include "core/parser/parse_to.h"
#include "core/pt.h"

#include "message.h"

/* clang-format off */
static char text[] =
	"REGISTER sip:example.com SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;rport\r\n"
	"Max-Forwards: 70\r\n"
	"From: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n"
	"To: \"Alice\" <sip:alice@example.com>\r\n"
	"Call-ID: 00000000-84b4c76e66710@192.0.2.1\r\n"
	"CSeq: 2 REGISTER\r\n"
	"Contact: <sip:alice@192.0.2.1:5060>;expires=3600\r\n"
	"User-Agent: Yealink SIP-T46S 66.84.0.15\r\n"
	"Authorization: Digest username=\"user0000\", realm=\"example.com\", "
		"nonce=\"ZnQ3Z2Z0N2dLWjZmdDdnZnQ3Z2Z0N2c\", uri=\"sip:example.com\", "
		"response=\"6629fae49393a05397450978507c4ef1\", algorithm=MD5\r\n"
	"Content-Length: 0\r\n"
	"\r\n";
/* clang-format on */

sip_msg_t message;

static char *user_digits, *call_id_digits;

int message_init(void)
{
	memset(&message, 0, sizeof(message));
	message.buf = text;
	message.len = sizeof(text) - 1;
	message.id = 1;
	message.pid = my_pid();
	message.set_global_address = default_global_address;
	message.set_global_port = default_global_port;
	message.rcv.proto = PROTO_UDP;
	message.rcv.src_port = message.rcv.dst_port = 5060;
	message.rcv.src_ip.af = AF_INET;
	message.rcv.src_ip.len = 4;
	message.rcv.dst_ip = message.rcv.src_ip;
	if(parse_msg(text, message.len, &message) != 0
			|| parse_headers(&message, HDR_EOH_F, 0) < 0
			|| parse_from_uri(&message) == NULL
			|| parse_to_uri(&message) == NULL
			|| message.authorization == NULL
			|| parse_credentials(message.authorization) != 0) {
		LM_ERR("the message can't be parsed\n");
		return -1;
	}
	user_digits = strstr(text, "\"user") + 5;
	call_id_digits = message.callid->body.s;
	return 0;
}

static void write_hex(char *digits, int count, uint32_t number)
{
	while(count-- > 0) {
		digits[count] = "0123456789abcdef"[number & 15];
		number >>= 4;
	}
}

void message_from_user(uint32_t request, uint32_t user)
{
	write_hex(user_digits, 4, user);
	write_hex(call_id_digits, 8, request);
	message_from(user);
}
