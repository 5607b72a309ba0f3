/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <string.h>

#include "cmd.h"

#define WIDTH  79
#define COLUMN 22 /* of what an option does */

static void blanks(FILE *to, int n)
{
    fprintf(to, "%*s", n, "");
}

/* One paragraph's words; the cursor is at (column), which is not beyond
 * (indent) yet or right behind something.  Returns what follows them. */
static const char *wrap_paragraph(FILE *to, const char *text, int indent)
{
    int column = indent;

    while (*text && *text != '\n') {
        int len = (int)strcspn(text, " \n");

        if (column > indent && column + 1 + len > WIDTH) {
            fputc('\n', to);
            blanks(to, indent);
            column = indent;
        }
        if (column > indent) {
            fputc(' ', to);
            column++;
        }
        fwrite(text, 1, (size_t)len, to);
        column += len;
        text += len;
        text += strspn(text, " ");
    }
    fputc('\n', to);
    return *text ? text + 1 : text;
}

void opt_wrap(FILE *to, const char *text, int indent)
{
    while (*text) {
        size_t len = strcspn(text, "\n");

        if (*text != ' ') {
            if (len)
                blanks(to, indent);
            text = wrap_paragraph(to, text, indent);
            continue;
        }
        blanks(to, indent);
        fwrite(text, 1, len, to);
        fputc('\n', to);
        text += len + (text[len] == '\n');
    }
}

static void print_option(FILE *to, char letter, const char *name,
                         const char *value, const char *text)
{
    int n = letter ? fprintf(to, "  -%c, --%s", letter, name)
                   : fprintf(to, "  --%s", name);

    if (value)
        n += fprintf(to, " %s", value);
    if (n > COLUMN - 2) {
        fputc('\n', to);
        n = 0;
    }
    blanks(to, COLUMN - n);
    wrap_paragraph(to, text, COLUMN);
}

static void print_entry(FILE *to, const struct opt *o)
{
    char text[512];

    snprintf(text, sizeof(text), "%s%s", o->help,
             o->flags & OPT_MANY ? "; may be repeated" : "");
    print_option(to, o->letter, o->name, o->value, text);
}

/* The options that every command has. */
static void print_common(const struct command *c, FILE *to)
{
    if (c->settings)
        print_option(to, 'c', "config", "FILE", OPT_CONFIG_HELP);
    print_option(to, 'h', "help", NULL, OPT_HELP_HELP);
}

static void print_status(const struct command *c, FILE *to)
{
    char text[512];

    snprintf(text, sizeof(text), "Exit status: %s.",
             c->status ? c->status : COMMAND_STATUS);
    fputc('\n', to);
    opt_wrap(to, text, 0);
}

void opt_help(const struct command *c, FILE *to)
{
    bool common = false;

    fprintf(to, "usage: unibeam %s [OPTIONS]%s%s\n\n", c->name,
            *c->operands ? " " : "", c->operands);
    opt_wrap(to, c->about, 0);
    fputc('\n', to);
    for (const struct opt *o = c->options; o->name || o->help; o++) {
        if (o->name) {
            print_entry(to, o);
            continue;
        }
        if (!common)
            print_common(c, to);
        common = true;
        fprintf(to, "\n%s:\n", o->help);
    }
    if (!common)
        print_common(c, to);
    if (c->notes) {
        fputc('\n', to);
        opt_wrap(to, c->notes, 0);
    }
    print_status(c, to);
}
