/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * log_ring.h - reading the kernel log back (/dev/kmsg, syslog, panic).
 */
#pragma once

#include "lib/types.h"

/* Positions count bytes ever logged. Lines are "<L>[time] text\n". */
uint64_t log_oldest(void);
uint64_t log_position(void); /* just after the newest byte */
/* Copy from *(seq) on, which advances (and skips what was overwritten). */
size_t log_read(uint64_t *seq, char *buf, size_t size);
/* Print about the last (bytes) on the console. */
void log_dump_tail(size_t bytes);
