/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdlib.h>

#include "doc/doc.h"

/* What is the same whatever the commands are. */
static const char functions[] =
    "# The lines of standard input, as they are, as completions.\n"
    "_unibeam_reply()\n"
    "{\n"
    "    mapfile -t COMPREPLY\n"
    "}\n"
    "\n"
    "_unibeam_machines()\n"
    "{\n"
    "    unibeam ps --format json 2>/dev/null |\n"
    "        grep -o '\"name\": *\"[^\"]*\"' | cut -d'\"' -f4\n"
    "}\n"
    "\n"
    "# _unibeam_complete WORD KIND [WORDS]\n"
    "_unibeam_complete()\n"
    "{\n"
    "    case $2 in\n"
    "    file)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        _unibeam_reply < <(compgen -f -- \"$1\") ;;\n"
    "    dir)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        _unibeam_reply < <(compgen -d -- \"$1\") ;;\n"
    "    words)\n"
    "        _unibeam_reply < <(compgen -W \"$3\" -- \"$1\")\n"
    "        [[ ${COMPREPLY[0]-} != *= ]] || compopt -o nospace 2>/dev/null "
    ";;\n"
    "    machine)\n"
    "        _unibeam_reply < <(compgen -W \"$(_unibeam_machines)\" -- \"$1\") "
    ";;\n"
    "    esac\n"
    "}\n"
    "\n"
    "_unibeam()\n"
    "{\n"
    "    local cur=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]-}\n"
    "    local option=${COMP_WORDS[COMP_CWORD - 1]} kind words i\n"
    "    COMPREPLY=()\n"
    "    if [[ $COMP_CWORD -eq 1 ]]; then\n"
    "        _unibeam_complete \"$cur\" words \\\n"
    "            \"$_unibeam_commands help --help --version\"\n"
    "        return\n"
    "    fi\n"
    "    if [[ $command = help ]]; then\n"
    "        [[ $COMP_CWORD -gt 2 ]] ||\n"
    "            _unibeam_complete \"$cur\" words \"$_unibeam_commands\"\n"
    "        return\n"
    "    fi\n"
    "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
    "        if [[ ${COMP_WORDS[i]} = -- ]]; then # somebody else's words\n"
    "            _unibeam_complete \"$cur\" file\n"
    "            return\n"
    "        fi\n"
    "    done\n"
    "    # --option=VALUE is three words, and \"=\" may be the last of them\n"
    "    if [[ $cur = = ]]; then\n"
    "        cur=\n"
    "    elif [[ $option = = && $COMP_CWORD -gt 2 ]]; then\n"
    "        option=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    read -r kind words < <(_unibeam_value \"$command\" \"$option\")\n"
    "    if [[ -n $kind ]]; then\n"
    "        _unibeam_complete \"$cur\" \"$kind\" \"$words\"\n"
    "    elif [[ $cur = -* ]]; then\n"
    "        _unibeam_complete \"$cur\" words \"$(_unibeam_options "
    "\"$command\")\"\n"
    "    else\n"
    "        _unibeam_complete \"$cur\" \"$(_unibeam_operand "
    "\"$command\")\"\n"
    "    fi\n"
    "}\n"
    "complete -F _unibeam unibeam\n";

static void put_commands(FILE *to)
{
    fputs("_unibeam_commands=\"", to);
    for (size_t i = 0; commands[i]; i++)
        fprintf(to, "%s%s", i ? " " : "", commands[i]->name);
    fputs("\"\n\n", to);
}

static void put_options(FILE *to)
{
    fputs("# _unibeam_options COMMAND\n_unibeam_options()\n{\n"
          "    case $1 in\n",
          to);
    for (size_t i = 0; commands[i]; i++) {
        struct opt *all = all_options(commands[i]);

        fprintf(to, "    %s)\n        echo \"", commands[i]->name);
        for (const struct opt *o = all; o->name; o++)
            fprintf(to, "%s--%s", o > all ? " " : "", o->name);
        fputs("\" ;;\n", to);
        free(all);
    }
    fputs("    esac\n}\n\n", to);
}

static void put_value(FILE *to, const char *command, const struct opt *o)
{
    struct strvec words = {0};

    if (value_kind(o) == VALUE_NONE)
        return;
    fprintf(to, "    %s:--%s", command, o->name);
    if (o->letter)
        fprintf(to, " | %s:-%c", command, o->letter);
    fputs(") echo ", to);
    switch (value_kind(o)) {
    case VALUE_FILE:
        fputs("file", to);
        break;
    case VALUE_DIR:
        fputs("dir", to);
        break;
    case VALUE_WORDS:
        fputs("words", to);
        value_words(o->value, &words);
        for (size_t i = 0; i < words.n; i++)
            fprintf(to, " %s", words.v[i]);
        strvec_release(&words);
        break;
    default:
        fputs("any", to);
    }
    fputs(" ;;\n", to);
}

static void put_values(FILE *to)
{
    fputs("# _unibeam_value COMMAND OPTION: what its value may be; nothing "
          "when it has none\n_unibeam_value()\n{\n    case $1:$2 in\n",
          to);
    for (size_t i = 0; commands[i]; i++) {
        struct opt *all = all_options(commands[i]);

        for (const struct opt *o = all; o->name; o++)
            put_value(to, commands[i]->name, o);
        free(all);
    }
    fputs("    esac\n}\n\n", to);
}

static void put_operands(FILE *to)
{
    static const char *const kinds[] = {"none", "file", "machine"};

    fputs("# _unibeam_operand COMMAND\n_unibeam_operand()\n{\n    case $1 in\n",
          to);
    for (size_t i = 0; commands[i]; i++)
        fprintf(to, "    %s) echo %s ;;\n", commands[i]->name,
                kinds[operand_kind(commands[i])]);
    fputs("    esac\n}\n\n", to);
}

void bash_completion(FILE *to)
{
    fputs("# bash completion for unibeam             -*- shell-script -*-\n"
          "# Made by mkdoc of the tables of the commands.\n\n",
          to);
    put_commands(to);
    put_options(to);
    put_values(to);
    put_operands(to);
    fputs(functions, to);
}
