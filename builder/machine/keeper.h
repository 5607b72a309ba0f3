/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * keeper.h - the part of the process that keeps a machine which others see.
 *
 * It writes down how the machine is, keeps what comes from the console, lets
 * one at a time type at it, and takes what unibeam stop asks for.  vm_run()
 * calls it.
 */
#pragma once

#include <poll.h>
#include <stdbool.h>

#include "machine/console_log.h"
#include "machine/record.h"

#define KEEPER_CLIENTS 64
#define KEEPER_FDS     (KEEPER_CLIENTS + 3)

struct vm;

struct client {
    int fd; /* -1: none */
    int pid;
    struct buf out; /* for it, when it does not keep up */
};

struct keeper {
    struct machine *machine;
    struct record *record;
    struct vm *vm;    /* its console may be -1 */
    int listening;    /* -1: nobody can ask */
    int messages;     /* what QEMU and we say when it is no terminal, or -1 */
    int started;      /* who waits for the start is told here, or -1 */
    struct buf early; /* messages before that */
    struct console_log log;
    struct client clients[KEEPER_CLIENTS];
    struct client *console; /* who has it, or NULL */
    struct buf in;          /* for the guest's console */
    bool stop;              /* asked for, and not yet done */
    bool kill;
};

/* Listens, and writes the machine down.  0, -1 reported. */
int keeper_init(struct keeper *k, struct machine *m, struct record *r,
                struct vm *vm);
void keeper_log(struct keeper *k, uint64_t size);

/* Fill (p) with KEEPER_FDS places.  Returns how many are used. */
size_t keeper_poll(struct keeper *k, struct pollfd *p);
/* Do what (p) says there is to do. */
void keeper_take(struct keeper *k, const struct pollfd *p);

/* QEMU answers. */
void keeper_up(struct keeper *k);
/* The power button is pressed. */
void keeper_stopping(struct keeper *k);
/* Keep what came last. */
void keeper_drain(struct keeper *k);
/* The machine has ended with (status). */
void keeper_end(struct keeper *k, int status);
void keeper_release(struct keeper *k);
