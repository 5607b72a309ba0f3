/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdlib.h>
#include <string.h>

#include "doc/doc.h"

static void put_quoted(FILE *to, const char *text)
{
    fputc('\'', to);
    for (; *text; text++) {
        if (strchr("'\\", *text))
            fputc('\\', to);
        fputc(*text, to);
    }
    fputc('\'', to);
}

static void put_value(FILE *to, const struct opt *o)
{
    struct strvec words = {0};

    switch (value_kind(o)) {
    case VALUE_NONE:
        break;
    case VALUE_ANY:
        fputs(" -x", to);
        break;
    case VALUE_FILE:
        fputs(" -r -F", to);
        break;
    case VALUE_DIR:
        fputs(" -x -a '(__fish_complete_directories)'", to);
        break;
    case VALUE_WORDS:
        fputs(" -x -a '", to);
        value_words(o->value, &words);
        for (size_t i = 0; i < words.n; i++)
            fprintf(to, "%s%s", i ? " " : "", words.v[i]);
        fputc('\'', to);
        strvec_release(&words);
        break;
    }
}

static void put_option(FILE *to, const char *command, const struct opt *o)
{
    char *help = short_help(o->help);

    fprintf(to, "complete -c unibeam -n '__unibeam_command %s'", command);
    if (o->letter)
        fprintf(to, " -s %c", o->letter);
    fprintf(to, " -l %s", o->name);
    put_value(to, o);
    fputs(" -d ", to);
    put_quoted(to, help);
    fputc('\n', to);
    free(help);
}

static void put_command(FILE *to, const struct command *c)
{
    static const char *const operands[] = {"", " -F",
                                           " -a '(__unibeam_machines)'"};
    struct opt *all = all_options(c);

    fprintf(to,
            "\n# unibeam %s\ncomplete -c unibeam -n __unibeam_first -a %s "
            "-d ",
            c->name, c->name);
    put_quoted(to, c->summary);
    fputc('\n', to);
    if (operand_kind(c) != OPERAND_NONE)
        fprintf(to, "complete -c unibeam -n '__unibeam_command %s'%s\n",
                c->name, operands[operand_kind(c)]);
    for (const struct opt *o = all; o->name; o++)
        put_option(to, c->name, o);
    free(all);
}

void fish_completion(FILE *to)
{
    fputs("# fish completion for unibeam\n"
          "# Made by mkdoc of the tables of the commands.\n\n"
          "function __unibeam_first\n"
          "    test (count (commandline -opc)) -eq 1\n"
          "end\n\n"
          "function __unibeam_command\n"
          "    set -l words (commandline -opc)\n"
          "    test (count $words) -gt 1; and test \"$words[2]\" = $argv[1]\n"
          "end\n\n"
          "function __unibeam_machines\n"
          "    unibeam ps --format json 2>/dev/null |\n"
          "        string match -ra '(?<=\"name\": \")[^\"]*'\n"
          "end\n\n"
          "complete -c unibeam -f\n"
          "complete -c unibeam -n __unibeam_first -s h -l help "
          "-d 'the list of commands'\n"
          "complete -c unibeam -n __unibeam_first -s V -l version "
          "-d 'the version'\n"
          "complete -c unibeam -n __unibeam_first -a help "
          "-d 'explain a command'\n"
          "complete -c unibeam -n '__unibeam_command help' -a '",
          to);
    for (size_t i = 0; commands[i]; i++)
        fprintf(to, "%s%s", i ? " " : "", commands[i]->name);
    fputs("'\n", to);
    for (size_t i = 0; commands[i]; i++)
        put_command(to, commands[i]);
}
