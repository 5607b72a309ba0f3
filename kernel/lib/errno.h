/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * errno.h - error numbers. Kernel functions return 0 or a count on success and
 * a negative number from here on failure. The numbers are Linux's
 * (include/uapi/asm-generic/errno.h), plus a few that never reach a program.
 */
#pragma once

#include <asm/errno.h>

/* A system call interrupted by a signal; what the program sees depends on the
 * handler's SA_RESTART (see proc/signal.h). */
#define ERESTARTSYS    512 /* restart if SA_RESTART or no handler, else EINTR */
#define ERESTARTNOHAND 514 /* restart only if no handler runs, else EINTR */

#define IS_ERR(p)  unlikely((uintptr_t)(p) >= (uintptr_t)-4095)
#define ERR_PTR(e) ((void *)(intptr_t)(e))
#define PTR_ERR(p) ((long)(intptr_t)(p))
