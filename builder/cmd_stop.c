/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "machine/many.h"
#include "machine/stop.h"
#include "report.h"

/* The guest gives the release 30 itself, unless told otherwise. */
#define SECONDS 40

enum { ALL, TIMEOUT };

static const struct opt options[] = {
    {"all", 0, NULL, "all that run", ALL, OPT_CLI_ONLY},
    {"timeout", 't', "SECONDS",
     "how long to wait before it is killed (default: 40)", TIMEOUT,
     OPT_CLI_ONLY},
    OPT_END,
};

struct stop_options {
    unsigned seconds;
    bool all;
};

static void take_option(void *ctx, int id, const char *value)
{
    struct stop_options *o = ctx;

    if (id == ALL) {
        o->all = true;
        return;
    }
    if (!*value || strlen(value) > 6 || value[strspn(value, "0123456789")])
        usage_error("stop: -t '%s' is not a number of seconds", value);
    o->seconds = (unsigned)atol(value);
}

static int run(const struct command *c, int argc, char **argv)
{
    struct strvec operands = {0}, names = {0};
    struct stop_options o = {.seconds = SECONDS};
    int r;

    opt_parse(c, argc, argv, take_option, &o, &operands, NULL);
    r = many_names("stop", &operands, o.all, true, &names);
    if (!r)
        r = stop_machines(&names, o.seconds);
    strvec_release(&names);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_stop = {
    .name = "stop",
    .summary = "stop machines",
    .operands = "NAME...",
    .about = "Press the power button of machines, which ends their releases in "
             "order, and wait until they have ended. Those that do not end in "
             "time are killed.",
    .options = options,
    .run = run,
};
