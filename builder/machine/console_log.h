/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * console_log.h - what a machine writes to its console, kept up to a size.
 *
 * It goes to console.log; when that has half of the size, it becomes
 * console.log.1, in place of an earlier one.  What cannot be written (the disk
 * is full) is lost, and the log says how much once it can.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONSOLE_LOG     "console.log"
#define CONSOLE_LOG_OLD "console.log.1"

struct console_log {
    int dir;
    int fd;
    uint64_t half;
    uint64_t size; /* of the file */
    uint64_t lost;
    int error; /* why */
};

void console_log_init(struct console_log *l, int dir, uint64_t size);
void console_log_write(struct console_log *l, const char *data, size_t len);
void console_log_close(struct console_log *l);
