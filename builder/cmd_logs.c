/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "machine/record.h"
#include "machine/show_log.h"
#include "report.h"

enum { FOLLOW, TAIL };

static const struct opt options[] = {
    {"follow", 'f', NULL, "go on with what comes, until the machine ends",
     FOLLOW, OPT_CLI_ONLY},
    {"tail", 'n', "N", "begin with the last N lines (default: all)", TAIL,
     OPT_CLI_ONLY},
    OPT_END,
};

struct logs_options {
    long lines;
    bool follow;
};

static void take_option(void *ctx, int id, const char *value)
{
    struct logs_options *o = ctx;

    if (id == FOLLOW) {
        o->follow = true;
        return;
    }
    if (!*value || strlen(value) > 9 || value[strspn(value, "0123456789")])
        usage_error("logs: --tail '%s' is not a number of lines", value);
    o->lines = atol(value);
}

static int show(const struct logs_options *o, const char *name)
{
    struct record r = {0};
    struct machine m;
    int status;

    if (machine_open(&m, name))
        return 1;
    record_read(&r, &m);
    if (r.foreground)
        status = fail("there is no log of '%s': it was started in the "
                      "foreground, without -d",
                      name);
    else
        status = show_log(&m, o->lines, o->follow);
    record_release(&r);
    machine_close(&m);
    return status ? 1 : 0;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct logs_options o = {.lines = -1};
    struct strvec operands = {0};
    int status;

    opt_parse(c, argc, argv, take_option, &o, &operands, NULL);
    if (operands.n != 1)
        usage_error("logs: which machine? one at a time");
    status = show(&o, operands.v[0]);
    strvec_release(&operands);
    return status;
}

const struct command cmd_logs = {
    .name = "logs",
    .summary = "print what a machine wrote to its console",
    .operands = "NAME",
    .about = "Print what a machine in the background (unibeam run -d) wrote "
             "to its console. It can have ended.",
    .options = options,
    .notes =
        "The newest 4 to 8 MiB are kept, or what --log-size of unibeam run "
        "says. What unibeam and QEMU themselves have to say is in it too.",
    .run = run,
};
