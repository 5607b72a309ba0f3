/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * regular.c - the contents of regular files: everything goes through the page
 * cache (mem/mapping.h). Disk files are only read; tmpfs and memfd files live
 * in the cache itself, so all else here is about them.
 */
#include <asm/signal.h>
#include <linux/falloc.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/resource.h>
#include <linux/stat.h>

#include "fs/fs_priv.h"
#include "mem/mm.h"
#include "proc/process.h"
#include "proc/signal.h"
#include "sched/cpu.h"

static ssize_t regular_read(struct file *f, struct uio *u, uint64_t *pos)
{
    ssize_t n = mapping_read(&f->inode->mapping, u, *pos);

    if (n > 0)
        *pos += (uint64_t)n;
    if (!(f->flags & O_NOATIME))
        inode_touch(f->inode, false);
    return n;
}

/* How much of a write at (pos) may be done; 0 or -EFBIG. */
static int write_limit(struct uio *u, uint64_t pos)
{
    uint64_t limit =
        current_process() ? process_rlimit(RLIMIT_FSIZE) : UINT64_MAX;

    if (unlikely(pos >= limit)) {
        signal_send_thread(current, SIGXFSZ, NULL);
        return -EFBIG;
    }
    limit = MIN(limit, (uint64_t)INT64_MAX);
    if (unlikely(pos >= limit))
        return -EFBIG;
    if (unlikely(u->left > limit - pos))
        u->left = limit - pos;
    return 0;
}

static int sealed(struct inode *i, uint64_t end)
{
    if (likely(!i->seals))
        return 0;
    if (i->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE))
        return -EPERM;
    return (i->seals & F_SEAL_GROW) && end > i->mapping.size ? -EPERM : 0;
}

static ssize_t regular_write(struct file *f, struct uio *u, uint64_t *pos)
{
    struct inode *i = f->inode;
    uint64_t at;
    ssize_t n;

    if (!u->left)
        return 0;
    write_lock(&i->dir_lock);
    at = f->flags & O_APPEND ? i->mapping.size : *pos;
    n = write_limit(u, at);
    if (!n)
        n = sealed(i, at + u->left);
    if (!n)
        n = mapping_write(&i->mapping, u, at);
    if (n > 0) {
        *pos = at + (uint64_t)n;
        attr_drop_suid(i);
        inode_touch(i, true);
    }
    write_unlock(&i->dir_lock);
    return n;
}

int64_t regular_lseek(struct file *f, int64_t off, int whence)
{
    struct mapping *m = &f->inode->mapping;
    int64_t base = 0;

    switch (whence) {
    case SEEK_SET:
        break;
    case SEEK_CUR:
        base = (int64_t)f->pos;
        break;
    case SEEK_END:
        base = (int64_t)m->size;
        break;
    case SEEK_DATA:
    case SEEK_HOLE:
        if (off < 0 || (uint64_t)off >= m->size)
            return -ENXIO;
        off = mapping_seek(m, (uint64_t)off, whence == SEEK_HOLE);
        if (off < 0)
            return off;
        break;
    default:
        return -EINVAL;
    }
    if (__builtin_add_overflow(base, off, &off) || off < 0)
        return -EINVAL;
    f->pos = (uint64_t)off;
    return off;
}

/* The caller has attached the page cache; what is left are the seals. */
static int regular_mmap(struct file *f, struct vma *v)
{
    if (!(f->inode->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) ||
        !(v->flags & VMA_SHARED))
        return 0;
    if (v->prot & PROT_W)
        return -EPERM;
    v->flags &= ~(unsigned)VMA_MAYWRITE;
    return 0;
}

static int regular_fsync(struct file *f, bool data_only)
{
    (void)f;
    (void)data_only;
    return 0; /* memory is as stable as it gets, disks are not written */
}

static int regular_truncate(struct file *f, uint64_t size)
{
    return attr_truncate(f->inode, f, size);
}

/* Make pages for [start, end): later writes cannot fail for want of space. */
static int populate(struct mapping *m, uint64_t start, uint64_t end)
{
    end = MIN(end, ALIGN_UP((uint64_t)m->size, PAGE_SIZE));
    for (uint64_t i = start / PAGE_SIZE; i * PAGE_SIZE < end; i++) {
        struct page *p = mapping_get(m, i, true);

        if (IS_ERR(p))
            return (int)PTR_ERR(p);
        page_put(p);
        if (fatal_signal_pending())
            return -EINTR;
        cond_resched();
    }
    return 0;
}

/* Space beyond the end (KEEP_SIZE) is not reserved: a store has no pages
 * there. */
static int allocate(struct mapping *m, bool keep, uint64_t off, uint64_t end)
{
    uint64_t old = m->size;
    int err = 0;

    if (!keep && end > old)
        err = mapping_truncate(m, end);
    if (!err)
        err = populate(m, off, end);
    if (err && m->size > old)
        mapping_truncate(m, old);
    return err;
}

static int fallocate_locked(struct inode *i, int mode, uint64_t off,
                            uint64_t end)
{
    bool keep = mode & FALLOC_FL_KEEP_SIZE;
    int err = sealed(i, keep ? 0 : end);

    /* Growing alone is what F_SEAL_WRITE allows. */
    if (err && !(mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) &&
        !(i->seals & F_SEAL_GROW))
        err = 0;
    if (err)
        return err;
    if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
        err = mapping_punch(&i->mapping, off, end);
    if (!err && !(mode & FALLOC_FL_PUNCH_HOLE))
        err = allocate(&i->mapping, keep, off, end);
    inode_touch(i, true);
    return err;
}

static int regular_fallocate(struct file *f, int mode, uint64_t off,
                             uint64_t len)
{
    struct inode *i = f->inode;
    bool punch = mode & FALLOC_FL_PUNCH_HOLE;
    int err;

    if (mode &
        ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
        return -EOPNOTSUPP;
    if (punch && (mode & (FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE)) !=
                     FALLOC_FL_KEEP_SIZE)
        return -EOPNOTSUPP;
    if (!(i->mapping.flags & MAPPING_STORE))
        return -EOPNOTSUPP;
    if (!punch && current_process() && off + len > process_rlimit(RLIMIT_FSIZE))
        return -EFBIG;
    write_lock(&i->dir_lock);
    err = fallocate_locked(i, mode, off, off + len);
    write_unlock(&i->dir_lock);
    return err;
}

const struct file_ops file_ops_mapping = {
    .kind = "file",
    .read = regular_read,
    .write = regular_write,
    .lseek = regular_lseek,
    .mmap = regular_mmap,
    .fsync = regular_fsync,
    .truncate = regular_truncate,
    .fallocate = regular_fallocate,
};

/* Directories: cookies of the file system, not bytes. */
int64_t dir_lseek(struct file *f, int64_t off, int whence)
{
    if (whence == SEEK_CUR && off == 0)
        return (int64_t)f->pos;
    if (whence == SEEK_END)
        return regular_lseek(f, off, whence);
    if (whence != SEEK_SET || off < 0)
        return -EINVAL;
    f->pos = (uint64_t)off;
    return off;
}
