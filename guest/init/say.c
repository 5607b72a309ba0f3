/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void say(const char *fmt, ...)
{
    static const char prefix[] = "unibeam: ";
    char line[512];
    size_t n = sizeof(prefix) - 1;
    va_list ap;

    memcpy(line, prefix, n);
    va_start(ap, fmt);
    vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
    va_end(ap);
    n = strlen(line);
    line[n++] = '\n';
    /* Without a console there is nobody left to tell. */
    if (write(STDERR_FILENO, line, n) < 0)
        return;
}

uint64_t uptime_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
