/*
 * Palisade - the pseudo-variables.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_VARIABLES_H
#define PALISADE_VARIABLES_H

#include "core/pvar.h"

extern pv_export_t variables[];

#endif
