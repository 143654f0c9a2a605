/*
 * Palisade's benchmark - the table, as Markdown.
 *
 * Copyright (C) 2026 The Palisade authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdarg.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/dprint.h"

#include "memory.h"
#include "report.h"

/* µs of a batch of ours, at the most */
#define WORST_US 1000

/* not stdout: Kamailio has closed it */
static FILE *out;

/* ns, in the row above */
static double ours_before;

static int met_count, missed_count, out_of_reach_count;

typedef struct cell
{
	char text[32];
} cell_t;

static cell_t cell(const char *format, ...)
{
	cell_t cell;
	va_list values;

	va_start(values, format);
	vsnprintf(cell.text, sizeof(cell.text), format, values);
	va_end(values);
	return cell;
}

static cell_t number(const figure_t *figure, double value)
{
	if(!figure->is_measured)
		return cell("-");
	return cell(value < 100 ? "%.1f" : "%.0f", value);
}

static cell_t bytes_text(double bytes)
{
	if(bytes < 1 << 10)
		return cell("%.0f B", bytes);
	if(bytes < 1 << 20)
		return cell("%.0f kB", bytes / (1 << 10));
	return cell("%.0f MB", bytes / (1 << 20));
}

static cell_t sources_text(const row_t *row)
{
	const char *what = row->are_users ? " users" : "";
	uint32_t count = row->sources;

	if(count < 1000)
		return cell("%u%s", count, what);
	if(count < 1000000)
		return cell("%u,%03u%s", count / 1000, count % 1000, what);
	return cell("%u,%03u,%03u%s", count / 1000000, count / 1000 % 1000,
			count % 1000, what);
}

void report_target(int is_met, const char *format, ...)
{
	va_list values;

	fputs(is_met ? " " : " **missed:** ", out);
	va_start(values, format);
	vfprintf(out, format, values);
	va_end(values);
	putc(';', out);
	if(is_met)
		met_count++;
	else
		missed_count++;
}

/*
 * How many times as long as alone it takes beside a second process. Out of
 * reach is a target that the physical limit misses by as much or more, or that
 * allows less time than one read-modify-write takes.
 */
static void judge_crowd(double target, const figure_t *of)
{
	double ours = of[OURS].ns / of[OURS_ALONE].ns;
	double limit = of[LIMIT].ns / of[LIMIT_ALONE].ns;
	int is_in_reach =
			ours > limit && target * of[OURS_ALONE].ns > of[LIMIT].ns;

	if(ours > target && !is_in_reach) {
		fprintf(out, " **out of reach:** ≤ %g× alone (%.2f×; RMW: %.2f×);",
				target, ours, limit);
		out_of_reach_count++;
		return;
	}
	report_target(ours <= target, "≤ %g× alone (%.2f×; RMW: %.2f×)", target, ours,
			limit);
}

static void judge_all(const row_t *row, const result_t *result)
{
	const target_t *target = &row->target;
	double ours = result->of[OURS].ns, limit = result->of[LIMIT].ns;

	if(!result->of[OURS].is_measured)
		return;
	if(target->times > 0)
		report_target(result->of[THEIRS].ns >= target->times * ours, "%g× faster",
				target->times);
	if(target->limits > 0)
		report_target(ours <= target->limits * limit, "≤ %g RMW", target->limits);
	if(target->beyond > 0)
		report_target(ours <= limit + target->beyond, "≤ RMW + %g ns",
				target->beyond);
	if(target->before > 0)
		report_target(ours <= target->before * ours_before, "≤ %g× the row above",
				target->before);
	ours_before = ours;
	if(target->alone > 0)
		judge_crowd(target->alone, result->of);
	report_target(result->growth_ours == 0, "growth 0");
	report_target(result->of[OURS].worst_us < WORST_US, "worst < 1 ms");
}

int report_begin(const char *path)
{
	out = fopen(path, "w");
	if(out == NULL) {
		LM_ERR("%s: %s\n", path, strerror(errno));
		return -1;
	}
	setlinebuf(out);
	return 0;
}

void report_head(void)
{
	fputs("| operation | sources | Palisade ns | theirs ns | theirs | ratio "
		  "| RMW ns | RMW region | growth ours | growth theirs "
		  "| worst 1,024 ours µs | theirs µs | targets |\n"
		  "| --- | --: | --: | --: | --- | --: | --: | --: | --: | --: | --: "
		  "| --: | --- |\n",
			out);
}

void report_line(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vfprintf(out, format, values);
	va_end(values);
}

void report_row(const row_t *row, const result_t *result)
{
	const figure_t *ours = &result->of[OURS], *theirs = &result->of[THEIRS];
	const figure_t *limit = &result->of[LIMIT];
	int is_compared = ours->is_measured && theirs->is_measured;

	fprintf(out,
			"| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |",
			row->operation, sources_text(row).text,
			number(ours, ours->ns).text, number(theirs, theirs->ns).text,
			row->peer != NULL ? row->peer : "-",
			is_compared ? cell("%.1f", theirs->ns / ours->ns).text : "-",
			number(limit, limit->ns).text,
			limit->is_measured ? bytes_text(result->limit_bytes).text : "-",
			ours->is_measured ? bytes_text(result->growth_ours).text : "-",
			theirs->is_measured ? bytes_text(result->growth_theirs).text : "-",
			number(ours, ours->worst_us).text,
			number(theirs, theirs->worst_us).text);
	judge_all(row, result);
	fputs(" |\n", out);
}

/* milliseconds, at the most */
#define LOAD_MS 2000
#define RELOAD_MS 10
#define RELOADS 21

static int compare(const void *one, const void *two)
{
	double a = *(const double *)one, b = *(const double *)two;

	return (a > b) - (a < b);
}

void report_loading(const char *large, char *small)
{
	double load_ms = palisade_list(large).load_ms, reload_ms[RELOADS];
	int index;

	for(index = 0; index < RELOADS; index++)
		reload_ms[index] = palisade_reload(small);
	qsort(reload_ms, RELOADS, sizeof(*reload_ms), compare);
	fprintf(out, "\n%s is loaded from a text file in %.0f ms;", large, load_ms);
	report_target(load_ms > 0 && load_ms < LOAD_MS, "< %d ms", LOAD_MS);
	fprintf(out, "\nafter palisade.reload %s the new list is in use in %.2f ms, at "
				 "worst %.2f ms;",
			small, reload_ms[RELOADS / 2], reload_ms[RELOADS - 1]);
	report_target(reload_ms[0] >= 0 && reload_ms[RELOADS / 2] < RELOAD_MS, "< %d ms",
			RELOAD_MS);
	putc('\n', out);
}

void report_end(void)
{
	fprintf(out, "\n%d targets met, %d missed, %d out of reach.\n", met_count,
			missed_count, out_of_reach_count);
}
