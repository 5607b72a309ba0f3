/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "cmd.h"
#include "machine/many.h"
#include "machine/stop.h"

/* As unibeam stop without -t. */
#define SECONDS 40

enum { ALL, FORCE };

static const struct opt options[] = {
    {"all", 0, NULL, "all that have ended", ALL, OPT_CLI_ONLY},
    {"force", 'f', NULL, "stop those that run first", FORCE, OPT_CLI_ONLY},
    OPT_END,
};

struct rm_options {
    bool all;
    bool force;
};

static void take_option(void *ctx, int id, const char *value)
{
    struct rm_options *o = ctx;

    (void)value;
    if (id == ALL)
        o->all = true;
    else
        o->force = true;
}

static int remove_one(const char *name, bool force)
{
    struct strvec names = {0};
    struct machine m;
    int r = 0;

    strvec_push(&names, name);
    if (force)
        r = stop_machines(&names, SECONDS);
    strvec_release(&names);
    if (r || machine_open(&m, name))
        return -1;
    r = machine_remove(&m);
    machine_close(&m);
    return r;
}

static int run(const struct command *c, int argc, char **argv)
{
    struct strvec operands = {0}, names = {0};
    struct rm_options o = {0};
    int r;

    opt_parse(c, argc, argv, take_option, &o, &operands, NULL);
    r = many_names("rm", &operands, o.all, false, &names);
    for (size_t i = 0; i < names.n; i++)
        if (remove_one(names.v[i], o.force))
            r = -1;
    strvec_release(&names);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_rm = {
    .name = "rm",
    .summary = "forget machines that have ended",
    .operands = "NAME...",
    .about = "Forget machines that have ended, their logs included. Images and "
             "disks stay.",
    .options = options,
    .run = run,
};
