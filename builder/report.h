/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * report.h - what the command says to its user.
 *
 * One line a message on stderr, "unibeam: " first, lower case, the subject
 * quoted and, where there is one, the remedy after a colon.  A function that
 * returns -1 has reported the reason already unless its header says otherwise;
 * callers pass the -1 on and say nothing more.
 */
#pragma once

/* Report an error.  Always returns -1, so that `return fail(...)` reads well.
 */
int fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Report something the user should know but that stops nothing. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Report (fmt) and leave with status 2: the command line makes no sense. */
_Noreturn void usage_error(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/* Say with every error of usage from now on that it is about what stands in
 * (source), a variable or a place in a file; NULL: on the command line.  The
 * text is not copied. */
void report_source(const char *source);

/* Write (shown) wherever a message has the path (path), which means nothing to
 * the user; NULL: no more.  Both last until then. */
void report_alias(const char *path, const char *shown);

/* (text) as messages show it; the caller frees it. */
char *report_shown(const char *text);

/* Give every note from now on to (take) instead; NULL: no more. */
typedef void report_take(void *ctx, const char *text);
void report_notes(report_take *take, void *ctx);
/* Call (fn) before each message, to clear the terminal's line. */
void report_before(void (*fn)(void));

/* No notes from now on. */
void report_quiet(void);
