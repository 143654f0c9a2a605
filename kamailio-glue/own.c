/*
 * Palisade - the addresses of this server itself, which are never banned.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "core/ip_addr.h"
#include "core/socket_info.h"

#include "message.h"
#include "own.h"
#include "palisade.h"

static void tell(const ip_addr_t *ip)
{
	palisade_address_t address;
	receive_info_t rcv = {.src_ip = *ip};

	/* advertised by a name, or not at all */
	if(ip->af == 0)
		return;
	message_source(&address, &rcv);
	palisade_own_address(&address);
}

void own_tell(void)
{
	static const unsigned short protocols[] = {
			PROTO_UDP, PROTO_TCP, PROTO_TLS, PROTO_SCTP};
	struct socket_info *const *list;
	const struct socket_info *socket;
	const struct addr_info *more;
	size_t i;

	for(i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		list = get_sock_info_list(protocols[i]);
		for(socket = list != NULL ? *list : NULL; socket != NULL;
				socket = socket->next) {
			tell(&socket->address);
			tell(&socket->useinfo.address);
			for(more = socket->addr_info_lst; more != NULL; more = more->next)
				tell(&more->address);
		}
	}
}
