/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "report.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool quiet;

static void say(const char *kind, const char *fmt, va_list ap)
{
    /* The summary goes to stdout: keep the two in order on a terminal. */
    fflush(stdout);
    fprintf(stderr, "unibeam: %s", kind);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

int fail(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
    return -1;
}

void note(const char *fmt, ...)
{
    va_list ap;

    if (quiet)
        return;
    va_start(ap, fmt);
    say("note: ", fmt, ap);
    va_end(ap);
}

void usage_error(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
    fputs("unibeam: see 'unibeam --help'\n", stderr);
    exit(2);
}

void report_quiet(void)
{
    quiet = true;
}
