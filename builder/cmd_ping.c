/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdio.h>

#include "cmd.h"
#include "machine/target.h"
#include "report.h"

static const struct opt options[] = {
    {"timeout", 't', "SECONDS", "how long to try (default: once)",
     TARGET_TIMEOUT, OPT_CLI_ONLY},
    TARGET_NODE_OPTIONS("[ADDR:]N"),
    OPT_END,
};

static int run(const struct command *c, int argc, char **argv)
{
    struct target_options o = {.command = c->name};
    struct strvec operands = {0};
    struct target t;
    size_t first;
    int r;

    opt_parse(c, argc, argv, target_option, &o, &operands, NULL);
    first = target_operands(&o, &operands);
    if (operands.n > first)
        usage_error("ping: only one node at a time: '%s'", operands.v[first]);
    r = target_find(&t, &o, &operands);
    if (!r)
        r = node_ping(&t, o.seconds);
    if (!r)
        puts("pong");
    target_release(&t);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_ping = {
    .name = "ping",
    .summary = "ask whether a machine's node answers",
    .operands = "NAME",
    .about = "Print pong if the Erlang node of a machine (unibeam run --dist) "
             "answers and has our cookie.",
    .options = options,
    .status = "0 when it answers, else 1",
    .run = run,
};
