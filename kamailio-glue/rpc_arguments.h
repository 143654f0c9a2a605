/*
 * Palisade - the arguments of an RPC command, as texts.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_RPC_ARGUMENTS_H
#define PALISADE_RPC_ARGUMENTS_H

#include "core/rpc.h"

#include "palisade.h"

/* more than any command takes, so that Rust can say so */
#define ARGUMENTS_MAX 6
/* what an address, a user, a reason may be long, and more */
#define ARGUMENT_SIZE 512

typedef struct rpc_arguments
{
	palisade_text_t text[ARGUMENTS_MAX];
	uint8_t copy[ARGUMENTS_MAX][ARGUMENT_SIZE];
	int count;
} rpc_arguments_t;

/* Reads them all. NULL, or the sentence that refuses them. */
const char *rpc_arguments_read(
		rpc_arguments_t *arguments, rpc_t *rpc, void *ctx);

#endif
