/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * signal.h - sending signals.
 */
#pragma once

#include <asm/siginfo.h>

#include "lib/types.h"

struct process;
struct thread;

struct siginfo_k { /* what the kernel keeps of a siginfo_t */
    int signo, err, code;
    pid_t pid;
    uint32_t uid;
    int status; /* SIGCHLD */
    int64_t utime, stime;
    uint64_t addr;  /* faults */
    uint64_t value; /* sigqueue, timers */
    int timerid, overrun;
    int fd, band;
};

/* Any context but hard interrupts. 0, -EAGAIN (queue full, realtime). Signal 0
 * only checks. */
int signal_send_process(struct process *p, int signo,
                        const struct siginfo_k *info); /* info NULL: kernel */
int signal_send_thread(struct thread *t, int signo,
                       const struct siginfo_k *info);
int signal_send_group(pid_t pgid, int signo, const struct siginfo_k *info);
/* Has (p) a handler for it? */
bool signal_caught(struct process *p, int signo);
/* Is it ignored or blocked by the calling thread (tty: SIGTTIN, SIGTTOU). */
bool signal_ignored_or_blocked(int signo);
/* Fill a 128-byte siginfo_t of the x86-64 ABI. */
void signal_fill_siginfo(const struct siginfo_k *info, void *out128);
/* For signalfd and sigtimedwait: take the lowest pending signal of (mask) of
 * the calling thread or its process. 0 = none, else signo. */
int signal_dequeue(uint64_t mask, struct siginfo_k *info);
uint64_t signal_pending_mask(void);
const char *signal_name(int signo); /* "SIGTERM" */
/* Replace the caller's blocked mask until the system call is over (ppoll,
 * pselect6, epoll_pwait, rt_sigsuspend): restored after a handler or here. */
void signal_mask_push(uint64_t mask);
void signal_mask_pop(void); /* when the call ends without a signal */
