/*
 * Palisade - the module's parameters.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef PALISADE_PARAMS_H
#define PALISADE_PARAMS_H

#include "core/sr_module.h"

extern param_export_t params[];

#endif
