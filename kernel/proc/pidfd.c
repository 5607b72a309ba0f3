/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pidfd.c - processes as descriptors: pidfd_open(2), pidfd_send_signal(2).
 * Readable once the process has ended.
 */
#include <linux/fcntl.h>
#include <linux/pidfd.h>

#include "fs/poll.h"
#include "lib/printf.h"
#include "mem/user.h"
#include "proc/proc_priv.h"
#include "sys/syscall.h"

static uint32_t pidfd_poll(struct file *f, struct poll_table *pt)
{
    struct process *p = f->private;

    poll_wait(f, &p->exit_wait, pt);
    return p->state != PROCESS_ALIVE ? EV_IN | EV_RDNORM : 0;
}

static void pidfd_release(struct file *f)
{
    process_put(f->private);
}

static size_t pidfd_fdinfo(struct file *f, char *buf, size_t size)
{
    struct process *p = f->private;

    return (size_t)ksnprintf(buf, size, "Pid:\t%d\n",
                             p->state == PROCESS_DEAD ? -1 : p->pid);
}

static const struct file_ops pidfd_ops = {
    .kind = "pidfd",
    .poll = pidfd_poll,
    .release = pidfd_release,
    .fdinfo = pidfd_fdinfo,
};

struct file *pidfd_create(struct process *p, unsigned flags)
{
    struct file *f = file_alloc_anon("[pidfd]", 0600, &pidfd_ops, p,
                                     O_RDWR | (flags & O_NONBLOCK));

    if (!IS_ERR(f))
        process_get(p);
    return f;
}

struct process *pidfd_process(struct file *f)
{
    if (f->ops != &pidfd_ops)
        return NULL;
    process_get(f->private);
    return f->private;
}

long sys_pidfd_open(int pid, unsigned flags)
{
    struct process *p;
    struct file *f;

    if ((flags & ~(unsigned)PIDFD_NONBLOCK) || pid <= 0)
        return -EINVAL;
    p = process_find(pid);
    if (!p) {
        struct thread *t = thread_find(pid);
        if (!t)
            return -ESRCH;
        process_put(t->process);
        thread_put(t);
        return -EINVAL; /* a thread, but not the first */
    }
    f = pidfd_create(p, flags);
    process_put(p);
    return IS_ERR(f) ? PTR_ERR(f) : fd_add(f, true);
}
