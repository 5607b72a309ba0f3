/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "cmd.h"
#include "env_option.h"
#include "extra_files.h"
#include "grace_option.h"
#include "hostname_option.h"
#include "mount_option.h"
#include "network_option.h"
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
    ARG,
    IP,
    IP6,
    ADD_HOST,
    FILES,
    MOUNT,
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
    PROGRESS,
    QUIET,
    VERBOSE,
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
    {"ip", 0, "dhcp|none|ADDR/PREFIX[,GATEWAY[,DNS...]]",
     "address of the machine (default: dhcp)", IP, 0},
    {"ip6", 0, "auto|dhcp|none|ADDR/PREFIX[,GATEWAY[,DNS...]]",
     "its IPv6 address (default: auto)", IP6, 0},
    {"add-host", 0, "NAME:ADDR", "a line in its /etc/hosts", ADD_HOST,
     OPT_MANY},
    {"arg", 0, "WORD", "argument for the Erlang emulator", ARG, OPT_MANY},
    {"file", 0, "SRC:DST",
     "put the file or directory SRC into the image as DST", FILES, OPT_MANY},
    {"mount", 0, "SOURCE:PATH[:SIZE]",
     "mount SOURCE on PATH when it starts: tmpfs, or a disk by its serial "
     "number, label or partition GUID",
     MOUNT, OPT_MANY},
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
    {"progress", 0, "human|numeric|silent",
     "how to show how far it is: a bar on the terminal when it takes long (the "
     "default), percents instead of the summary, or not",
     PROGRESS, 0},
    {"quiet", 'q', NULL, "no summary, no notes and no bar", QUIET, 0},
    {"verbose", 0, NULL,
     "list every file that the image holds beside the release, and why; with "
     "--base let OSv print more",
     VERBOSE, 0},
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

struct options {
    struct build_options build;
    struct network network;
    struct strvec args;
    const char *append;
};

/* What is for the kernel and process 1, as one line: --append wins. */
static char *command_line(const struct options *o)
{
    struct buf words = {0};

    network_words(&o->network, &words);
    for (size_t i = 0; i < o->args.n; i++) {
        buf_adds(&words, " ");
        quote_kernel(&words, "arg=", o->args.v[i]);
    }
    for (size_t i = 0; i < o->build.mounts.n; i++) {
        buf_adds(&words, " ");
        quote_kernel(&words, "mount=", o->build.mounts.v[i]);
    }
    if (o->append)
        buf_addf(&words, " %s", o->append);
    return xstrdup(buf_str(&words) + (words.len > 0));
}

static void take_option(void *ctx, int id, const char *value)
{
    struct options *all = ctx;
    struct build_options *o = &all->build;

    osv_option_take(&o->osv, id, value);
    switch (id) {
    case OUTPUT:
        o->output = value;
        break;
    case QUIET:
        o->quiet = true;
        report_quiet();
        break;
    case PROGRESS:
        o->progress = (enum progress_kind)opt_choose("build", "progress", value,
                                                     progress_words);
        break;
    case VERBOSE:
        o->verbose = o->osv.verbose = true;
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
        all->append = value;
        break;
    case ARG:
        check_text("--arg", value);
        strvec_push(&all->args, value);
        break;
    case IP:
    case IP6:
    case ADD_HOST:
        network_option_of("build", &all->network, opt_name(options, id), value);
        break;
    case FILES:
        extra_file_check("build", value);
        strvec_push(&o->files, value);
        break;
    case MOUNT:
        mount_option_check("build", value);
        strvec_push(&o->mounts, value);
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

static int build_with(struct options *o)
{
    char *words = command_line(o);
    int r;

    o->build.append = words;
    if (o->build.quiet && o->build.progress == PROGRESS_HUMAN)
        o->build.progress = PROGRESS_SILENT;
    r = build_image(&o->build);
    free(words);
    return r;
}

static void release_options(struct options *o)
{
    network_release(&o->network);
    strvec_release(&o->args);
    strvec_release(&o->build.env);
    strvec_release(&o->build.files);
    strvec_release(&o->build.mounts);
    strvec_release(&o->build.osv.nameservers);
}

static int run(const struct command *c, int argc, char **argv)
{
    static const int also_with_base[] = {OUTPUT, QUIET, PROGRESS, VERBOSE, -1};
    struct options o = {0};
    struct strvec operands = {0};
    int r;

    opt_parse(c, argc, argv, take_option, &o, &operands, NULL);
    if (!operands.n)
        usage_error("build: which release?");
    if (operands.n > 1)
        usage_error("build: only one release at a time: '%s'", operands.v[1]);
    o.build.release = operands.v[0];
    osv_option_check(&o.build.osv, c->options, also_with_base);
    r = o.build.osv.base
            ? osv_build(&o.build.osv, o.build.release, o.build.output,
                        o.build.quiet, o.build.progress)
            : build_with(&o);
    release_options(&o);
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
    .notes = "The same input gives the same bytes; SOURCE_DATE_EPOCH sets the "
             "time stamps inside.",
    .settings = true,
    .run = run,
};
