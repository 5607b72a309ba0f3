/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * fdtable.h - a process's descriptors.
 */
#pragma once

#include "fs/file.h"
#include "lib/types.h"
#include "sched/lock.h"

#define FD_MAX_DEFAULT 65536 /* RLIMIT_NOFILE soft and hard at boot */

/* t lock; a atomic */
struct fdtable {
    _Atomic uint32_t users; /* a processes and CLONE_FILES threads */
    struct spinlock lock;
    struct file **files; /* t */
    uint64_t *used;      /* t bitmap */
    uint64_t *cloexec;   /* t bitmap */
    unsigned size;       /* t slots allocated */
    unsigned first_free; /* t no free slot below */
    unsigned count;      /* t */
};
struct fdtable *fdtable_create(void);
struct fdtable *
fdtable_clone(struct fdtable *from); /* fork; NULL = no memory */
/* Give the calling process a table of its own, if it shares one with another.
 * A thread cannot leave the table of its process: -EINVAL then. -ENOMEM. */
int fdtable_unshare(void);
void fdtable_put(struct fdtable *t); /* closes all with last */
void fdtable_close_on_exec(struct fdtable *t);
/* Put (f) in slot (fd) of a table nobody else uses yet: 0 or -ENOMEM. */
int fdtable_set(struct fdtable *t, int fd, struct file *f);

/* All work on the calling process's table. */
struct file *fd_get(int fd); /* with a reference (file_put), or NULL: EBADF */
/* Reserve the lowest free descriptor >= min; -EMFILE, -ENOMEM. Follow with
 * fd_install or fd_unreserve. */
int fd_reserve(int min, bool cloexec);
void fd_install(int fd, struct file *f); /* takes over the reference */
void fd_unreserve(int fd);
/* Both at once; on error the reference is dropped. Returns fd or -errno. */
int fd_add(struct file *f, bool cloexec);
int fd_close(int fd); /* 0 or -EBADF */
int fd_dup(int fd, int min, bool cloexec);
int fd_dup_to(int fd, int to, bool cloexec);
int fd_get_cloexec(int fd);
int fd_set_cloexec(int fd, bool on);
int fd_close_range(unsigned first, unsigned last, bool cloexec_only);
struct process;
/* Another process's, for /proc/PID/fd: next descriptor >= from or -1, with a
 * reference in *(out) if (out). */
int fd_next(struct process *p, int from, struct file **out);
