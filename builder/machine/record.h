/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * record.h - what is known of a machine: its machine.json.
 *
 * The process that keeps the machine writes it, whole each time; others only
 * read it.
 */
#pragma once

#include <jansson.h>
#include <time.h>

#include "buf.h"
#include "machine/state.h"

struct record {
    char *image; /* its whole path */
    char *memory;
    char *cpus;
    struct strvec ports; /* as -p takes them */
    time_t started;
    time_t ended; /* 0: not yet */
    int status;
    int pid;   /* of the process that keeps it */
    bool runs; /* when it was read */
    bool up;
    bool stopping;
    bool foreground; /* its console is a terminal, and is not kept */
    /* its Erlang node, see dist.h */
    char *node;
    unsigned port;
    bool elixir;
};

/* 0, -1 reported. */
int record_write(const struct record *r, const struct machine *m);
/* What cannot be read is as if it had not been written. */
void record_read(struct record *r, const struct machine *m);
void record_release(struct record *r);

/* "starting", "running", "stopping", "ended", or "lost" when nobody saw how it
 * ended. */
const char *record_state(const struct record *r);

/* For --format json. */
json_t *record_json(const struct record *r, const struct machine *m);
