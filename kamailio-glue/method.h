/*
 * Palisade - methods, by Kamailio's id and by host.h's number.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_METHOD_H
#define PALISADE_METHOD_H

#include <stdint.h>

/* enum palisade_host_method of one of Kamailio's ids */
int32_t method_of(int id);

#endif
