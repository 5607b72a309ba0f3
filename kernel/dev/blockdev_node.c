/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * blockdev_node.c - /dev/vda and its like, and /proc/partitions.
 *
 * Reading (dd, blkid, fdisk -l) and writing (a crash dump) go straight to the
 * disk through one page: what write(2) has taken is with the device. A disk of
 * which something is mounted cannot be opened for writing, because a write
 * behind the file system's cache would corrupt it.
 *
 * A page that is written in part is read first. (merge) keeps two writers of
 * one page apart; the user's memory is read before, its lock comes first.
 */
#include <asm/ioctl.h>
#include <linux/fs.h>

#include "dev/blockdev.h"
#include "dev/blockdev_priv.h"
#include "dev/device_node.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "mem/uio.h"
#include "mem/user.h"
#include "sched/lock.h"

#define O_ACCMODE_MASK 3u

static struct mutex merge;

static struct blockdev *find_number(uint64_t rdev)
{
    struct blockdev *d = NULL;

    while ((d = blockdev_next(d)))
        if (device_minor(rdev) == d->minor)
            return d;
    return NULL;
}

static int node_open(struct inode *i, struct file *f)
{
    struct blockdev *d = find_number(i->rdev);

    if (!d)
        return -ENXIO;
    if (f->flags & O_ACCMODE_MASK) {
        if (d->whole->readonly)
            return -EROFS;
        if (blockdev_in_use(d))
            return -EBUSY;
    }
    f->private = d;
    return 0;
}

static ssize_t node_read(struct file *f, struct uio *u, uint64_t *pos)
{
    struct blockdev *d = f->private;
    uint64_t size = d->sectors * 512;
    char *page = kmalloc(PAGE_SIZE, 0);
    ssize_t done = 0, rc = 0;

    if (!page)
        return -ENOMEM;
    while (u->left && *pos < size) {
        uint64_t base = ALIGN_DOWN(*pos, PAGE_SIZE);
        size_t have = MIN((uint64_t)PAGE_SIZE, size - base);
        size_t skip = *pos - base;
        rc = blockdev_read(d, base / 512, page, have);
        if (rc)
            break;
        rc = uio_copy_out(u, page + skip, MIN(have - skip, u->left));
        if (rc <= 0)
            break;
        done += rc;
        *pos += (uint64_t)rc;
    }
    kfree(page);
    return done ? done : rc;
}

/* Put (n) bytes at (data) into the page at (base), of which the disk has
 * (have) bytes, behind (skip). */
static int write_part(struct blockdev *d, uint64_t base, size_t have,
                      const char *data, size_t skip, size_t n)
{
    char *page = kmalloc(PAGE_SIZE, 0);
    int rc = 0;

    if (!page)
        return -ENOMEM;
    mutex_lock(&merge);
    if (n < have)
        rc = blockdev_read(d, base / 512, page, have);
    if (!rc) {
        memcpy(page + skip, data, n);
        rc = blockdev_write(d, base / 512, page, have);
    }
    mutex_unlock(&merge);
    kfree(page);
    return rc;
}

static ssize_t node_write(struct file *f, struct uio *u, uint64_t *pos)
{
    struct blockdev *d = f->private;
    uint64_t size = d->sectors * 512;
    char *data = kmalloc(PAGE_SIZE, 0);
    ssize_t done = 0, rc = 0;

    if (!data)
        return -ENOMEM;
    if (u->left && *pos >= size)
        rc = -ENOSPC;
    while (!rc && u->left && *pos < size) {
        uint64_t base = ALIGN_DOWN(*pos, PAGE_SIZE);
        size_t have = MIN((uint64_t)PAGE_SIZE, size - base);
        size_t skip = *pos - base;
        ssize_t n = uio_copy_in(u, data, MIN(have - skip, u->left));

        rc = n < 0 ? n : write_part(d, base, have, data, skip, (size_t)n);
        if (rc)
            break;
        done += n;
        *pos += (uint64_t)n;
    }
    kfree(data);
    return done ? done : rc;
}

static int64_t node_lseek(struct file *f, int64_t off, int whence)
{
    struct blockdev *d = f->private;
    int64_t base = whence == SEEK_CUR   ? (int64_t)f->pos
                   : whence == SEEK_END ? (int64_t)(d->sectors * 512)
                                        : 0;

    if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END)
        return -EINVAL;
    if (__builtin_add_overflow(base, off, &off) || off < 0)
        return -EINVAL;
    f->pos = (uint64_t)off;
    return off;
}

static long node_ioctl(struct file *f, unsigned cmd, unsigned long arg)
{
    struct blockdev *d = f->private;

    switch (cmd) {
    case BLKGETSIZE64:
        return put_user(d->sectors * 512, (uint64_t __user *)arg);
    case BLKGETSIZE:
        return put_user(d->sectors, (unsigned long __user *)arg);
    case BLKSSZGET:
    case BLKBSZGET:
        return put_user(512, (int __user *)arg);
    case BLKPBSZGET:
        return put_user(512u, (unsigned __user *)arg);
    case BLKROGET:
        return put_user((int)d->readonly, (int __user *)arg);
    default:
        return -ENOTTY;
    }
}

static int node_fsync(struct file *f, bool data_only)
{
    struct blockdev *d = f->private;

    return d->ops->flush ? d->ops->flush(d->whole) : 0;
}

static const struct file_ops node_ops = {
    .kind = "block",
    .read = node_read,
    .write = node_write,
    .lseek = node_lseek,
    .ioctl = node_ioctl,
    .fsync = node_fsync,
};

static void partitions_show(struct seq *s, void *arg)
{
    struct blockdev *d = NULL;

    seq_printf(s, "major minor  #blocks  name\n\n");
    while ((d = blockdev_next(d)))
        seq_printf(s, "%4u  %7u %10llu %s\n", d->major, d->minor,
                   (unsigned long long)(d->sectors / 2), d->name);
}

void blockdev_node_add(struct blockdev *d)
{
    static bool shown;

    if (!shown)
        mutex_init(&merge, RANK_BLOCK);
    devfs_add(d->name, S_IFBLK_MODE(0660), d->major, d->minor, node_open,
              &node_ops);
    if (!shown)
        proc_add("partitions", partitions_show, NULL);
    shown = true;
}
