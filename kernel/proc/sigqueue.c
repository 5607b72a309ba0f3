/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sigqueue.c - pending signals, and what they are.
 */
#include "proc/sigqueue.h"

#include <asm/signal.h>
#include <stdatomic.h>

#include "lib/string.h"
#include "mem/slab.h"

static _Atomic uint64_t queued;

struct sigqueue *sigqueue_alloc(uint64_t limit)
{
    struct sigqueue *q;

    if (atomic_fetch_add_explicit(&queued, 1, memory_order_relaxed) < limit) {
        q = kmalloc(sizeof(*q), ALLOC_NOWAIT);
        if (q) {
            list_init(&q->link);
            return q;
        }
    }
    atomic_fetch_sub_explicit(&queued, 1, memory_order_relaxed);
    return NULL;
}

void sigqueue_free(struct sigqueue *q)
{
    if (!q)
        return;
    atomic_fetch_sub_explicit(&queued, 1, memory_order_relaxed);
    kfree(q);
}

uint64_t sigqueue_count(void)
{
    return atomic_load_explicit(&queued, memory_order_relaxed);
}

void sigpending_add(uint64_t *bits, struct list *queue, int signo,
                    struct sigqueue *q)
{
    *bits |= SIGBIT(signo);
    if (q)
        list_add_tail(queue, &q->link);
}

int sigpending_next(uint64_t bits, uint64_t mask)
{
    bits &= mask;
    if (!bits)
        return 0;
    if (bits & SIG_SYNCHRONOUS)
        bits &= SIG_SYNCHRONOUS;
    return __builtin_ctzl(bits) + 1;
}

void sigpending_take(uint64_t *bits, struct list *queue, int signo,
                     struct siginfo_k *info)
{
    struct sigqueue *q, *n, *found = NULL;
    bool more = false;

    list_for_each_safe (q, n, queue, link) {
        if (q->info.signo != signo)
            continue;
        if (found) {
            more = true;
            break;
        }
        found = q;
        list_del_init(&q->link);
    }
    if (!more)
        *bits &= ~SIGBIT(signo);
    if (found)
        *info = found->info;
    else
        *info = (struct siginfo_k){.signo = signo, .code = SI_USER};
    sigqueue_free(found);
}

void sigpending_discard(uint64_t *bits, struct list *queue, uint64_t mask)
{
    struct sigqueue *q, *n;

    if (!(*bits & mask))
        return;
    *bits &= ~mask;
    list_for_each_safe (q, n, queue, link) {
        if (!(SIGBIT(q->info.signo) & mask))
            continue;
        list_del_init(&q->link);
        sigqueue_free(q);
    }
}

enum signal_default signal_default(int signo)
{
    if (SIGBIT(signo) & SIG_STOPS)
        return SIG_DO_STOP;
    switch (signo) {
    case SIGCHLD:
    case SIGCONT:
    case SIGURG:
    case SIGWINCH:
        return SIG_DO_IGNORE;
    default:
        return SIG_DO_TERMINATE;
    }
}

static const char *const names[] = {
    "SIG0",    "SIGHUP",  "SIGINT",    "SIGQUIT", "SIGILL",    "SIGTRAP",
    "SIGABRT", "SIGBUS",  "SIGFPE",    "SIGKILL", "SIGUSR1",   "SIGSEGV",
    "SIGUSR2", "SIGPIPE", "SIGALRM",   "SIGTERM", "SIGSTKFLT", "SIGCHLD",
    "SIGCONT", "SIGSTOP", "SIGTSTP",   "SIGTTIN", "SIGTTOU",   "SIGURG",
    "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH",  "SIGIO",
    "SIGPWR",  "SIGSYS",
};

const char *signal_name(int signo)
{
    if (signo >= 0 && signo < (int)ARRAY_SIZE(names))
        return names[signo];
    return "SIGRT";
}

/* Which members of the union in siginfo_t count: Linux's siginfo_layout(). */
enum layout {
    LAYOUT_KILL,
    LAYOUT_RT,
    LAYOUT_TIMER,
    LAYOUT_CHILD,
    LAYOUT_FAULT,
    LAYOUT_POLL
};

static enum layout layout_of(int signo, int code)
{
    if (code == SI_TIMER)
        return LAYOUT_TIMER;
    if (code == SI_USER || code == SI_TKILL)
        return LAYOUT_KILL;
    if (code < 0)
        return code == SI_SIGIO ? LAYOUT_POLL : LAYOUT_RT;
    if (code == SI_KERNEL)
        return SIGBIT(signo) & SIG_SYNCHRONOUS ? LAYOUT_FAULT : LAYOUT_KILL;
    if (SIGBIT(signo) & SIG_SYNCHRONOUS)
        return LAYOUT_FAULT;
    if (signo == SIGCHLD)
        return LAYOUT_CHILD;
    return signo == SIGPOLL ? LAYOUT_POLL : LAYOUT_KILL;
}

/* The layout of siginfo_t on x86-64: include/uapi/asm-generic/siginfo.h. */
void signal_fill_siginfo(const struct siginfo_k *k, void *out128)
{
    struct siginfo si;

    memset(&si, 0, sizeof(si));
    si.si_signo = k->signo;
    si.si_errno = k->err;
    si.si_code = k->code;
    switch (layout_of(k->signo, k->code)) {
    case LAYOUT_RT:
        si.si_value.sival_ptr = (void *)(uintptr_t)k->value;
        __attribute__((fallthrough));
    case LAYOUT_KILL:
        si.si_pid = k->pid;
        si.si_uid = k->uid;
        break;
    case LAYOUT_TIMER:
        si.si_tid = k->timerid;
        si.si_overrun = k->overrun;
        si.si_value.sival_ptr = (void *)(uintptr_t)k->value;
        break;
    case LAYOUT_CHILD:
        si.si_pid = k->pid;
        si.si_uid = k->uid;
        si.si_status = k->status;
        si.si_utime = k->utime;
        si.si_stime = k->stime;
        break;
    case LAYOUT_FAULT:
        si.si_addr = (void *)(uintptr_t)k->addr;
        break;
    case LAYOUT_POLL:
        si.si_band = k->band;
        si.si_fd = k->fd;
        break;
    }
    memcpy(out128, &si, sizeof(si));
}
_Static_assert(sizeof(struct siginfo) == 128, "x86-64 ABI");
