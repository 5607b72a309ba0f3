/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sigqueue.h - a set of pending signals: a bit for each, and the siginfo of
 * those that have one, in the order they came. Also what a signal does when
 * the program says nothing. The caller does the locking.
 */
#pragma once

#include "lib/list.h"
#include "lib/types.h"
#include "proc/signal.h"

struct sigqueue {
    struct list link;
    struct siginfo_k info;
};
/* NULL: no memory, or (limit) signals are queued in the system already. Counts
 * until freed. */
struct sigqueue *sigqueue_alloc(uint64_t limit);
void sigqueue_free(struct sigqueue *q); /* NULL is allowed */
uint64_t sigqueue_count(void);

/* Make (signo) pending; (q) with its siginfo, or NULL, is taken over. */
void sigpending_add(uint64_t *bits, struct list *queue, int signo,
                    struct sigqueue *q);
/* The signal of (bits) & (mask) to be delivered first, or 0: those that the
 * program itself caused by what it executed, then the lowest number. */
int sigpending_next(uint64_t bits, uint64_t mask);
/* Take one (signo) off. Without a queued siginfo it is as from kill() by
 * nobody (Linux does the same). */
void sigpending_take(uint64_t *bits, struct list *queue, int signo,
                     struct siginfo_k *info);
/* Drop all of (mask). */
void sigpending_discard(uint64_t *bits, struct list *queue, uint64_t mask);

enum signal_default { SIG_DO_TERMINATE, SIG_DO_IGNORE, SIG_DO_STOP };
enum signal_default signal_default(int signo); /* SIGCONT: ignore */

#define SIGBIT(n)       (1ul << ((n)-1))
#define SIG_UNBLOCKABLE (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define SIG_STOPS                                                              \
    (SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define SIG_SYNCHRONOUS                                                        \
    (SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGILL) | SIGBIT(SIGFPE) |      \
     SIGBIT(SIGTRAP) | SIGBIT(SIGSYS))
