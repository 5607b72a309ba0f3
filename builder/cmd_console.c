/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "cmd.h"
#include "machine/attach.h"
#include "report.h"

static const struct opt options[] = {OPT_END};

static void take_option(void *ctx, int id, const char *value)
{
    (void)ctx, (void)id, (void)value;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct strvec operands = {0};
    struct machine m;
    int r;

    opt_parse(c, argc, argv, take_option, NULL, &operands, NULL);
    if (operands.n != 1)
        usage_error("console: which machine? one at a time");
    r = machine_open(&m, operands.v[0]);
    if (!r)
        r = attach_console(&m);
    machine_close(&m);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_console = {
    .name = "console",
    .summary = "be the console of a machine",
    .operands = "NAME",
    .about = "Attach the terminal to the console of a machine in the "
             "background (unibeam run -d). Useful with a release that has its "
             "shell there (--console).",
    .options = options,
    .notes =
        "Ctrl-A D leaves the console, the machine runs on; Ctrl-A Ctrl-A "
        "is Ctrl-A. The guest is told the terminal's size. One terminal at "
        "a time: a second one is told which process has it. What is not a "
        "terminal is passed on as it is, until the machine ends.",
    .run = run,
};
