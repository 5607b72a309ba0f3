/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "report.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool quiet;
static const char *source;
static const char *alias, *alias_shown;

/* Names of files may hold anything, line breaks and terminal codes too. */
static void put_plain(const char *text, size_t len)
{
    for (; len; text++, len--)
        if (iscntrl((unsigned char)*text))
            fprintf(stderr, "\\x%02x", (unsigned char)*text);
        else
            fputc(*text, stderr);
}

static void put_line(const char *line)
{
    for (const char *at; alias && (at = strstr(line, alias));) {
        put_plain(line, (size_t)(at - line));
        put_plain(alias_shown, strlen(alias_shown));
        line = at + strlen(alias);
    }
    put_plain(line, strlen(line));
    fputc('\n', stderr);
}

static void say(const char *kind, const char *fmt, va_list ap)
{
    char *line;

    /* The summary goes to stdout: keep the two in order on a terminal. */
    fflush(stdout);
    if (vasprintf(&line, fmt, ap) < 0)
        line = NULL;
    fprintf(stderr, "unibeam: %s", kind);
    put_line(line ? line : fmt);
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

void report_alias(const char *path, const char *shown)
{
    alias = path;
    alias_shown = shown;
}

void report_quiet(void)
{
    quiet = true;
}
