/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "term_scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static void skip_blanks(struct scanner *s)
{
    for (;;) {
        while (isspace((unsigned char)*s->p))
            s->p++;
        if (*s->p != '%')
            return;
        s->p += strcspn(s->p, "\n");
    }
}

static enum token quoted(struct scanner *s, char quote, enum token kind)
{
    for (s->p++; *s->p && *s->p != quote; s->p++) {
        if (*s->p == '\\' && s->p[1])
            s->p++;
        buf_add(&s->text, s->p, 1);
    }
    if (!*s->p)
        return T_BAD;
    s->p++;
    return kind;
}

void term_next(struct scanner *s)
{
    skip_blanks(s);
    buf_trim(&s->text, 0);
    s->punct = 0;
    if (!*s->p) {
        s->kind = T_END;
    } else if (*s->p == '"') {
        s->kind = quoted(s, '"', T_STRING);
    } else if (*s->p == '\'') {
        s->kind = quoted(s, '\'', T_ATOM);
    } else if (isalnum((unsigned char)*s->p) || *s->p == '_') {
        while (isalnum((unsigned char)*s->p) || *s->p == '_' || *s->p == '@')
            buf_add(&s->text, s->p++, 1);
        s->kind = T_ATOM;
    } else {
        s->kind = strchr("{}[],.", *s->p) ? T_PUNCT : T_BAD;
        s->punct = *s->p++;
    }
}

bool term_eat(struct scanner *s, char punct)
{
    if (s->kind != T_PUNCT || s->punct != punct)
        return false;
    term_next(s);
    return true;
}

bool term_eat_text(struct scanner *s, enum token kind, char **out)
{
    if (s->kind != kind)
        return false;
    free(*out);
    *out = xstrdup(buf_str(&s->text));
    term_next(s);
    return true;
}

bool term_eat_atom(struct scanner *s, const char *name)
{
    if (s->kind != T_ATOM || strcmp(buf_str(&s->text), name))
        return false;
    term_next(s);
    return true;
}

bool term_skip_rest(struct scanner *s)
{
    int depth = 1;

    while (depth) {
        if (s->kind == T_END)
            return false;
        if (s->punct == '{' || s->punct == '[')
            depth++;
        if (s->punct == '}' || s->punct == ']')
            depth--;
        term_next(s);
    }
    return true;
}
