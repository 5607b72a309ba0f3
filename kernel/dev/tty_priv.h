/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tty_priv.h - between tty.c (terminals and their files), tty_ioctl.c,
 * tty_job.c (sessions and signals) and pty.c.
 */
#pragma once

#include <asm/termios.h>
#include <stdatomic.h>

#include "dev/n_tty.h"
#include "dev/tty.h"
#include "lib/list.h"
#include "sched/time.h"

/* I immutable after creation; t lock; a atomic; T the list's lock */
struct tty {
    _Atomic uint32_t refs;           /* a files and the driver */
    const struct tty_driver *driver; /* I */
    void *priv;                      /* I */
    char name[16];                   /* I */
    unsigned major, minor;           /* I */
    bool hardware;                   /* I not a pty: IXOFF is ours to do */
    struct list link;                /* T */
    struct spinlock lock;            /* RANK_CONSOLE */
    struct n_tty n;                  /* t */
    struct winsize winsize;          /* t */
    pid_t session, pgrp;             /* t 0 = none */
    unsigned generation;             /* t counts hangups */
    bool gone;                       /* t pty: the master is closed */
    bool writing;                    /* t a write is under way: others wait */
    bool input_full;                 /* t the driver holds bytes back */
    bool xoff_sent;                  /* t */
    bool exclusive;                  /* t */
    /* To be done when the lock is dropped, see tty_unlock(). */
    uint64_t due_signals;                          /* t */
    bool due_read, due_write, due_wrote, due_room; /* t */
    struct wait_queue read_wait;                   /* readers and poll */
    struct wait_queue write_wait;                  /* writers, drain */
};

/* One for each open file of a terminal. */
struct tty_file {
    struct tty *tty;     /* I reference held */
    unsigned generation; /* I of the tty when opened */
    bool console;        /* I opened as /dev/console: survives hangups */
};

void tty_get(struct tty *t);
void tty_put(struct tty *t);
void tty_set_device(struct tty *t, unsigned major, unsigned minor);
struct tty *tty_of(struct file *f);
bool tty_file_hung_locked(const struct tty_file *tf);

void tty_lock(struct tty *t);
/* Drops the lock, then does what came up under it: signals to the foreground
 * group, wake-ups (their locks rank below this one). */
void tty_unlock(struct tty *t);

/* Job control. */
/* May the caller change or (signo SIGTTIN) read its terminal? 0, -EIO, or
 * -ERESTARTSYS after the signal was sent to its group. */
int tty_job_check(struct tty *t, int signo);
void tty_acquire_on_open(struct tty *t);
long tty_job_ioctl(struct tty *t, bool master, unsigned cmd,
                   unsigned long arg); /* -ENOIOCTLCMD: not one of these */
struct tty *tty_controlling(void);     /* of the caller, with a reference */
void tty_signal_group(struct tty *t, int signo);
void tty_job_hangup(struct tty *t);

#define ENOIOCTLCMD 515

/* Terminal ioctls for the slave or (master) for it through its master. */
long tty_ioctl(struct tty *t, bool master, struct file *f, unsigned cmd,
               unsigned long arg);
int tty_wait_drained(struct tty *t);
/* The same, come what may, but not after (deadline). */
void tty_wait_drained_until(struct tty *t, nsec_t deadline);

void pty_init(void);
