/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * host.h - the few things of the host's C library that the fakes use. Apart,
 * because its headers and the kernel's do not go together.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct host_sem;
struct host_sem *host_sem_new(void);
void host_sem_post(struct host_sem *s);
/* False after (ns). */
bool host_sem_wait(struct host_sem *s, long ns);
long host_clock(void);
void host_set_gs(void *base);
void *host_malloc(size_t n);
void host_free(void *p);
void host_die(const char *why) __attribute__((noreturn));
/* Run fn(arg) with arg 0 .. n-1 in (n) threads and wait for them. */
void host_threads(unsigned n, void (*fn)(unsigned));
void host_sleep_us(unsigned us);
