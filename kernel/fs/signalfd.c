/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * signalfd.c - signals read from a descriptor: signalfd(2).
 *
 * The descriptor holds only a mask; what it delivers are the pending signals
 * of whoever reads.
 */
#include <linux/fcntl.h>
#include <linux/signalfd.h>

#include "fs/file.h"
#include "fs/poll.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

struct signalfd {
    _Atomic uint64_t mask;
};

static struct signalfd_siginfo signalfd_record(const struct siginfo_k *i)
{
    return (struct signalfd_siginfo){
        .ssi_signo = (uint32_t)i->signo,
        .ssi_errno = i->err,
        .ssi_code = i->code,
        .ssi_pid = (uint32_t)i->pid,
        .ssi_uid = i->uid,
        .ssi_status = i->status,
        .ssi_utime = (uint64_t)i->utime,
        .ssi_stime = (uint64_t)i->stime,
        .ssi_addr = i->addr,
        .ssi_ptr = i->value,
        .ssi_int = (int32_t)i->value,
        .ssi_tid = (uint32_t)i->timerid,
        .ssi_overrun = (uint32_t)i->overrun,
        .ssi_fd = i->fd,
        .ssi_band = (uint32_t)i->band,
    };
}

static ssize_t signalfd_read(struct file *f, struct uio *u, uint64_t *pos)
{
    struct signalfd *s = f->private;
    struct siginfo_k info;
    ssize_t done = 0;

    (void)pos;
    if (u->left < sizeof(struct signalfd_siginfo))
        return -EINVAL;
    while (u->left >= sizeof(struct signalfd_siginfo)) {
        int signo = signal_dequeue(s->mask, &info);
        if (!signo && !done && !(f->flags & O_NONBLOCK)) {
            int rc = WAIT_EVENT_INTR(&current_process()->signal_wait,
                                     (signo = signal_dequeue(s->mask, &info)));
            if (rc)
                return rc;
        }
        if (!signo)
            break;
        struct signalfd_siginfo rec = signalfd_record(&info);
        ssize_t n = uio_copy_out(u, &rec, sizeof(rec));
        if (n != sizeof(rec))
            return done ? done : -EFAULT;
        done += n;
    }
    return done ? done : -EAGAIN;
}

static uint32_t signalfd_poll(struct file *f, struct poll_table *pt)
{
    struct signalfd *s = f->private;

    poll_wait(f, &current_process()->signal_wait, pt);
    return signal_pending_mask() & s->mask ? EV_IN | EV_RDNORM : 0;
}

static void signalfd_release(struct file *f)
{
    kfree(f->private);
}

static const struct file_ops signalfd_ops = {
    .kind = "signalfd",
    .read = signalfd_read,
    .poll = signalfd_poll,
    .release = signalfd_release,
};

static long signalfd_change(int fd, uint64_t mask)
{
    struct file *f = fd_get(fd);
    long ret = -EINVAL;

    if (!f)
        return -EBADF;
    if (f->ops == &signalfd_ops) {
        ((struct signalfd *)f->private)->mask = mask;
        wq_wake(&current_process()->signal_wait, EV_IN); /* look again */
        ret = fd;
    }
    file_put(f);
    return ret;
}

long sys_signalfd4(int fd, const void __user *umask, size_t masksize, int flags)
{
    struct signalfd *s;
    struct file *f;
    uint64_t mask;

    if (masksize != sizeof(mask) || (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK)))
        return -EINVAL;
    if (copy_from_user(&mask, umask, sizeof(mask)))
        return -EFAULT;
    mask &= ~(1ul << (SIGKILL - 1) | 1ul << (SIGSTOP - 1));
    if (fd != -1)
        return signalfd_change(fd, mask);
    s = kzalloc(sizeof(*s), 0);
    if (!s)
        return -ENOMEM;
    s->mask = mask;
    f = file_alloc_anon("[signalfd]", 0600, &signalfd_ops, s,
                        O_RDWR | ((unsigned)flags & O_NONBLOCK));
    if (IS_ERR(f)) {
        kfree(s);
        return PTR_ERR(f);
    }
    return fd_add(f, flags & SFD_CLOEXEC);
}

long sys_signalfd(int fd, const void __user *mask, size_t masksize)
{
    return sys_signalfd4(fd, mask, masksize, 0);
}
