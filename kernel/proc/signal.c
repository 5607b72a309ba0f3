/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * signal.c - sending signals.
 *
 * A signal becomes pending on a thread or on a process. One for a process is
 * given to one thread that does not block it, the first thread if possible:
 * that thread is woken and takes it on its way to user mode; if another thread
 * passes there first, that one takes it.
 *
 *   sent -> dropped      (ignored and not blocked)
 *        -> pending      -> taken (signal_deliver.c, sigtimedwait, signalfd)
 *                        -> discarded (set to ignored; SIGCONT against stops)
 *   fatal and not blocked: the process begins to end at once (group_exit), so
 *   that all its threads, wherever they sleep, hear of it now.
 *
 * Process 1 gets only what it has a handler for, except for its own faults:
 * nothing that anybody sends may end the machine by accident.
 */
#include <linux/resource.h>

#include "lib/log.h"
#include "lib/string.h"
#include "proc/proc_priv.h"

static bool is_init(const struct process *p)
{
    return p == init_process;
}

/* SIG_DFL and SIG_IGN are 0 and 1. */
static bool has_handler(uint64_t handler)
{
    return handler > 1;
}

static bool action_ignores(const struct process *p, int signo)
{
    uint64_t h = p->sighand.action[signo - 1].handler;

    if (has_handler(h))
        return false;
    return h == 1 || is_init(p) || signal_default(signo) == SIG_DO_IGNORE;
}

/* A fault of the program itself, as opposed to a signal of that number. */
static bool is_fault(int signo, const struct siginfo_k *info)
{
    return (SIGBIT(signo) & SIG_SYNCHRONOUS) && info && info->code > 0;
}

/* --- who takes it (siglock held) ----------------------------------------- */

static bool wants(const struct thread *t, int signo)
{
    return signo == SIGKILL || !(t->sig_blocked & SIGBIT(signo));
}

/* A thread of (p) other than (except) that does not block (signo), or NULL. */
static struct thread *find_taker(struct process *p, int signo,
                                 const struct thread *except)
{
    struct thread *t;

    /* The first thread is first in the list as long as it lives. */
    list_for_each (t, &p->threads, process_link)
        if (t != except && wants(t, signo))
            return t;
    return NULL;
}

static bool ends_process(const struct process *p, int signo)
{
    if (is_init(p))
        return false;
    return signo == SIGKILL || (!p->sighand.action[signo - 1].handler &&
                                signal_default(signo) == SIG_DO_TERMINATE);
}

static void begin_exit(struct process *p, int signo)
{
    if (!p->group_exit) {
        p->group_exit = true;
        p->exit_status = signo;
    }
    process_kill_threads(p, NULL);
}

static void tell(struct process *p, struct thread *t, int signo, bool fault)
{
    if (t ? !wants(t, signo) : !(t = find_taker(p, signo, NULL)))
        return;
    /* A stopped process takes no signal but SIGKILL before it goes on. */
    if (!fault && !p->group_stop && ends_process(p, signo)) {
        begin_exit(p, signo);
        return;
    }
    thread_set_work(t, TW_SIGNAL);
    thread_wake_signal(t, false);
}

void signal_retarget(struct thread *t, uint64_t signals)
{
    struct process *p = t->process;
    uint64_t left = p->sig_pending & signals;

    for (; left; left &= left - 1) {
        struct thread *other = find_taker(p, __builtin_ctzl(left) + 1, t);
        if (!other)
            continue;
        thread_set_work(other, TW_SIGNAL);
        thread_wake_signal(other, false);
    }
}

/* --- stops and continuations (siglock held) ------------------------------ */

static void discard_everywhere(struct process *p, uint64_t mask)
{
    struct thread *t;

    sigpending_discard(&p->sig_pending, &p->sig_pending_list, mask);
    list_for_each (t, &p->threads, process_link)
        sigpending_discard(&t->sig_pending, &t->sig_pending_list, mask);
}

static void continue_process(struct process *p)
{
    struct thread *t;

    discard_everywhere(p, SIG_STOPS);
    p->stop_dequeued = false;
    if (!p->group_stop)
        return;
    p->group_stop = false;
    /* A stop that was not complete was never reported. */
    if (p->stop_count == 0) {
        p->continued = true;
        p->tell_continued = true;
    }
    p->stopped = false;
    p->stop_count = 0;
    list_for_each (t, &p->threads, process_link) {
        atomic_fetch_and(&t->work, ~TW_STOP);
        thread_set_work(t, TW_SIGNAL); /* one of them tells the parent */
        thread_wake_signal(t, true);
    }
}

static void prepare(struct process *p, int signo)
{
    if (SIGBIT(signo) & SIG_STOPS)
        discard_everywhere(p, SIGBIT(SIGCONT));
    else if (signo == SIGCONT)
        continue_process(p);
    else if (signo == SIGKILL)
        p->group_stop = false;
}

/* --- sending ------------------------------------------------------------- */

/* Queue limit of the receiver, 0 for signals that need no siginfo. */
static uint64_t queue_limit(const struct process *p)
{
    return p->rlimits[RLIMIT_SIGPENDING].rlim_cur;
}

static bool dropped(const struct process *p, const struct thread *t, int signo,
                    bool fault)
{
    const struct thread *who = t ? t : p->leader;
    uint64_t pending = t ? t->sig_pending : p->sig_pending;

    if (list_empty(&p->threads) || p->group_exit ||
        (t && list_empty(&t->process_link)))
        return true; /* too late */
    if (!fault && wants(who, signo) && action_ignores(p, signo))
        return true;
    return signo < SIGRTMIN && (pending & SIGBIT(signo));
}

/* The value of kill() and the like: only what a program sent on purpose may
 * fail for want of room, all else loses its siginfo. */
static int queue_failed(int signo, const struct siginfo_k *info)
{
    return signo >= SIGRTMIN && info && info->code != SI_USER ? -EAGAIN : 0;
}

static int send(struct process *p, struct thread *t, int signo,
                const struct siginfo_k *info)
{
    struct siginfo_k kernel = {.signo = signo, .code = SI_KERNEL};
    bool fault = is_fault(signo, info);
    struct sigqueue *q = NULL;
    int rc = 0;

    spin_lock(&p->siglock);
    prepare(p, signo);
    if (dropped(p, t, signo, fault))
        goto out;
    if (signo != SIGKILL) {
        q = sigqueue_alloc(queue_limit(p));
        if (!q && (rc = queue_failed(signo, info)))
            goto out;
    }
    if (q) {
        q->info = info ? *info : kernel;
        q->info.signo = signo;
    }
    if (t)
        sigpending_add(&t->sig_pending, &t->sig_pending_list, signo, q);
    else
        sigpending_add(&p->sig_pending, &p->sig_pending_list, signo, q);
    tell(p, t, signo, fault);
out:
    spin_unlock(&p->siglock);
    if (!rc)
        wq_wake_all(&p->signal_wait, 1 /* EV_IN */);
    return rc;
}

int signal_send_locked(struct process *p, struct thread *t, int signo,
                       const struct siginfo_k *info)
{
    return signo ? send(p, t, signo, info) : 0;
}

int signal_send_process(struct process *p, int signo,
                        const struct siginfo_k *info)
{
    return signo ? send(p, NULL, signo, info) : 0;
}

int signal_send_thread(struct thread *t, int signo,
                       const struct siginfo_k *info)
{
    return signo ? send(t->process, t, signo, info) : 0;
}

/* A fault that the program blocks or ignores would happen again and again:
 * then it gets the default action. */
void user_exception(int signo, int code, vaddr_t addr)
{
    struct siginfo_k info = {.signo = signo, .code = code, .addr = addr};
    struct process *p = current_process();
    struct sigaction_k *a = &p->sighand.action[signo - 1];

    spin_lock(&p->siglock);
    if (a->handler == 1 || (current->sig_blocked & SIGBIT(signo))) {
        a->handler = 0;
        current->sig_blocked &= ~SIGBIT(signo);
    }
    spin_unlock(&p->siglock);
    send(p, current, signo, &info);
}

/* --- permission and questions -------------------------------------------- */

bool signal_may_send(struct process *p, int signo)
{
    const struct process *me = current_process();

    return me->euid == 0 || me->euid == p->suid || me->euid == p->uid ||
           me->uid == p->suid || me->uid == p->uid ||
           (signo == SIGCONT && me->sid == p->sid);
}

bool signal_caught(struct process *p, int signo)
{
    bool caught;

    spin_lock(&p->siglock);
    caught = p->sighand.action[signo - 1].handler > 1; /* SIG_DFL, SIG_IGN */
    spin_unlock(&p->siglock);
    return caught;
}

bool signal_ignored_or_blocked(int signo)
{
    struct process *p = current_process();

    return (current->sig_blocked & SIGBIT(signo)) ||
           p->sighand.action[signo - 1].handler == 1;
}

uint64_t signal_pending_set(const struct thread *t)
{
    return t->sig_pending | t->process->sig_pending;
}

uint64_t signal_pending_mask(void)
{
    struct process *p = current_process();
    uint64_t set;

    spin_lock(&p->siglock);
    set = signal_pending_set(current);
    spin_unlock(&p->siglock);
    return set;
}

/* --- taking -------------------------------------------------------------- */

int signal_take(struct thread *t, uint64_t mask, struct siginfo_k *info)
{
    struct process *p = t->process;
    int signo = sigpending_next(t->sig_pending, mask);

    if (signo) {
        sigpending_take(&t->sig_pending, &t->sig_pending_list, signo, info);
    } else {
        signo = sigpending_next(p->sig_pending, mask);
        if (signo)
            sigpending_take(&p->sig_pending, &p->sig_pending_list, signo, info);
    }
    return signo;
}

int signal_dequeue(uint64_t mask, struct siginfo_k *info)
{
    struct process *p = current_process();
    int signo;

    spin_lock(&p->siglock);
    signo = signal_take(current, mask & ~SIG_UNBLOCKABLE, info);
    spin_unlock(&p->siglock);
    if (signo && info->code == SI_TIMER)
        posix_timer_taken(p, info);
    return signo;
}

/* --- masks --------------------------------------------------------------- */

void signal_set_blocked(uint64_t mask)
{
    struct process *p = current_process();
    struct thread *t = current;
    uint64_t added;

    mask &= ~SIG_UNBLOCKABLE;
    if (mask == t->sig_blocked)
        return;
    spin_lock(&p->siglock);
    added = mask & ~t->sig_blocked;
    t->sig_blocked = mask;
    if (p->sig_pending & added)
        signal_retarget(t, added);
    /* TW_SIGNAL is only cleared on the way to user mode, so that a call which
     * returns "interrupted" surely passes there. */
    if (signal_pending_set(t) & ~mask)
        thread_set_work(t, TW_SIGNAL);
    spin_unlock(&p->siglock);
}

void signal_mask_push(uint64_t mask)
{
    current->sig_saved = current->sig_blocked;
    current->sig_restore_saved = true;
    signal_set_blocked(mask);
}

void signal_mask_pop(void)
{
    if (!current->sig_restore_saved)
        return;
    current->sig_restore_saved = false;
    signal_set_blocked(current->sig_saved);
}

/* --- life of a process (siglock held) ------------------------------------ */

void signal_flush_thread(struct thread *t)
{
    sigpending_discard(&t->sig_pending, &t->sig_pending_list, ~0ul);
}

void signal_flush_process(struct process *p)
{
    sigpending_discard(&p->sig_pending, &p->sig_pending_list, ~0ul);
}

void signal_handlers_default(struct process *p)
{
    memset(&p->sighand, 0, sizeof(p->sighand));
}

void signal_exec(struct process *p)
{
    for (int i = 0; i < NSIG_MAX; i++) {
        struct sigaction_k *a = &p->sighand.action[i];
        uint64_t handler = a->handler == 1 ? 1 : 0;
        *a = (struct sigaction_k){.handler = handler};
    }
}
