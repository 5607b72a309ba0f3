/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * poll.h - how a poll operation tells its wait queues to poll, select and
 * epoll.
 */
#pragma once

#include "sched/wait.h"

struct file;
struct poll_table {
    void (*queue)(struct poll_table *pt, struct file *f, struct wait_queue *q);
};

/* To be called by file_ops.poll for each queue that is woken on a change. */
static inline void poll_wait(struct file *f, struct wait_queue *q,
                             struct poll_table *pt)
{
    if (pt && pt->queue)
        pt->queue(pt, f, q);
}

/* Event bits: POLL* and EPOLL* have the same values (asm-generic/poll.h). */
#define EV_IN     0x001u
#define EV_PRI    0x002u
#define EV_OUT    0x004u
#define EV_ERR    0x008u
#define EV_HUP    0x010u
#define EV_NVAL   0x020u
#define EV_RDNORM 0x040u
#define EV_RDBAND 0x080u
#define EV_WRNORM 0x100u
#define EV_WRBAND 0x200u
#define EV_RDHUP  0x2000u

void epoll_init(void);
/* A file is being closed by its last reference: leave every epoll set.
 * Called by file_put. */
void epoll_release_file(struct file *f);
