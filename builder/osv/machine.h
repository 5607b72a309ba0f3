/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * machine.h - QEMU with OSv in it, whose upload service takes an archive.
 *
 * The service listens on port 10000 of the guest, takes one connection and
 * never answers.  QEMU takes connections for it from its own start on, so what
 * counts is what the console says (console.h).  When all has come it closes the
 * connection and the machine is switched off.
 *
 * No step has a time limit as a whole, but none may stand still: (timeout)
 * seconds without a byte on the console or a byte taken are an error.  Only for
 * the first text they count from the start.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "child.h"
#include "osv/console.h"

struct osv_machine {
    const char *qemu;    /* the program */
    const char *kvm_cpu; /* the CPU model under KVM; NULL: emulate */
    const char *name;    /* of the disk, for messages */
    int disk;            /* a raw image */
    unsigned timeout;

    struct child child;
    uint16_t port;
    int qmp;
    int sock;
    bool closed;   /* by the service */
    int64_t heard; /* when something moved last */
    struct buf unsent;
    struct osv_console console;
    struct buf messages; /* QEMU's */
    struct buf qmp_line;
    char *disk_error;
};

/* Start it and connect to the service.  Reports and returns -1. */
int osv_machine_start(struct osv_machine *m);
/* Send bytes, when there are many; (m) is a struct osv_machine. */
int osv_machine_write(void *m, const void *data, size_t len);
/* After the last one: wait until it is off, and all was well. */
int osv_machine_finish(struct osv_machine *m);
/* Whatever state it is in, nothing of it stays. */
void osv_machine_release(struct osv_machine *m);
