/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * lock_order.h - every lock class and its rank: the whole order in one place.
 *
 * A thread may take a lock only if its rank is greater than the rank of every
 * lock it holds (equal ranks only through the *_nested functions, where a
 * comment argues the order). Debug builds (make DEBUG=1) check this at every
 * acquisition. Sleeping locks come first: a spinlock is never held across
 * anything that may sleep.
 */
#pragma once

enum lock_rank {
    RANK_NONE = 0, /* not checked; only for locks private to one function */

    /* Sleeping locks (struct mutex, struct rwlock), outermost first. */
    RANK_MOUNT,         /* fs: mount table */
    RANK_RENAME,        /* fs: one per file system, renames of directories */
    RANK_INODE_DIR,     /* fs: a directory's entries (parent before child) */
    RANK_EPOLL_ALL,     /* fs/epoll: taking files out of all sets */
    RANK_EPOLL_FILE,    /* fs/epoll: an epoll set's interest list */
    RANK_FILE_POS,      /* fs: a file's position */
    RANK_TTY,           /* dev/tty: termios and line buffer */
    RANK_UNIX_BIND,     /* net/unix: name table */
    RANK_NET,           /* net: lwIP's core lock */
    RANK_PIPE,          /* fs/pipe: a pipe's buffer */
    RANK_INODE,         /* fs: a regular file's size and blocks */
    RANK_MM,            /* mem: an address space */
    RANK_MAPPING_SLEEP, /* mem: page cache operations that wait for I/O */
    RANK_FS_IO,         /* fs/ext4: metadata buffers */
    RANK_BLOCK,         /* dev: a block device's slow path */

    /* Spinlocks. */
    RANK_SPIN = 100,
    RANK_PROC_TREE, /* proc: pid table, parents and children, sessions */
    RANK_FDTABLE,   /* proc: a descriptor table */
    RANK_DCACHE,    /* fs: directory entry cache */
    RANK_INODE_CACHE,
    RANK_I_MMAP,  /* mem: list of mappings of a file */
    RANK_MAPPING, /* mem: a file's page tree */
    RANK_LRU,     /* mem: page lists */
    RANK_PTE,     /* mem: page tables of an address space */
    RANK_FUTEX,   /* sched: futex bucket */
    RANK_SOCKBUF, /* net: a socket's queues */
    RANK_TIMERFD,
    RANK_SIGNAL,      /* proc: pending signals, handlers of a process */
    RANK_WAITQ,       /* sched: a wait queue */
    RANK_EPOLL,       /* fs/epoll: ready list, a file's watchers */
    RANK_WAITQ_EPOLL, /* fs/epoll: who waits for an epoll set */
    RANK_VIRTQ,       /* dev: a virtqueue */
    RANK_TIMER,       /* sched: per-CPU timer queue */
    RANK_RUNQ,        /* sched: per-CPU run queue */
    RANK_SLAB,        /* mem: slab caches */
    RANK_PAGE,        /* mem: free page lists */
    RANK_RANDOM,
    RANK_TLB,     /* arch: shootdown mailbox */
    RANK_LOG,     /* lib: log ring */
    RANK_CONSOLE, /* dev: serial output */
};
