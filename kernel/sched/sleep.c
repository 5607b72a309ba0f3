/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * sleep.c - how the calling thread stops and how others make it go on.
 *
 * The wake-up protocol, on thread->state alone:
 *
 *  - sleep_prepare() stores PREPARED, a full barrier; then the thread tests its
 *    condition; then schedule() turns PREPARED into SLEEPING by compare-and-
 *    swap, after which nothing but the switch itself follows.
 *  - thread_wake() comes after the condition was changed and a full barrier. It
 *    turns PREPARED into RUNNING (the sleeper's compare-and-swap then fails and
 *    it goes on), or SLEEPING into READY: then the waker owns the thread. It
 *    waits until the other CPU has left the thread's stack (on_cpu, cleared
 *    with release in sched_finish_switch(), read with acquire here) and queues
 *    it. A CPU cannot wait for itself: between SLEEPING and the end of the
 *    switch it runs no code that wakes.
 *  - if the waker reads RUNNING it came before the store of PREPARED in the
 *    total order of these full barriers, so the sleeper's test sees the changed
 *    condition.
 */
#include "sched/cpu.h"
#include "sched/sched_priv.h"
#include "sched/thread.h"

void sleep_prepare(enum sleep_kind kind)
{
    struct thread *t = current;

    t->sleep_kind = kind;
    atomic_store_explicit(&t->state, THREAD_PREPARED, memory_order_seq_cst);
}

void sleep_cancel(void)
{
    /* Only the thread itself leaves RUNNING; losing a wake-up is the point. */
    atomic_store_explicit(&current->state, THREAD_RUNNING,
                          memory_order_relaxed);
}

/* Whether a signal ends a sleep of this kind. */
static bool interrupted(const struct thread *t, enum sleep_kind kind)
{
    uint32_t work = atomic_load_explicit(&t->work, memory_order_relaxed);

    if (kind == SLEEP_INTERRUPTIBLE)
        return work & (TW_SIGNAL | TW_EXIT | TW_STOP);
    return kind == SLEEP_KILLABLE && (work & TW_EXIT);
}

static void wake_sleeper(struct timer *timer)
{
    thread_wake(timer->arg);
}

static int sleep_timed(struct thread *t, nsec_t deadline)
{
    struct timer timer;

    if (time_monotonic() >= deadline) {
        sleep_cancel();
        return -ETIMEDOUT;
    }
    timer_init(&timer, wake_sleeper, t);
    timer_arm(&timer, deadline);
    schedule();
    timer_cancel_sync(&timer);
    return time_monotonic() >= deadline ? -ETIMEDOUT : 0;
}

int sleep_until(nsec_t deadline)
{
    struct thread *t = current;
    enum sleep_kind kind = t->sleep_kind;
    int rc = 0;

    if (atomic_load_explicit(&t->state, memory_order_relaxed) !=
        THREAD_PREPARED)
        return 0; /* woken already, or the test of the condition has slept */
    /* A signal's sender sets the work bit before it looks at our state, and we
     * look at the bit after setting the state: one of us sees the other. */
    if (interrupted(t, kind)) {
        sleep_cancel();
        return -ERESTARTSYS;
    }
    if (deadline == NSEC_NEVER)
        schedule();
    else
        rc = sleep_timed(t, deadline);
    if (!rc && interrupted(t, kind))
        rc = -ERESTARTSYS;
    return rc;
}

bool thread_wake(struct thread *t)
{
    int s;

    /* Orders the caller's change of the condition before our look at the
     * state; pairs with the store in sleep_prepare(). */
    atomic_thread_fence(memory_order_seq_cst);
    s = atomic_load_explicit(&t->state, memory_order_relaxed);
    for (;;) {
        if (s == THREAD_PREPARED) {
            if (atomic_compare_exchange_weak(&t->state, &s, THREAD_RUNNING))
                return true;
        } else if (s == THREAD_SLEEPING || s == THREAD_STOPPED) {
            if (atomic_compare_exchange_weak(&t->state, &s, THREAD_READY))
                break;
        } else {
            return false;
        }
    }
    while (atomic_load_explicit(&t->on_cpu, memory_order_acquire))
        arch_pause();
    runq_place(t);
    return true;
}

bool thread_wake_signal(struct thread *t, bool fatal)
{
    int s;

    atomic_thread_fence(memory_order_seq_cst);
    s = atomic_load_explicit(&t->state, memory_order_acquire);
    if (s != THREAD_PREPARED && s != THREAD_SLEEPING && s != THREAD_STOPPED)
        return false;
    /* The kind may belong to a later sleep than the state; at worst we wake a
     * thread that tests its condition and sleeps on, or do not wake one that
     * has yet to look at its work bits. */
    if (t->sleep_kind == SLEEP_INTERRUPTIBLE ||
        (fatal && t->sleep_kind == SLEEP_KILLABLE))
        return thread_wake(t);
    return false;
}

void thread_set_work(struct thread *t, uint32_t bits)
{
    struct cpu *c;

    if ((atomic_fetch_or(&t->work, bits) & bits) == bits)
        return; /* whoever set them has kicked it */
    if (t == current || !atomic_load(&t->on_cpu))
        return;
    /* A thread in user mode must be told; one in the kernel looks at its bits
     * before it returns. If it changes CPU meanwhile, it was in the kernel. */
    c = t->cpu;
    if (c && c != this_cpu())
        arch_send_reschedule(c);
}

bool signal_pending(void)
{
    return interrupted(current, SLEEP_INTERRUPTIBLE);
}

bool fatal_signal_pending(void)
{
    return interrupted(current, SLEEP_KILLABLE);
}
