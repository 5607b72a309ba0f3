/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cmd.h"
#include "env_option.h"
#include "grace_option.h"
#include "hostname_option.h"
#include "osv/build.h"
#include "quote.h"
#include "report.h"
#include "restart_option.h"

enum {
    OUTPUT,
    SYSROOT,
    ERTS,
    SHELL,
    NO_SHELL,
    ENV,
    HOSTNAME,
    APPEND,
    KERNEL,
    INIT,
    BOOT_SECTOR,
    LOADER,
    BUSYBOX,
    GRACE,
    CONSOLE,
    RESTART,
    ALLOW_MISSING,
    QUIET,
};

static const struct opt options[] = {
    {"output", 'o', "IMAGE", "the image to write (default: NAME.img)", OUTPUT,
     OPT_CLI_ONLY},
    {"sysroot", 0, "DIR", "take libraries from DIR instead of this system",
     SYSROOT, 0},
    {"erts", 0, "DIR",
     "for a release made without one: the run-time system, erts-VERSION or "
     "the Erlang root above it",
     ERTS, 0},
    {"shell", 0, NULL, "add /bin/sh (busybox) even if nothing needs it", SHELL,
     0},
    {"no-shell", 0, NULL, "leave it out even if something does", NO_SHELL, 0},
    {"env", 0, "NAME=VALUE", "environment of the release", ENV, OPT_MANY},
    {"hostname", 0, "NAME", "(default: made from the release's name)", HOSTNAME,
     0},
    {"append", 0, "TEXT", "words for the kernel's command line", APPEND, 0},
    {"grace", 0, "SECONDS",
     "time to stop in when the power button is pressed (default: 30)", GRACE,
     0},
    {"console", 0, NULL, "start the release with its shell on the console",
     CONSOLE, 0},
    {"restart", 0, "POLICY",
     "no, on-failure[:TIMES] or always: whether a release that ended is "
     "started again (default: no)",
     RESTART, 0},
    {"allow-missing", 0, NULL, "a missing library is a note, not an error",
     ALLOW_MISSING, 0},
    {"quiet", 'q', NULL, "no summary and no notes", QUIET, 0},
    OPT_HEADING(
        "unibeam's own files, if they are not where they are installed"),
    {"kernel", 0, "FILE", "the kernel", KERNEL, 0},
    {"init", 0, "FILE", "process 1", INIT, 0},
    {"boot-sector", 0, "FILE", "the boot sector", BOOT_SECTOR, 0},
    {"loader", 0, "FILE", "the loader behind it", LOADER, 0},
    {"busybox", 0, "FILE", "the busybox to take (default: the system's)",
     BUSYBOX, 0},
    OSV_BUILD_OPTIONS,
    OPT_END,
};

static void check_text(const char *what, const char *text)
{
    for (; *text; text++)
        if (iscntrl((unsigned char)*text) && *text != '\t')
            usage_error("build: %s has a control character in it", what);
}

static void take_option(void *ctx, int id, const char *value)
{
    struct build_options *o = ctx;

    osv_option_take(&o->osv, id, value);
    switch (id) {
    case OUTPUT:
        o->output = value;
        break;
    case QUIET:
        o->quiet = true;
        report_quiet();
        break;
    case SYSROOT:
        o->sysroot = value;
        break;
    case ERTS:
        o->erts = value;
        break;
    case SHELL:
    case NO_SHELL:
        o->shell = id == SHELL ? SHELL_YES : SHELL_NO;
        break;
    case ENV:
        env_option_add(&o->env, "build", value);
        break;
    case HOSTNAME:
        hostname_option_check("build", value);
        o->hostname = value;
        break;
    case APPEND:
        check_text("--append", value);
        if (!quote_kernel_closed(value))
            usage_error("build: --append: a quote is not closed: %s", value);
        o->append = value;
        break;
    case GRACE:
        grace_option_check("build", value);
        o->grace = value;
        break;
    case CONSOLE:
        o->console = true;
        break;
    case RESTART:
        restart_option_check("build", value);
        o->restart = value;
        break;
    case KERNEL:
        o->boot.kernel = value;
        break;
    case INIT:
        o->boot.init = value;
        break;
    case BOOT_SECTOR:
        o->boot.boot_sector = value;
        break;
    case LOADER:
        o->boot.loader = value;
        break;
    case BUSYBOX:
        o->busybox = value;
        break;
    case ALLOW_MISSING:
        o->allow_missing = true;
        break;
    }
}

static int run(const struct command *c, int argc, char **argv)
{
    static const int also_with_base[] = {OUTPUT, QUIET, -1};
    struct build_options o = {0};
    struct strvec operands = {0};
    int r;

    opt_parse(c, argc, argv, take_option, &o, &operands, NULL);
    if (!operands.n)
        usage_error("build: which release?");
    if (operands.n > 1)
        usage_error("build: only one release at a time: '%s'", operands.v[1]);
    o.release = operands.v[0];
    osv_option_check(&o.osv, c->options, also_with_base);
    r = o.osv.base ? osv_build(&o.osv, o.release, o.output, o.quiet)
                   : build_image(&o);
    strvec_release(&o.env);
    strvec_release(&o.osv.nameservers);
    strvec_release(&operands);
    return r ? 1 : 0;
}

const struct command cmd_build = {
    .name = "build",
    .summary = "make an image of a release",
    .operands = "RELEASE",
    .about =
        "Make a bootable disk image of RELEASE, a directory made by 'rebar3 "
        "release', 'mix release' or 'gleam export erlang-shipment', or an "
        "archive of one as 'rebar3 tar' and mix's ':tar' step make. The image "
        "holds the release, the libraries its programs need, and unibeam's "
        "kernel.",
    .options = options,
    .notes =
        "The same input gives the same bytes; SOURCE_DATE_EPOCH sets the time "
        "stamps inside. Exit status: 0, 1 for an error, 2 for wrong usage.",
    .settings = true,
    .run = run,
};
