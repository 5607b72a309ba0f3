/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * devices.c - which driver a device number stands for, and devfs.
 *
 * devfs is a tmpfs that drivers put nodes into; like with Linux's devtmpfs,
 * programs may add, remove and chmod names in it. The number is what counts: a
 * node made by mknod(2) on any file system opens the same driver.
 */
#include <linux/magic.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "lib/log.h"
#include "lib/string.h"
#include "mem/slab.h"

struct device {
    struct list link;
    unsigned type; /* S_IFCHR, S_IFBLK */
    uint64_t rdev;
    int (*open)(struct inode *, struct file *);
    const struct file_ops *fops;
};

static struct spinlock lock = SPINLOCK_INIT(RANK_INODE_CACHE);
static struct list devices = LIST_HEAD_INIT(devices); /* lock */
static struct super_block *devfs;

static struct device *find_locked(unsigned type, uint64_t rdev)
{
    struct device *d;

    list_for_each (d, &devices, link)
        if (d->rdev == rdev && d->type == type)
            return d;
    return NULL;
}

int device_register(unsigned type, uint64_t rdev,
                    int (*open)(struct inode *, struct file *),
                    const struct file_ops *fops)
{
    struct device *d = kmalloc(sizeof(*d), 0), *old;

    if (!d)
        return -ENOMEM;
    *d =
        (struct device){.type = type, .rdev = rdev, .open = open, .fops = fops};
    spin_lock(&lock);
    old = find_locked(type, rdev);
    if (!old)
        list_add_tail(&devices, &d->link);
    spin_unlock(&lock);
    if (old)
        kfree(d);
    return old && (old->open != open || old->fops != fops) ? -EBUSY : 0;
}

void device_unregister(unsigned type, uint64_t rdev)
{
    struct device *d;

    spin_lock(&lock);
    d = find_locked(type, rdev);
    if (d)
        list_del_init(&d->link);
    spin_unlock(&lock);
    kfree(d);
}

int device_open(struct inode *i, struct file *f)
{
    int (*open)(struct inode *, struct file *) = NULL;
    struct device *d;

    spin_lock(&lock);
    d = find_locked(i->mode & S_IFMT, i->rdev);
    if (d) {
        open = d->open;
        f->ops = d->fops;
    }
    spin_unlock(&lock);
    if (!d)
        return -ENXIO;
    return open ? open(i, f) : 0;
}

/* --- devfs --- */

/* Drivers may come before the file system is mounted, and in any order. */
static struct dentry *devfs_root(void)
{
    if (!devfs) {
        struct super_block *sb = tmpfs_create(0, 0755);

        if (IS_ERR(sb))
            return NULL;
        sb->type = "devtmpfs";
        devfs = sb;
    }
    return super_root_dentry(devfs);
}

static int make_node(const char *name, unsigned mode, uint64_t rdev,
                     const char *target)
{
    struct dentry *root = devfs_root(), *dir;
    struct entry_name n;
    int err;

    if (!root)
        return -ENOMEM;
    dir = entry_make_parents(root, &name);
    if (IS_ERR(dir))
        return (int)PTR_ERR(dir);
    n = (struct entry_name){name, strlen(name), 0, false};
    n.hash = name_hash(n.name, n.len);
    err = n.len ? entry_create(dir, &n, mode, rdev, target, false, NULL) : 0;
    dentry_put(dir);
    return err == -EEXIST && !*name ? 0 : err;
}

int devfs_add(const char *name, unsigned mode, unsigned major, unsigned minor,
              int (*open)(struct inode *, struct file *),
              const struct file_ops *fops)
{
    unsigned type = mode & S_IFMT ? mode & S_IFMT : S_IFCHR;
    int err = device_register(type, make_rdev(major, minor), open, fops);

    if (!err)
        err = make_node(name, type | (mode & 07777), make_rdev(major, minor),
                        NULL);
    if (err)
        kwarn("cannot make device %s: error %d", name, -err);
    return err;
}

int devfs_symlink(const char *name, const char *target)
{
    return make_node(name, S_IFLNK | 0777, 0, target);
}

int devfs_remove(const char *name)
{
    struct dentry *root = devfs_root(), *dir, *d;
    struct entry_name n;
    int err;

    if (!root)
        return -ENOENT;
    dir = entry_make_parents(root, &name);
    if (IS_ERR(dir))
        return (int)PTR_ERR(dir);
    n = (struct entry_name){name, strlen(name), 0, false};
    n.hash = name_hash(n.name, n.len);
    d = dentry_lookup(dir, n.name, n.len, n.hash, false);
    if (!IS_ERR(d)) {
        if (d->inode)
            device_unregister(d->inode->mode & S_IFMT, d->inode->rdev);
        dentry_put(d);
    }
    err = entry_unlink(&(struct path){NULL, dir}, &n, false, false);
    dentry_put(dir);
    return err;
}

struct super_block *devfs_create(void)
{
    int err;

    if (!devfs_root())
        return ERR_PTR(-ENOMEM);
    dev_memory_add();
    err = make_node("shm/", 0, 0, NULL);
    if (!err)
        err = make_node("pts/", 0, 0, NULL);
    if (!err)
        err = devfs_symlink("fd", "/proc/self/fd");
    if (!err)
        err = devfs_symlink("stdin", "/proc/self/fd/0");
    if (!err)
        err = devfs_symlink("stdout", "/proc/self/fd/1");
    if (!err)
        err = devfs_symlink("stderr", "/proc/self/fd/2");
    return err ? ERR_PTR(err) : devfs;
}
