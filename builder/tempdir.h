/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * tempdir.h - a private directory that goes when the program goes.
 *
 * A child process waits for the end of this one, whatever ends it, SIGKILL too,
 * and removes the directory then.  So there is no way out on which it stays,
 * and no signal handler that walks directories.
 */
#pragma once

#include <sys/types.h>

struct tempdir {
    char *path; /* NULL: there is none */
    int life;   /* the end of a pipe whose closing tells the child */
    pid_t child;
};

/* Make one, mode 0700, in $TMPDIR or else /var/tmp.  Reports and returns -1. */
int tempdir_make(struct tempdir *t);
/* Remove it, and return when it is gone. */
void tempdir_remove(struct tempdir *t);
