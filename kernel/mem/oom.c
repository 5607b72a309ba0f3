/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * oom.c - when nothing is left to give back.
 *
 * The process that holds the most memory is killed, with a line in the log that
 * says so. Its private memory is taken away at once (mm_reap), because the
 * process may need a while, and perhaps a lock that the caller holds, until it
 * has ended. Nothing here waits without a limit, so a caller that holds such a
 * lock gets its ENOMEM in the end and lets go.
 */
#include <asm/signal.h>

#include "lib/log.h"
#include "mem/mm.h"
#include "mem/mm_priv.h"
#include "mem/page_priv.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/cpu.h"

#define WAIT_STEP   (10 * NSEC_PER_MSEC)
#define WAIT_ROUNDS 300u /* 3 s */

struct candidate {
    struct process *process; /* reference held */
    int64_t points;
};

/* Pages, moved by oom_score_adj thousandths of all memory. -1: never. */
static int64_t points_of(struct process *p, struct mm *mm)
{
    int64_t points = atomic_load(&mm->rss_anon) + atomic_load(&mm->rss_shmem) +
                     atomic_load(&mm->rss_file);

    if (p->pid == 1 || p->oom_score_adj == -1000)
        return -1;
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

/* Returns true if one is being killed already. */
static bool choose(struct candidate *best)
{
    struct process *p;
    bool dying = false;

    *best = (struct candidate){NULL, -1};
    for (pid_t pid = 1; !dying && (p = process_next(pid));) {
        struct mm *mm = grab_mm(p);
        int64_t points = mm ? points_of(p, mm) : -1;

        pid = p->pid + 1;
        dying = mm && atomic_load(&mm->killed);
        if (mm)
            mm_drop(mm);
        if (points > best->points) {
            if (best->process)
                process_put(best->process);
            *best = (struct candidate){p, points};
        } else {
            process_put(p);
        }
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

static void report(const char *why, struct process *p, struct mm *mm)
{
    struct memory_stats s;

    memory_stats(&s);
    kerr("out of memory (%s): killing %s[%d]: %lld KiB anonymous, %lld KiB "
         "file, %lld KiB shared; machine: %llu KiB, %llu free, %llu cached, "
         "%llu kernel objects",
         why, p->comm, p->pid, (long long)atomic_load(&mm->rss_anon) * 4,
         (long long)atomic_load(&mm->rss_file) * 4,
         (long long)atomic_load(&mm->rss_shmem) * 4,
         (unsigned long long)s.total * 4, (unsigned long long)s.free * 4,
         (unsigned long long)s.cached * 4, (unsigned long long)s.slab * 4);
}

bool oom_kill(const char *why)
{
    struct candidate best;
    bool done = choose(&best);
    struct mm *mm;

    if (!best.process)
        return done;
    mm = done ? NULL : grab_mm(best.process);
    /* Two CPUs may have chosen the same: only one reports. */
    if (mm && !atomic_exchange(&mm->killed, true)) {
        report(why, best.process, mm);
        kill_users(mm);
        mm_reap(mm);
    }
    if (mm)
        mm_drop(mm);
    process_put(best.process);
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
