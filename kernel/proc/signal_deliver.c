/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * signal_deliver.c - the way back to user mode: deferred work, rescheduling,
 * stops, the end of the process, and signals.
 *
 * Interrupted system calls (result -ERESTART*; the call's number is kept in
 * frame->error, which is set to -1 once that is decided):
 *
 *                        no handler runs     handler     handler, SA_RESTART
 *   ERESTARTSYS          call again          EINTR       call again
 *   ERESTARTNOHAND       call again          EINTR       EINTR
 *   ERESTART_RESTARTBLOCK  restart_syscall   EINTR       EINTR
 *
 * Calling again means going back two bytes, to the SYSCALL instruction.
 */
#include <asm/unistd.h>

#include "arch/x86_64/arch.h"
#include "lib/log.h"
#include "proc/proc_priv.h"
#include "sched/softirq.h"

#define SYSCALL_INSN_SIZE 2 /* 0f 05 */

/* --- restarting ---------------------------------------------------------- */

static bool in_syscall(const struct trapframe *f)
{
    return f->vector == TRAP_SYSCALL && (int64_t)f->error >= 0;
}

static void call_again(struct trapframe *f, uint64_t nr)
{
    f->rax = nr;
    f->rip -= SYSCALL_INSN_SIZE;
    f->error = ~0ul;
}

static void restart_for_handler(struct trapframe *f, uint64_t sa_flags)
{
    if (!in_syscall(f))
        return;
    switch ((long)f->rax) {
    case -ERESTARTSYS:
        if (sa_flags & SA_RESTART) {
            call_again(f, f->error);
            break;
        }
        __attribute__((fallthrough));
    case -ERESTARTNOHAND:
    case -ERESTART_RESTARTBLOCK:
        f->rax = (uint64_t)-EINTR;
        f->error = ~0ul;
        break;
    }
}

static void restart_without_handler(struct trapframe *f)
{
    if (!in_syscall(f))
        return;
    switch ((long)f->rax) {
    case -ERESTARTSYS:
    case -ERESTARTNOHAND:
        call_again(f, f->error);
        break;
    case -ERESTART_RESTARTBLOCK:
        call_again(f, __NR_restart_syscall);
        break;
    }
}

/* --- handlers ------------------------------------------------------------ */

bool signal_on_altstack(const struct thread *t, uint64_t sp)
{
    /* With SS_AUTODISARM a handler on the stack finds it disarmed. */
    if (!t->altstack_size || (t->altstack_flags & SS_AUTODISARM))
        return false;
    return sp > t->altstack_sp && sp - t->altstack_sp <= t->altstack_size;
}

/* Make the frame in which the handler runs. If the stack cannot take it the
 * program is beyond help: SIGSEGV, by default if it was that already. */
static void run_handler(struct trapframe *f, int signo,
                        const struct sigaction_k *a,
                        const struct siginfo_k *info)
{
    struct thread *t = current;
    uint8_t siginfo[128];
    struct signal_delivery d = {
        .signo = signo,
        .handler = a->handler,
        .restorer = a->restorer,
        .flags = a->flags,
        .mask = t->sig_restore_saved ? t->sig_saved : t->sig_blocked,
        .siginfo = siginfo,
        .on_altstack = (a->flags & SA_ONSTACK) && t->altstack_size &&
                       !signal_on_altstack(t, f->rsp),
    };
    uint64_t block = a->mask | (a->flags & SA_NODEFER ? 0 : SIGBIT(signo));

    restart_for_handler(f, a->flags);
    signal_fill_siginfo(info, siginfo);
    if (rseq_signal(f) || arch_signal_frame(&d)) {
        if (signo == SIGSEGV)
            t->process->sighand.action[SIGSEGV - 1].handler = 0;
        user_exception(SIGSEGV, SI_KERNEL, 0);
        return;
    }
    t->sig_restore_saved = false;
    signal_set_blocked(t->sig_blocked | block);
}

/* --- default actions ----------------------------------------------------- */

static void log_fault(const struct trapframe *f, const struct siginfo_k *info)
{
    if (!(SIGBIT(info->signo) & SIG_SYNCHRONOUS) || info->code <= 0)
        return;
    kinfo("%s[%d]: %s (code %d) at address %#llx, rip %#llx", current->name,
          current->tid, signal_name(info->signo), info->code,
          (unsigned long long)info->addr, (unsigned long long)f->rip);
}

static void begin_stop(struct process *p, int signo)
{
    struct thread *t;

    spin_lock(&p->siglock);
    /* A SIGCONT or a fatal signal that came meanwhile wins. */
    if (!p->group_exit && p->stop_dequeued && !p->group_stop) {
        p->group_stop = true;
        p->stop_signo = signo;
        p->stop_count = p->nr_threads;
        p->continued = false;
        list_for_each (t, &p->threads, process_link) {
            thread_set_work(t, TW_STOP);
            thread_wake_signal(t, false);
        }
    }
    spin_unlock(&p->siglock);
}

static bool group_is_orphaned(struct process *p)
{
    bool orphaned;

    spin_lock(&proc_tree_lock);
    orphaned = pgrp_is_orphaned(p->pgid, NULL);
    spin_unlock(&proc_tree_lock);
    return orphaned;
}

static void default_action(struct trapframe *f, const struct siginfo_k *info)
{
    struct process *p = current_process();
    bool fault = (SIGBIT(info->signo) & SIG_SYNCHRONOUS) && info->code > 0;

    if (p == init_process && !fault)
        return;
    switch (signal_default(info->signo)) {
    case SIG_DO_IGNORE:
        return;
    case SIG_DO_STOP:
        /* Nobody could continue an orphaned group, except from SIGSTOP. */
        if (info->signo == SIGSTOP || !group_is_orphaned(p))
            begin_stop(p, info->signo);
        return;
    case SIG_DO_TERMINATE:
        log_fault(f, info);
        process_exit_group(info->signo);
    }
}

/* --- the loop ------------------------------------------------------------ */

/* Take one signal; false if there is none. */
static bool deliver_one(struct trapframe *f)
{
    struct process *p = current_process();
    struct thread *t = current;
    struct siginfo_k info;
    struct sigaction_k a;
    bool tell;
    int signo;

    spin_lock(&p->siglock);
    tell = p->tell_continued;
    p->tell_continued = false;
    signo = p->group_exit ? 0 : signal_take(t, ~t->sig_blocked, &info);
    if (signo) {
        a = p->sighand.action[signo - 1];
        if (a.handler > 1 && (a.flags & SA_RESETHAND))
            p->sighand.action[signo - 1].handler = 0;
        p->stop_dequeued |= (SIGBIT(signo) & SIG_STOPS) != 0;
    }
    spin_unlock(&p->siglock);
    if (tell)
        process_notify_stop(p, CLD_CONTINUED);
    if (!signo)
        return false;
    if (info.code == SI_TIMER)
        posix_timer_taken(p, &info);
    if (a.handler > 1)
        run_handler(f, signo, &a, &info);
    else if (a.handler == 0)
        default_action(f, &info);
    return true;
}

static void deliver(struct trapframe *f)
{
    /* Cleared before looking: a signal sent later sets it again. */
    atomic_fetch_and(&current->work, ~TW_SIGNAL);
    while (deliver_one(f))
        if (atomic_load(&current->work) & (TW_EXIT | TW_STOP))
            return;
}

/* Count this thread as stopped and wait for SIGCONT or the end. */
static void stop_here(void)
{
    struct process *p = current_process();
    struct thread *t = current;
    bool last = false, stopped;

    spin_lock(&p->siglock);
    stopped = p->group_stop;
    if ((atomic_fetch_and(&t->work, ~TW_STOP) & TW_STOP) && stopped &&
        --p->stop_count == 0)
        last = p->stopped = true;
    spin_unlock(&p->siglock);
    if (last)
        process_notify_stop(p, CLD_STOPPED);
    t->sleep_stopped = true;
    for (;;) {
        sleep_prepare(SLEEP_KILLABLE);
        spin_lock(&p->siglock);
        stopped = p->group_stop;
        spin_unlock(&p->siglock);
        if (!stopped || sleep_until(NSEC_NEVER))
            break;
    }
    sleep_cancel();
    t->sleep_stopped = false;
}

#define TW_SIGNALS (TW_EXIT | TW_STOP | TW_SIGNAL)

void return_to_user_work(struct trapframe *f)
{
    struct thread *t = current;
    uint32_t work;

    if (softirq_pending())
        sched_sample(f->vector != TRAP_SYSCALL);
    do {
        if (softirq_pending())
            softirq_run();
        work = atomic_load_explicit(&t->work, memory_order_acquire);
        if (work & TW_EXIT)
            process_exit_requested();
        if (work & TW_RESCHED)
            sched_resched();
        if (work & TW_STOP)
            stop_here();
        if (work & TW_SIGNAL)
            deliver(f);
        if (work & TW_RSEQ)
            rseq_return(f);
        if (!(atomic_load(&t->work) & TW_SIGNALS)) {
            /* Nothing took the signal that interrupted the call. */
            restart_without_handler(f);
            signal_mask_pop();
        }
    } while (softirq_pending() || atomic_load(&t->work));
}
