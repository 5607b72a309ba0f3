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
void trace_exit(const struct trapframe *f, uint64_t nr, long ret);
/* "read", or "?" for a number Linux has not assigned. */
const char *syscall_name(uint64_t nr);
/* "ENOENT", or "E?" */
const char *errno_name(int err);
