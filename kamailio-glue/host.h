/*
 * Palisade - what the host (Kamailio, or any other SIP server) offers to Rust.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One table of functions, handed over once by palisade_load(). Rust calls the
 * host through it and through nothing else: the Rust library has no undefined
 * symbol of the host's, so that it also links without Kamailio.
 *
 * bindgen reads this file (src/host.rs); plain C types only. Texts are bytes:
 * not NUL-terminated, not UTF-8. A text is valid until the call that received
 * it returns.
 */

#ifndef PALISADE_HOST_H
#define PALISADE_HOST_H

#include <stddef.h>
#include <stdint.h>

/* bytes of a text; data NULL: there is none */
typedef struct palisade_host_text
{
	const uint8_t *data;
	size_t len;
} palisade_host_text_t;

/* which text of a message; a part that is not there is the empty text */
enum palisade_host_part
{
	PALISADE_PART_METHOD = 0,		/* "REGISTER" */
	PALISADE_PART_USER_AGENT = 1,	/* body of User-Agent */
	PALISADE_PART_AUTH_USER = 2,	/* user of the digest credentials ($au) */
	PALISADE_PART_AUTH_REALM = 3,	/* realm of the credentials ($ar) */
	PALISADE_PART_FROM_USER = 4,	/* user of the From URI ($fU) */
	PALISADE_PART_FROM_HOST = 5,	/* host of the From URI ($fd) */
	PALISADE_PART_CALL_ID = 6,		/* body of Call-ID */
	PALISADE_PART_CSEQ = 7,			/* body of CSeq, "1 REGISTER" */
	PALISADE_PART_CREDENTIALS = 8,	/* body of (Proxy-)Authorization */
};

/*
 * The functions of the host. Every one must be callable from every process,
 * must not keep a pointer it was given, and must not unwind into Rust.
 */
typedef struct palisade_host
{
	/* writes one line (without a newline) at Kamailio's level:
	 * -1 error, 0 warning, 1 notice, 2 info, 3 debug */
	void (*log)(int32_t level, const uint8_t *text, size_t len);

	/* a part of the message; message is what the request carried. A message
	 * may offer several sets of credentials: of the AUTH_* parts and of
	 * CREDENTIALS, index 0 is the one that was evaluated, or else would be
	 * first; all after the last are empty, and so is any other part's */
	palisade_host_text_t (*text)(
			const void *message, int32_t part, uint32_t index);

	/* closes the connection that the message came on */
	void (*close_connection)(const void *message);

	/*
	 * The reply of an RPC command, written from the outside in. Names are
	 * NUL-terminated; name is NULL for an element of a list. The first call
	 * opens the reply's own struct (name NULL); every open_* is closed by one
	 * close(). All return 0, or -1 when the reply has no room left; then the
	 * writer stops and the host answers with its own error.
	 */
	int32_t (*open_struct)(void *reply, const char *name);
	int32_t (*open_list)(void *reply, const char *name);
	int32_t (*close)(void *reply);
	int32_t (*add_number)(void *reply, const char *name, int64_t value);
	int32_t (*add_text)(
			void *reply, const char *name, const uint8_t *text, size_t len);

	/* answers with an error instead: 400, 403, 404, 500 and a sentence
	 * (NUL-terminated); nothing else is written after it */
	void (*fault)(void *reply, int32_t code, const char *sentence);
} palisade_host_t;

#endif
