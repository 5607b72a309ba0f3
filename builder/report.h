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

/* No notes from now on. */
void report_quiet(void);
