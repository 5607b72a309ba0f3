/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * init.c - making process 1 out of nothing: the one process that is not a copy
 * of another.
 */
#include <linux/fcntl.h>
#include <linux/resource.h>

#include "arch/x86_64/arch.h"
#include "fs/path.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "mem/page.h"
#include "proc/proc_priv.h"

#define NOFILE_HARD 1048576 /* fs.nr_open */
/* The hard limits are Linux's; the soft number of files is the one the BEAM
 * sizes its tables by. */
static void set_limits(struct process *p)
{
    struct memory_stats m;
    uint64_t threads;

    for (unsigned i = 0; i < RLIM_NLIMITS; i++)
        p->rlimits[i] = (struct rlimit64){RLIM64_INFINITY, RLIM64_INFINITY};
    p->rlimits[RLIMIT_STACK].rlim_cur = 8ul << 20;
    p->rlimits[RLIMIT_CORE].rlim_cur = 0;
    p->rlimits[RLIMIT_NOFILE] = (struct rlimit64){FD_MAX_DEFAULT, NOFILE_HARD};
    p->rlimits[RLIMIT_MSGQUEUE] = (struct rlimit64){819200, 819200};
    p->rlimits[RLIMIT_NICE] = (struct rlimit64){0, 0};
    p->rlimits[RLIMIT_RTPRIO] = (struct rlimit64){0, 0};
    /* As many as kernel stacks fit in an eighth of memory. */
    memory_stats(&m);
    threads = MIN(m.total * PAGE_SIZE / KSTACK_SIZE / 8, (uint64_t)PID_MAX);
    p->rlimits[RLIMIT_NPROC] = (struct rlimit64){threads, threads};
    p->rlimits[RLIMIT_SIGPENDING] = p->rlimits[RLIMIT_NPROC];
}

/* Descriptors 0, 1 and 2; without a console they stay closed. */
static int open_console(struct process *p)
{
    struct file *f = path_open(AT_FDCWD, "/dev/console", O_RDWR | O_NOCTTY, 0);

    if (IS_ERR(f)) {
        kwarn("process 1: cannot open /dev/console: error %ld", PTR_ERR(f));
        return 0;
    }
    for (int fd = 0; fd < 3; fd++) {
        file_get(f);
        if (fdtable_set(p->files, fd, f))
            file_put(f);
    }
    file_put(f);
    return 0;
}

static struct process *make_process(struct mm *mm)
{
    struct process *p = process_alloc();

    if (!p)
        return NULL;
    p->mm = mm;
    p->exit_signal = SIGCHLD;
    p->child_subreaper = true;
    atomic_init(&p->umask, 022);
    set_limits(p);
    itimer_init(p);
    cpu_timer_init(p);
    p->files = fdtable_create();
    if (!p->files || path_lookup(AT_FDCWD, "/", LOOKUP_DIRECTORY, &p->root)) {
        if (p->files)
            fdtable_put(p->files);
        process_put(p);
        return NULL;
    }
    p->cwd = p->root;
    path_get(&p->cwd);
    open_console(p);
    return p;
}

static struct thread *make_thread(const char *path, const struct exec_start *s)
{
    const char *slash = strrchr(path, '/');
    struct thread *t = thread_alloc(slash ? slash + 1 : path);
    struct trapframe f;

    if (!t)
        return NULL;
    t->arch.fpu = arch_fpu_alloc();
    if (!t->arch.fpu) {
        thread_free(t);
        return NULL;
    }
    t->altstack_flags = SS_DISABLE;
    arch_frame_exec(&f, s->entry, s->sp);
    f.error = ~0ul;
    arch_thread_init_user(t, &f);
    return t;
}

static void enter(struct process *p, struct thread *t, struct pid *pid)
{
    spin_lock(&proc_tree_lock);
    process_link(p, NULL, pid);
    session_join(p, p->pid);
    pgrp_join(p, p->pid);
    pid->thread = t;
    t->process = p;
    t->tid = p->pid;
    t->mm = p->mm;
    memcpy(p->comm, t->name, sizeof(p->comm));
    list_add_tail(&p->threads, &t->process_link);
    p->nr_threads = 1;
    p->leader = t;
    init_process = p;
    spin_unlock(&proc_tree_lock);
    thread_get(t);
    process_get(p);
    mm_get(t->mm);
}

int process_start_init(const char *path, char *const argv[], char *const envp[])
{
    struct exec_start s;
    struct process *p;
    struct thread *t;
    struct pid *pid;
    int rc = exec_prepare_kernel(path, argv, envp, &s);

    if (rc)
        return rc;
    p = make_process(s.mm);
    t = make_thread(path, &s);
    pid = pid_alloc();
    if (!p || !t || !pid) { /* at start-up: the machine ends anyway */
        kerr("no memory for process 1");
        return -ENOMEM;
    }
    enter(p, t, pid);
    thread_start(t);
    return 0;
}
