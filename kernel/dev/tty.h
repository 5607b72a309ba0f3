/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tty.h - terminals: the line discipline (N_TTY) between a hardware side or a
 * pty master and the programs that read.
 */
#pragma once

#include <asm/termbits.h>

#include "fs/file.h"
#include "lib/types.h"
#include "sched/lock.h"
#include "sched/wait.h"

struct tty;
struct process;
struct tty_driver {
    /* Queue output; bytes taken (0 = full). No sleeping; called with the
     * tty's lock (RANK_CONSOLE) held: takes no lock of a rank. */
    size_t (*write)(struct tty *t, const char *s, size_t n);
    size_t (*write_room)(struct tty *t);
    void (*set_termios)(struct tty *t);
    void (*drain)(struct tty *t);  /* wait until sent; may sleep */
    void (*hangup)(struct tty *t); /* last close */
    /* Without the lock: bytes were written; the input buffer has room. */
    void (*wrote)(struct tty *t);
    void (*input_possible)(struct tty *t);
    void (*free)(struct tty *t); /* last reference gone */
};
/* Any of (d)'s functions but write and write_room may be NULL. */
struct tty *tty_create(const char *name, const struct tty_driver *d,
                       void *priv);
/* Bytes arrive from the hardware; deferred-work context. */
void tty_input(struct tty *t, const char *s, size_t n); /* drops what is over */
/* Bytes taken; input_possible() tells when to go on. */
size_t tty_receive(struct tty *t, const char *s, size_t n);
void tty_output_possible(struct tty *t); /* driver has room again */
void *tty_private(struct tty *t);
extern const struct file_ops tty_file_ops;
int tty_open(struct tty *t, struct file *f);
int tty_open_noctty(struct tty *t, struct file *f); /* /dev/console */

void tty_init(void); /* /dev/tty and /dev/ptmx; console_init() calls it */
/* The line is gone: programs read end of file and get SIGHUP. */
void tty_hangup(struct tty *t);
/* The session leader with controlling terminal (t) is ending (proc/exit). */
void tty_session_end(struct tty *t);
/* For /proc/PID/stat: device number in the encoding of stat(2), and its
 * foreground group (-1 if t is NULL, then the number is 0). */
unsigned tty_device(const struct tty *t);
pid_t tty_foreground(struct tty *t);
