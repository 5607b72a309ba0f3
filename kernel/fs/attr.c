/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * attr.c - changing the attributes of an inode.
 */
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/resource.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/cpu.h"

static int changeable(struct inode *i)
{
    if (i->sb->readonly)
        return -EROFS;
    return i->ops->setattr ? 0 : -EPERM;
}

static int changed(struct inode *i, unsigned what)
{
    i->ctime = time_coarse_realtime();
    return i->ops->setattr(i, what);
}

int attr_chmod(struct inode *i, unsigned mode)
{
    int err = changeable(i);

    if (err)
        return err;
    if (S_ISLNK(i->mode))
        return -EOPNOTSUPP;
    if (!cred_owns(i))
        return -EPERM;
    write_lock(&i->dir_lock);
    i->mode = (i->mode & S_IFMT) | (mode & 07777);
    err = changed(i, ATTR_MODE);
    write_unlock(&i->dir_lock);
    return err;
}

/* The owner may give a file to a group of his; only root gives it away. */
static bool may_chown(struct inode *i, uint32_t uid, uint32_t gid)
{
    struct cred c = cred_current();
    struct process *p = current_process();

    if (c.uid == 0)
        return true;
    if (c.uid != i->uid || (uid != UINT32_MAX && uid != i->uid))
        return false;
    if (gid == UINT32_MAX || gid == i->gid || gid == c.gid)
        return true;
    for (unsigned n = 0; n < p->ngroups; n++)
        if (p->groups[n] == gid)
            return true;
    return false;
}

int attr_chown(struct inode *i, uint32_t uid, uint32_t gid)
{
    int err = changeable(i);

    if (err)
        return err;
    if (!may_chown(i, uid, gid))
        return -EPERM;
    write_lock(&i->dir_lock);
    if (uid != UINT32_MAX)
        i->uid = uid;
    if (gid != UINT32_MAX)
        i->gid = gid;
    if (!S_ISDIR(i->mode)) {
        i->mode &= ~(unsigned)S_ISUID;
        if (i->mode & S_IXGRP)
            i->mode &= ~(unsigned)S_ISGID;
    }
    err = changed(i, ATTR_OWNER);
    write_unlock(&i->dir_lock);
    return err;
}

int attr_utimes(struct inode *i, nsec_t atime, nsec_t mtime, bool explicit_)
{
    int err = changeable(i);

    if (err)
        return err;
    if (!cred_owns(i)) {
        if (explicit_)
            return -EPERM;
        err = inode_permission(i, MAY_WRITE);
        if (err)
            return err;
    }
    write_lock(&i->dir_lock);
    if (atime != NSEC_NEVER)
        i->atime = atime;
    if (mtime != NSEC_NEVER)
        i->mtime = mtime;
    err = changed(i, ATTR_TIMES);
    write_unlock(&i->dir_lock);
    return err;
}

void attr_drop_suid(struct inode *i)
{
    if (likely(!(i->mode & (S_ISUID | S_ISGID))) || !cred_current().uid)
        return;
    i->mode &= ~(unsigned)S_ISUID;
    if (i->mode & S_IXGRP)
        i->mode &= ~(unsigned)S_ISGID;
}

static int size_allowed(struct inode *i, uint64_t size)
{
    uint64_t old = i->mapping.size;

    if ((i->seals & F_SEAL_SHRINK) && size < old)
        return -EPERM;
    if ((i->seals & F_SEAL_GROW) && size > old)
        return -EPERM;
    return 0;
}

static int truncate_now(struct inode *i, uint64_t size)
{
    int err;

    write_lock(&i->dir_lock);
    err = size_allowed(i, size);
    if (!err)
        err = mapping_truncate(&i->mapping, size);
    if (!err) {
        attr_drop_suid(i);
        inode_touch(i, true);
        err = i->ops->setattr(i, ATTR_SIZE);
    }
    write_unlock(&i->dir_lock);
    return err;
}

int attr_truncate(struct inode *i, struct file *f, uint64_t size)
{
    int err;

    (void)f;
    if (S_ISDIR(i->mode))
        return -EISDIR;
    if (!S_ISREG(i->mode) || (int64_t)size < 0)
        return -EINVAL;
    err = changeable(i);
    if (err)
        return err;
    if (current_process() && size > process_rlimit(RLIMIT_FSIZE)) {
        signal_send_thread(current, SIGXFSZ, NULL);
        return -EFBIG;
    }
    if (!inode_write_begin(i))
        return -ETXTBSY;
    err = truncate_now(i, size);
    inode_write_end(i);
    return err;
}
