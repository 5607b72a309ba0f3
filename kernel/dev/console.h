/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * console.h - the serial console: early output and the terminal behind it.
 */
#pragma once

#include "lib/types.h"

/* Output of the kernel's; works from the first instruction on and in a panic.
 * Adds \r before \n. Silent where there is no UART. */
void console_write(const char *s, size_t n);
void console_early_init(void);
void console_init(void); /* interrupts, tty /dev/console = ttyS0 */
/* The machine ends: from here on output waits for a slow host. */
void console_last_words(void);
void console_flush(void); /* last words; until all is out (time-limited) */
void console_drain(void); /* sleep until programs' output is out (same) */
