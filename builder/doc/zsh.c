/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdlib.h>
#include <string.h>

#include "doc/doc.h"

/* Part of a specification of _arguments, inside quotes. */
static void put_text(FILE *to, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", to);
        else if (strchr("[]:\\", *text))
            fputc('\\', to);
        fputc(*text, to);
    }
}

static void put_action(FILE *to, const struct opt *o)
{
    struct strvec words = {0};

    switch (value_kind(o)) {
    case VALUE_FILE:
        fputs("_files", to);
        break;
    case VALUE_DIR:
        fputs("_files -/", to);
        break;
    case VALUE_WORDS:
        value_words(o->value, &words);
        for (size_t i = 0; i < words.n; i++)
            fprintf(to, "%s%s", i ? " " : "(", words.v[i]);
        fputc(')', to);
        strvec_release(&words);
        break;
    default:
        break;
    }
}

/* A line for each name of the option. */
static void put_name(FILE *to, const struct opt *o, const char *name,
                     const char *joint)
{
    char *help = short_help(o->help);

    fputs("        '", to);
    if (o->flags & OPT_MANY)
        fputc('*', to);
    else if (o->letter)
        fprintf(to, "(-%c --%s)", o->letter, o->name);
    fprintf(to, "%s%s[", name, o->value ? joint : "");
    put_text(to, help);
    fputc(']', to);
    if (o->value) {
        fputc(':', to);
        put_text(to, o->value);
        fputc(':', to);
        put_action(to, o);
    }
    fputs("' \\\n", to);
    free(help);
}

static void put_option(FILE *to, const struct opt *o)
{
    char *name = xasprintf("--%s", o->name);
    char letter[3] = {'-', o->letter, '\0'};

    put_name(to, o, name, "=");
    if (o->letter)
        put_name(to, o, letter, "+");
    free(name);
}

static void put_command(FILE *to, const struct command *c)
{
    static const char *const actions[] = {"", "_files", "_unibeam_machines"};
    struct opt *all = all_options(c);

    fprintf(to, "(( $+functions[_unibeam-%s] )) || _unibeam-%s()\n{\n", c->name,
            c->name);
    fputs("    _arguments -s -S \\\n", to);
    for (const struct opt *o = all; o->name; o++)
        put_option(to, o);
    if (operand_kind(c) == OPERAND_NONE)
        fputs("        '*:: :_message \"no more arguments\"'\n}\n\n", to);
    else
        fprintf(to, "        '*:operand:%s'\n}\n\n", actions[operand_kind(c)]);
    free(all);
}

static void put_commands(FILE *to)
{
    fputs("_unibeam_commands()\n{\n    local -a commands\n    commands=(\n",
          to);
    for (size_t i = 0; commands[i]; i++) {
        fprintf(to, "        '%s:", commands[i]->name);
        put_text(to, commands[i]->summary);
        fputs("'\n", to);
    }
    fputs("        'help:explain a command'\n    )\n"
          "    _describe -t commands command commands\n}\n\n",
          to);
}

void zsh_completion(FILE *to)
{
    fputs("#compdef unibeam\n"
          "# Made by mkdoc of the tables of the commands.\n\n",
          to);
    put_commands(to);
    fputs("_unibeam_machines()\n{\n    local -a machines\n"
          "    machines=(${(f)\"$(unibeam ps --format json 2>/dev/null |\n"
          "        grep -o '\"name\": *\"[^\"]*\"' | cut -d'\"' -f4)\"})\n"
          "    compadd -a machines\n}\n\n",
          to);
    for (size_t i = 0; commands[i]; i++)
        put_command(to, commands[i]);
    fputs("_unibeam()\n{\n"
          "    local curcontext=$curcontext state line\n"
          "    _arguments -C -S \\\n"
          "        '(- *)'{-h,--help}'[the list of commands]' \\\n"
          "        '(- *)'{-V,--version}'[the version]' \\\n"
          "        '1:command:_unibeam_commands' \\\n"
          "        '*::argument:->arguments' && return\n"
          "    [[ $state = arguments ]] || return\n"
          "    if [[ $line[1] = help ]]; then\n"
          "        _arguments '1:command:_unibeam_commands'\n"
          "    elif (( $+functions[_unibeam-$line[1]] )); then\n"
          "        curcontext=${curcontext%:*}-$line[1]:\n"
          "        _unibeam-$line[1]\n"
          "    fi\n"
          "}\n\n_unibeam \"$@\"\n",
          to);
}
