/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/* emu_args.h - what an emulator's arguments say that concerns process 1. */
#pragma once

#include "pool.h"

struct emu_args {
    const char *how;  /* "-name" or "-sname", or NULL: not distributed */
    const char *node; /* what follows it, or NULL */
    const char *cookie;
    int no_epmd;  /* -start_epmd false or -no_epmd */
    int no_shell; /* -noshell or -noinput */
    int heart;    /* -heart */
};

/*
 * Reads what erlexec makes of (argv) and (env): the words, the files that
 * -args_file names and those named in them, and ERL_AFLAGS, ERL_FLAGS and
 * ERL_ZFLAGS. What cannot be read is passed over: erlexec will say so.
 */
void emu_args_scan(struct pool *p, const struct strlist *argv,
                   const struct strlist *env, struct emu_args *out);
