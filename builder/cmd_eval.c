/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "cmd.h"
#include "machine/target.h"
#include "report.h"

static const struct opt options[] = {TARGET_ASK_OPTIONS, OPT_END};

static int run(const struct command *c, int argc, char **argv)
{
    struct target_options o = {.command = c->name};
    struct request q = {0};
    struct strvec operands = {0};
    size_t first;
    int r;

    opt_parse(c, argc, argv, target_option, &o, &operands, NULL);
    first = target_operands(&o, &operands);
    if (operands.n < first + 1)
        usage_error("eval: what is to be evaluated?");
    if (operands.n > first + 1)
        usage_error("eval: one expression only, quoted for the shell: '%s'",
                    operands.v[first + 1]);
    q.text = operands.v[first];
    r = target_ask(&o, &operands, &q);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_eval = {
    .name = "eval",
    .summary = "evaluate an expression in a machine's node",
    .operands = "NAME EXPRESSION",
    .about = "Evaluate an expression in the Erlang node of a machine (unibeam "
             "run --dist), print what it prints, and then its value.",
    .options = options,
    .notes = "The value is printed as Erlang or Elixir writes it. Of a "
             "large one only a part is.",
    .status = TARGET_ASK_STATUS,
    .run = run,
};
