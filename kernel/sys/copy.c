/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * copy.c - sendfile(2) and copy_file_range(2): file contents from one
 * descriptor to another, pages of the cache handed to the receiver as they
 * are.
 */
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/vfs.h"
#include "mem/slab.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

#define MAX_COUNT   0x7ffff000ul
#define BATCH_PAGES 16

/* Pages of (in) from a position on, as pieces for one write. */
struct batch {
    struct page *pages[BATCH_PAGES]; /* NULL: a hole */
    struct iovec_user iov[BATCH_PAGES];
    unsigned nr;
    size_t bytes;
};

static const char zeros[PAGE_SIZE] __aligned(64);

/* Gather up to (n) bytes at (pos). 0 (maybe with fewer, or none at the end of
 * the file), or -errno if there is not even one page. */
static int batch_fill(struct batch *b, struct mapping *m, uint64_t pos,
                      size_t n)
{
    uint64_t size = m->size;

    b->nr = 0;
    b->bytes = 0;
    n = pos < size ? MIN((uint64_t)n, size - pos) : 0;
    while (n && b->nr < BATCH_PAGES) {
        size_t off = pos % PAGE_SIZE, len = MIN(PAGE_SIZE - off, n);
        struct page *p = mapping_get(m, pos / PAGE_SIZE, false);

        if (IS_ERR(p)) /* truncated meanwhile: as at the end */
            return b->nr || PTR_ERR(p) == -ENXIO ? 0 : (int)PTR_ERR(p);
        const char *data = p ? page_virt(p) : zeros;
        b->pages[b->nr] = p;
        b->iov[b->nr++] = (struct iovec_user){(void *)(data + off), len};
        b->bytes += len;
        pos += len;
        n -= len;
    }
    return 0;
}

static void batch_release(struct batch *b)
{
    for (unsigned k = 0; k < b->nr; k++)
        if (b->pages[k])
            page_put(b->pages[k]);
}

static ssize_t batch_write(struct batch *b, struct file *out, uint64_t *pos)
{
    struct uio u;

    uio_init_kernel(&u, NULL, 0);
    u.iov = b->iov;
    u.nr = b->nr;
    u.skip = 0;
    u.left = b->bytes;
    return file_write(out, &u, pos);
}

/* From the page cache. */
static ssize_t copy_pages(struct file *out, uint64_t *out_pos, struct file *in,
                          uint64_t *in_pos, size_t n)
{
    ssize_t done = 0;
    struct batch b;

    while (n) {
        ssize_t rc = batch_fill(&b, &in->inode->mapping, *in_pos, n);

        if (!rc && b.nr)
            rc = batch_write(&b, out, out_pos);
        batch_release(&b);
        if (rc <= 0)
            return done ? done : rc;
        done += rc;
        n -= (size_t)rc;
        *in_pos += (uint64_t)rc;
        if ((size_t)rc < b.bytes || signal_pending())
            break;
        cond_resched();
    }
    return done;
}

/* From anything else that can be read, through a buffer. */
static ssize_t copy_bounce(struct file *out, uint64_t *out_pos, struct file *in,
                           uint64_t *in_pos, size_t n)
{
    char *page = kmalloc(PAGE_SIZE, 0);
    ssize_t done = 0, rc = 0;

    if (!page)
        return -ENOMEM;
    while (n) {
        uint64_t from = *in_pos;
        ssize_t got;
        struct uio u;

        uio_init_kernel(&u, page, MIN(n, PAGE_SIZE));
        rc = got = file_read(in, &u, &from);
        if (got <= 0)
            break;
        uio_init_kernel(&u, page, (size_t)got);
        rc = file_write(out, &u, out_pos);
        if (rc <= 0)
            break;
        *in_pos += (uint64_t)rc;
        done += rc;
        n -= (size_t)rc;
        if (rc < got || signal_pending())
            break;
    }
    kfree(page);
    return done ? done : rc;
}

ssize_t file_copy(struct file *out, uint64_t *out_pos, struct file *in,
                  uint64_t *in_pos, size_t n)
{
    if (!(in->caps & FILE_READ) || !(out->caps & FILE_WRITE))
        return -EBADF;
    if (in->ops == &file_ops_mapping)
        return copy_pages(out, out_pos, in, in_pos, n);
    return copy_bounce(out, out_pos, in, in_pos, n);
}

static long sendfile(struct file *out, struct file *in, int64_t __user *off,
                     size_t n)
{
    uint64_t pos, out_pos;
    int64_t from;
    ssize_t rc;

    if (S_ISDIR(in->inode->mode) || S_ISFIFO(in->inode->mode) ||
        S_ISSOCK(in->inode->mode) || !in->ops->read)
        return off && !in->ops->lseek ? -ESPIPE : -EINVAL;
    if (out->flags & O_APPEND)
        return -EINVAL;
    if (off && get_user(from, off))
        return -EFAULT;
    if (off && from < 0)
        return -EINVAL;
    pos = off ? (uint64_t)from : in->pos;
    out_pos = out->pos;
    rc = file_copy(out, &out_pos, in, &pos, MIN(n, MAX_COUNT));
    if (rc <= 0)
        return rc;
    if (out->caps & FILE_SEEK)
        out->pos = out_pos;
    from = (int64_t)pos;
    if (!off)
        in->pos = pos;
    else if (put_user(from, off))
        return -EFAULT;
    return rc;
}

long sys_sendfile(int out_fd, int in_fd, int64_t __user *off, size_t n)
{
    struct file *in = fd_get(in_fd), *out = fd_get(out_fd);
    long rc = -EBADF;

    if (in && out && (in->caps & FILE_READ) && (out->caps & FILE_WRITE))
        rc = sendfile(out, in, off, n);
    if (in)
        file_put(in);
    if (out)
        file_put(out);
    return rc;
}

/* --- copy_file_range --- */

static int range_check(struct file *in, struct file *out, unsigned flags)
{
    unsigned im = in->inode->mode, om = out->inode->mode;

    if (flags)
        return -EINVAL;
    if (S_ISDIR(im) || S_ISDIR(om))
        return -EISDIR;
    if (!S_ISREG(im) || !S_ISREG(om))
        return -EINVAL;
    if (!(in->caps & FILE_READ) || !(out->caps & FILE_WRITE) ||
        (out->flags & O_APPEND))
        return -EBADF;
    if (in->ops != &file_ops_mapping || out->ops != &file_ops_mapping)
        return -EXDEV; /* synthetic files: cp(1) then reads and writes */
    return 0;
}

static int range_position(struct file *f, int64_t __user *off, uint64_t *pos)
{
    int64_t v = (int64_t)f->pos;

    if (off && get_user(v, off))
        return -EFAULT;
    if (v < 0)
        return -EINVAL;
    *pos = (uint64_t)v;
    return 0;
}

static int range_done(struct file *f, int64_t __user *off, uint64_t pos)
{
    int64_t v = (int64_t)pos;

    if (off)
        return put_user(v, off);
    f->pos = pos;
    return 0;
}

static long copy_range(struct file *in, int64_t __user *in_off,
                       struct file *out, int64_t __user *out_off, size_t n,
                       unsigned flags)
{
    uint64_t from, to;
    ssize_t rc = range_check(in, out, flags);

    if (!rc)
        rc = range_position(in, in_off, &from);
    if (!rc)
        rc = range_position(out, out_off, &to);
    if (rc)
        return rc;
    n = MIN(n, MAX_COUNT);
    if (in->inode == out->inode && from < to + n && to < from + n)
        return -EINVAL;
    rc = file_copy(out, &to, in, &from, n);
    if (rc > 0 &&
        (range_done(in, in_off, from) || range_done(out, out_off, to)))
        rc = -EFAULT;
    return rc;
}

long sys_copy_file_range(int in_fd, int64_t __user *in_off, int out_fd,
                         int64_t __user *out_off, size_t n, unsigned flags)
{
    struct file *in = fd_get(in_fd), *out = fd_get(out_fd);
    long rc = -EBADF;

    if (in && out)
        rc = copy_range(in, in_off, out, out_off, n, flags);
    if (in)
        file_put(in);
    if (out)
        file_put(out);
    return rc;
}
