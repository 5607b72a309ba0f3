/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unibeam - OTP releases as bootable virtual machines.
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "nearest.h"
#include "report.h"
#include "version.h"

static const struct command *find(const char *name)
{
    struct strvec known = {0};

    for (size_t i = 0; commands[i]; i++) {
        if (!strcmp(commands[i]->name, name)) {
            strvec_release(&known);
            return commands[i];
        }
        strvec_push(&known, commands[i]->name);
    }
    usage_error("unknown command '%s'%s", name, nearest_hint(name, "", &known));
}

static void print_usage(FILE *to)
{
    fputs("usage: unibeam COMMAND [ARGUMENTS]\n\n"
          "Turn an Erlang, Elixir or Gleam release into a bootable virtual\n"
          "machine image, and run it.\n\ncommands:\n",
          to);
    for (size_t i = 0; commands[i]; i++)
        fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help     explain a command: unibeam help COMMAND\n\n"
          "options:\n"
          "  -h, --help     this text\n"
          "  -V, --version  the version\n",
          to);
}

static int help(int argc, char **argv)
{
    if (argc < 2)
        print_usage(stdout);
    else
        opt_help(find(argv[1]), stdout);
    return 0;
}

int main(int argc, char **argv)
{
    const struct command *c;
    const char *name = argc > 1 ? argv[1] : NULL;

    if (!name) {
        print_usage(stderr);
        return 2;
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h")) {
        print_usage(stdout);
        return 0;
    }
    if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
        puts("unibeam " UNIBEAM_VERSION);
        return 0;
    }
    if (!strcmp(name, "help"))
        return help(argc - 1, argv + 1);
    if (name[0] == '-')
        usage_error("unknown option '%s'", name);
    c = find(name);
    opt_init(commands);
    return c->run(c, argc - 1, argv + 1);
}
