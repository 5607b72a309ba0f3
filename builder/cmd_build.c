/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cmd.h"
#include "env_option.h"
#include "quote.h"
#include "report.h"
#include "restart_option.h"

enum {
    OPT_SYSROOT = 256,
    OPT_ERTS,
    OPT_SHELL,
    OPT_NO_SHELL,
    OPT_ENV,
    OPT_HOSTNAME,
    OPT_APPEND,
    OPT_KERNEL,
    OPT_INIT,
    OPT_BOOT_SECTOR,
    OPT_LOADER,
    OPT_BUSYBOX,
    OPT_GRACE,
    OPT_CONSOLE,
    OPT_RESTART,
    OPT_ALLOW_MISSING,
};

static const struct option options[] = {
    {"output", required_argument, NULL, 'o'},
    {"sysroot", required_argument, NULL, OPT_SYSROOT},
    {"erts", required_argument, NULL, OPT_ERTS},
    {"shell", no_argument, NULL, OPT_SHELL},
    {"no-shell", no_argument, NULL, OPT_NO_SHELL},
    {"env", required_argument, NULL, OPT_ENV},
    {"hostname", required_argument, NULL, OPT_HOSTNAME},
    {"append", required_argument, NULL, OPT_APPEND},
    {"grace", required_argument, NULL, OPT_GRACE},
    {"console", no_argument, NULL, OPT_CONSOLE},
    {"restart", required_argument, NULL, OPT_RESTART},
    {"kernel", required_argument, NULL, OPT_KERNEL},
    {"init", required_argument, NULL, OPT_INIT},
    {"boot-sector", required_argument, NULL, OPT_BOOT_SECTOR},
    {"loader", required_argument, NULL, OPT_LOADER},
    {"busybox", required_argument, NULL, OPT_BUSYBOX},
    {"allow-missing", no_argument, NULL, OPT_ALLOW_MISSING},
    {"quiet", no_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const char help[] =
    "usage: unibeam build RELEASE [OPTIONS]\n"
    "\n"
    "Make a bootable disk image of RELEASE, a directory made by\n"
    "'rebar3 release', 'mix release' or 'gleam export erlang-shipment'.  The\n"
    "image holds the release, the libraries its programs need, and unibeam's\n"
    "kernel.\n"
    "\n"
    "  -o, --output IMAGE  the image to write (default: NAME.img)\n"
    "  --sysroot DIR       take libraries from DIR instead of this system\n"
    "  --erts DIR          for a release made without one: the run-time\n"
    "                      system, erts-VERSION or the Erlang root above it\n"
    "  --shell             add /bin/sh (busybox) even if nothing needs it\n"
    "  --no-shell          leave it out even if something does\n"
    "  --env NAME=VALUE    environment of the release; may be repeated\n"
    "  --hostname NAME     (default: made from the release's name)\n"
    "  --append TEXT       words for the kernel's command line\n"
    "  --grace SECONDS     time to stop in when the power button is pressed\n"
    "  --console           start the release with its shell on the console\n"
    "  --restart POLICY    no, on-failure[:TIMES] or always: whether a "
    "release\n"
    "                      that ended is started again (default: no)\n"
    "  --allow-missing     a missing library is a note, not an error\n"
    "  -q, --quiet         no summary and no notes\n"
    "  -h, --help          this text\n"
    "\n"
    "unibeam's own files, if they are not where they are installed:\n"
    "  --kernel FILE --init FILE --boot-sector FILE --loader FILE\n"
    "  --busybox FILE\n"
    "\n"
    "The same input gives the same bytes; SOURCE_DATE_EPOCH sets the time\n"
    "stamps inside.  Exit status: 0, 1 for an error, 2 for wrong usage.\n";

static void check_hostname(const char *name)
{
    size_t len = strlen(name);
    bool ok = len >= 1 && len <= 63 && name[0] != '-' && name[len - 1] != '-';

    for (size_t i = 0; i < len; i++)
        ok = ok && (isalnum((unsigned char)name[i]) || name[i] == '-' ||
                    name[i] == '.');
    if (!ok)
        usage_error("build: '%s' is not a host name", name);
}

static void check_text(const char *what, const char *text)
{
    for (; *text; text++)
        if (iscntrl((unsigned char)*text) && *text != '\t')
            usage_error("build: %s has a control character in it", what);
}

static void check_seconds(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    if (!digits || text[digits] || digits > 6)
        usage_error("build: --grace '%s' is not a number of seconds", text);
}

static void take_option(struct build_options *o, int opt, const char *value)
{
    switch (opt) {
    case 'o':
        o->output = value;
        break;
    case 'q':
        o->quiet = true;
        report_quiet();
        break;
    case OPT_SYSROOT:
        o->sysroot = value;
        break;
    case OPT_ERTS:
        o->erts = value;
        break;
    case OPT_SHELL:
    case OPT_NO_SHELL:
        o->shell = opt == OPT_SHELL ? SHELL_YES : SHELL_NO;
        break;
    case OPT_ENV:
        env_option_add(&o->env, "build", value);
        break;
    case OPT_HOSTNAME:
        check_hostname(value);
        o->hostname = value;
        break;
    case OPT_APPEND:
        check_text("--append", value);
        if (!quote_kernel_closed(value))
            usage_error("build: --append: a quote is not closed: %s", value);
        o->append = value;
        break;
    case OPT_GRACE:
        check_seconds(value);
        o->grace = value;
        break;
    case OPT_CONSOLE:
        o->console = true;
        break;
    case OPT_RESTART:
        restart_option_check("build", value);
        o->restart = value;
        break;
    case OPT_KERNEL:
        o->boot.kernel = value;
        break;
    case OPT_INIT:
        o->boot.init = value;
        break;
    case OPT_BOOT_SECTOR:
        o->boot.boot_sector = value;
        break;
    case OPT_LOADER:
        o->boot.loader = value;
        break;
    case OPT_BUSYBOX:
        o->busybox = value;
        break;
    case OPT_ALLOW_MISSING:
        o->allow_missing = true;
        break;
    }
}

static int run(int argc, char **argv)
{
    struct build_options o = {0};
    int opt, r;

    opterr = 0;
    while ((opt = getopt_long(argc, argv, ":o:qh", options, NULL)) != -1) {
        if (opt == 'h') {
            cmd_help(&cmd_build);
            return 0;
        }
        if (opt == '?' || opt == ':')
            cmd_bad_option(&cmd_build, opt, argv);
        take_option(&o, opt, optarg);
    }
    if (optind == argc)
        usage_error("build: which release?");
    if (argc - optind > 1)
        usage_error("build: only one release at a time: '%s'",
                    argv[optind + 1]);
    o.release = argv[optind];
    r = build_image(&o);
    strvec_release(&o.env);
    return r ? 1 : 0;
}

const struct command cmd_build = {
    .name = "build",
    .summary = "make an image of a release",
    .help = help,
    .run = run,
};
