/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * node.h - talking to an Erlang node, by Erlang's own library for C (ei).
 *
 * We are a hidden node, and start no emulator.  What is asked for runs in a
 * process of the node's rpc server, whose output comes here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A node, and how to reach it. */
struct target {
    char *node; /* NAME@HOST */
    char *cookie;
    unsigned port; /* 0: epmd on HOST knows */
    char *address; /* where that is; NULL: on HOST */
    bool elixir;
    char *machine; /* whose it is, or NULL */
};

/* What to evaluate there. */
struct request {
    const char *module; /* NULL: (text) is expressions */
    const char *function;
    const char *text; /* the list of arguments, else */
    bool quiet;       /* what they return is not printed */
};

/* Connect, and again for (seconds) if there is no answer.  0, -1 reported. */
int node_ping(const struct target *t, unsigned seconds);

/* Print what (r) prints and returns.  (seconds): how long that may take, 0 for
 * as long as it takes.  0, -1 reported. */
int node_ask(const struct target *t, const struct request *r, unsigned seconds);
