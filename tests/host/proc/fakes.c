/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "fakes.h"

#include <asm/prctl.h>

#include "arch/x86_64/arch.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "sched/sched_priv.h"
#include "sched/softirq.h"

#include "host.h"

struct cpu cpus[MAX_CPUS];
unsigned nr_cpus = 4;

nsec_t host_programmed = NSEC_NEVER;
unsigned host_program_count, host_reschedules;
long host_allocated;
int host_fail_alloc;

static struct thread threads[MAX_CPUS];
static struct host_sem *sems[MAX_CPUS];
static nsec_t fixed_time = -1;

/* --- CPUs and threads ---------------------------------------------------- */

void host_cpu_init(unsigned id)
{
    struct cpu *c = &cpus[id];
    struct thread *t = &threads[id];

    memset(t, 0, sizeof(*t));
    c->self = c;
    c->id = id;
    c->curr = t;
    c->slice_deadline = NSEC_NEVER;
    timer_init_cpu(c);
    list_init(&t->run_link);
    list_init(&t->process_link);
    list_init(&t->sig_pending_list);
    t->tid = 100 + (int)id;
    t->cpu = c;
    t->state = THREAD_RUNNING;
    t->on_cpu = true;
    if (!sems[id])
        sems[id] = host_sem_new();
    host_set_gs(c);
}

void schedule(void)
{
    struct thread *t = current;
    struct cpu *c = this_cpu();
    int s = THREAD_PREPARED;

    if (!atomic_compare_exchange_strong(&t->state, &s, THREAD_SLEEPING))
        return;
    atomic_store(&t->on_cpu, false);
    while (!host_sem_wait(sems[c->id], timer_next() - time_monotonic()))
        timer_run_expired();
    atomic_store(&t->on_cpu, true);
    atomic_store(&t->state, THREAD_RUNNING);
}

void runq_place(struct thread *t)
{
    host_sem_post(sems[t->cpu->id]);
}

/* --- clock --------------------------------------------------------------- */

void host_time_set(nsec_t now)
{
    fixed_time = now;
}

nsec_t arch_clock_monotonic(void)
{
    return fixed_time >= 0 ? fixed_time : host_clock();
}

nsec_t arch_clock_wall_at_boot(void)
{
    return 1000 * NSEC_PER_SEC;
}

void arch_vdso_update_realtime(nsec_t offset)
{
    (void)offset;
}

void arch_timer_program(nsec_t deadline)
{
    host_programmed = deadline;
    host_program_count++;
}

void arch_send_reschedule(struct cpu *c)
{
    (void)c;
    host_reschedules++;
}

/* --- memory -------------------------------------------------------------- */

void *kmalloc(size_t size, unsigned flags)
{
    (void)flags;
    if (host_fail_alloc && !--host_fail_alloc)
        return NULL;
    __atomic_fetch_add(&host_allocated, 1, __ATOMIC_RELAXED);
    return host_malloc(size);
}

void *kzalloc(size_t size, unsigned flags)
{
    void *p = kmalloc(size, flags);

    return p ? memset(p, 0, size) : NULL;
}

void *slab_kind_alloc(struct slab_kind *k, unsigned flags)
{
    return kzalloc(k->size, flags);
}

void kfree(const void *p)
{
    if (!p)
        return;
    __atomic_fetch_sub(&host_allocated, 1, __ATOMIC_RELAXED);
    host_free((void *)(uintptr_t)p);
}

size_t strlcpy(char *dst, const char *src, size_t size)
{
    size_t n = strlen(src);

    memcpy(dst, src, MIN(n, size - 1));
    dst[MIN(n, size - 1)] = '\0';
    return n;
}

/* User memory is the program's own; the first page is not mapped. */
int copy_from_user(void *dst, const void __user *src, size_t n)
{
    if ((uintptr_t)src < USER_BASE)
        return -EFAULT;
    memcpy(dst, src, n);
    return 0;
}

int copy_from_user_nofault(void *dst, const void __user *src, size_t n)
{
    return copy_from_user(dst, src, n);
}

int copy_to_user(void __user *dst, const void *src, size_t n)
{
    if ((uintptr_t)dst < USER_BASE)
        return -EFAULT;
    memcpy(dst, src, n);
    return 0;
}

bool user_range_ok(const void __user *p, size_t n)
{
    (void)n;
    return (uintptr_t)p < USER_TOP;
}

/* --- the end ------------------------------------------------------------- */

void klog(enum log_level level, const char *fmt, ...)
{
    (void)level;
    (void)fmt;
}

void panic(const char *fmt, ...)
{
    host_die(fmt);
}
