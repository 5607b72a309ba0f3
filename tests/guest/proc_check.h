/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_check.h - programs of checks, which may also be linked statically.
 *
 * Prints "ok NAME" or "FAILED NAME: line" per test; exit status 0 if all
 * passed.
 */
#pragma once

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

static const char *self;
static int failed_line;

#define CHECK(e)                                                               \
    do {                                                                       \
        if (!(e)) {                                                            \
            failed_line = __LINE__;                                            \
            return;                                                            \
        }                                                                      \
    } while (0)

__attribute__((unused)) static int64_t now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

__attribute__((unused)) static void sleep_ms(int ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};

    while (nanosleep(&ts, &ts) && errno == EINTR)
        ;
}

/* What this program does when a test executes it. */
__attribute__((weak)) int program_child(int argc, char **argv);

struct check {
    const char *name;
    void (*fn)(void);
};
#define T(f)                                                                   \
    {                                                                          \
#f, test_##f                                                           \
    }

static int run_checks(int argc, char **argv, const struct check *tests,
                      size_t n)
{
    static char path[PATH_MAX];
    int failures = 0;

    if (argc > 1 && program_child && strcmp(argv[1], "--only"))
        return program_child(argc, argv);
    self = (const char *)getauxval(AT_EXECFN);
    if (self[0] != '/' && realpath(self, path))
        self = path;
    setvbuf(stdout, NULL, _IONBF, 0);
    for (size_t i = 0; i < n; i++) {
        if (argc > 2 && strcmp(argv[2], tests[i].name))
            continue;
        failed_line = 0;
        tests[i].fn();
        if (failed_line) {
            failures++;
            printf("FAILED %s: line %d (errno %d)\n", tests[i].name,
                   failed_line, errno);
        } else {
            printf("ok %s\n", tests[i].name);
        }
    }
    printf("%d failed\n", failures);
    return failures != 0;
}

/* The program's main(): T(name), ... */
#define CHECKS(...)                                                            \
    int main(int argc, char **argv)                                            \
    {                                                                          \
        static const struct check tests[] = {__VA_ARGS__};                     \
                                                                               \
        return run_checks(argc, argv, tests, sizeof(tests) / sizeof(*tests));  \
    }
