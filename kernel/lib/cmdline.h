/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * cmdline.h - words of the kernel command line (include/abi/machine.h).
 */
#pragma once

#include "lib/types.h"

/* The value of the last word "key=value" copied into (buf), quotes removed;
 * its length, or -1 if there is none. A word "key" alone has value "". */
long cmdline_get(const char *line, const char *key, char *buf, size_t size);
/* Next word: copies it unquoted into (buf), advances *(line). Its length, or
 * -1 at the end. */
long cmdline_next(const char **line, char *buf, size_t size);
extern char kernel_cmdline[]; /* the joined line, /proc/cmdline */
