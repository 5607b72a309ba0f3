/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * child.h - QEMU's programs as child processes.
 *
 * A child reads nothing, what it prints comes through pipes, in English, and it
 * does not outlive us, however we end.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "buf.h"

struct child {
    pid_t pid;  /* 0: none */
    int out;    /* what it prints, not blocking; -1: closed */
    int err;    /* and its messages */
    int status; /* as waitpid() gives it, once it has ended */
    bool ended;
};

/* Start (argv); it inherits (keep), which ends with -1, open as
 * they are.  Returns 0, or an error number: nothing is reported. */
int child_start(struct child *c, char *const argv[], const int *keep);

/* Has it ended? */
bool child_poll(struct child *c);

/* Append what can be read from (*fd), c->out or c->err, to (to); closes it at
 * its end. */
void child_read(int *fd, struct buf *to);

/* End it if it runs, with all it has started, and give up the pipes. */
void child_end(struct child *c);

/* Start (argv), wait, and append what it had to say to (messages).  Returns its
 * status as waitpid() gives it, or -1 with errno set: it cannot be started. */
int child_run(char *const argv[], const int *keep, struct buf *messages);

/* How it ended, in words: "status 1", "signal 9 (Killed)". The caller frees
 * it. */
char *child_status_text(int status);
