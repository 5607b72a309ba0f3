/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "check/check.h"
#include "cmd.h"
#include "extra_files.h"
#include "mount_option.h"
#include "report.h"

enum {
    SYSROOT,
    ERTS,
    SHELL,
    NO_SHELL,
    BUSYBOX,
    FILES,
    MOUNT,
    ALLOW_MISSING,
    FORMAT,
    VERBOSE,
    QUIET,
};

static const struct opt options[] = {
    {"sysroot", 0, "DIR", "take libraries from DIR instead of this system",
     SYSROOT, 0},
    {"erts", 0, "DIR",
     "for a release made without one: the run-time system, erts-VERSION or "
     "the Erlang root above it",
     ERTS, 0},
    {"shell", 0, NULL, "as if it were built with --shell", SHELL, 0},
    {"no-shell", 0, NULL, "as if it were built with --no-shell", NO_SHELL, 0},
    {"busybox", 0, "FILE", "the busybox to take (default: the system's)",
     BUSYBOX, 0},
    {"file", 0, "SRC:DST", "as if SRC were put into the image as DST", FILES,
     OPT_MANY},
    {"mount", 0, "SOURCE:PATH[:SIZE]",
     "as if something were mounted on PATH: what is below it is not looked for",
     MOUNT, OPT_MANY},
    {"allow-missing", 0, NULL, "a missing library is a note, not an error",
     ALLOW_MISSING, 0},
    {"format", 0, "text|json", "how to print what was found (default: text)",
     FORMAT, 0},
    {"verbose", 'v', NULL, "also say what makes the image large", VERBOSE, 0},
    {"quiet", 'q', NULL, "only errors and warnings: no notes, no summary",
     QUIET, 0},
    OPT_END,
};

static const char *const formats[] = {"text", "json", NULL};

static void take_option(void *ctx, int id, const char *value)
{
    struct check_options *o = ctx;

    switch (id) {
    case SYSROOT:
        o->build.sysroot = value;
        break;
    case ERTS:
        o->build.erts = value;
        break;
    case SHELL:
    case NO_SHELL:
        o->build.shell = id == SHELL ? SHELL_YES : SHELL_NO;
        break;
    case BUSYBOX:
        o->build.busybox = value;
        break;
    case FILES:
        extra_file_check("check", value);
        strvec_push(&o->build.files, value);
        break;
    case MOUNT:
        mount_option_check("check", value);
        strvec_push(&o->build.mounts, value);
        break;
    case ALLOW_MISSING:
        o->build.allow_missing = true;
        break;
    case FORMAT:
        o->json = opt_choose("check", "format", value, formats) == 1;
        break;
    case VERBOSE:
        o->verbose = true;
        break;
    case QUIET:
        o->quiet = true;
        report_quiet();
        break;
    }
}

static int run(const struct command *c, int argc, char **argv)
{
    struct check_options o = {0};
    struct strvec operands = {0};
    int status;

    opt_parse(c, argc, argv, take_option, &o, &operands, NULL);
    if (!operands.n)
        usage_error("check: which release?");
    if (operands.n > 1)
        usage_error("check: only one release at a time: '%s'", operands.v[1]);
    o.build.release = operands.v[0];
    status = check_release(&o);
    strvec_release(&o.build.files);
    strvec_release(&o.build.mounts);
    strvec_release(&operands);
    return status;
}

const struct command cmd_check = {
    .name = "check",
    .summary = "tell what would not work in an image of a release",
    .operands = "RELEASE",
    .about =
        "Look at RELEASE as 'unibeam build' would, and further: at libraries, "
        "symbol versions, NIFs, port programs, scripts, commands, settings. "
        "Nothing of it is run and nothing is written. Each finding comes with "
        "what to do about it.",
    .options = options,
    .notes = "In unibeam.json the options of \"build\" count too.",
    .status = "0 when there is nothing but notes, 3 for errors or warnings, 1 "
              "when the release cannot be looked at, 2 for wrong usage",
    .settings = true,
    .like = "build",
    .run = run,
};
