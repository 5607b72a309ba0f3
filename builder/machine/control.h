/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * control.h - how a command talks to the process that keeps a machine.
 *
 * Over the socket "control" in the machine's directory, in packets: a letter,
 * then what belongs to it.  The connection ends when the machine has.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "machine/state.h"

#define CONTROL_MAX 4096 /* of a packet */

enum control {
    /* to the keeper */
    CONTROL_STOP = 'S',  /* press the power button */
    CONTROL_KILL = 'K',  /* end the machine now */
    CONTROL_OPEN = 'C',  /* attach to the console */
    CONTROL_INPUT = 'i', /* bytes for it */
    CONTROL_SIZE = 'w',  /* COLUMNSxROWS of the terminal */
    /* from it */
    CONTROL_OPENED = 'a',
    CONTROL_OUTPUT = 'o',  /* bytes */
    CONTROL_REFUSED = 'e', /* why, a text */
};

/* The socket to listen on; -1, reported. */
int control_listen(const struct machine *m);
/* A connection; -1, errno says why: ENOENT or ECONNREFUSED when the machine
 * does not run.  One that begins just now is waited for. */
int control_connect(const struct machine *m);

/* 0, or -1 with errno set. */
int control_send(int fd, enum control kind, const void *data, size_t len);
/* The length of what follows the letter; -1 at the end or without a packet
 * (EAGAIN).  (data) has room for CONTROL_MAX bytes. */
ssize_t control_receive(int fd, enum control *kind, void *data);
