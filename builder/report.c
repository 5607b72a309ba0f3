/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "report.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static bool quiet;
static const char *source;

static void say(const char *kind, const char *fmt, va_list ap)
{
    char *line;

    /* The summary goes to stdout: keep the two in order on a terminal. */
    fflush(stdout);
    if (vasprintf(&line, fmt, ap) < 0)
        line = NULL;
    fprintf(stderr, "unibeam: %s", kind);
    /* names of files may hold anything, line breaks and terminal codes too */
    for (const char *p = line ? line : fmt; *p; p++)
        if (iscntrl((unsigned char)*p))
            fprintf(stderr, "\\x%02x", (unsigned char)*p);
        else
            fputc(*p, stderr);
    fputc('\n', stderr);
    free(line);
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
    if (source)
        fprintf(stderr, "unibeam: that is in %s\n", source);
    else
        fputs("unibeam: see 'unibeam --help'\n", stderr);
    exit(2);
}

void report_source(const char *where)
{
    source = where;
}

void report_quiet(void)
{
    quiet = true;
}
