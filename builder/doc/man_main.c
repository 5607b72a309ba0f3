/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdlib.h>

#include "doc/doc.h"
#include "doc/roff.h"

static const char description[] =
    ".B unibeam\n"
    "turns an Erlang/OTP, Elixir or Gleam release into an image of a virtual\n"
    "machine that holds the release, the run-time system it was made with,\n"
    "and a small kernel that implements the system calls of Linux.\n"
    "The run-time system is the stock one, unmodified.\n"
    ".PP\n"
    "Neither root nor a network nor a virtual machine is needed to make an\n"
    "image.\n";

static const char options[] =
    ".SH OPTIONS\n"
    ".TP\n"
    "\\fB\\-h\\fR, \\fB\\-\\-help\\fR\n"
    "Print the list of commands.\n"
    ".TP\n"
    "\\fB\\-V\\fR, \\fB\\-\\-version\\fR\n"
    "Print the version.\n"
    ".PP\n"
    "Options of a command stand before or after its operands.\n"
    "A long one may be shortened as far as it stays the only one.\n";

static const char environment[] =
    ".SH ENVIRONMENT\n"
    "An option of a command has a twin in the environment, if the command\\(aq"
    "s\npage names it: \\fBUNIBEAM_ADD_HOST\\fR for \\fB\\-\\-add\\-host\\fR.\n"
    "It holds the option\\(aqs value; of an option that may be repeated,\n"
    "values one a line; of an option without value one of\n"
    ".BR 1 ,\n.BR yes ,\n.BR true ,\n.B on\nor of\n"
    ".BR 0 ,\n.BR no ,\n.BR false ,\n.B off\nor nothing.\n"
    ".TP\n"
    ".B UNIBEAM_CONFIG\n"
    "The file to read instead of\n.IR unibeam.json .\n"
    ".TP\n"
    ".B SOURCE_DATE_EPOCH\n"
    "The time stamp of what is in an image.\n";

static const char rest[] =
    ".SH FILES\n"
    ".TP\n"
    ".I unibeam.json\n"
    "Options that a project always wants; see\n.BR unibeam.json (5).\n"
    ".TP\n"
    ".I ../lib/unibeam\n"
    "Beside the directory of the command: the kernel, the boot sector and\n"
    "loader, and the program that is process 1 of the guest.\n"
    ".SH \"EXIT STATUS\"\n"
    "0 when all went well, 1 after an error, 2 for wrong usage.\n"
    "Pages of commands say more.\n"
    ".SH EXAMPLES\n"
    ".nf\n"
    "rebar3 as prod release\n"
    "unibeam build _build/prod/rel/hello \\-o hello.img\n"
    "unibeam run hello.img \\-p 8080:8080\n"
    ".fi\n"
    ".SH \"SEE ALSO\"\n";

static void put_commands(FILE *to)
{
    fputs(".SH COMMANDS\n", to);
    for (size_t i = 0; commands[i]; i++) {
        char *text = xasprintf("%s.", commands[i]->summary);

        fprintf(to, ".TP\n.BR unibeam\\-%s (1)\n", commands[i]->name);
        roff_sentences(to, text);
        free(text);
    }
    fputs(".TP\n.BI \"unibeam help \" COMMAND\nprint the options of a "
          "command.\n",
          to);
}

void man_main(FILE *to)
{
    man_begin(to, "unibeam", 1,
              "Erlang releases as bootable virtual machine images");
    fputs(".B unibeam\n.I COMMAND\n.RI [ ARGUMENTS ]\n.SH DESCRIPTION\n", to);
    fputs(description, to);
    put_commands(to);
    fputs(options, to);
    fputs(environment, to);
    fputs(rest, to);
    for (size_t i = 0; commands[i]; i++)
        fprintf(to, ".BR unibeam\\-%s (1),\n", commands[i]->name);
    fputs(".BR unibeam.json (5)\n", to);
}
