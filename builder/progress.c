/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "report.h"

#define PATIENCE_MS 500
#define REDRAW_MS   100
#define BAR         30

const char *const progress_words[] = {"human", "numeric", "silent", NULL};

static struct {
    enum progress_kind kind;
    bool on;
    bool drawn; /* there is a bar on the terminal */
    const char *what;
    uint64_t done, total;
    int percent; /* shown last */
    long began, drew;
} p;

static long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wipe(void)
{
    if (p.drawn)
        fputs("\r\033[K", stderr);
    p.drawn = false;
}

static void draw_bar(int percent, long now)
{
    int full = BAR * percent / 100;

    fprintf(stderr, "\r%s [%.*s%*s] %3d%%", p.what, full,
            "==============================", BAR - full, "", percent);
    fflush(stderr);
    p.drawn = true;
    p.drew = now;
}

static void show(int percent)
{
    long now = now_ms();

    if (p.kind == PROGRESS_NUMERIC) {
        while (p.percent < percent)
            printf("%d\n", ++p.percent);
        fflush(stdout);
    } else if (now - p.began >= PATIENCE_MS && now - p.drew >= REDRAW_MS) {
        draw_bar(percent, now);
    }
    p.percent = percent;
}

void progress_begin(void)
{
    p.began = now_ms();
}

void progress_start(enum progress_kind kind, const char *what, uint64_t total)
{
    p.kind = kind;
    p.what = what;
    p.total = total ? total : 1;
    p.done = 0;
    p.percent = -1;
    p.on = kind == PROGRESS_NUMERIC ||
           (kind == PROGRESS_HUMAN && isatty(STDERR_FILENO));
    report_before(wipe);
    if (p.on)
        show(0);
}

void progress_add(uint64_t bytes)
{
    int percent;

    if (!p.on)
        return;
    p.done += bytes;
    percent = p.done < p.total ? (int)(p.done * 100 / p.total) : 100;
    if (percent != p.percent)
        show(percent);
}

void progress_end(void)
{
    wipe();
    if (p.on && p.kind == PROGRESS_NUMERIC)
        show(100);
    p.on = false;
}
