/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * target.h - the options that say which node is meant.
 */
#pragma once

#include "machine/node.h"
#include "opt.h"

enum target_option {
    TARGET_NODE,
    TARGET_PORT,
    TARGET_COOKIE,
    TARGET_ELIXIR,
    TARGET_ERLANG,
    TARGET_TIMEOUT,
    TARGET_OPTIONS, /* the first number of other options */
};

/* For the tables of the commands. */
#define TARGET_NODE_OPTIONS(port_value)                                        \
    {"node",      0,           "NAME@HOST", "a node that is not a machine's",  \
     TARGET_NODE, OPT_CLI_ONLY},                                               \
        {"port",      0,                                                       \
         port_value,  "where --node listens (default: HOST's epmd knows)",     \
         TARGET_PORT, OPT_CLI_ONLY},                                           \
    {                                                                          \
        "cookie", 0, "COOKIE",                                                 \
            "of --node (default: the one in ~/.erlang.cookie)", TARGET_COOKIE, \
            0                                                                  \
    }

#define TARGET_LANGUAGE_OPTIONS                                                \
    {"elixir",      0,                                                         \
     NULL,          "it is Elixir (default: when mix made the release)",       \
     TARGET_ELIXIR, OPT_CLI_ONLY},                                             \
    {                                                                          \
        "erlang", 0, NULL, "it is Erlang", TARGET_ERLANG, OPT_CLI_ONLY         \
    }

/* Of the commands that ask a node something. */
#define TARGET_ASK_OPTIONS                                                      \
    TARGET_LANGUAGE_OPTIONS,                                                    \
        {"timeout",      't',                                                   \
         "SECONDS",      "how long it may take (default: as long as it takes)", \
         TARGET_TIMEOUT, OPT_CLI_ONLY},                                         \
        TARGET_NODE_OPTIONS("[ADDR:]N")
#define TARGET_ASK_STATUS                                                      \
    "0; 1 when there was an exception, which is printed to standard error, "   \
    "or "                                                                      \
    "the node does not answer"

struct target_options {
    const char *command;
    const char *node;
    const char *cookie;
    const char *address; /* or NULL: on HOST */
    unsigned port;
    unsigned seconds;
    bool elixir;
    bool erlang;
};

/* As opt_take: (ctx) is one of these. */
void target_option(void *ctx, int id, const char *value);

/* How many of (operands) name the machine: 0 with --node, else 1.  Exits 2 when
 * it is missing, or the options do not go together. */
size_t target_operands(const struct target_options *o,
                       const struct strvec *operands);

/* The node that is meant.  0, -1 reported. */
int target_find(struct target *t, const struct target_options *o,
                const struct strvec *operands);
void target_release(struct target *t);

/* Ask the node that is meant for (q).  0, -1 reported. */
int target_ask(const struct target_options *o, const struct strvec *operands,
               const struct request *q);
