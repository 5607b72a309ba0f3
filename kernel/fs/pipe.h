/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * pipe.h - pipes and FIFOs, for those who open FIFOs and resize pipes.
 */
#pragma once

#include "lib/types.h"

struct file;
struct inode;

#define PIPE_SIZE_DEFAULT (64 * 1024)
#define PIPE_SIZE_MAX     (1024 * 1024)

/* open(2) of a FIFO: waits for the other side as POSIX says, sets f->ops and
 * f->private. 0, -ENXIO (O_WRONLY|O_NONBLOCK without reader), -ERESTARTSYS,
 * -ENOMEM. */
int fifo_open(struct inode *i, struct file *f);
/* Another open file of the pipe that (end), made by pipe(2), is of: ERR_PTR
 * (-EACCES, -ENFILE, -ENOMEM). */
struct file *pipe_reopen(struct file *end, unsigned flags);
/* The inode of a FIFO goes away. */
void fifo_evict(struct inode *i);
/* F_GETPIPE_SZ and F_SETPIPE_SZ: bytes, or -EBADF if (f) is no pipe, -EBUSY,
 * -EPERM, -EINVAL, -ENOMEM. */
long pipe_get_size(struct file *f);
long pipe_set_size(struct file *f, unsigned long size);
