/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * host.h - what the fakes need of the host.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

void *host_map(size_t size); /* zeroed, committed when touched */
void *host_calloc(size_t n, size_t size);
void host_free(void *p);
__attribute__((noreturn)) void host_die(const char *fmt, va_list ap);
