/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * file.c - reading, writing and closing descriptors.
 *
 * read(2) and write(2) on streams add nothing to the object's own operation
 * but finding it; on files with a position they hold its lock.
 */
#include <linux/close_range.h>
#include <linux/fadvise.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include "fs/file.h"
#include "fs/vfs.h"
#include "mem/user.h"
#include "proc/fdtable.h"
#include "sched/cpu.h"
#include "sys/syscall.h"

/* Linux moves at most this much in one call: read(2). */
#define MAX_COUNT 0x7ffff000ul

/* file_read() or file_write(). What takes one is inlined where it is known, and
 * so costs no indirect call. */
typedef ssize_t move_fn(struct file *f, struct uio *u, uint64_t *pos);

static inline __attribute__((always_inline)) ssize_t
at_position(struct file *f, struct uio *u, move_fn *move)
{
    ssize_t n;

    if (likely(!(f->caps & FILE_SEEK)))
        return move(f, u, &f->pos);
    mutex_lock(&f->pos_lock);
    n = move(f, u, &f->pos);
    mutex_unlock(&f->pos_lock);
    return n;
}

static inline __attribute__((always_inline)) long
move_bytes(int fd, void __user *buf, size_t n, move_fn *move)
{
    struct file *f = fd_get(fd);
    struct uio u;
    ssize_t rc;

    if (unlikely(!f))
        return -EBADF;
    if (unlikely(!user_range_ok(buf, n))) {
        file_put(f);
        return -EFAULT;
    }
    uio_init_user(&u, buf, MIN(n, MAX_COUNT));
    rc = at_position(f, &u, move);
    file_put(f);
    return rc;
}

long sys_read(int fd, void __user *buf, size_t n)
{
    return move_bytes(fd, buf, n, file_read);
}

long sys_write(int fd, const void __user *buf, size_t n)
{
    return move_bytes(fd, (void __user *)buf, n, file_write);
}

/* The end of what a call is asked to move must be a file position, too. */
static bool position_ok(uint64_t pos, size_t n)
{
    return pos <= INT64_MAX && MIN(n, MAX_COUNT) <= INT64_MAX - pos;
}

/* A descriptor that pread(2) and its like work on: -EBADF, -ESPIPE. */
static int seekable_file(int fd, struct file **out)
{
    struct file *f = fd_get(fd);

    if (!f)
        return -EBADF;
    if (!f->ops->lseek) {
        bool path = f->caps & FILE_PATH;

        file_put(f);
        return path ? -EBADF : -ESPIPE;
    }
    *out = f;
    return 0;
}

static long move_bytes_at(int fd, void __user *buf, size_t n, int64_t pos,
                          move_fn *move)
{
    uint64_t at = (uint64_t)pos;
    struct file *f;
    struct uio u;
    ssize_t rc;

    if (pos < 0)
        return -EINVAL;
    rc = seekable_file(fd, &f);
    if (rc)
        return rc;
    uio_init_user(&u, buf, MIN(n, MAX_COUNT));
    rc = position_ok(at, n) ? move(f, &u, &at) : -EINVAL;
    file_put(f);
    return rc;
}

long sys_pread64(int fd, void __user *buf, size_t n, int64_t pos)
{
    return move_bytes_at(fd, buf, n, pos, file_read);
}

long sys_pwrite64(int fd, const void __user *buf, size_t n, int64_t pos)
{
    return move_bytes_at(fd, (void __user *)buf, n, pos, file_write);
}

static long move_vector(int fd, const struct iovec_user __user *iov,
                        unsigned long nr, move_fn *move)
{
    struct file *f = fd_get(fd);
    struct uio u;
    ssize_t rc;

    if (unlikely(!f))
        return -EBADF;
    rc = uio_init_iov(&u, iov, nr);
    if (!rc) {
        rc = at_position(f, &u, move);
        uio_release(&u);
    }
    file_put(f);
    return rc;
}

long sys_readv(int fd, const struct iovec_user __user *iov, unsigned long nr)
{
    return move_vector(fd, iov, nr, file_read);
}

long sys_writev(int fd, const struct iovec_user __user *iov, unsigned long nr)
{
    return move_vector(fd, iov, nr, file_write);
}

/* RWF_APPEND, RWF_NOWAIT and RWF_HIPRI of preadv2(2) would have to reach each
 * operation; what can be told apart here is done, the rest refused as Linux
 * does on files that lack it. */
#define RWF_DONE (RWF_DSYNC | RWF_SYNC | RWF_HIPRI)

static long vector_at(int fd, const struct iovec_user __user *iov,
                      unsigned long nr, unsigned long pos_l, int flags,
                      bool write)
{
    uint64_t at = pos_l; /* 64-bit ABI: the high word is not used */
    struct file *f;
    struct uio u;
    ssize_t rc;

    if (flags & ~RWF_DONE)
        return -EOPNOTSUPP;
    if ((int64_t)at < 0)
        return -EINVAL;
    rc = seekable_file(fd, &f);
    if (rc)
        return rc;
    rc = uio_init_iov(&u, iov, nr);
    if (!rc) {
        rc = write ? file_write(f, &u, &at) : file_read(f, &u, &at);
        uio_release(&u);
    }
    file_put(f);
    return rc;
}

long sys_preadv(int fd, const struct iovec_user __user *iov, unsigned long nr,
                unsigned long pos_l, unsigned long pos_h)
{
    (void)pos_h;
    return vector_at(fd, iov, nr, pos_l, 0, false);
}

long sys_pwritev(int fd, const struct iovec_user __user *iov, unsigned long nr,
                 unsigned long pos_l, unsigned long pos_h)
{
    (void)pos_h;
    return vector_at(fd, iov, nr, pos_l, 0, true);
}

long sys_preadv2(int fd, const struct iovec_user __user *iov, unsigned long nr,
                 unsigned long pos_l, unsigned long pos_h, int flags)
{
    (void)pos_h;
    if ((int64_t)pos_l == -1 && !(flags & ~RWF_DONE))
        return sys_readv(fd, iov, nr);
    return vector_at(fd, iov, nr, pos_l, flags, false);
}

long sys_pwritev2(int fd, const struct iovec_user __user *iov, unsigned long nr,
                  unsigned long pos_l, unsigned long pos_h, int flags)
{
    (void)pos_h;
    if ((int64_t)pos_l == -1 && !(flags & ~RWF_DONE))
        return sys_writev(fd, iov, nr);
    return vector_at(fd, iov, nr, pos_l, flags, true);
}

long sys_lseek(int fd, int64_t off, int whence)
{
    struct file *f;
    int64_t rc = seekable_file(fd, &f);

    if (rc)
        return rc;
    mutex_lock(&f->pos_lock);
    rc = f->ops->lseek(f, off, whence);
    mutex_unlock(&f->pos_lock);
    file_put(f);
    return rc;
}

long sys_close(int fd)
{
    return fd_close(fd);
}

long sys_close_range(unsigned first, unsigned last, unsigned flags)
{
    if (flags & ~(unsigned)(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE))
        return -EINVAL;
    if (first > last)
        return -EINVAL;
    if (flags & CLOSE_RANGE_UNSHARE) {
        long rc = fdtable_unshare();

        if (rc)
            return rc;
    }
    return fd_close_range(first, last, flags & CLOSE_RANGE_CLOEXEC);
}

/* --- contents to stable storage, sizes, hints --- */

static long sync_file(int fd, bool data_only)
{
    struct file *f = fd_get(fd);
    long rc;

    if (!f)
        return -EBADF;
    if (f->caps & FILE_PATH)
        rc = -EBADF;
    else
        rc = f->ops->fsync ? f->ops->fsync(f, data_only) : -EINVAL;
    file_put(f);
    return rc;
}

long sys_fsync(int fd)
{
    return sync_file(fd, false);
}

long sys_fdatasync(int fd)
{
    return sync_file(fd, true);
}

/* No file system here holds back writes: disks are read-only, the rest is in
 * memory. So there is nothing to wait for. */
long sys_sync(void)
{
    return 0;
}

static long check_fd(int fd)
{
    struct file *f = fd_get(fd);
    long rc;

    if (!f)
        return -EBADF;
    rc = f->caps & FILE_PATH ? -EBADF : 0;
    file_put(f);
    return rc;
}

long sys_syncfs(int fd)
{
    return check_fd(fd);
}

long sys_sync_file_range(int fd, int64_t off, int64_t n, unsigned flags)
{
    struct file *f;
    long rc;

    if (flags & ~(unsigned)(SYNC_FILE_RANGE_WAIT_BEFORE |
                            SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER))
        return -EINVAL;
    if (off < 0 || n < 0 || off + n < off)
        return -EINVAL;
    rc = seekable_file(fd, &f);
    if (!rc)
        file_put(f);
    return rc;
}

long sys_ftruncate(int fd, uint64_t size)
{
    struct file *f = fd_get(fd);
    long rc = -EINVAL;

    if (!f)
        return -EBADF;
    if (f->caps & FILE_PATH)
        rc = -EBADF;
    else if ((int64_t)size >= 0 && (f->caps & FILE_WRITE) && f->ops->truncate)
        rc = f->ops->truncate(f, size);
    file_put(f);
    return rc;
}

static long fallocate_file(struct file *f, int mode, int64_t off, int64_t len)
{
    if (off < 0 || len <= 0)
        return -EINVAL;
    if (!(f->caps & FILE_WRITE))
        return -EBADF;
    if (S_ISDIR(f->inode->mode))
        return -EISDIR;
    if (S_ISFIFO(f->inode->mode))
        return -ESPIPE;
    if (!S_ISREG(f->inode->mode))
        return -ENODEV;
    if (off + len < 0)
        return -EFBIG;
    if (!f->ops->fallocate)
        return -EOPNOTSUPP;
    return f->ops->fallocate(f, mode, (uint64_t)off, (uint64_t)len);
}

long sys_fallocate(int fd, int mode, int64_t off, int64_t len)
{
    struct file *f = fd_get(fd);
    long rc;

    if (!f)
        return -EBADF;
    rc = fallocate_file(f, mode, off, len);
    file_put(f);
    return rc;
}

static void will_need(struct file *f, uint64_t off, uint64_t len)
{
    struct mapping *m = &f->inode->mapping;
    uint64_t end = m->size;

    if (!m->ops || (m->flags & MAPPING_STORE) || off >= end)
        return;
    if (len && len < end - off)
        end = off + len;
    mapping_readahead(m, off / PAGE_SIZE,
                      (unsigned)MIN((end - 1) / PAGE_SIZE - off / PAGE_SIZE + 1,
                                    (uint64_t)1024));
}

long sys_fadvise64(int fd, int64_t off, size_t len, int advice)
{
    struct file *f = fd_get(fd);
    long rc = 0;

    if (!f)
        return -EBADF;
    if (f->caps & FILE_PATH)
        rc = -EBADF;
    else if (S_ISFIFO(f->inode->mode) || S_ISSOCK(f->inode->mode))
        rc = -ESPIPE;
    else if (advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE ||
             (int64_t)len < 0)
        rc = -EINVAL;
    else if (advice == POSIX_FADV_WILLNEED && off >= 0)
        will_need(f, (uint64_t)off, len);
    /* The others are hints about the future; the cache adapts by itself. */
    file_put(f);
    return rc;
}

long sys_readahead(int fd, int64_t off, size_t n)
{
    struct file *f = fd_get(fd);
    long rc = 0;

    if (!f)
        return -EBADF;
    if (!(f->caps & FILE_READ))
        rc = -EBADF;
    else if (!S_ISREG(f->inode->mode))
        rc = -EINVAL;
    else if (off >= 0)
        will_need(f, (uint64_t)off, n);
    file_put(f);
    return rc;
}
