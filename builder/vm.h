/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * vm.h - QEMU as a child process, and how it ends.
 *
 * Two sockets lead to it.  Over one it tells what the guest writes to the exit
 * log, over the other (QMP) it takes the power button and tells why it stops.
 * A third one tells the guest the terminal's new size, and a fourth is the
 * console of a machine that runs without a terminal.
 *
 * Signals: the first SIGINT, SIGTERM, SIGHUP or SIGQUIT presses the guest's
 * power button, the next one kills QEMU.  On a terminal Ctrl-C is a key like
 * any other and goes to the guest; Ctrl-A X ends QEMU.
 */
#pragma once

#include <stdbool.h>

#include "buf.h"
#include "machine/keeper.h"

struct vm {
    int qmp; /* our ends */
    int log;
    int size;      /* or -1, as the next */
    int console;   /* or -1 */
    int qmp_child; /* QEMU's ends, which it inherits */
    int log_child;
    int size_child;
    int console_child;
};

/* Make the sockets, so that their numbers can go into QEMU's arguments. */
int vm_init(struct vm *vm, bool size, bool console);

/* Run (argv) until it ends.  (keep): other descriptors it inherits, -1 at the
 * end.  (k): who is told how it goes, or NULL.  Returns the exit status for the
 * user: the guest's own; MACHINE_PANIC_STATUS when it crashed; 128 + N when
 * signal N made us kill it; 1, reported, when QEMU failed. */
int vm_run(struct vm *vm, char *const argv[], const int *keep,
           struct keeper *k);
void vm_release(struct vm *vm);

/* The status line of the guest: bytes go in as they come. */
struct exit_log {
    char line[64];
    size_t len;
    int status; /* -1: none yet */
};
void exit_log_init(struct exit_log *l);
void exit_log_take(struct exit_log *l, const char *data, size_t len);
