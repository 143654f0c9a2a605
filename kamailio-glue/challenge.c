/*
 * Palisade - challenges that go out, of Kamailio's own or of a server behind.
 *
 * Where a reply is really sent decides who was handed the nonce: a Via may send
 * it elsewhere (maddr, received) than the request came from.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "core/dprint.h"
#include "core/sr_module.h"
#include "modules/sl/sl.h"

#include "challenge.h"
#include "message.h"
#include "transactions.h"

static void address_of(palisade_address_t *address, const dest_info_t *dst)
{
	union sockaddr_union to = dst->to;
	receive_info_t rcv = {0};

	su2ip_addr(&rcv.src_ip, &to);
	rcv.src_port = su_getport(&to);
	message_source(address, &rcv);
}

/* Tells Rust of a reply to a request that is sent to a client, if it is a
 * challenge; server: whom the request was sent to that it answers, NULL: it is
 * known to be the right one. */
static void challenge_sent(sip_msg_t *request, int status,
		const dest_info_t *client, const dest_info_t *server, const char *reply,
		unsigned int len)
{
	palisade_text_t text = {(const uint8_t *)reply, len};
	palisade_address_t to, from;
	palisade_message_t message;

	if(status != 401 && status != 407)
		return;
	address_of(&to, client);
	if(server != NULL)
		address_of(&from, server);
	message_fill(&message, request);
	/* it is on its way: what follows concerns what comes next */
	(void)palisade_challenge_sent(
			&message, &to, server != NULL ? &from : NULL, text);
}

/* Who answers a REGISTER is the registrar; who answers a call may be anybody,
 * and makes a nonce that he knows. */
void challenge_relayed(sip_msg_t *request, const struct cell *t, int branch,
		int status, const sip_msg_t *reply)
{
	if(reply == NULL)
		return;
	challenge_sent(request, status, &t->uas.response.dst,
			request->REQ_METHOD == METHOD_REGISTER
					? NULL
					: &t->uac[branch].request.dst,
			reply->buf, reply->len);
}

static void answered_stateless(sl_cbp_t *reply)
{
	challenge_sent(reply->req, reply->code, reply->dst, NULL,
			reply->reply->s, reply->reply->len);
}

/* The request is in shared memory, where nothing may be parsed that was not
 * before: of it Rust gets a copy. */
static void answered(struct cell *t, int type, struct tmcb_params *reply)
{
	sip_msg_t copy;

	(void)type;
	if(reply->dst == NULL || reply->send_buf.s == NULL
			|| t->uas.request == NULL)
		return;
	if(transaction_copy(&copy, t->uas.request) == 0)
		challenge_sent(&copy, reply->code, reply->dst, NULL,
				reply->send_buf.s, reply->send_buf.len);
	transaction_copy_free(&copy);
}

/* A nonce that has the address in it (modules/auth/nonce.h) is handed to nobody
 * else; without, everybody is handed the same one within a second. */
#define AUTH_CHECK_SRC_IP 8

static void check_auth(void)
{
	static char *const names[] = {"auth_checks_register", "auth_checks_no_dlg"};
	const sr_module_t *auth = find_module_by_name("auth");
	modparam_t type;
	const int *checks;
	size_t i;

	for(i = 0; auth != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
		checks = find_param_export(
				(sr_module_t *)auth, names[i], PARAM_INT, &type);
		if(checks != NULL && (*checks & AUTH_CHECK_SRC_IP) == 0)
			LM_WARN("auth: %s=%d: a nonce is everybody's, and proves nothing: "
					"anybody can fail in a phone's name, and have its user "
					"blocked there; set it to 8\n",
					names[i], *checks);
	}
}

void challenge_init(void)
{
	sl_cbelem_t watch = {.type = SLCB_REPLY_READY, .cbf = answered_stateless};
	sl_api_t sl;

	check_auth();
	/* sl_load_api() complains where there is none */
	if(find_export("bind_sl", 0, 0) == NULL || sl_load_api(&sl) != 0)
		return;
	if(sl.register_cb(&watch) < 0)
		LM_ERR("can't watch what sl answers: phones on UDP can't prove where "
			   "they are\n");
}

int32_t challenge_auth_result(
		const palisade_message_t *message, int32_t code, palisade_text_t user)
{
	struct cell *t = code < 0 ? transaction_at_hand() : NULL;

	if(t != NULL
			&& tm.register_tmcb((sip_msg_t *)message->handle, t,
					   TMCB_RESPONSE_READY, answered, NULL, NULL)
					   <= 0)
		LM_ERR("can't watch what tm answers\n");
	return palisade_auth_result(message, code, user);
}
