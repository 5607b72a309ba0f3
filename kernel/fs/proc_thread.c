/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * proc_thread.c - facts about threads, and /proc/PID/task.
 */
#include <linux/stat.h>

#include "fs/procfs.h"
#include "fs/readdir.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "sched/cpu.h"

static char state_letter(const struct thread *t)
{
    int state = t->state;

    switch (state) {
    case THREAD_READY:
    case THREAD_RUNNING:
        return 'R';
    case THREAD_SLEEPING:
        return t->sleep_kind == SLEEP_UNINTERRUPTIBLE ? 'D' : 'S';
    case THREAD_STOPPED:
        return 'T';
    case THREAD_DEAD:
        return 'Z';
    default:
        return 'S'; /* not started yet */
    }
}

static void copy_thread(struct thread *t, struct proc_thread *o)
{
    o->tid = t->tid;
    memcpy(o->name, t->name, sizeof(o->name));
    o->name[sizeof(o->name) - 1] = '\0';
    o->state = state_letter(t);
    o->cpu = t->cpu ? t->cpu->id : 0;
    o->user = t->cpu_user;
    o->system = t->cpu_system;
    o->switches_vol = t->switches_vol;
    o->switches_invol = t->switches_invol;
    o->pending = t->sig_pending;
    o->blocked = t->sig_blocked;
    o->affinity = t->affinity[0];
}

struct search {
    pid_t tid;
    struct proc_thread *out;
    bool found;
};

static void match(struct thread *t, void *arg)
{
    struct search *s = arg;

    if (t->tid != s->tid || s->found)
        return;
    copy_thread(t, s->out);
    s->found = true;
}

bool proc_thread_get(struct process *p, pid_t tid, struct proc_thread *out)
{
    struct search s = {tid ? tid : p->pid, out, false};

    process_for_each_thread(p, match, &s);
    if (s.found || tid)
        return s.found;
    /* The leader has ended before the others, or the process is a zombie. */
    *out = (struct proc_thread){.tid = p->pid, .state = 'Z'};
    strlcpy(out->name, p->comm, sizeof(out->name));
    return true;
}

struct tids {
    pid_t *list;
    size_t n, room;
};

static void collect(struct thread *t, void *arg)
{
    struct tids *l = arg;

    if (l->n < l->room)
        l->list[l->n] = t->tid;
    l->n++;
}

long proc_thread_list(struct process *p, pid_t **out)
{
    struct tids l = {NULL, 0, 16};

    for (;;) {
        l.list = kmalloc(l.room * sizeof(pid_t), 0);
        if (!l.list)
            return -ENOMEM;
        l.n = 0;
        process_for_each_thread(p, collect, &l);
        if (l.n <= l.room)
            break;
        kfree(l.list);
        l.room = l.n + 16;
    }
    *out = l.list;
    return (long)l.n;
}

/* --- /proc/PID/task --- */

static const struct proc_entry task_entry = {.name = "",
                                             .kind = PROC_DIR,
                                             .mode = 0555,
                                             .dir_ops = &proc_task_dir_ops,
                                             .dir_fops = &proc_task_dir_fops};

static struct inode *lookup(struct inode *dir, const char *name, size_t len)
{
    struct proc_ref *r = dir->private;
    long tid = proc_parse_number(name, len);
    struct proc_thread t;

    if (tid <= 0 || !proc_thread_get(r->process, (pid_t)tid, &t))
        return ERR_PTR(-ENOENT);
    return proc_inode(dir->sb, r->process, (pid_t)tid, -1, &task_entry);
}

/* Numbers are given out in order, so nearly nothing has to move. */
static void sort(pid_t *tids, long n)
{
    for (long k = 1; k < n; k++) {
        pid_t tid = tids[k];
        long at = k;

        for (; at > 0 && tids[at - 1] > tid; at--)
            tids[at] = tids[at - 1];
        tids[at] = tid;
    }
}

static int readdir(struct file *f, struct dir_context *ctx)
{
    struct proc_ref *r = f->inode->private;
    pid_t *tids;
    char name[16];
    long n;

    if (!readdir_dots(f, ctx))
        return 0;
    n = proc_thread_list(r->process, &tids);
    if (n < 0)
        return (int)n;
    sort(tids, n);
    for (long k = 0; k < n; k++) { /* the number is the position */
        uint64_t tid = (uint64_t)tids[k];

        if (tid + 2 < f->pos)
            continue;
        if (!ctx->emit(ctx, name,
                       (size_t)ksnprintf(name, sizeof(name), "%d", tids[k]),
                       tid << 16 | 1ull << 60, S_IFDIR >> 12, tid + 3))
            break;
        f->pos = tid + 3;
    }
    kfree(tids);
    return 0;
}

static void evict(struct inode *i)
{
    struct proc_ref *r = i->private;

    if (r)
        process_put(r->process);
    kfree(r);
}

const struct inode_ops proc_task_list_ops = {
    .lookup = lookup, .evict = evict, .uncached = true};
const struct file_ops proc_task_list_fops = {
    .kind = "directory", .lseek = dir_lseek, .readdir = readdir};
