/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * trace.h - the system-call log (trace=syscalls).
 */
#pragma once

#include "lib/types.h"

struct trapframe;

extern bool trace_enabled;
void trace_enter(const struct trapframe *f, uint64_t nr);
/* Argument number (arg) of call (nr) into (buf), if there is a better form than
 * a number; its length, or 0. (args): all six; (ret): the result so far. */
int trace_put_arg(char *buf, size_t size, uint64_t nr, unsigned arg,
                  const uint64_t *args, long ret);
void trace_exit(const struct trapframe *f, uint64_t nr, long ret);
/* "read", or "?" for a number Linux has not assigned. */
const char *syscall_name(uint64_t nr);
/* "ENOENT", or "E?" */
const char *errno_name(int err);
