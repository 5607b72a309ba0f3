/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_pid.c - the files of /proc/PID: the small ones, and the tables.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/procfs.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "mem/slab.h"
#include "sched/cpu.h"

/* --- links --- */

static int place(struct process *p, const struct path *which, struct path *out)
{
    mutex_lock(&p->fs_lock);
    *out = *which;
    if (out->dentry)
        path_get(out);
    mutex_unlock(&p->fs_lock);
    return out->dentry ? 0 : -ENOENT;
}

static int follow_cwd(struct process *p, struct path *out)
{
    return place(p, &p->cwd, out);
}

static int follow_root(struct process *p, struct path *out)
{
    return place(p, &p->root, out);
}

static int follow_exe(struct process *p, struct path *out)
{
    struct mm *mm = process_get_mm(p);
    int err = -ENOENT;

    if (!mm)
        return err;
    if (mm->exe)
        err = path_of_file(mm->exe, out);
    mm_put(mm);
    return err;
}

/* --- memory of the process --- */

/* [start, end) of its memory, at most (max) bytes. */
static int show_memory(struct seq *s, struct mm *mm, vaddr_t start, vaddr_t end,
                       size_t max)
{
    char *page = kmalloc(PAGE_SIZE, 0);
    size_t left = end > start ? MIN((size_t)(end - start), max) : 0;

    if (!page)
        return -ENOMEM;
    while (left) {
        ssize_t n = mm_access(mm, start, page, MIN(left, PAGE_SIZE), false);

        if (n <= 0)
            break;
        seq_write(s, page, (size_t)n);
        start += (size_t)n;
        left -= (size_t)n;
    }
    kfree(page);
    return 0;
}

static int show_cmdline(struct text *t, struct seq *s)
{
    struct mm *mm = process_get_mm(t->process);
    int err;

    if (!mm)
        return 0; /* kernel threads, zombies: empty */
    err = show_memory(s, mm, mm->arg_start, mm->arg_end, 1ul << 20);
    mm_put(mm);
    return err;
}

static int show_environ(struct text *t, struct seq *s)
{
    struct mm *mm = process_get_mm(t->process);
    int err;

    if (!mm)
        return 0;
    err = show_memory(s, mm, mm->env_start, mm->env_end, 1ul << 20);
    mm_put(mm);
    return err;
}

static int show_auxv(struct text *t, struct seq *s)
{
    struct mm *mm = process_get_mm(t->process);
    size_t n = 0;

    if (!mm)
        return 0;
    while (n + 2 <= ARRAY_SIZE(mm->auxv) && mm->auxv[n])
        n += 2;
    seq_write(s, mm->auxv, MIN(n + 2, ARRAY_SIZE(mm->auxv)) * 8);
    mm_put(mm);
    return 0;
}

/* --- names and knobs --- */

static int show_comm(struct text *t, struct seq *s)
{
    struct proc_thread th;

    if (!proc_thread_get(t->process, t->tid, &th))
        return -ESRCH;
    seq_printf(s, "%s\n", th.name);
    return 0;
}

struct rename_thread {
    pid_t tid;
    char name[16];
};

static void set_name(struct thread *th, void *arg)
{
    struct rename_thread *r = arg;

    if (th->tid == r->tid)
        memcpy(th->name, r->name, sizeof(r->name));
}

/* Only threads of the caller's own process may be renamed (proc(5)). */
static int store_comm(struct text *t, const char *text, size_t n)
{
    struct rename_thread r = {t->tid ? t->tid : t->process->pid, ""};

    if (t->process != current_process())
        return -EINVAL;
    if (n && text[n - 1] == '\n')
        n--;
    memcpy(r.name, text, MIN(n, sizeof(r.name) - 1));
    process_for_each_thread(t->process, set_name, &r);
    if (r.tid == t->process->pid)
        memcpy(t->process->comm, r.name, sizeof(r.name));
    return 0;
}

static int show_oom_score_adj(struct text *t, struct seq *s)
{
    seq_printf(s, "%d\n", t->process->oom_score_adj);
    return 0;
}

static int store_oom_score_adj(struct text *t, const char *text, size_t n)
{
    bool negative = n && *text == '-';
    const char *end;
    uint64_t v = str_to_u64(text + negative, &end, 10);

    if (end == text + negative || (*end && *end != '\n') || v > 1000)
        return -EINVAL;
    int value = negative ? -(int)v : (int)v;
    if (value < t->process->oom_score_adj && cred_current().uid)
        return -EACCES;
    t->process->oom_score_adj = value;
    return 0;
}

/* The kernel's own measure: thousandths of memory, shifted by the knob. */
static int show_oom_score(struct text *t, struct seq *s)
{
    struct mm *mm = process_get_mm(t->process);
    struct memory_stats m;
    int64_t score = 0;

    memory_stats(&m);
    if (mm) {
        score = (mm->rss_anon + mm->rss_file + mm->rss_shmem) * 1000 /
                (int64_t)MAX(m.total, (uint64_t)1);
        mm_put(mm);
    }
    score += t->process->oom_score_adj;
    seq_printf(s, "%lld\n", (long long)(score < 0 ? 0 : score));
    return 0;
}

/* --- debugging --- */

static int show_fail_nth(struct text *t, struct seq *s)
{
    (void)t;
    seq_printf(s, "%u\n", alloc_inject_left());
    return 0;
}

/* Always the calling thread's. */
static int store_fail_nth(struct text *t, const char *text, size_t n)
{
    const char *end;
    uint64_t v = str_to_u64(text, &end, 10);

    (void)t;
    if (!n || end == text || (*end && *end != '\n') || v > UINT32_MAX)
        return -EINVAL;
    return alloc_inject_set((unsigned)v) < 0 ? -EPERM : 0;
}

static int show_cgroup(struct text *t, struct seq *s)
{
    (void)t;
    seq_printf(s, "0::/\n");
    return 0;
}

static int show_limits(struct text *t, struct seq *s)
{
    static const char *const names[RLIM_NLIMITS][2] = {
        [RLIMIT_CPU] = {"Max cpu time", "seconds"},
        [RLIMIT_FSIZE] = {"Max file size", "bytes"},
        [RLIMIT_DATA] = {"Max data size", "bytes"},
        [RLIMIT_STACK] = {"Max stack size", "bytes"},
        [RLIMIT_CORE] = {"Max core file size", "bytes"},
        [RLIMIT_RSS] = {"Max resident set", "bytes"},
        [RLIMIT_NPROC] = {"Max processes", "processes"},
        [RLIMIT_NOFILE] = {"Max open files", "files"},
        [RLIMIT_MEMLOCK] = {"Max locked memory", "bytes"},
        [RLIMIT_AS] = {"Max address space", "bytes"},
        [RLIMIT_LOCKS] = {"Max file locks", "locks"},
        [RLIMIT_SIGPENDING] = {"Max pending signals", "signals"},
        [RLIMIT_MSGQUEUE] = {"Max msgqueue size", "bytes"},
        [RLIMIT_NICE] = {"Max nice priority", ""},
        [RLIMIT_RTPRIO] = {"Max realtime priority", ""},
        [RLIMIT_RTTIME] = {"Max realtime timeout", "us"},
    };

    seq_printf(s, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit",
               "Hard Limit", "Units");
    for (unsigned k = 0; k < RLIM_NLIMITS; k++) {
        struct rlimit64 l = t->process->rlimits[k];

        seq_printf(s, "%-25s ", names[k][0]);
        if (l.rlim_cur == RLIM64_INFINITY)
            seq_printf(s, "%-20s ", "unlimited");
        else
            seq_printf(s, "%-20llu ", (unsigned long long)l.rlim_cur);
        if (l.rlim_max == RLIM64_INFINITY)
            seq_printf(s, "%-20s ", "unlimited");
        else
            seq_printf(s, "%-20llu ", (unsigned long long)l.rlim_max);
        seq_printf(s, "%-10s\n", names[k][1]);
    }
    return 0;
}

#define TEXT(n, m, f)                                                          \
    {                                                                          \
        .name = n, .kind = PROC_TEXT, .mode = m, .show = f                     \
    }
#define TEXT_RW(n, f, st)                                                      \
    {                                                                          \
        .name = n, .kind = PROC_TEXT, .mode = 0644, .show = f, .store = st     \
    }
#define LINK(n, f)                                                             \
    {                                                                          \
        .name = n, .kind = PROC_LINK, .mode = 0777, .follow = f                \
    }
#define DIR(n, m, o, fo)                                                       \
    {                                                                          \
        .name = n, .kind = PROC_DIR, .mode = m, .dir_ops = o, .dir_fops = fo   \
    }

/* What a process and each of its threads have. */
#define ENTRIES_OF_BOTH                                                        \
    TEXT("stat", 0444, proc_show_stat), TEXT("statm", 0444, proc_show_statm),  \
        TEXT("status", 0444, proc_show_status),                                \
        TEXT("cmdline", 0444, show_cmdline),                                   \
        TEXT_RW("comm", show_comm, store_comm), LINK("exe", follow_exe),       \
        LINK("cwd", follow_cwd), LINK("root", follow_root),                    \
        DIR("fd", 0500, &proc_fd_dir_ops, &proc_fd_dir_fops),                  \
        TEXT("maps", 0444, proc_show_maps),                                    \
        TEXT("smaps", 0444, proc_show_smaps),                                  \
        TEXT("smaps_rollup", 0444, proc_show_smaps_rollup),                    \
        TEXT("mounts", 0444, proc_show_mounts),                                \
        TEXT("mountinfo", 0444, proc_show_mountinfo),                          \
        TEXT("limits", 0444, show_limits),                                     \
        TEXT("environ", 0400, show_environ), TEXT("auxv", 0400, show_auxv),    \
        TEXT("cgroup", 0444, show_cgroup)

const struct proc_entry proc_pid_entries[] = {
    ENTRIES_OF_BOTH,
    DIR("fdinfo", 0555, &proc_fdinfo_dir_ops, &proc_fdinfo_dir_fops),
    TEXT("oom_score", 0444, show_oom_score),
    TEXT_RW("oom_score_adj", show_oom_score_adj, store_oom_score_adj),
    TEXT_RW("fail-nth", show_fail_nth, store_fail_nth),
    DIR("task", 0555, &proc_task_list_ops, &proc_task_list_fops),
    DIR("net", 0555, &proc_net_dir_ops, &proc_net_dir_fops),
    {.name = NULL},
};

const struct proc_entry proc_task_entries[] = {
    ENTRIES_OF_BOTH,
    {.name = NULL},
};
