/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * file.c - open files: life, reading and writing, objects without a name.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "fs/locks.h"
#include "fs/poll.h"
#include "lib/log.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mem/slab.h"
#include "proc/process.h"
#include "sched/cpu.h"

static struct slab_cache *cache;
static _Atomic uint64_t nr_files;
static uint64_t max_files; /* I */
static struct super_block *anon_sb;
static _Atomic uint64_t anon_ino;

const struct file_ops opath_ops = {.kind = "path"};
static const struct inode_ops anon_inode_ops;

uint64_t file_count(void)
{
    return nr_files;
}

uint64_t file_max(void)
{
    return max_files;
}

struct super_block *anonymous_super(void)
{
    return anon_sb;
}

void file_init(void)
{
    struct memory_stats mem;

    cache = slab_cache_create("file", sizeof(struct file), 16);
    memory_stats(&mem);
    /* As Linux: about 1 KiB for a file and what hangs on it, a tenth of
     * memory. */
    max_files = MAX(mem.total * (PAGE_SIZE / 1024) / 10, (uint64_t)8192);
    anon_sb = super_alloc("anon_inodefs", 0x09041934);
    if (!anon_sb)
        panic("no memory for the anonymous file system");
}

void file_set_caps(struct file *f)
{
    static const uint8_t access[4] = {FILE_READ, FILE_WRITE,
                                      FILE_READ | FILE_WRITE, 0};
    unsigned mode = f->inode->mode;

    if (f->flags & O_PATH) {
        f->caps = FILE_PATH;
        return;
    }
    f->caps = access[f->flags & O_ACCMODE];
    if (S_ISREG(mode) || S_ISDIR(mode))
        f->caps |= FILE_SEEK;
}

/* Everything but the path. */
static struct file *file_new(struct inode *i, const struct file_ops *ops,
                             unsigned flags)
{
    struct file *f;

    if (unlikely(atomic_fetch_add(&nr_files, 1) >= max_files)) {
        atomic_fetch_sub(&nr_files, 1);
        return ERR_PTR(-ENFILE);
    }
    f = slab_alloc(cache, 0);
    if (!f) {
        atomic_fetch_sub(&nr_files, 1);
        return ERR_PTR(-ENOMEM);
    }
    f->ops = ops;
    f->refs = 1;
    f->flags = flags & ~(unsigned)O_CLOEXEC;
    inode_get(i);
    f->inode = i;
    f->pos = 0;
    f->private = NULL;
    f->owner_pid = 0;
    mutex_init(&f->pos_lock, RANK_FILE_POS);
    spin_init(&f->ep_lock, RANK_EPOLL);
    list_init(&f->ep_items);
    file_set_caps(f);
    return f;
}

struct file *file_alloc_path(struct path *p, const struct file_ops *ops,
                             unsigned flags)
{
    struct file *f = file_new(p->dentry->inode, ops, flags);

    if (IS_ERR(f)) {
        path_put(p);
        return f;
    }
    f->path = *p;
    return f;
}

struct file *file_alloc(struct inode *i, const struct path *p,
                        const struct file_ops *ops, unsigned flags)
{
    struct file *f = file_new(i, ops, flags);

    if (IS_ERR(f))
        return f;
    f->path = p ? *p : (struct path){NULL, NULL};
    if (p)
        path_get(p);
    return f;
}

struct file *file_alloc_anon(const char *name, unsigned mode,
                             const struct file_ops *ops, void *private,
                             unsigned flags)
{
    struct inode *i = inode_alloc(anon_sb);
    struct file *f;

    if (!i)
        return ERR_PTR(-ENOMEM);
    i->ops = &anon_inode_ops;
    i->ino = atomic_fetch_add(&anon_ino, 1) + 1;
    i->mode = mode;
    i->private = (void *)(uintptr_t)name; /* a literal: see file_name() */
    if (current_process()) {
        struct cred c = cred_current();
        i->uid = c.uid;
        i->gid = c.gid;
    }
    f = file_alloc(i, NULL, ops, flags);
    inode_put(i);
    if (!IS_ERR(f))
        f->private = private;
    return f;
}

void file_get(struct file *f)
{
    atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
}

static void file_free(struct file *f)
{
    if (unlikely(!list_empty(&f->ep_items)))
        epoll_release_file(f);
    if (unlikely(f->inode->locks))
        locks_file_released(f);
    if (f->ops->release)
        f->ops->release(f);
    if (f->caps & FILE_WRITER)
        inode_write_end(f->inode);
    if (f->caps & FILE_EXECUTED)
        inode_execute_end(f->inode);
    path_put(&f->path);
    inode_put(f->inode);
    slab_free(cache, f);
    atomic_fetch_sub_explicit(&nr_files, 1, memory_order_relaxed);
}

void file_put(struct file *f)
{
    /* Release what was done to the file before it is freed; the acquire half
     * matters to the last one only. */
    if (atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1)
        file_free(f);
}

ssize_t file_read(struct file *f, struct uio *u, uint64_t *pos)
{
    if (unlikely(!(f->caps & FILE_READ)))
        return -EBADF;
    if (unlikely(!f->ops->read))
        return S_ISDIR(f->inode->mode) ? -EISDIR : -EINVAL;
    return f->ops->read(f, u, pos);
}

ssize_t file_write(struct file *f, struct uio *u, uint64_t *pos)
{
    if (unlikely(!(f->caps & FILE_WRITE)))
        return -EBADF;
    if (unlikely(!f->ops->write))
        return -EINVAL;
    return f->ops->write(f, u, pos);
}

uint32_t file_poll(struct file *f, struct poll_table *pt)
{
    if (!f->ops->poll)
        return f->caps & FILE_PATH ? EV_NVAL
                                   : EV_IN | EV_OUT | EV_RDNORM | EV_WRNORM;
    return f->ops->poll(f, pt);
}

ssize_t file_read_kernel(struct file *f, void *buf, size_t n, uint64_t pos)
{
    size_t done = 0;

    while (done < n) {
        struct uio u;
        ssize_t got;

        uio_init_kernel(&u, (char *)buf + done, n - done);
        got = file_read(f, &u, &pos);
        if (got < 0)
            return done ? (ssize_t)done : got;
        if (!got)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

char *file_name(struct file *f, char *buf, size_t size)
{
    const char *name = f->inode->private;

    if (f->path.dentry)
        return path_name(&f->path, buf, size);
    if (f->inode->sb != anon_sb || !name)
        name = f->ops->kind;
    if (*name == '[')
        ksnprintf(buf, size, "anon_inode:%s", name);
    else
        ksnprintf(buf, size, "%s:[%llu]", name,
                  (unsigned long long)f->inode->ino);
    return buf;
}

int path_of_file(struct file *f, struct path *out)
{
    char name[64];
    struct dentry *d;

    if (f->path.dentry) {
        *out = f->path;
        path_get(out);
        return 0;
    }
    file_name(f, name, sizeof(name));
    d = dentry_detached(NULL, name, strlen(name), f->inode);
    if (!d)
        return -ENOMEM;
    file_get(f);
    d->anonymous = f;
    *out = (struct path){&anonymous_mount, d};
    return 0;
}
