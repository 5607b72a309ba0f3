/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * attr.c - system calls that change what a file is: mode, owner, times, size.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time_types.h>

#include "fs/fs_priv.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "proc/process.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

/* UTIME_NOW and UTIME_OMIT of utimensat(2): not in the kernel's headers for
 * programs. */
#define UTIME_NOW  0x3fffffff
#define UTIME_OMIT 0x3ffffffe

static int lookup_user(int dirfd, const char __user *uname, unsigned lookup,
                       struct path *out)
{
    char *name = path_from_user(uname, lookup & LOOKUP_EMPTY);
    int err;

    if (IS_ERR(name))
        return (int)PTR_ERR(name);
    err = path_lookup(dirfd, name, lookup, out);
    path_free(name);
    return err;
}

/* A descriptor that was opened, not just named (O_PATH). */
static struct file *open_file(int fd)
{
    struct file *f = fd_get(fd);

    if (f && (f->caps & FILE_PATH)) {
        file_put(f);
        return NULL;
    }
    return f;
}

/* --- mode and owner --- */

long sys_fchmodat(int dirfd, const char __user *name, unsigned mode)
{
    struct path p;
    long rc = lookup_user(dirfd, name, LOOKUP_FOLLOW, &p);

    if (rc)
        return rc;
    rc = attr_chmod(p.dentry->inode, mode);
    path_put(&p);
    return rc;
}

long sys_chmod(const char __user *name, unsigned mode)
{
    return sys_fchmodat(AT_FDCWD, name, mode);
}

long sys_fchmod(int fd, unsigned mode)
{
    struct file *f = open_file(fd);
    long rc;

    if (!f)
        return -EBADF;
    rc = attr_chmod(f->inode, mode);
    file_put(f);
    return rc;
}

long sys_fchownat(int dirfd, const char __user *name, unsigned uid,
                  unsigned gid, int flags)
{
    unsigned lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
    struct path p;
    long rc;

    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (flags & AT_EMPTY_PATH)
        lookup |= LOOKUP_EMPTY;
    rc = lookup_user(dirfd, name, lookup, &p);
    if (rc)
        return rc;
    rc = attr_chown(p.dentry->inode, uid, gid);
    path_put(&p);
    return rc;
}

long sys_chown(const char __user *name, unsigned uid, unsigned gid)
{
    return sys_fchownat(AT_FDCWD, name, uid, gid, 0);
}

long sys_lchown(const char __user *name, unsigned uid, unsigned gid)
{
    return sys_fchownat(AT_FDCWD, name, uid, gid, AT_SYMLINK_NOFOLLOW);
}

long sys_fchown(int fd, unsigned uid, unsigned gid)
{
    struct file *f = open_file(fd);
    long rc;

    if (!f)
        return -EBADF;
    rc = attr_chown(f->inode, uid, gid);
    file_put(f);
    return rc;
}

long sys_umask(unsigned mask)
{
    return (long)atomic_exchange(&current_process()->umask, mask & 0777);
}

/* --- times --- */

/* What to set; NSEC_NEVER leaves a time as it is. */
struct new_times {
    nsec_t atime, mtime;
    bool named; /* by the caller, not "now" */
};

static void times_now(struct new_times *t)
{
    t->atime = t->mtime = time_realtime();
    t->named = false;
}

static int change_times(int dirfd, const char __user *name, int flags,
                        const struct new_times *t)
{
    unsigned lookup = flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW;
    struct file *f;
    struct path p;
    int err;

    if (!name) { /* futimens(3) */
        f = open_file(dirfd);
        if (!f)
            return -EBADF;
        err = attr_utimes(f->inode, t->atime, t->mtime, t->named);
        file_put(f);
        return err;
    }
    if (flags & AT_EMPTY_PATH)
        lookup |= LOOKUP_EMPTY;
    err = lookup_user(dirfd, name, lookup, &p);
    if (err)
        return err;
    err = attr_utimes(p.dentry->inode, t->atime, t->mtime, t->named);
    path_put(&p);
    return err;
}

/* Seconds that nsec_t can hold, both ways. */
static nsec_t to_ns(int64_t sec, int64_t nsec)
{
    const int64_t limit = INT64_MAX / NSEC_PER_SEC - 1;

    sec = MAX(MIN(sec, limit), -limit);
    return sec * NSEC_PER_SEC + nsec;
}

static int one_time(const struct __kernel_timespec *ts, nsec_t now, nsec_t *out)
{
    if (ts->tv_nsec == UTIME_OMIT)
        *out = NSEC_NEVER;
    else if (ts->tv_nsec == UTIME_NOW)
        *out = now;
    else if (ts->tv_nsec < 0 || ts->tv_nsec >= NSEC_PER_SEC)
        return -EINVAL;
    else
        *out = to_ns(ts->tv_sec, ts->tv_nsec);
    return 0;
}

long sys_utimensat(int dirfd, const char __user *name,
                   const void __user *utimes, int flags)
{
    struct __kernel_timespec ts[2];
    struct new_times t;
    nsec_t now;

    if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
        return -EINVAL;
    if (!name && dirfd == AT_FDCWD)
        return -EFAULT;
    if (!name && flags)
        return -EINVAL;
    times_now(&t);
    if (!utimes)
        return change_times(dirfd, name, flags, &t);
    if (copy_from_user(ts, utimes, sizeof(ts)))
        return -EFAULT;
    now = t.atime;
    if (one_time(&ts[0], now, &t.atime) || one_time(&ts[1], now, &t.mtime))
        return -EINVAL;
    if (t.atime == NSEC_NEVER && t.mtime == NSEC_NEVER)
        return 0;
    t.named = !(ts[0].tv_nsec == UTIME_NOW && ts[1].tv_nsec == UTIME_NOW);
    return change_times(dirfd, name, flags, &t);
}

long sys_futimesat(int dirfd, const char __user *name,
                   const void __user *utimes)
{
    struct __kernel_old_timeval tv[2];
    struct new_times t;

    times_now(&t);
    if (utimes) {
        if (copy_from_user(tv, utimes, sizeof(tv)))
            return -EFAULT;
        for (int k = 0; k < 2; k++)
            if (tv[k].tv_usec < 0 || tv[k].tv_usec >= 1000000)
                return -EINVAL;
        t.atime = to_ns(tv[0].tv_sec, tv[0].tv_usec * 1000);
        t.mtime = to_ns(tv[1].tv_sec, tv[1].tv_usec * 1000);
        t.named = true;
    }
    if (!name && dirfd == AT_FDCWD)
        return -EFAULT;
    return change_times(dirfd, name, 0, &t);
}

long sys_utimes(const char __user *name, const void __user *times)
{
    return sys_futimesat(AT_FDCWD, name, times);
}

long sys_utime(const char __user *name, const void __user *utimbuf)
{
    struct new_times t;
    int64_t sec[2];

    times_now(&t);
    if (utimbuf) {
        if (copy_from_user(sec, utimbuf, sizeof(sec)))
            return -EFAULT;
        t.atime = to_ns(sec[0], 0);
        t.mtime = to_ns(sec[1], 0);
        t.named = true;
    }
    return name ? change_times(AT_FDCWD, name, 0, &t) : -EFAULT;
}

/* --- size --- */

long sys_truncate(const char __user *name, uint64_t size)
{
    struct path p;
    long rc;

    if ((int64_t)size < 0)
        return -EINVAL;
    rc = lookup_user(AT_FDCWD, name, LOOKUP_FOLLOW, &p);
    if (rc)
        return rc;
    if (S_ISDIR(p.dentry->inode->mode))
        rc = -EISDIR;
    else if (!S_ISREG(p.dentry->inode->mode))
        rc = -EINVAL;
    else
        rc = inode_permission(p.dentry->inode, MAY_WRITE);
    if (!rc)
        rc = attr_truncate(p.dentry->inode, NULL, size);
    path_put(&p);
    return rc;
}
