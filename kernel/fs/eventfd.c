/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * eventfd.c - a counter with a descriptor: eventfd(2).
 */
#include <linux/fcntl.h>

#include "fs/file.h"
#include "fs/poll.h"
#include "lib/printf.h"
#include "mem/slab.h"
#include "proc/fdtable.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

/* <linux/eventfd.h> of newer kernels; eventfd(2). */
#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC   O_CLOEXEC
#define EFD_NONBLOCK  O_NONBLOCK

struct eventfd {
    struct spinlock lock; /* RANK_TIMERFD: nothing is taken inside */
    uint64_t count;       /* lock */
    bool semaphore;       /* I */
    struct wait_queue wait;
};

/* Take what a read returns; 0 if there is nothing. */
static uint64_t eventfd_take(struct eventfd *e)
{
    uint64_t v;

    spin_lock(&e->lock);
    v = e->semaphore && e->count ? 1 : e->count;
    e->count -= v;
    spin_unlock(&e->lock);
    return v;
}

static bool eventfd_put(struct eventfd *e, uint64_t v)
{
    bool fits;

    spin_lock(&e->lock);
    fits = e->count < UINT64_MAX - v;
    if (fits)
        e->count += v;
    spin_unlock(&e->lock);
    return fits;
}

static ssize_t eventfd_read(struct file *f, struct uio *u, uint64_t *pos)
{
    struct eventfd *e = f->private;
    uint64_t v = 0;
    int rc = 0;

    (void)pos;
    if (u->left < sizeof(v))
        return -EINVAL;
    if (f->flags & O_NONBLOCK)
        v = eventfd_take(e);
    else
        rc = WAIT_EVENT_INTR(&e->wait, (v = eventfd_take(e)));
    if (rc)
        return rc;
    if (!v)
        return -EAGAIN;
    wq_wake(&e->wait, EV_OUT | EV_WRNORM);
    return uio_copy_out(u, &v, sizeof(v));
}

static ssize_t eventfd_write(struct file *f, struct uio *u, uint64_t *pos)
{
    struct eventfd *e = f->private;
    uint64_t v;
    bool done = false;
    int rc = 0;

    (void)pos;
    if (u->left < sizeof(v))
        return -EINVAL;
    if (uio_copy_in(u, &v, sizeof(v)) != sizeof(v))
        return -EFAULT;
    if (v == UINT64_MAX)
        return -EINVAL;
    if (f->flags & O_NONBLOCK)
        done = eventfd_put(e, v);
    else
        rc = WAIT_EVENT_INTR(&e->wait, (done = done || eventfd_put(e, v)));
    if (!done)
        return rc ? rc : -EAGAIN;
    wq_wake(&e->wait, EV_IN | EV_RDNORM);
    return sizeof(v);
}

static uint32_t eventfd_poll(struct file *f, struct poll_table *pt)
{
    struct eventfd *e = f->private;
    uint32_t events = 0;

    poll_wait(f, &e->wait, pt);
    spin_lock(&e->lock);
    if (e->count)
        events |= EV_IN | EV_RDNORM;
    if (e->count < UINT64_MAX - 1)
        events |= EV_OUT | EV_WRNORM;
    spin_unlock(&e->lock);
    return events;
}

static void eventfd_release(struct file *f)
{
    kfree(f->private);
}

static size_t eventfd_fdinfo(struct file *f, char *buf, size_t size)
{
    struct eventfd *e = f->private;

    return (size_t)ksnprintf(buf, size, "eventfd-count: %16llx\n",
                             (unsigned long long)e->count);
}

static const struct file_ops eventfd_ops = {
    .kind = "eventfd",
    .read = eventfd_read,
    .write = eventfd_write,
    .poll = eventfd_poll,
    .release = eventfd_release,
    .fdinfo = eventfd_fdinfo,
};

long sys_eventfd2(unsigned initial, int flags)
{
    struct eventfd *e;
    struct file *f;

    if (flags & ~(EFD_SEMAPHORE | EFD_CLOEXEC | EFD_NONBLOCK))
        return -EINVAL;
    e = kzalloc(sizeof(*e), 0);
    if (!e)
        return -ENOMEM;
    spin_init(&e->lock, RANK_TIMERFD);
    e->count = initial;
    e->semaphore = flags & EFD_SEMAPHORE;
    wq_init(&e->wait);
    f = file_alloc_anon("[eventfd]", 0600, &eventfd_ops, e,
                        O_RDWR | ((unsigned)flags & O_NONBLOCK));
    if (IS_ERR(f)) {
        kfree(e);
        return PTR_ERR(f);
    }
    return fd_add(f, flags & EFD_CLOEXEC);
}

long sys_eventfd(unsigned initial)
{
    return sys_eventfd2(initial, 0);
}
