/*
 * Palisade - the addresses of this server itself, which are never banned.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <ifaddrs.h>
#include <string.h>

#include "core/dprint.h"
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

/* What a socket listens on that is bound to no address: all that the machine
 * has now. */
static void tell_all(void)
{
	struct ifaddrs *all, *it;
	ip_addr_t ip;

	if(getifaddrs(&all) != 0) {
		LM_WARN("can't list this machine's addresses: %s\n", strerror(errno));
		return;
	}
	for(it = all; it != NULL; it = it->ifa_next) {
		if(it->ifa_addr == NULL
				|| (it->ifa_addr->sa_family != AF_INET
						&& it->ifa_addr->sa_family != AF_INET6))
			continue;
		su2ip_addr(&ip, (union sockaddr_union *)it->ifa_addr);
		tell(&ip);
	}
	freeifaddrs(all);
}

void own_tell(void)
{
	static const unsigned short protocols[] = {
			PROTO_UDP, PROTO_TCP, PROTO_TLS, PROTO_SCTP};
	struct socket_info *const *list;
	const struct socket_info *socket;
	const struct addr_info *more;
	size_t i;
	int is_any = 0;

	for(i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		list = get_sock_info_list(protocols[i]);
		for(socket = list != NULL ? *list : NULL; socket != NULL;
				socket = socket->next) {
			tell(&socket->address);
			is_any |= ip_addr_any((ip_addr_t *)&socket->address);
			tell(&socket->useinfo.address);
			for(more = socket->addr_info_lst; more != NULL; more = more->next)
				tell(&more->address);
		}
	}
	if(is_any)
		tell_all();
}
