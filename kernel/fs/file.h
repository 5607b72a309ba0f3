/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * file.h - open files: what a descriptor refers to.
 *
 * Everything with a descriptor (regular file, directory, pipe, socket, epoll
 * set, timer, terminal) is a struct file with a table of operations. A NULL
 * operation means what Linux answers for such an object; the comments say
 * what.
 */
#pragma once

#include <stdatomic.h>

#include "fs/path.h"
#include "lib/errno.h"
#include "lib/types.h"
#include "mem/uio.h"
#include "sched/lock.h"
#include "sched/wait.h"

struct file;
struct inode;
struct poll_table;
struct vma;
struct dir_context;

struct file_ops {
    const char *kind; /* "file" "pipe" "socket" ...: tracing, statistics */
    /* Move bytes at *(pos), which they advance; streams ignore it. -EINVAL if
     * NULL. Nonblocking if f->flags & O_NONBLOCK. */
    ssize_t (*read)(struct file *f, struct uio *u, uint64_t *pos);
    ssize_t (*write)(struct file *f, struct uio *u, uint64_t *pos);
    /* Poll events that hold now (EPOLL* bits = POLL*). If (pt) is not NULL,
     * first poll_wait() on every queue that will be woken when that changes.
     * NULL: always readable and writable, and epoll refuses with EPERM. */
    uint32_t (*poll)(struct file *f, struct poll_table *pt);
    long (*ioctl)(struct file *f, unsigned cmd, unsigned long arg); /* ENOTTY */
    int64_t (*lseek)(struct file *f, int64_t off, int whence);      /* ESPIPE */
    int (*mmap)(struct file *f, struct vma *v); /* NULL: ENODEV unless the
                                                 * inode has a mapping */
    int (*readdir)(struct file *f, struct dir_context *ctx); /* ENOTDIR */
    int (*fsync)(struct file *f, bool data_only);            /* EINVAL */
    int (*truncate)(struct file *f, uint64_t size);          /* EINVAL */
    int (*fallocate)(struct file *f, int mode, uint64_t off, uint64_t len);
    /* Last reference gone; free f->private. Sleeps allowed. */
    void (*release)(struct file *f);
    /* A line for /proc/PID/fdinfo; may be NULL. */
    size_t (*fdinfo)(struct file *f, char *buf, size_t size);
    bool zeros; /* mmap gives anonymous memory (/dev/zero) */
};

/* What a descriptor may do, from the open flags and the kind of object. */
enum file_caps {
    FILE_READ = 1,
    FILE_WRITE = 2,
    FILE_SEEK = 4,      /* regular files, directories: read(2) and write(2) take
                         * pos_lock */
    FILE_PATH = 8,      /* O_PATH: only names the object */
    FILE_WRITER = 16,   /* counted by inode_write_begin() */
    FILE_EXECUTED = 32, /* counted by inode_execute_begin() */
};

/* I immutable; a atomic; p pos_lock; e ep_lock */
struct file {
    const struct file_ops *ops; /* I */
    _Atomic uint32_t refs;      /* a */
    uint32_t caps;              /* I enum file_caps */
    _Atomic uint32_t flags;     /* a O_* but for O_CLOEXEC (per descriptor) */
    struct path path;           /* I references held; both NULL for anonymous
                                 * objects without a path */
    struct inode *inode;        /* I reference held; never NULL */
    struct mutex pos_lock;
    uint64_t pos;            /* p */
    void *private;           /* I for the operations */
    struct spinlock ep_lock; /* RANK_EPOLL */
    struct list ep_items;    /* e epoll items that watch this file */
    int owner_pid;           /* a F_SETOWN */
};

/* A file with one reference for an inode and path (takes its own references to
 * both). ERR_PTR(-ENFILE/-ENOMEM). */
struct file *file_alloc(struct inode *i, const struct path *p,
                        const struct file_ops *ops, unsigned flags);
/* An object without a name: pipe ends, sockets, epoll... makes an inode of
 * (mode) in the anonymous file system; (name) shows in /proc/PID/fd as
 * "NAME:[ino]" or, with a leading '[', "anon_inode:NAME". */
struct file *file_alloc_anon(const char *name, unsigned mode,
                             const struct file_ops *ops, void *private,
                             unsigned flags);
void file_get(struct file *f);
void file_put(struct file *f);
uint64_t file_count(void); /* open files in the system */
uint64_t file_max(void);   /* and how many there may be */

/* What read(2) and its like do: access mode, position, limits. */
ssize_t file_read(struct file *f, struct uio *u, uint64_t *pos);
ssize_t file_write(struct file *f, struct uio *u, uint64_t *pos);
uint32_t file_poll(struct file *f, struct poll_table *pt);
/* Read at (pos) into kernel memory (exec, loaders). Bytes or -errno. */
ssize_t file_read_kernel(struct file *f, void *buf, size_t n, uint64_t pos);

/* Copy up to (n) bytes from (in) at *(in_pos) to (out) at *(out_pos), page
 * cache pages without a copy in between. Bytes or -errno. */
ssize_t file_copy(struct file *out, uint64_t *out_pos, struct file *in,
                  uint64_t *in_pos, size_t n);

/* Directory listing: call emit for each entry; false = buffer full, stop.
 * f->pos is the cursor, owned by the file system. */
struct dir_context {
    bool (*emit)(struct dir_context *c, const char *name, size_t len,
                 uint64_t ino, unsigned dtype, uint64_t next_pos);
    void *arg;
};
