/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <stdlib.h>
#include <string.h>

#include "doc/doc.h"
#include "doc/roff.h"

static const char description[] =
    "A file of options that a project always wants.\n"
    "A command looks for it beside the release or image it is given, then in\n"
    "the working directory;\n"
    ".B \\-\\-config\n"
    "or\n"
    ".B UNIBEAM_CONFIG\n"
    "name another.\n"
    ".PP\n"
    "It holds one JSON object.\n"
    "Keys are the long names of options: in an object with the name of a\n"
    "command they are for that command, outside they are for every command\n"
    "that has the option.\n"
    "A value is a string or a whole number; for an option without value\n"
    "\\fBtrue\\fR or \\fBfalse\\fR; for one that may be repeated also an "
    "array,\n"
    "or an object where it takes\n"
    ".I NAME=VALUE\n"
    "or\n"
    ".IR NAME:VALUE .\n"
    "Paths are below the directory of the file.\n"
    "A key that is not known is an error.\n"
    ".PP\n"
    "The file comes first, then the environment, then the command line: later\n"
    "ones win, and options that may be repeated add up.\n";

static const char example[] =
    ".SH EXAMPLES\n"
    ".nf\n"
    "{\n"
    "  \"build\": {\"shell\": true, \"env\": {\"PORT\": \"8080\"}},\n"
    "  \"run\": {\"memory\": \"512M\", \"publish\": [\"8080:8080\"]}\n"
    "}\n"
    ".fi\n"
    ".SH \"SEE ALSO\"\n"
    ".BR unibeam (1)";

/* "a string or a number; array; object". */
static const char *type_of(const struct opt *o)
{
    bool pairs = o->value && !strncmp(o->value, "NAME", 4) && o->value[4] &&
                 strchr("=:", o->value[4]);

    if (!o->value)
        return "true or false";
    if (!(o->flags & OPT_MANY))
        return "string or number";
    return pairs ? "string, array or object" : "string, number or array";
}

static void put_key(FILE *to, const struct opt *o)
{
    char *text;

    fputs(".TP\n", to);
    roff_bold(to, o->name);
    fprintf(to, " (%s)\n", type_of(o));
    text = xasprintf("%s%s%s.", o->value ? o->value : "", o->value ? ": " : "",
                     o->help);
    roff_sentences(to, text);
    free(text);
}

static void put_command(FILE *to, const struct command *c)
{
    fprintf(to, ".SS In \\(dq%s\\(dq\n", c->name);
    for (const struct opt *o = c->options; o->name || o->help; o++)
        if (o->name && !(o->flags & OPT_CLI_ONLY))
            put_key(to, o);
}

void man_settings(FILE *to)
{
    man_begin(to, "unibeam.json", 5, "options of unibeam for a project");
    fputs(".I unibeam.json\n.SH DESCRIPTION\n", to);
    fputs(description, to);
    fputs(".SH KEYS\n", to);
    for (size_t i = 0; commands[i]; i++)
        if (commands[i]->settings)
            put_command(to, commands[i]);
    fputs(example, to);
    for (size_t i = 0; commands[i]; i++)
        if (commands[i]->settings)
            fprintf(to, ",\n.BR unibeam\\-%s (1)", commands[i]->name);
    fputc('\n', to);
}
