/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * blockdev_node.c - /dev/vda and its like, and /proc/partitions.
 *
 * The nodes are for looking at (dd, blkid, fdisk -l): reading goes straight to
 * the disk through one page, and opening for writing answers EROFS, because a
 * write behind a mounted file system's cache would corrupt it.
 */
#include <asm/ioctl.h>
#include <linux/fs.h>

#include "dev/blockdev.h"
#include "dev/blockdev_priv.h"
#include "dev/device_node.h"
#include "fs/file.h"
#include "fs/vfs.h"
#include "mem/slab.h"
#include "mem/uio.h"
#include "mem/user.h"

#define O_ACCMODE_MASK 3u

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
    if (f->flags & O_ACCMODE_MASK)
        return -EROFS;
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

    devfs_add(d->name, S_IFBLK_MODE(0660), d->major, d->minor, node_open,
              &node_ops);
    if (!shown)
        proc_add("partitions", partitions_show, NULL);
    shown = true;
}
