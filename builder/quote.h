/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * quote.h - words for other programs' parsers.
 */
#pragma once

#include <stdbool.h>

#include "buf.h"

/* Append (s) as one word of a POSIX shell, bare where that is safe. */
void quote_shell(struct buf *out, const char *s);

/* Append (s) as a value of a QEMU option list: commas doubled. */
void quote_qemu(struct buf *out, const char *s);

/* Append KEY"VALUE" as one word of a kernel command line, which
 * abi/machine.h describes; bare where that is safe. */
void quote_kernel(struct buf *out, const char *key, const char *value);

/* Whether every quote in (words), for a kernel command line, is closed. */
bool quote_kernel_closed(const char *words);
