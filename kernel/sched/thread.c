/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * thread.c - making threads and freeing them.
 *
 * A thread cannot free the stack it runs on. thread_exit() marks it DEAD and
 * leaves for good; whoever runs next on that CPU puts it on the CPU's list of
 * dead ones, and deferred work frees them. The structure itself goes with its
 * last reference.
 */
#include "arch/x86_64/arch.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/cpu.h"
#include "sched/futex.h"
#include "sched/lock_priv.h"
#include "sched/sched_priv.h"
#include "sched/softirq.h"

struct cpu cpus[MAX_CPUS];
unsigned nr_cpus = 1;

void (*thread_reaped)(struct thread *t);

static struct thread boot_thread; /* runs before any other; then idle */

void thread_init(struct thread *t, const char *name)
{
    atomic_init(&t->state, THREAD_NEW);
    atomic_init(&t->refs, 1);
    memset(t->affinity, 0xff, sizeof(t->affinity));
    list_init(&t->run_link);
    list_init(&t->process_link);
    list_init(&t->sig_pending_list);
    strlcpy(t->name, name, sizeof(t->name));
    sched_count_threads(1);
}

static struct slab_kind thread_kind = SLAB_KIND("thread", struct thread);

struct thread *thread_alloc(const char *name)
{
    struct thread *t = slab_kind_alloc(&thread_kind, 0);

    if (!t)
        return NULL;
    t->kstack = arch_kstack_alloc();
    if (!t->kstack) {
        kfree(t);
        return NULL;
    }
    thread_init(t, name);
    return t;
}

void thread_get(struct thread *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
}

void thread_put(struct thread *t)
{
    /* Release: our use of it is over before the last one frees it (acquire). */
    if (atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) == 1)
        kfree(t);
}

/* Free what only a living thread needs. */
static void thread_release(struct thread *t)
{
    if (t->arch.fpu)
        arch_fpu_free(t->arch.fpu);
    t->arch.fpu = NULL;
    arch_kstack_free(t->kstack);
    t->kstack = NULL;
    sched_count_threads(-1);
}

void thread_free(struct thread *t)
{
    thread_release(t);
    thread_put(t);
}

/* A kernel thread begins here: arg is the thread itself. */
struct kthread_start {
    void (*fn)(void *);
    void *arg;
};

static void kthread_main(void *p)
{
    struct kthread_start s = *(struct kthread_start *)p;

    sched_finish_switch();
    kfree(p);
    s.fn(s.arg);
    thread_exit();
}

struct thread *kthread_create(const char *name, void (*fn)(void *), void *arg)
{
    struct kthread_start *s = kmalloc(sizeof(*s), 0);
    struct thread *t = s ? thread_alloc(name) : NULL;

    if (!t) {
        kfree(s);
        return NULL;
    }
    *s = (struct kthread_start){fn, arg};
    arch_thread_init_kernel(t, kthread_main, s);
    return t;
}

void thread_start(struct thread *t)
{
    atomic_store_explicit(&t->state, THREAD_READY, memory_order_relaxed);
    runq_place(t); /* its lock publishes what we wrote */
}

void thread_exit(void)
{
    atomic_store_explicit(&current->state, THREAD_DEAD, memory_order_relaxed);
    schedule();
    panic("a dead thread runs");
}

void thread_queue_dead(struct thread *t)
{
    list_add_tail(&this_cpu()->dead, &t->run_link);
    softirq_raise(SOFTIRQ_REAP);
}

void thread_reap(void)
{
    struct cpu *c = this_cpu();
    struct thread *t;

    while ((t = list_first(&c->dead, struct thread, run_link))) {
        list_del_init(&t->run_link);
        thread_release(t);
        if (t->process && thread_reaped)
            thread_reaped(t);
        thread_put(t);
    }
}

char thread_state_letter(struct thread *t)
{
    switch (atomic_load_explicit(&t->state, memory_order_relaxed)) {
    case THREAD_SLEEPING:
        return t->sleep_kind == SLEEP_INTERRUPTIBLE ? 'S' : 'D';
    case THREAD_STOPPED:
        return 'T';
    case THREAD_DEAD:
        return 'Z';
    default:
        return 'R';
    }
}

/* --- start-up ------------------------------------------------------------ */

/* The code that runs on this CPU becomes thread (t). */
static void adopt(struct cpu *c, struct thread *t, const char *name)
{
    thread_init(t, name);
    t->cpu = c;
    t->state = THREAD_RUNNING;
    t->on_cpu = true;
    c->running = t;
    c->curr = t;
}

static void cpu_init(struct cpu *c)
{
    runq_init(c);
    timer_init_cpu(c);
    list_init(&c->dead);
    c->slice_deadline = NSEC_NEVER;
}

void sched_init(void)
{
    struct cpu *c = this_cpu();

    cpu_init(c);
    adopt(c, &boot_thread, "idle/00");
    sched_count_threads(-1);
    softirq_register(SOFTIRQ_TIMER, timer_run_expired);
    softirq_register(SOFTIRQ_REAP, thread_reap);
    futex_init();
#ifdef DEBUG
    lock_order_active = true;
#endif
}

/* On the boot CPU its first thread is going to be the idle thread, as soon as
 * it enters sched_idle_loop(); on the others the code that calls this. */
void sched_cpu_init(void)
{
    struct cpu *c = this_cpu();
    char name[16] = "idle/";

    if (c->curr)
        return;
    name[5] = (char)('0' + c->id / 10);
    name[6] = (char)('0' + c->id % 10);
    cpu_init(c);
    c->idle_thread = kzalloc(sizeof(struct thread), 0);
    if (!c->idle_thread)
        panic("no memory for the idle thread of CPU %u", c->id);
    adopt(c, c->idle_thread, name);
    sched_count_threads(-1); /* not one of those anybody counts */
    c->online = true;
}

int sched_set_affinity(struct thread *t, const uint64_t mask[4])
{
    uint64_t online = nr_cpus == 64 ? ~0ul : (1ul << nr_cpus) - 1;
    struct cpu *c;

    if (!(mask[0] & online))
        return -EINVAL;
    for (;;) { /* the lock of the queue where it is keeps it there */
        c = t->cpu ? t->cpu : this_cpu();
        spin_lock(&c->runq_lock);
        if (!t->cpu || t->cpu == c)
            break;
        spin_unlock(&c->runq_lock);
    }
    memcpy(t->affinity, mask, sizeof(t->affinity));
    spin_unlock(&c->runq_lock);
    if (t == current && !(mask[0] >> c->id & 1))
        sched_migrate_self();
    else
        thread_set_work(t, TW_RESCHED);
    return 0;
}
