/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* say.h - lines on the console and the clock they mention. */
#pragma once

#include <stdint.h>

/* Prints "unibeam: ..." and a newline in one write, so that the line stays
 * whole among what other processes print. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Milliseconds since the kernel started its clock. */
uint64_t uptime_ms(void);
