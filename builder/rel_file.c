/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "rel_file.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

/* Erlang terms, as far as a .rel file has them. */
enum token { T_END, T_ATOM, T_STRING, T_PUNCT, T_BAD };

struct scanner {
    const char *p;
    enum token kind;
    char punct;
    struct buf text; /* of an atom or string */
};

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

static void next(struct scanner *s)
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

static bool eat(struct scanner *s, char punct)
{
    if (s->kind != T_PUNCT || s->punct != punct)
        return false;
    next(s);
    return true;
}

static bool eat_text(struct scanner *s, enum token kind, char **out)
{
    if (s->kind != kind)
        return false;
    free(*out);
    *out = xstrdup(buf_str(&s->text));
    next(s);
    return true;
}

static bool eat_atom(struct scanner *s, const char *name)
{
    if (s->kind != T_ATOM || strcmp(buf_str(&s->text), name))
        return false;
    next(s);
    return true;
}

/* Up to and with the '}' that closes the tuple we are in. */
static bool skip_tuple(struct scanner *s)
{
    int depth = 1;

    while (depth) {
        if (s->kind == T_END || s->kind == T_BAD)
            return false;
        if (s->punct == '{' || s->punct == '[')
            depth++;
        if (s->punct == '}' || s->punct == ']')
            depth--;
        next(s);
    }
    return true;
}

static bool read_app(struct scanner *s, struct rel_file *r)
{
    struct rel_app *a;

    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 16;
        r->app = xrealloc(r->app, r->cap, sizeof(*r->app));
    }
    a = &r->app[r->n++];
    *a = (struct rel_app){0};
    return eat(s, '{') && eat_text(s, T_ATOM, &a->name) && eat(s, ',') &&
           eat_text(s, T_STRING, &a->version) && skip_tuple(s);
}

static bool read_apps(struct scanner *s, struct rel_file *r)
{
    if (!eat(s, '['))
        return false;
    while (!eat(s, ']')) {
        if (!read_app(s, r))
            return false;
        if (!eat(s, ',') && !(s->kind == T_PUNCT && s->punct == ']'))
            return false;
    }
    return true;
}

static bool read_release(struct scanner *s, struct rel_file *r)
{
    return eat(s, '{') && eat_atom(s, "release") && eat(s, ',') &&
           eat(s, '{') && eat_text(s, T_STRING, &r->name) && eat(s, ',') &&
           eat_text(s, T_STRING, &r->version) && eat(s, '}') && eat(s, ',') &&
           eat(s, '{') && eat_atom(s, "erts") && eat(s, ',') &&
           eat_text(s, T_STRING, &r->erts) && eat(s, '}') && eat(s, ',') &&
           read_apps(s, r) && eat(s, '}');
}

int rel_file_parse(const char *text, struct rel_file *r, const char **why)
{
    struct scanner s = {.p = text};
    bool ok;

    *r = (struct rel_file){0};
    next(&s);
    ok = read_release(&s, r);
    buf_release(&s.text);
    if (ok)
        return 0;
    *why = "it is not a release description";
    rel_file_release(r);
    return -1;
}

void rel_file_release(struct rel_file *r)
{
    for (size_t i = 0; i < r->n; i++) {
        free(r->app[i].name);
        free(r->app[i].version);
    }
    free(r->app);
    free(r->name);
    free(r->version);
    free(r->erts);
    *r = (struct rel_file){0};
}
