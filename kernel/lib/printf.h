/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * printf.h - formatted text into a buffer.
 *
 * Conversions: d i u x X o c s p %, with - 0 + space # width .precision (also
 * '*') and h hh l ll z t. %s of NULL prints "(null)". No floating point.
 */
#pragma once

#include <stdarg.h>

#include "lib/types.h"

/* Write at most (size) bytes including the NUL. Return the length the whole
 * text has, as C99's functions do. */
int ksnprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);
int kvsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
