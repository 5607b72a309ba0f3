/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * inode.c - inodes: life, cache, permission, stat.
 *
 * Disk file systems find inodes again by number through the cache, so that two
 * names of one file share it. The cache holds no reference: the last put
 * removes the inode under the cache lock, under which a find takes its
 * reference, so the two cannot cross.
 */
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "fs/locks.h"
#include "fs/pipe.h"
#include "lib/log.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "sched/cpu.h"

#define CACHE_BITS 10

static struct spinlock cache_lock = SPINLOCK_INIT(RANK_INODE_CACHE);
static struct inode *cache_table[1u << CACHE_BITS]; /* cache_lock */
static struct slab_cache *inode_slab;

void inode_cache_init(void)
{
    inode_slab = slab_cache_create("inode", sizeof(struct inode), 16);
}

static struct inode **cache_slot(const struct super_block *sb, uint64_t ino)
{
    uint64_t key = ino + ((uintptr_t)sb >> 4);

    return &cache_table[(uint32_t)(key * 0x9e3779b1u) >> (32 - CACHE_BITS)];
}

static struct inode *cache_find_locked(struct super_block *sb, uint64_t ino)
{
    struct inode *i = *cache_slot(sb, ino);

    while (i && (i->ino != ino || i->sb != sb))
        i = i->hash_next;
    return i;
}

struct inode *inode_cache_find(struct super_block *sb, uint64_t ino)
{
    struct inode *i;

    spin_lock(&cache_lock);
    i = cache_find_locked(sb, ino);
    if (i)
        inode_get(i);
    spin_unlock(&cache_lock);
    return i;
}

struct inode *inode_cache_add(struct inode *i)
{
    struct inode **slot = cache_slot(i->sb, i->ino), *found;

    spin_lock(&cache_lock);
    found = cache_find_locked(i->sb, i->ino);
    if (found) {
        inode_get(found);
    } else {
        i->hash_next = *slot;
        *slot = i;
        i->hashed = true;
    }
    spin_unlock(&cache_lock);
    if (!found)
        return i;
    inode_put(i);
    return found;
}

static void cache_remove_locked(struct inode *i)
{
    struct inode **p = cache_slot(i->sb, i->ino);

    while (*p != i)
        p = &(*p)->hash_next;
    *p = i->hash_next;
    i->hashed = false;
}

struct inode *inode_alloc(struct super_block *sb)
{
    struct inode *i = slab_alloc(inode_slab, ALLOC_ZERO);

    if (!i)
        return NULL;
    i->sb = sb;
    i->refs = 1;
    i->nlink = 1;
    i->atime = i->mtime = i->ctime = i->btime = time_coarse_realtime();
    rwlock_init(&i->dir_lock, RANK_INODE_DIR);
    mapping_init(&i->mapping, NULL, i, 0);
    return i;
}

static int no_device_open(struct inode *i, struct file *f)
{
    (void)i;
    (void)f;
    return -ENXIO;
}

void inode_set_mode(struct inode *i, unsigned mode, uint64_t rdev)
{
    i->mode = mode;
    i->rdev = rdev;
    if (!S_ISDIR(mode))
        rwlock_init(&i->dir_lock, RANK_INODE);
    if (S_ISCHR(mode) || S_ISBLK(mode))
        i->open = device_open;
    else if (S_ISFIFO(mode))
        i->open = fifo_open;
    else if (S_ISSOCK(mode))
        i->open = no_device_open;
}

void inode_get(struct inode *i)
{
    atomic_fetch_add_explicit(&i->refs, 1, memory_order_relaxed);
}

static void inode_free(struct inode *i)
{
    if (i->fifo)
        fifo_evict(i);
    if (i->ops && i->ops->evict)
        i->ops->evict(i);
    mapping_destroy(&i->mapping);
    locks_free(i);
    slab_free(inode_slab, i);
}

void inode_put(struct inode *i)
{
    uint32_t refs = atomic_load_explicit(&i->refs, memory_order_relaxed);
    bool last;

    /* Release pairs with the acquire-release of the last put. */
    while (refs > 1)
        if (atomic_compare_exchange_weak_explicit(&i->refs, &refs, refs - 1,
                                                  memory_order_release,
                                                  memory_order_relaxed))
            return;
    if (!i->hashed) {
        if (atomic_fetch_sub(&i->refs, 1) == 1)
            inode_free(i);
        return;
    }
    spin_lock(&cache_lock);
    last = atomic_fetch_sub(&i->refs, 1) == 1;
    if (last)
        cache_remove_locked(i);
    spin_unlock(&cache_lock);
    if (last)
        inode_free(i);
}

/* --- who may do what --- */

struct cred cred_current(void)
{
    struct process *p = current_process();

    return p ? (struct cred){p->fsuid, p->fsgid} : (struct cred){0, 0};
}

struct cred cred_real(void)
{
    struct process *p = current_process();

    return p ? (struct cred){p->uid, p->gid} : (struct cred){0, 0};
}

bool cred_owns(const struct inode *i)
{
    struct cred c = cred_current();

    return c.uid == 0 || c.uid == i->uid;
}

static bool in_group(uint32_t gid, struct cred c)
{
    struct process *p = current_process();

    if (c.gid == gid)
        return true;
    for (unsigned n = 0; p && n < p->ngroups; n++)
        if (p->groups[n] == gid)
            return true;
    return false;
}

static bool count_use(struct inode *i, int by)
{
    int n = atomic_load(&i->writers);

    do
        if (by > 0 ? n < 0 : n > 0)
            return false;
    while (!atomic_compare_exchange_weak(&i->writers, &n, n + by));
    return true;
}

bool inode_write_begin(struct inode *i)
{
    return count_use(i, 1);
}

void inode_write_end(struct inode *i)
{
    atomic_fetch_sub(&i->writers, 1);
}

bool inode_execute_begin(struct inode *i)
{
    return count_use(i, -1);
}

void inode_execute_end(struct inode *i)
{
    atomic_fetch_add(&i->writers, 1);
}

int inode_permission_as(struct inode *i, unsigned may, struct cred c)
{
    unsigned mode = i->mode;

    if ((may & MAY_WRITE) && i->sb->readonly &&
        (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode)))
        return -EROFS;
    if (c.uid == 0)
        return !(may & MAY_EXEC) || S_ISDIR(mode) || (mode & 0111) ? 0
                                                                   : -EACCES;
    if (c.uid == i->uid)
        mode >>= 6;
    else if (in_group(i->gid, c))
        mode >>= 3;
    return (mode & may & 7) == (may & 7) ? 0 : -EACCES;
}

int inode_permission(struct inode *i, unsigned may)
{
    return inode_permission_as(i, may, cred_current());
}

/* --- times and stat --- */

nsec_t time_coarse_realtime(void)
{
    return time_realtime();
}

/* Access times as with Linux's relatime: only if not newer than the last
 * change. */
void inode_touch(struct inode *i, bool modified)
{
    nsec_t now;

    if (i->sb->readonly)
        return;
    if (modified) {
        i->mtime = i->ctime = time_coarse_realtime();
        return;
    }
    if (i->atime > i->mtime && i->atime > i->ctime)
        return;
    now = time_coarse_realtime();
    if (now > i->atime)
        i->atime = now;
}

static void put_time(nsec_t t, unsigned long *sec, unsigned long *nsec)
{
    nsec_t s = t / NSEC_PER_SEC, n = t % NSEC_PER_SEC;

    if (n < 0) { /* before 1970 */
        s--;
        n += NSEC_PER_SEC;
    }
    *sec = (unsigned long)s;
    *nsec = (unsigned long)n;
}

void inode_stat(struct inode *i, struct stat *out)
{
    if (i->ops && i->ops->getattr)
        i->ops->getattr(i);
    *out = (struct stat){
        .st_dev = i->sb->dev,
        .st_ino = i->ino,
        .st_nlink = i->nlink,
        .st_mode = i->mode,
        .st_uid = i->uid,
        .st_gid = i->gid,
        .st_rdev = i->rdev,
        .st_size = (long)i->mapping.size,
        .st_blksize = PAGE_SIZE,
        .st_blocks = (long)(i->blocks ? i->blocks
                                      : i->mapping.nr_pages * PAGE_SIZE / 512),
    };
    put_time(i->atime, &out->st_atime, &out->st_atime_nsec);
    put_time(i->mtime, &out->st_mtime, &out->st_mtime_nsec);
    put_time(i->ctime, &out->st_ctime, &out->st_ctime_nsec);
}
