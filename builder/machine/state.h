/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * state.h - the machines of this user: a directory each.
 *
 * They are below $XDG_RUNTIME_DIR/unibeam, without that variable below
 * /tmp/unibeam-UID, which only its owner may enter.  In a machine's directory
 *
 *   lock           locked, for as long as the machine runs, by the process that
 *                  keeps it.  Nothing else tells whether it runs: a process
 *                  number may be another's by now.
 *   machine.json   see record.h
 *   control        a socket, see control.h
 *   console.log    see console_log.h; console.log.1 is what came before
 *   cookie         of its Erlang node, see dist.h
 *   home           where a remote shell finds that cookie
 */
#pragma once

#include <stdbool.h>

#include "buf.h"

#define MACHINE_NAME_MAX 48

struct machine {
    char *name;
    int dir;
    int lock; /* -1: not ours */
};

/* Letters, digits, and inside it . _ and -. */
bool machine_name_ok(const char *name);

/* A name for a machine that runs (image), which no other one that runs has.
 * The caller frees it; NULL, reported, when the machines cannot be listed. */
char *machine_name_for(const char *image);

/* All of them, sorted.  0, -1 reported. */
int machine_list(struct strvec *names);

/* One that is there.  Reports when it is not: with the nearest that is. */
int machine_open(struct machine *m, const char *name);
/* The same without that report, for a name that machine_list() gave. */
int machine_try_open(struct machine *m, const char *name);

/* Make it, or make it anew if it has ended, and lock it.  Reports when it
 * runs. */
int machine_take(struct machine *m, const char *name);

bool machine_runs(const struct machine *m);

/* The path of a file in its directory; the caller frees it. */
char *machine_path(const struct machine *m, const char *file);

/* Forget one that does not run, or whose lock is ours.  0, -1 reported. */
int machine_remove(struct machine *m);
/* Its lock is free when every process that has it has closed it. */
void machine_close(struct machine *m);
