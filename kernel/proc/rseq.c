/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * rseq.c - restartable sequences: rseq(2), Linux's <linux/rseq.h>.
 *
 * A thread registers an area in which the kernel keeps the number of the CPU
 * it runs on, and in which the thread names the critical section it is in.
 * Such a section counts on not being interrupted on its CPU: when the thread
 * was switched away from, or gets a signal, inside one, it goes on at the
 * section's abort address instead.
 *
 * What it costs: schedule() compares the thread's CPU with the one in the area
 * and looks whether the thread left user mode by an interrupt or an exception
 * (only then can it be in a section; making system calls in one is forbidden).
 * Only if so TW_RSEQ is set, and user memory looked at on the way back. A
 * thread that sleeps in system calls and stays on its CPU pays two comparisons.
 *
 * The area has Linux's original size; AT_RSEQ_FEATURE_SIZE says that node_id
 * and mm_cid are not kept.
 */
#include <linux/rseq.h>

#include "arch/x86_64/arch.h"
#include "lib/log.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"

#define AREA_SIZE 32u
#define NO_CPU    UINT32_MAX

_Static_assert(sizeof(struct rseq) == AREA_SIZE, "Linux ABI");

static struct rseq __user *area_of(const struct thread *t)
{
    return t->rseq;
}

/* --- the critical section ------------------------------------------------ */

static bool section_valid(const struct rseq_cs *cs)
{
    uint64_t end = cs->start_ip + cs->post_commit_offset;

    return cs->version == 0 && cs->start_ip < USER_TOP && end >= cs->start_ip &&
           end < USER_TOP && cs->abort_ip < USER_TOP &&
           cs->abort_ip - cs->start_ip >= cs->post_commit_offset;
}

/* The four bytes before the abort address must be the thread's signature, so
 * that a forged section cannot direct it just anywhere. */
static bool signature_right(const struct thread *t, const struct rseq_cs *cs)
{
    const uint32_t __user *at = (const void __user *)(cs->abort_ip - 4);
    uint32_t signature;

    if (get_user(signature, at))
        return false;
    if (signature == t->rseq_sig)
        return true;
    kinfo("%s[%d]: rseq: no signature before abort address %#llx", t->name,
          t->tid, (unsigned long long)cs->abort_ip);
    return false;
}

/* Leave the section that (f) is in, if any. */
static int section_abort(struct thread *t, struct trapframe *f)
{
    struct rseq __user *area = area_of(t);
    struct rseq_cs cs;
    uint32_t flags;
    uint64_t at;

    if (get_user(at, &area->rseq_cs))
        return -EFAULT;
    if (!at)
        return 0;
    if (copy_from_user(&cs, (const void __user *)at, sizeof(cs)))
        return -EFAULT;
    if (!section_valid(&cs) || !signature_right(t, &cs))
        return -EINVAL;
    if (f->rip - cs.start_ip < cs.post_commit_offset) {
        /* Flags that kept a section from being restarted were withdrawn. */
        if (get_user(flags, &area->flags) || flags || cs.flags)
            return -EINVAL;
        f->rip = cs.abort_ip;
    }
    return put_user((uint64_t)0, &area->rseq_cs);
}

/* --- the CPU's number ---------------------------------------------------- */

static int write_cpu(struct rseq __user *area, uint32_t start, uint32_t cpu)
{
    if (put_user(start, &area->cpu_id_start) || put_user(cpu, &area->cpu_id))
        return -EFAULT;
    return 0;
}

/* The number is noted first: if the writing makes the thread change its CPU,
 * rseq_switch_in() finds the difference and this is done again. */
static int update_cpu(struct thread *t)
{
    uint32_t cpu = this_cpu()->id;

    if (t->rseq_cpu == cpu)
        return 0;
    t->rseq_cpu = cpu;
    return write_cpu(area_of(t), cpu, cpu);
}

/* --- when it matters ------------------------------------------------------ */

void rseq_return(struct trapframe *f)
{
    struct thread *t = current;
    int err = 0;

    atomic_fetch_and(&t->work, ~TW_RSEQ);
    if (!t->rseq)
        return;
    if (f->vector != TRAP_SYSCALL)
        err = section_abort(t, f);
    if (!err)
        err = update_cpu(t);
    if (err)
        user_exception(SIGSEGV, SI_KERNEL, 0);
}

int rseq_signal(struct trapframe *f)
{
    struct thread *t = current;

    return t->rseq && f->vector != TRAP_SYSCALL ? section_abort(t, f) : 0;
}

void rseq_fork(struct thread *child, const struct thread *parent)
{
    child->rseq = parent->rseq;
    child->rseq_len = parent->rseq_len;
    child->rseq_sig = parent->rseq_sig;
    child->rseq_cpu = parent->rseq_cpu;
}

/* --- the system call ------------------------------------------------------ */

static long unregister(struct thread *t, void __user *area, unsigned len,
                       unsigned sig)
{
    if (!t->rseq || area != t->rseq || len != t->rseq_len)
        return -EINVAL;
    if (sig != t->rseq_sig)
        return -EPERM;
    if (write_cpu(area, 0, (uint32_t)RSEQ_CPU_ID_UNINITIALIZED))
        return -EFAULT;
    t->rseq = NULL;
    return 0;
}

long sys_rseq(void __user *area, unsigned len, int flags, unsigned sig)
{
    struct thread *t = current;
    struct rseq __user *r = area;

    if (flags == RSEQ_FLAG_UNREGISTER)
        return unregister(t, area, len, sig);
    if (flags)
        return -EINVAL;
    if (t->rseq) {
        if (area != t->rseq || len != t->rseq_len)
            return -EINVAL;
        return sig != t->rseq_sig ? -EPERM : -EBUSY;
    }
    if (len < AREA_SIZE || (uintptr_t)area % AREA_SIZE)
        return -EINVAL;
    /* A pointer left over from an earlier owner of the memory. */
    if (!user_range_ok(area, len) || put_user((uint64_t)0, &r->rseq_cs))
        return -EFAULT;
    t->rseq = area;
    t->rseq_len = len;
    t->rseq_sig = sig;
    t->rseq_cpu = NO_CPU;
    thread_set_work(t, TW_RSEQ);
    return 0;
}
