/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "doc/doc.h"
#include "doc/roff.h"
#include "version.h"

void man_begin(FILE *to, const char *name, int section, const char *summary)
{
    fputs(".\\\" Made by mkdoc of the tables of the commands.\n.TH ", to);
    for (const char *p = name; *p; p++)
        fputc(toupper((unsigned char)*p), to);
    fprintf(to, " %d %s \"unibeam %s\" \"unibeam manual\"\n", section,
            UNIBEAM_DATE, UNIBEAM_VERSION);
    /* no hyphenation, ragged right: most of it is names */
    fputs(".nh\n.ad l\n.SH NAME\n", to);
    for (const char *p = name; *p; p++)
        fputs(*p == '-' ? "\\-" : (char[]){*p, '\0'}, to);
    fprintf(to, " \\- ");
    roff_sentences(to, summary);
    fputs(".SH SYNOPSIS\n", to);
}

/* ---- the parts of a command's page ---- */

/* (help) with a full stop, unless it has one. */
static char *sentence(const char *help, bool many)
{
    size_t len = strlen(help);

    return xasprintf("%s%s%s", help, many ? "; may be repeated" : "",
                     !many && len && help[len - 1] == '.' ? "" : ".");
}

static void put_option(FILE *to, const struct opt *o)
{
    char letter[3] = {'-', o->letter, '\0'};
    char *name = xasprintf("--%s", o->name);
    char *help = sentence(o->help, o->flags & OPT_MANY);

    fputs(".TP\n", to);
    if (o->letter) {
        roff_bold(to, letter);
        fputs(", ", to);
    }
    roff_bold(to, name);
    if (o->value) {
        fputc(' ', to);
        roff_value(to, o->value);
    }
    fputc('\n', to);
    roff_sentences(to, help);
    free(help);
    free(name);
}

static void put_common(FILE *to, const struct command *c)
{
    const struct opt config = {"config", 'c', "FILE", OPT_CONFIG_HELP, 0, 0};
    const struct opt help = {"help", 'h', NULL, "print a short help", 0, 0};

    if (c->settings)
        put_option(to, &config);
    put_option(to, &help);
}

static void put_options(FILE *to, const struct command *c)
{
    bool common = false;

    fputs(".SH OPTIONS\n", to);
    for (const struct opt *o = c->options; o->name || o->help; o++) {
        if (o->name) {
            put_option(to, o);
            continue;
        }
        if (!common)
            put_common(to, c);
        common = true;
        fputs(".SS ", to);
        fputc(toupper((unsigned char)o->help[0]), to);
        roff_sentences(to, o->help + 1);
    }
    if (!common)
        put_common(to, c);
}

static void put_notes(FILE *to, const struct command *c)
{
    char *status = xasprintf("%s.", c->status ? c->status : COMMAND_STATUS);

    if (c->notes) {
        fputs(".SH NOTES\n", to);
        roff_paragraphs(to, c->notes);
    }
    fputs(".SH \"EXIT STATUS\"\n", to);
    status[0] = (char)toupper((unsigned char)status[0]);
    roff_paragraphs(to, status);
    free(status);
}

static void put_environment(FILE *to, const struct command *c)
{
    bool any = false;

    for (const struct opt *o = c->options; o->name || o->help; o++) {
        char *twin;

        if (!o->name || o->flags & OPT_CLI_ONLY)
            continue;
        if (!any)
            fputs(".SH ENVIRONMENT\nEach of these stands for the option of "
                  "its name, as\n.BR unibeam (1)\nexplains.\n.PP\n",
                  to);
        any = true;
        twin = opt_twin(o);
        roff_bold(to, twin);
        fputc('\n', to);
        free(twin);
    }
    if (c->settings)
        fputs(".PP\n.B UNIBEAM_CONFIG\nis for\n.BR \\-\\-config .\n", to);
}

static void put_see_also(FILE *to, const struct command *c)
{
    fputs(".SH \"SEE ALSO\"\n.BR unibeam (1)", to);
    for (size_t i = 0; commands[i]; i++)
        if (commands[i] != c)
            fprintf(to, ",\n.BR unibeam\\-%s (1)", commands[i]->name);
    fputs(",\n.BR unibeam.json (5)\n", to);
}

void man_command(FILE *to, const struct command *c)
{
    char *name = xasprintf("unibeam-%s", c->name);

    man_begin(to, name, 1, c->summary);
    fprintf(to, "\\fBunibeam %s\\fR [\\fIOPTIONS\\fR]%s", c->name,
            *c->operands ? " " : "");
    roff_value(to, c->operands);
    fputs("\n.SH DESCRIPTION\n", to);
    roff_paragraphs(to, c->about);
    put_options(to, c);
    put_notes(to, c);
    put_environment(to, c);
    put_see_also(to, c);
    free(name);
}
