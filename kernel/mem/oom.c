/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * oom.c - when nothing is left to give back.
 *
 * The session that holds the most memory is looked for, and the process in it
 * that holds most of that is killed, or all of them if none does, with a line
 * in the log that says so. Their private memory is taken away at once
 * (mm_reap), because the process may need a while, and perhaps a lock that the
 * caller holds, until it has ended. Nothing here waits without a limit, so a
 * caller that holds such a lock gets its ENOMEM in the end and lets go.
 */
#include <asm/signal.h>

#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "mem/mm_priv.h"
#include "mem/page_priv.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/cpu.h"

#define WAIT_STEP   (10 * NSEC_PER_MSEC)
#define KERNEL_PART 8    /* pages: a stack, descriptors, areas */
#define WAIT_ROUNDS 300u /* 3 s */

/* A session: what one port started. A program that forks without end is many
 * small processes, none of which is worth killing. */
struct family {
    pid_t sid;
    unsigned members;
    int64_t points;  /* of all members */
    int64_t largest; /* of one of them */
    pid_t pid;       /* that one */
};
#define FAMILIES 64u

/* Pages, moved by oom_score_adj thousandths of all memory. -1: never. What
 * process 1 has started is what the machine is for: when it ends, all ends. It
 * counts half, so that a program it runs goes first unless that is small. */
static int64_t points_of(struct process *p, struct mm *mm)
{
    int64_t points = atomic_load(&mm->rss_anon) + atomic_load(&mm->rss_shmem) +
                     atomic_load(&mm->rss_file) +
                     (int64_t)mmu_table_pages(&mm->mmu) + KERNEL_PART;

    if (p->pid == 1 || p->oom_score_adj == -1000)
        return -1;
    if (p->parent == init_process) /* racy: a preference */
        points /= 2;
    points += (int64_t)page_total() / 1000 * p->oom_score_adj;
    return MAX(points, (int64_t)0);
}

/* The structure only: whoever reads numbers must not be the one that tears the
 * address space down. */
static struct mm *grab_mm(struct process *p)
{
    struct mm *mm;

    spin_lock(&p->siglock);
    mm = p->mm;
    if (mm)
        mm_grab(mm);
    spin_unlock(&p->siglock);
    return mm;
}

/* The place of (sid), NULL if there are too many. */
static struct family *family_of(struct family *f, pid_t sid)
{
    for (unsigned i = 0; i < FAMILIES; i++) {
        struct family *at = &f[((unsigned)sid + i) % FAMILIES];

        if (at->members && at->sid != sid)
            continue;
        at->sid = sid;
        return at;
    }
    return NULL;
}

static void family_add(struct family *f, struct process *p, int64_t points)
{
    f->members++;
    f->points += points;
    if (f->members == 1 || points > f->largest) {
        f->largest = points;
        f->pid = p->pid;
    }
}

/* Sums up; true if a process is being killed already. */
static bool sum_up(struct family *families)
{
    struct process *p;
    bool dying = false;

    for (pid_t pid = 1; !dying && (p = process_next(pid));) {
        struct mm *mm = grab_mm(p);
        int64_t points = mm ? points_of(p, mm) : -1;
        struct family *f = points < 0 ? NULL : family_of(families, p->sid);

        pid = p->pid + 1;
        if (f)
            family_add(f, p, points);
        dying = mm && atomic_load(&mm->killed);
        if (mm)
            mm_drop(mm);
        process_put(p);
    }
    return dying;
}

/* Everyone who runs in this address space (vfork). */
static void kill_users(struct mm *mm)
{
    struct process *p;

    for (pid_t pid = 1; (p = process_next(pid));) {
        struct mm *other = grab_mm(p);

        pid = p->pid + 1;
        if (other == mm)
            signal_send_process(p, SIGKILL, NULL);
        if (other)
            mm_drop(other);
        process_put(p);
    }
}

static _Atomic uint64_t nr_kills;

uint64_t oom_kills(void)
{
    return atomic_load_explicit(&nr_kills, memory_order_relaxed);
}

static void report(const char *why, struct process *p, struct mm *mm,
                   unsigned others)
{
    struct memory_stats s;
    char rest[48] = "";

    memory_stats(&s);
    if (others)
        ksnprintf(rest, sizeof(rest), " and %u others of its session", others);
    kerr("out of memory (%s): killing %s[%d]%s: %lld KiB anonymous, %lld KiB "
         "file, %lld KiB shared; machine: %llu KiB, %llu free, %llu cached, "
         "%llu kernel objects",
         why, p->comm, p->pid, rest, (long long)atomic_load(&mm->rss_anon) * 4,
         (long long)atomic_load(&mm->rss_file) * 4,
         (long long)atomic_load(&mm->rss_shmem) * 4,
         (unsigned long long)s.total * 4, (unsigned long long)s.free * 4,
         (unsigned long long)s.cached * 4, (unsigned long long)s.slab * 4);
}

/* False: somebody else does, or has. */
static bool kill_process(const char *why, struct process *p, unsigned others)
{
    struct mm *mm = grab_mm(p);
    bool mine = mm && !atomic_exchange(&mm->killed, true);

    if (mine) {
        if (why)
            report(why, p, mm, others);
        atomic_fetch_add_explicit(&nr_kills, 1, memory_order_relaxed);
        kill_users(mm);
        mm_reap(mm);
    }
    if (mm)
        mm_drop(mm);
    return mine;
}

static void kill_others(const struct family *f)
{
    struct process *p;

    for (pid_t pid = 1; (p = process_next(pid));) {
        pid = p->pid + 1;
        if (p->sid == f->sid && p->pid != f->pid && p->oom_score_adj != -1000)
            kill_process(NULL, p, 0);
        process_put(p);
    }
}

static void kill_family(const char *why, const struct family *f)
{
    struct process *p = process_next(f->pid);
    /* One that holds most of it is all that need go. */
    bool all = f->largest < f->points / 2;

    if (!p)
        return;
    if (p->pid == f->pid && kill_process(why, p, all ? f->members - 1 : 0) &&
        all)
        kill_others(f);
    process_put(p);
}

bool oom_kill(const char *why)
{
    struct family families[FAMILIES], *best = families;

    memset(families, 0, sizeof(families));
    if (sum_up(families))
        return true;
    for (unsigned i = 1; i < FAMILIES; i++)
        if (families[i].members &&
            (!best->members || families[i].points > best->points))
            best = &families[i];
    if (!best->members)
        return false;
    kill_family(why, best);
    return true;
}

static bool caller_ends(void)
{
    struct mm *mm = current->mm;

    return fatal_signal_pending() || (mm && atomic_load(&mm->killed));
}

bool oom_wait(unsigned round)
{
    static _Atomic bool nobody_left;

    if (round == WAIT_ROUNDS || caller_ends())
        return false;
    if (!oom_kill("a program needs a page")) {
        if (!atomic_exchange(&nobody_left, true))
            kerr("out of memory and no process left to kill");
        return false;
    }
    if (caller_ends())
        return false;
    sleep_prepare(SLEEP_KILLABLE);
    sleep_until(time_monotonic() + WAIT_STEP);
    return true;
}
