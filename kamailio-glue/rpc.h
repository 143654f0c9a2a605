/*
 * Palisade - the RPC commands.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_RPC_H
#define PALISADE_RPC_H

#include <stddef.h>
#include <stdint.h>

#include "core/rpc.h"

extern rpc_export_t rpc_commands[];

/* the writer of a reply, as host.h describes it */
int32_t reply_open_struct(void *reply, const char *name);
int32_t reply_open_list(void *reply, const char *name);
int32_t reply_close(void *reply);
int32_t reply_add_number(void *reply, const char *name, int64_t value);
int32_t reply_add_text(
		void *reply, const char *name, const uint8_t *text, size_t len);
void reply_fault(void *reply, int32_t code, const char *sentence);

#endif
