/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "cmd.h"
#include "machine/remote.h"
#include "machine/target.h"
#include "report.h"

enum { PROGRAM = TARGET_OPTIONS };

static const struct opt options[] = {
    {"elixir", 0, NULL, "IEx (default: when mix made the release)",
     TARGET_ELIXIR, OPT_CLI_ONLY},
    {"erlang", 0, NULL, "Erlang's shell", TARGET_ERLANG, OPT_CLI_ONLY},
    {"program", 0, "PROGRAM", "the erl or iex to start", PROGRAM, 0},
    TARGET_NODE_OPTIONS("N"),
    OPT_END,
};

struct remote_options {
    struct target_options target;
    const char *program;
};

static void take_option(void *ctx, int id, const char *value)
{
    struct remote_options *o = ctx;

    if (id == PROGRAM)
        o->program = value;
    else
        target_option(&o->target, id, value);
}

static int run(const struct command *c, int argc, char **argv)
{
    struct remote_options o = {.target = {.command = c->name}};
    struct strvec operands = {0};
    struct target t;
    size_t first;
    int r;

    opt_parse(c, argc, argv, take_option, &o, &operands, NULL);
    first = target_operands(&o.target, &operands);
    if (operands.n > first)
        usage_error("remote: only one node at a time: '%s'", operands.v[first]);
    if (o.target.address)
        usage_error("remote: the emulator goes to the HOST of --node: --port "
                    "without an address");
    r = target_find(&t, &o.target, &operands);
    /* first: the emulator would say less, and later */
    if (!r)
        r = node_ping(&t, 0) || remote_shell(&t, o.program);
    target_release(&t);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_remote = {
    .name = "remote",
    .summary = "have a shell in a machine's node",
    .operands = "NAME",
    .about = "Start this system's erl or iex with a shell in the Erlang node "
             "of a machine (unibeam run --dist).",
    .options = options,
    .notes = "Ctrl-G Q ends the shell and leaves the node alone; in IEx also "
             "Ctrl-C twice.",
    .status =
        "that of the shell; 1 when the node does not answer or there is no "
        "Erlang here, 2 for wrong usage",
    .run = run,
};
