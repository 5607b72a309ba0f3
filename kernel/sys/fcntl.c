/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fcntl.c - descriptors and the flags of open files: dup, fcntl, ioctl, flock,
 * memfd_create.
 */
#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/locks.h"
#include "fs/pipe.h"
#include "fs/vfs.h"
#include "lib/string.h"
#include "mem/mm.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "proc/process.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

long sys_dup(int fd)
{
    return fd_dup(fd, 0, false);
}

long sys_dup2(int fd, int to)
{
    if (fd == to) {
        struct file *f = fd_get(fd);

        if (!f)
            return -EBADF;
        file_put(f);
        return fd;
    }
    return fd_dup_to(fd, to, false);
}

long sys_dup3(int fd, int to, int flags)
{
    if ((flags & ~O_CLOEXEC) || fd == to)
        return -EINVAL;
    return fd_dup_to(fd, to, flags & O_CLOEXEC);
}

/* --- flags --- */

/* F_SETFL changes these; other bits are ignored: fcntl(2). (O_ASYNC is one of
 * the ignored: there is no SIGIO here.) */
#define SETFL_MASK (O_APPEND | O_NONBLOCK | O_NOATIME | O_DIRECT)

static long set_flags(struct file *f, unsigned long arg)
{
    uint32_t old = f->flags, new;

    if ((arg & O_NOATIME) && !(old & O_NOATIME) && current_process()->fsuid &&
        current_process()->fsuid != f->inode->uid)
        return -EPERM;
    do
        new = (old & ~(uint32_t)SETFL_MASK) | ((uint32_t)arg & SETFL_MASK);
    while (!atomic_compare_exchange_weak(&f->flags, &old, new));
    return 0;
}

/* --- seals --- */

static bool can_seal(const struct file *f)
{
    return f->inode->mapping.flags & MAPPING_STORE;
}

/* Is there a mapping through which the file could be written? */
static bool mapped_writable(struct mapping *m)
{
    struct list *e;
    bool found = false;

    spin_lock(&m->i_mmap_lock);
    for (e = m->i_mmap.next; e != &m->i_mmap && !found; e = e->next) {
        struct vma *v = list_entry(e, struct vma, mapping_link);

        found = (v->flags & VMA_SHARED) && (v->flags & VMA_MAYWRITE);
    }
    spin_unlock(&m->i_mmap_lock);
    return found;
}

static long add_seals(struct file *f, unsigned long seals)
{
    struct inode *i = f->inode;
    long rc = 0;

    if (!can_seal(f) ||
        (seals & ~(unsigned long)(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW |
                                  F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
        return -EINVAL;
    if (!(f->caps & FILE_WRITE))
        return -EPERM;
    write_lock(&i->dir_lock);
    if (i->seals & F_SEAL_SEAL)
        rc = -EPERM;
    else if ((seals & F_SEAL_WRITE) && mapped_writable(&i->mapping))
        rc = -EBUSY;
    else
        i->seals |= (uint32_t)seals;
    write_unlock(&i->dir_lock);
    return rc;
}

/* --- the calls --- */

static long lock_call(struct file *f, unsigned cmd, unsigned long arg)
{
    struct flock fl;
    long rc;

    if (copy_from_user(&fl, (void __user *)arg, sizeof(fl)))
        return -EFAULT;
    rc = locks_fcntl(f, cmd, &fl);
    if (!rc && (cmd == F_GETLK || cmd == F_OFD_GETLK) &&
        copy_to_user((void __user *)arg, &fl, sizeof(fl)))
        rc = -EFAULT;
    return rc;
}

static long get_owner(struct file *f, void __user *out)
{
    int owner = f->owner_pid;
    struct f_owner_ex ex = {.type = owner < 0 ? F_OWNER_PGRP : F_OWNER_PID,
                            .pid = owner < 0 ? -owner : owner};

    if (!owner)
        ex.type = F_OWNER_TID;
    return copy_to_user(out, &ex, sizeof(ex));
}

static long fcntl_file(struct file *f, unsigned cmd, unsigned long arg)
{
    switch (cmd) {
    case F_GETFL:
        return (long)f->flags;
    case F_SETFL:
        return set_flags(f, arg);
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW:
    case F_OFD_GETLK:
    case F_OFD_SETLK:
    case F_OFD_SETLKW:
        return lock_call(f, cmd, arg);
    case F_GETPIPE_SZ:
        return pipe_get_size(f);
    case F_SETPIPE_SZ:
        return pipe_set_size(f, arg);
    case F_ADD_SEALS:
        return add_seals(f, arg);
    case F_GET_SEALS:
        return can_seal(f) ? (long)f->inode->seals : -EINVAL;
    case F_GETOWN:
        return f->owner_pid;
    case F_GETOWN_EX: /* which is how glibc asks */
        return get_owner(f, (void __user *)arg);
    case F_GETLEASE:
        return F_UNLCK; /* F_SETLEASE is refused, so there is none */
    default:
        return -EINVAL;
    }
}

long sys_fcntl(int fd, unsigned cmd, unsigned long arg)
{
    struct file *f;
    long rc;

    switch (cmd) {
    case F_GETFD:
        rc = fd_get_cloexec(fd);
        return rc < 0 ? rc : rc ? FD_CLOEXEC : 0;
    case F_SETFD:
        return fd_set_cloexec(fd, arg & FD_CLOEXEC);
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        if (arg >= process_rlimit(RLIMIT_NOFILE)) {
            f = fd_get(fd);
            if (!f)
                return -EBADF;
            file_put(f);
            return -EINVAL;
        }
        return fd_dup(fd, (int)arg, cmd == F_DUPFD_CLOEXEC);
    }
    f = fd_get(fd);
    if (unlikely(!f))
        return -EBADF;
    rc = (f->caps & FILE_PATH) && cmd != F_GETFL ? -EBADF
                                                 : fcntl_file(f, cmd, arg);
    file_put(f);
    return rc;
}

static long set_nonblock(struct file *f, unsigned long arg)
{
    int on;

    if (get_user(on, (int __user *)arg))
        return -EFAULT;
    if (on)
        atomic_fetch_or(&f->flags, O_NONBLOCK);
    else
        atomic_fetch_and(&f->flags, ~(uint32_t)O_NONBLOCK);
    return 0;
}

/* There is no SIGIO: it can only be switched off. */
static long refuse_async(struct file *f, unsigned long arg)
{
    int on;

    if (get_user(on, (int __user *)arg))
        return -EFAULT;
    return on ? -ENOTTY : 0;
}

/* What is unread in a regular file. */
static long file_nread(struct file *f, unsigned long arg)
{
    int64_t left = (int64_t)(f->inode->mapping.size - f->pos);

    return put_user((int)left, (int __user *)arg);
}

static long ioctl_file(struct file *f, int fd, unsigned cmd, unsigned long arg)
{
    switch (cmd) {
    case FIOCLEX:
        return fd_set_cloexec(fd, true);
    case FIONCLEX:
        return fd_set_cloexec(fd, false);
    case FIONBIO:
        return set_nonblock(f, arg);
    case FIOASYNC:
        return refuse_async(f, arg);
    case FIONREAD:
        if (S_ISREG(f->inode->mode))
            return file_nread(f, arg);
        break;
    }
    return f->ops->ioctl ? f->ops->ioctl(f, cmd, arg) : -ENOTTY;
}

long sys_ioctl(int fd, unsigned cmd, unsigned long arg)
{
    struct file *f = fd_get(fd);
    long rc;

    if (unlikely(!f))
        return -EBADF;
    rc = f->caps & FILE_PATH ? -EBADF : ioctl_file(f, fd, cmd, arg);
    file_put(f);
    return rc;
}

long sys_flock(int fd, int op)
{
    struct file *f = fd_get(fd);
    long rc;

    if (!f)
        return -EBADF;
    rc = f->caps & FILE_PATH ? -EBADF : locks_flock(f, op);
    file_put(f);
    return rc;
}

#define MEMFD_NAME_MAX 249 /* NAME_MAX less "memfd:" */

long sys_memfd_create(const char __user *name, unsigned flags)
{
    char text[6 + MEMFD_NAME_MAX + 1] = "memfd:";
    struct file *f;
    long n;

    if (flags & ~(MFD_CLOEXEC | MFD_ALLOW_SEALING))
        return -EINVAL; /* no huge-page file systems */
    n = strncpy_from_user(text + 6, name, MEMFD_NAME_MAX + 1);
    if (n < 0)
        return n == -ENAMETOOLONG ? -EINVAL : n;
    f = tmpfs_anon_file(text, 0);
    if (IS_ERR(f))
        return PTR_ERR(f);
    if (!(flags & MFD_ALLOW_SEALING))
        f->inode->seals = F_SEAL_SEAL;
    return fd_add(f, flags & MFD_CLOEXEC);
}
