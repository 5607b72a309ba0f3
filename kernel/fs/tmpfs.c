/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tmpfs.c - the file system in memory: inodes, limits, anonymous files.
 *
 * Contents are the pages of the inode's mapping, which here is the store
 * itself. An inode lives while a name or a user refers to it: each name holds
 * a reference (tmpfs_dir.c).
 */
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/stat.h>

#include "fs/tmpfs_priv.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"

static struct tmpfs *tmpfs_of(struct super_block *sb)
{
    return sb->private;
}

/* Take (n) of a limited good. */
static bool take(_Atomic uint64_t *used, uint64_t n, uint64_t max)
{
    if (atomic_fetch_add(used, n) + n <= max)
        return true;
    atomic_fetch_sub(used, n);
    return false;
}

static int charge(struct mapping *m, unsigned pages)
{
    struct inode *i = m->owner;
    struct tmpfs *t = tmpfs_of(i->sb);

    return take(&t->pages, pages, t->max_pages) ? 0 : -ENOSPC;
}

static void uncharge(struct mapping *m, unsigned pages)
{
    struct inode *i = m->owner;

    atomic_fetch_sub(&tmpfs_of(i->sb)->pages, pages);
}

static const struct mapping_ops tmpfs_mapping_ops = {
    .charge = charge,
    .uncharge = uncharge,
};

static int setattr(struct inode *i, unsigned what)
{
    (void)i;
    (void)what;
    return 0; /* the inode in memory is all there is */
}

static ssize_t readlink(struct inode *i, char *buf, size_t size)
{
    size_t n = MIN(i->mapping.size, size);

    memcpy(buf, i->private, n);
    return (ssize_t)n;
}

static void evict(struct inode *i)
{
    kfree(i->private);
    atomic_fetch_sub(&tmpfs_of(i->sb)->inodes, 1);
}

static const struct inode_ops file_inode_ops = {
    .setattr = setattr,
    .evict = evict,
};
static const struct inode_ops symlink_inode_ops = {
    .readlink = readlink,
    .setattr = setattr,
    .evict = evict,
};

/* Type-specific parts; 0 or -ENOMEM. */
static int fill(struct inode *i, const char *symlink)
{
    size_t len;

    switch (i->mode & S_IFMT) {
    case S_IFDIR:
        i->ops = &tmpfs_dir_ops;
        i->fops = &tmpfs_dir_file_ops;
        i->private = tmpfs_dir_new();
        i->nlink = 2;
        if (!i->private)
            return -ENOMEM;
        tmpfs_dir_set_size(i);
        return 0;
    case S_IFLNK:
        len = strlen(symlink);
        i->ops = &symlink_inode_ops;
        i->private = kmalloc(len + 1, 0);
        if (!i->private)
            return -ENOMEM;
        memcpy(i->private, symlink, len + 1);
        i->mapping.size = len;
        return 0;
    case S_IFREG:
        i->fops = &file_ops_mapping;
        mapping_init(&i->mapping, &tmpfs_mapping_ops, i, MAPPING_STORE);
        return 0;
    }
    return 0;
}

struct inode *tmpfs_inode(struct super_block *sb, unsigned mode, uint64_t rdev,
                          const char *symlink)
{
    struct tmpfs *t = tmpfs_of(sb);
    struct inode *i;

    if (!take(&t->inodes, 1, t->max_inodes))
        return ERR_PTR(-ENOSPC);
    i = inode_alloc(sb);
    if (!i) {
        atomic_fetch_sub(&t->inodes, 1);
        return ERR_PTR(-ENOMEM);
    }
    i->ops = &file_inode_ops;
    i->ino = atomic_fetch_add(&t->last_ino, 1) + 1;
    inode_set_mode(i, mode, rdev);
    if (fill(i, symlink)) {
        inode_put(i);
        return ERR_PTR(-ENOMEM);
    }
    return i;
}

static int tmpfs_statfs(struct super_block *sb, struct statfs_info *out)
{
    struct tmpfs *t = tmpfs_of(sb);
    uint64_t pages = t->pages, inodes = t->inodes;

    out->blocks = t->max_pages;
    out->bfree = out->bavail = t->max_pages - MIN(pages, t->max_pages);
    out->files = t->max_inodes;
    out->ffree = t->max_inodes - MIN(inodes, t->max_inodes);
    return 0;
}

static struct super_block *make(uint64_t max_pages, uint64_t max_inodes,
                                unsigned root_mode)
{
    struct super_block *sb = super_alloc("tmpfs", TMPFS_MAGIC);
    struct tmpfs *t = kzalloc(sizeof(*t), 0);

    if (!sb || !t) {
        kfree(sb);
        kfree(t);
        return ERR_PTR(-ENOMEM);
    }
    t->max_pages = max_pages;
    t->max_inodes = max_inodes;
    sb->private = t;
    sb->statfs = tmpfs_statfs;
    sb->root = tmpfs_inode(sb, S_IFDIR | root_mode, 0, NULL);
    if (IS_ERR(sb->root)) {
        kfree(sb);
        kfree(t);
        return ERR_PTR(-ENOMEM);
    }
    return sb;
}

struct super_block *tmpfs_create(uint64_t max_bytes, unsigned root_mode)
{
    struct memory_stats mem;

    memory_stats(&mem);
    return make(max_bytes ? max_bytes / PAGE_SIZE : mem.total / 2,
                MAX(mem.total / 2, (uint64_t)1024), root_mode);
}

/* Anonymous files live on a tmpfs of their own, limited by memory only, which
 * the first caller makes. */
static struct super_block *shared_memory(void)
{
    static struct super_block *_Atomic shm;
    struct super_block *sb = shm, *expected = NULL;

    if (sb)
        return sb;
    sb = make(UINT64_MAX / 2, UINT64_MAX / 2, 01777);
    if (IS_ERR(sb) || atomic_compare_exchange_strong(&shm, &expected, sb))
        return sb;
    inode_put(sb->root);
    kfree(sb->private);
    kfree(sb);
    return expected;
}

static struct file *anon_file(struct inode *i, const char *name, uint64_t size)
{
    char text[NAME_MAX + 16];
    struct dentry *d;
    int n = ksnprintf(text, sizeof(text), "/%s (deleted)", name);

    i->nlink = 0;
    i->mapping.size = size;
    d = dentry_detached(NULL, text, MIN((size_t)n, sizeof(text) - 1), i);
    if (!d)
        return ERR_PTR(-ENOMEM);
    return file_alloc_path(&(struct path){&anonymous_mount, d},
                           &file_ops_mapping, O_RDWR | O_LARGEFILE);
}

struct file *tmpfs_anon_file(const char *name, uint64_t size)
{
    struct super_block *sb = shared_memory();
    struct inode *i;
    struct file *f;
    struct cred c;

    if (IS_ERR(sb))
        return (void *)sb;
    i = tmpfs_inode(sb, S_IFREG | 0777, 0, NULL);
    if (IS_ERR(i))
        return (void *)i;
    c = cred_current();
    i->uid = c.uid;
    i->gid = c.gid;
    f = anon_file(i, name, size);
    inode_put(i);
    return f;
}
