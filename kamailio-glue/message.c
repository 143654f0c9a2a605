/*
 * Palisade - a SIP message of Kamailio's: where it came from, and how.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <string.h>

#include "core/dprint.h"
#include "core/pass_fd.h"
#include "core/pt.h"
#include "core/tcp_conn.h"
#include "core/tcp_server.h"

#include "edge.h"
#include "message.h"

/* Copies of a fixed length, to where it is read, and nothing written there
 * before: a load of bytes that came in two stores waits for both, for as long
 * as the rest of a rate check takes. */
void message_source(palisade_address_t *source, const receive_info_t *rcv)
{
	const ip_addr_t *ip = &rcv->src_ip;

	/* a message that Kamailio made up itself came from nowhere */
	source->len = ip->af != 0 ? ip->len : 0;
	source->port = rcv->src_port;
	if(source->len == 4)
		memcpy(source->bytes, ip->u.addr, 4);
	else if(source->len == 16)
		memcpy(source->bytes, ip->u.addr, 16);
}

void message_fill(palisade_message_t *message, sip_msg_t *msg)
{
	message_source(&message->source, &msg->rcv);
	message->handle = msg;
	if(msg->rcv.proto == PROTO_UDP)
		message->flags = edge_flags(msg->buf);
	else
		message->flags = PALISADE_ON_CONNECTION;
}

palisade_host_text_t message_bytes(const void *message)
{
	const sip_msg_t *msg = message;

	return (palisade_host_text_t){(const uint8_t *)msg->buf, msg->len};
}

/* As the tcpops module does it (ki_tcp_close_connection_id() of
 * modules/tcpops/tcpops_mod.c): tcp main is told that the connection has
 * ended, and takes over the reference. */
void message_close_connection(const void *message)
{
	const sip_msg_t *msg = message;
	struct tcp_connection *con;
	long command[2];

	con = tcpconn_get(msg->rcv.proto_reserved1, 0, 0, 0, 0);
	if(con == NULL)
		return;
	con->send_flags.f |= SND_F_CON_CLOSE;
	con->flags |= F_CONN_FORCE_EOF;
	command[0] = (long)con;
	command[1] = CONN_EOF;
	if(send_all(unix_tcp_sock, command, sizeof(command)) <= 0)
		LM_ERR("can't close a connection: %s\n", strerror(errno));
}
