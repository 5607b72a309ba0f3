/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include <ctype.h>
#include <string.h>

#include "doc/doc.h"

void value_words(const char *value, struct strvec *words)
{
    struct strvec parts = {0};

    strvec_split(&parts, value, "|");
    for (size_t i = 0; parts.n > 1 && i < parts.n; i++) {
        const char *part = parts.v[i];
        size_t len = strspn(part, "abcdefghijklmnopqrstuvwxyz0123456789-");

        if (len && part[len] == '=')
            strvec_pushf(words, "%.*s", (int)len + 1, part);
        else if (len && !part[len])
            strvec_push(words, part);
    }
    strvec_release(&parts);
}

enum value_kind value_kind(const struct opt *o)
{
    struct strvec words = {0};
    enum value_kind kind = VALUE_ANY;

    if (!o->value)
        return VALUE_NONE;
    value_words(o->value, &words);
    if (opt_is_path(o))
        kind = strncmp(o->value, "DIR", 3) ? VALUE_FILE : VALUE_DIR;
    else if (words.n)
        kind = VALUE_WORDS;
    strvec_release(&words);
    return kind;
}

enum operand_kind operand_kind(const struct command *c)
{
    static const char *const paths[] = {"RELEASE", "IMAGE", "FILE", "SRC",
                                        "DIR"};

    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        if (!strncmp(c->operands, paths[i], strlen(paths[i])))
            return OPERAND_PATH;
    return strstr(c->operands, "NAME") ? OPERAND_MACHINE : OPERAND_NONE;
}

struct opt *all_options(const struct command *c)
{
    struct opt *all, *o;
    size_t n = 0;

    while (c->options[n].name || c->options[n].help)
        n++;
    o = all = xcalloc(n + 3, sizeof(*all));
    for (size_t i = 0; i < n; i++)
        if (c->options[i].name)
            *o++ = c->options[i];
    if (c->settings)
        *o++ = (struct opt){"config", 'c',         "FILE", "options from FILE",
                            0,        OPT_CLI_ONLY};
    *o = (struct opt){"help", 'h', NULL, OPT_HELP_HELP, 0, OPT_CLI_ONLY};
    return all;
}

char *short_help(const char *text)
{
    size_t len = 0;

    while (text[len] && text[len] != ';' && text[len] != '(' &&
           !(text[len] == '.' && !isalnum((unsigned char)text[len + 1])))
        len++;
    while (len && text[len - 1] == ' ')
        len--;
    return xasprintf("%.*s", len ? (int)len : (int)strlen(text), text);
}
