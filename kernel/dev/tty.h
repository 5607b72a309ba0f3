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
    /* Queue output; bytes taken (0 = full). No sleeping. */
    size_t (*write)(struct tty *t, const char *s, size_t n);
    size_t (*write_room)(struct tty *t);
    void (*set_termios)(struct tty *t);
    void (*drain)(struct tty *t);  /* wait until sent; may sleep */
    void (*hangup)(struct tty *t); /* last close */
};
struct tty *tty_create(const char *name, const struct tty_driver *d, void *priv);
/* Bytes arrive from the hardware; deferred-work context. */
void tty_input(struct tty *t, const char *s, size_t n);
void tty_output_possible(struct tty *t); /* driver has room again */
void *tty_private(struct tty *t);
extern const struct file_ops tty_file_ops;
int tty_open(struct tty *t, struct file *f);
