/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
/*
 * unibeam - OTP releases as bootable virtual machines.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "report.h"
#include "version.h"

static const struct command *const commands[] = {&cmd_build, &cmd_run};

#define N_COMMANDS (sizeof(commands) / sizeof(*commands))

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!strcmp(commands[i]->name, name))
            return commands[i];
    return NULL;
}

static void print_usage(FILE *to)
{
    fputs("usage: unibeam COMMAND [ARGUMENTS]\n\n"
          "Turn an Erlang, Elixir or Gleam release into a bootable virtual\n"
          "machine image, and run it.\n\ncommands:\n",
          to);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(to, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fputs("  help     explain a command: unibeam help COMMAND\n\n"
          "options:\n"
          "  -h, --help     this text\n"
          "  -V, --version  the version\n",
          to);
}

void cmd_help(const struct command *c)
{
    fputs(c->help, stdout);
}

void cmd_bad_option(const struct command *c, int result, char **argv)
{
    const char *arg = argv[optind - 1];
    char letter[3] = {'-', (char)optopt, '\0'};

    /* getopt_long: optopt is 0 or the option's value for long options */
    if (!strncmp(arg, "--", 2) && arg[2])
        letter[0] = '\0';
    usage_error(result == ':' ? "%s: option '%s' needs a value"
                              : "%s: unknown option '%s'",
                c->name, letter[0] ? letter : arg);
}

static int help(int argc, char **argv)
{
    const struct command *c;

    if (argc < 2) {
        print_usage(stdout);
        return 0;
    }
    c = find(argv[1]);
    if (!c)
        usage_error("unknown command '%s'", argv[1]);
    cmd_help(c);
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
    c = find(name);
    if (!c)
        usage_error(name[0] == '-' ? "unknown option '%s'"
                                   : "unknown command '%s'",
                    name);
    return c->run(argc - 1, argv + 1);
}
