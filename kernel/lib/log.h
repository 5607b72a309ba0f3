/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * log.h - the kernel's log, assertions and the end of the road.
 *
 * Messages go into a ring that a panic prints the end of and /dev/kmsg reads;
 * those more important than the console level also go to the console at once.
 * Callable from any context, including interrupts and with any lock held.
 */
#pragma once

#include "lib/types.h"

enum log_level {
    LOG_ERR = 3,  /* something is lost or will not work */
    LOG_WARN = 4, /* works in a reduced way */
    LOG_NOTE = 5, /* what an operator wants to see */
    LOG_INFO = 6,
    LOG_DEBUG = 7,
};

void klog(enum log_level level, const char *fmt, ...) __printf(2, 3);
#define kerr(...)   klog(LOG_ERR, __VA_ARGS__)
#define kwarn(...)  klog(LOG_WARN, __VA_ARGS__)
#define knote(...)  klog(LOG_NOTE, __VA_ARGS__)
#define kinfo(...)  klog(LOG_INFO, __VA_ARGS__)
#define kdebug(...) klog(LOG_DEBUG, __VA_ARGS__)

/* Messages with a level below (level) reach the console. Initially
 * LOG_INFO. */
void log_set_console_level(int level);

/* Going on would damage data: print registers, backtrace and the log's end,
 * end the machine with MACHINE_PANIC_STATUS. Text is one line, no newline. */
__noreturn void panic(const char *fmt, ...) __printf(1, 2);

/* What the machine was given does not work (no disk, no init program): one line
 * that shows whatever the console level is, then an orderly end with
 * MACHINE_PANIC_STATUS. For the start-up only. */
__noreturn void fatal(const char *fmt, ...) __printf(1, 2);

/* For our own mistakes only, never for what a guest program, a packet or a
 * disk can contain. Always compiled in where cheap; DASSERT only in debug
 * builds (make DEBUG=1). */
#define ASSERT(e)                                                              \
    do {                                                                       \
        if (unlikely(!(e)))                                                    \
            panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #e);      \
    } while (0)
#ifdef DEBUG
#define DASSERT(e) ASSERT(e)
#else
#define DASSERT(e) ((void)sizeof(e))
#endif
