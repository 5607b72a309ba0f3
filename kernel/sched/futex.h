/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * futex.h - what the end of a thread owes to those who wait for its words.
 */
#pragma once

#include "lib/types.h"

void futex_init(void);
/* Wake up to (n) threads that wait on the word, as a non-private FUTEX_WAKE
 * does: private waiters on private memory are found too. Number or -errno. */
int futex_wake_word(uint32_t __user *uaddr, int n);
/* Mark the robust mutexes of the calling thread's list as left by a dead owner
 * and wake one waiter each. */
void futex_exit_robust_list(void);
