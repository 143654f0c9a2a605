/*
 * Palisade's benchmark - the most expensive message that can be found.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef BENCH_WORST_H
#define BENCH_WORST_H

/* searches, and reports the ten most expensive; -1 after an error was logged */
int worst_search(void);

#endif
