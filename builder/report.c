/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "report.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

static bool quiet;
static const char *source;
static const char *alias, *alias_shown;
static report_take *take_note;
static void *take_ctx;
static void (*before)(void);

/* Names of files may hold anything, line breaks and terminal codes too. */
static void put_plain(const char *text, size_t len)
{
    for (; len; text++, len--)
        if (iscntrl((unsigned char)*text))
            fprintf(stderr, "\\x%02x", (unsigned char)*text);
        else
            fputc(*text, stderr);
}

char *report_shown(const char *text)
{
    struct buf out = {0};

    for (const char *at; alias && (at = strstr(text, alias));) {
        buf_add(&out, text, (size_t)(at - text));
        buf_adds(&out, alias_shown);
        text = at + strlen(alias);
    }
    buf_adds(&out, text);
    return buf_take(&out);
}

static void put_line(const char *line)
{
    char *shown = report_shown(line);

    put_plain(shown, strlen(shown));
    fputc('\n', stderr);
    free(shown);
}

static void say(const char *kind, const char *fmt, va_list ap)
{
    char *line;

    /* The summary goes to stdout: keep the two in order on a terminal. */
    fflush(stdout);
    if (before)
        before();
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
    char *line = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (!take_note && !quiet)
        say("note: ", fmt, ap);
    else if (take_note && vasprintf(&line, fmt, ap) >= 0)
        take_note(take_ctx, line);
    va_end(ap);
    free(line);
}

void report_notes(report_take *take, void *ctx)
{
    take_note = take;
    take_ctx = ctx;
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

void report_before(void (*fn)(void))
{
    before = fn;
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
