/*
 * Palisade's benchmark - the table, as Markdown.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "measure.h"

/* begins in this file; -1 after an error was logged */
int report_begin(const char *path);
/* the head of the table of rows */
void report_head(void);
void report_row(const row_t *row, const result_t *result);
/* how long it took to load a list, and takes to load one again */
void report_loading(const char *large, char *small);
/* what is no row */
void report_line(const char *format, ...);
/* writes one target, and whether it is met */
void report_target(int is_met, const char *format, ...);
void report_end(void);

#endif
