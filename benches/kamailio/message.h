/*
 * Palisade's benchmark - the message that every subject looks at.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stdint.h>

#include "core/parser/msg_parser.h"

/*
 * A REGISTER of a phone, parsed, as if it had just been received: what a
 * message's checks have to parse again for each message is not in the figures.
 */
extern sip_msg_t message;

/* -1 after an error was logged */
int message_init(void);

/* it came from here; the number stands for an address of its own */
static inline void message_from(uint32_t number)
{
	/* every bit of the number changes half of the address: murmur3's fmix32,
	 * which no two numbers share a result of */
	number ^= number >> 16;
	number *= 0x85ebca6b;
	number ^= number >> 13;
	number *= 0xc2b2ae35;
	number ^= number >> 16;
	message.rcv.src_ip.u.addr32[0] = number;
}

/* the request of this number; of this user, from the user's own address */
void message_from_user(uint32_t request, uint32_t user);

#endif
