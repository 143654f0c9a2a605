/*
 * Palisade's benchmark - the table, as Markdown.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "measure.h"

/* begins it in this file; -1 after an error was logged */
int report_begin(const char *path);
void report_row(const row_t *row, const result_t *result);
/* how long it took to load a list, and takes to load one again */
void report_loading(const char *large, char *small);
void report_end(void);

#endif
