/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * start.h - a machine from an image: what `unibeam run` does.
 */
#pragma once

#include "forward.h"
#include "machine/disk.h"
#include "network.h"
#include "qemu_args.h"

enum accel { ACCEL_AUTO, ACCEL_KVM, ACCEL_TCG };

struct run_options {
    struct qemu_options qemu;
    struct network network;
    struct forwards forwards;
    struct disks disks;
    struct strvec ports; /* as given to -p */
    struct strvec env;
    struct strvec args;
    struct strvec extra;
    struct buf append;
    const char *program;
    const char *name; /* of the machine, or NULL */
    uint64_t log_size;
    enum accel accel;
    bool direct;
    bool dry_run;
    bool detach;
    bool dist; /* with an Erlang node that can be reached */
};

/* Returns the exit status. */
int start_machine(struct run_options *o);
