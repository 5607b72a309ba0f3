/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_stat.c - /proc/PID/stat, statm and status, for processes and threads.
 * Fields and their order: proc(5).
 */
#include <linux/stat.h>

#include "dev/tty.h"
#include "fs/procfs.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "sched/cpu.h"

/* clock_t of user space: 100 per second. */
static unsigned long long ticks(nsec_t t)
{
    return (unsigned long long)(t / (NSEC_PER_SEC / 100));
}

struct signal_sets {
    uint64_t pending, ignored, caught;
};

static void signal_sets(struct process *p, struct signal_sets *out)
{
    *out = (struct signal_sets){0};
    spin_lock(&p->siglock);
    out->pending = p->sig_pending;
    for (int k = 0; k < NSIG_MAX; k++) {
        uint64_t h = p->sighand.action[k].handler;

        if (h == 1) /* SIG_IGN */
            out->ignored |= 1ull << k;
        else if (h)
            out->caught |= 1ull << k;
    }
    spin_unlock(&p->siglock);
}

/* What memory figures need, gathered once; zero without an address space. */
struct memory_use {
    uint64_t vsize;                     /* bytes */
    int64_t anon, file, shmem, hiwater; /* pages */
    uint64_t page_tables;               /* bytes */
    vaddr_t code_start, code_end, stack, brk_start, arg_start, arg_end,
        env_start, env_end, data_start, data_end;
    uint64_t code, data, stack_size; /* bytes */
};

static void add_area(void *arg, const struct vma *v)
{
    struct memory_use *m = arg;
    uint64_t size = v->end - v->start;

    if (v->flags & VMA_STACK) {
        m->stack_size += size;
    } else if ((v->prot & PROT_X) && v->file && v->file == v->mm->exe) {
        if (!m->code_start)
            m->code_start = v->start;
        m->code_end = v->end;
        m->code += size;
    } else if ((v->prot & PROT_W) && !(v->flags & VMA_SHARED)) {
        if (v->file && v->file == v->mm->exe) {
            if (!m->data_start)
                m->data_start = v->start;
            m->data_end = v->end;
        }
        m->data += size;
    }
}

static void memory_use(struct process *p, struct memory_use *out)
{
    struct mm *mm = process_get_mm(p);

    *out = (struct memory_use){0};
    if (!mm)
        return;
    mm_visit(mm, add_area, out);
    out->vsize = mm->total_vm * PAGE_SIZE;
    out->anon = MAX(mm->rss_anon, (int64_t)0);
    out->file = MAX(mm->rss_file, (int64_t)0);
    out->shmem = MAX(mm->rss_shmem, (int64_t)0);
    out->hiwater = MAX(mm->hiwater, out->anon + out->file + out->shmem);
    out->page_tables = mmu_table_pages(&mm->mmu) * PAGE_SIZE;
    out->stack = mm->stack_top;
    out->brk_start = mm->brk_start;
    out->arg_start = mm->arg_start;
    out->arg_end = mm->arg_end;
    out->env_start = mm->env_start;
    out->env_end = mm->env_end;
    mm_put(mm);
}

static char state_of(struct process *p, const struct proc_thread *t)
{
    return p->state == PROCESS_ZOMBIE ? 'Z' : t->state;
}

static pid_t parent_of(struct process *p)
{
    struct process *parent = p->parent; /* racy, like all of this */

    return parent ? parent->pid : 0;
}

/* Fields 1 to 20. */
static void stat_identity(struct seq *s, struct text *t,
                          const struct proc_thread *th, nsec_t user,
                          nsec_t system)
{
    struct process *p = t->process;
    struct tty *tty = p->tty;

    seq_printf(s, "%d (%s) %c %d %d %d %u %d 0 %llu 0 %llu 0", th->tid,
               th->name, state_of(p, th), parent_of(p), p->pgid, p->sid,
               tty_device(tty), tty ? tty_foreground(tty) : -1,
               (unsigned long long)p->min_faults,
               (unsigned long long)p->maj_faults);
    seq_printf(s, " %llu %llu %llu %llu 20 0 %u", ticks(user), ticks(system),
               ticks(p->child_user), ticks(p->child_system), p->nr_threads);
}

int proc_show_stat(struct text *t, struct seq *s)
{
    struct process *p = t->process;
    struct signal_sets sets;
    struct proc_thread th;
    struct memory_use m;
    nsec_t user, system;

    if (!proc_thread_get(p, t->tid, &th))
        return -ESRCH;
    memory_use(p, &m);
    signal_sets(p, &sets);
    if (t->tid) {
        user = th.user;
        system = th.system;
    } else {
        process_times(p, &user, &system);
    }
    stat_identity(s, t, &th, user, system);
    /* 21 itrealvalue .. 30 kstkeip */
    seq_printf(s, " 0 %llu %llu %lld %llu %llu %llu %llu 0 0",
               ticks(p->start_time), (unsigned long long)m.vsize,
               (long long)(m.anon + m.file + m.shmem),
               (unsigned long long)p->rlimits[RLIMIT_RSS].rlim_cur,
               (unsigned long long)m.code_start, (unsigned long long)m.code_end,
               (unsigned long long)m.stack);
    /* 31 signal .. 44 cguest_time; the signal sets show 31 signals */
    seq_printf(s, " %llu %llu %llu %llu 0 0 0 %d %u 0 0 0 0 0",
               (unsigned long long)((sets.pending | th.pending) & 0x7fffffff),
               (unsigned long long)(th.blocked & 0x7fffffff),
               (unsigned long long)(sets.ignored & 0x7fffffff),
               (unsigned long long)(sets.caught & 0x7fffffff),
               t->tid ? -1 : p->exit_signal, th.cpu);
    /* 45 start_data .. 52 exit_code */
    seq_printf(s, " %llu %llu %llu %llu %llu %llu %llu %d\n",
               (unsigned long long)m.data_start, (unsigned long long)m.data_end,
               (unsigned long long)m.brk_start, (unsigned long long)m.arg_start,
               (unsigned long long)m.arg_end, (unsigned long long)m.env_start,
               (unsigned long long)m.env_end,
               p->state == PROCESS_ZOMBIE ? p->exit_status : 0);
    return 0;
}

int proc_show_statm(struct text *t, struct seq *s)
{
    struct memory_use m;

    memory_use(t->process, &m);
    seq_printf(s, "%llu %lld %lld %llu 0 %llu 0\n",
               (unsigned long long)(m.vsize / PAGE_SIZE),
               (long long)(m.anon + m.file + m.shmem),
               (long long)(m.file + m.shmem),
               (unsigned long long)(m.code / PAGE_SIZE),
               (unsigned long long)((m.data + m.stack_size) / PAGE_SIZE));
    return 0;
}

static const char *state_name(char c)
{
    switch (c) {
    case 'R':
        return "R (running)";
    case 'S':
        return "S (sleeping)";
    case 'D':
        return "D (disk sleep)";
    case 'T':
        return "T (stopped)";
    default:
        return "Z (zombie)";
    }
}

static void status_memory(struct seq *s, struct process *p)
{
    struct memory_use m;

    memory_use(p, &m);
    if (!m.vsize)
        return;
    seq_printf(s, "VmSize:\t%8llu kB\nVmLck:\t%8u kB\nVmPin:\t%8u kB\n",
               (unsigned long long)m.vsize / 1024, 0, 0);
    seq_printf(s, "VmHWM:\t%8lld kB\nVmRSS:\t%8lld kB\n",
               (long long)m.hiwater * 4,
               (long long)(m.anon + m.file + m.shmem) * 4);
    seq_printf(s, "RssAnon:\t%8lld kB\nRssFile:\t%8lld kB\n",
               (long long)m.anon * 4, (long long)m.file * 4);
    seq_printf(s, "RssShmem:\t%8lld kB\nVmData:\t%8llu kB\n",
               (long long)m.shmem * 4, (unsigned long long)m.data / 1024);
    seq_printf(s, "VmStk:\t%8llu kB\nVmExe:\t%8llu kB\n",
               (unsigned long long)m.stack_size / 1024,
               (unsigned long long)m.code / 1024);
    seq_printf(s, "VmPTE:\t%8llu kB\nVmSwap:\t%8u kB\n",
               (unsigned long long)m.page_tables / 1024, 0);
}

static void status_ids(struct seq *s, struct process *p)
{
    seq_printf(s, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", p->uid,
               p->euid, p->suid, p->fsuid, p->gid, p->egid, p->sgid, p->fsgid);
    spin_lock(&p->siglock); /* which guards the table's life */
    unsigned slots = p->files ? p->files->size : 0;
    spin_unlock(&p->siglock);
    seq_printf(s, "FDSize:\t%u\nGroups:\t", slots);
    for (unsigned k = 0; k < p->ngroups; k++)
        seq_printf(s, "%u ", p->groups[k]);
    seq_printf(s, "\n");
}

static void status_signals(struct seq *s, struct process *p,
                           const struct proc_thread *th)
{
    struct signal_sets sets;

    signal_sets(p, &sets);
    seq_printf(s, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\n",
               (unsigned long long)th->pending,
               (unsigned long long)sets.pending,
               (unsigned long long)th->blocked);
    seq_printf(s, "SigIgn:\t%016llx\nSigCgt:\t%016llx\n",
               (unsigned long long)sets.ignored,
               (unsigned long long)sets.caught);
}

/* Root has every capability of Linux 6.1 (0..40), others none. */
static void status_capabilities(struct seq *s, struct process *p)
{
    unsigned long long all = (1ull << 41) - 1, own = p->euid ? 0 : all;

    seq_printf(s, "CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\n",
               0ull, own, own);
    seq_printf(s, "CapBnd:\t%016llx\nCapAmb:\t%016llx\n", all, 0ull);
}

int proc_show_status(struct text *t, struct seq *s)
{
    struct process *p = t->process;
    struct proc_thread th;
    uint64_t cpus = nr_cpus >= 64 ? UINT64_MAX : (1ull << nr_cpus) - 1;

    if (!proc_thread_get(p, t->tid, &th))
        return -ESRCH;
    seq_printf(s, "Name:\t%s\nUmask:\t%04o\nState:\t%s\n", th.name, p->umask,
               state_name(state_of(p, &th)));
    seq_printf(s, "Tgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
               p->pid, th.tid, parent_of(p));
    status_ids(s, p);
    status_memory(s, p);
    seq_printf(s, "Threads:\t%u\n", p->nr_threads);
    status_signals(s, p, &th);
    status_capabilities(s, p);
    seq_printf(s, "NoNewPrivs:\t%d\nSeccomp:\t0\n", p->no_new_privs);
    seq_printf(s, "Cpus_allowed:\t%llx\nCpus_allowed_list:\t",
               (unsigned long long)(th.affinity & cpus));
    seq_bit_list(s, th.affinity & cpus);
    seq_printf(s,
               "\nMems_allowed:\t1\nMems_allowed_list:\t0\n"
               "voluntary_ctxt_switches:\t%llu\n"
               "nonvoluntary_ctxt_switches:\t%llu\n",
               (unsigned long long)th.switches_vol,
               (unsigned long long)th.switches_invol);
    return 0;
}
