/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "rel_file.h"

#include <stdlib.h>

#include "term_scan.h"

static struct rel_app *new_app(struct rel_file *r)
{
    struct rel_app *a;

    if (r->n == r->cap) {
        r->cap = r->cap ? r->cap * 2 : 16;
        r->app = xrealloc(r->app, r->cap, sizeof(*r->app));
    }
    a = &r->app[r->n++];
    *a = (struct rel_app){0};
    return a;
}

void rel_file_add(struct rel_file *r, const char *name, const char *version)
{
    *new_app(r) = (struct rel_app){xstrdup(name), xstrdup(version)};
}

static bool read_app(struct scanner *s, struct rel_file *r)
{
    struct rel_app *a = new_app(r);

    return term_eat(s, '{') && term_eat_text(s, T_ATOM, &a->name) &&
           term_eat(s, ',') && term_eat_text(s, T_STRING, &a->version) &&
           term_skip_rest(s);
}

static bool read_apps(struct scanner *s, struct rel_file *r)
{
    if (!term_eat(s, '['))
        return false;
    while (!term_eat(s, ']')) {
        if (!read_app(s, r))
            return false;
        if (!term_eat(s, ',') && !(s->kind == T_PUNCT && s->punct == ']'))
            return false;
    }
    return true;
}

static bool read_release(struct scanner *s, struct rel_file *r)
{
    return term_eat(s, '{') && term_eat_atom(s, "release") &&
           term_eat(s, ',') && term_eat(s, '{') &&
           term_eat_text(s, T_STRING, &r->name) && term_eat(s, ',') &&
           term_eat_text(s, T_STRING, &r->version) && term_eat(s, '}') &&
           term_eat(s, ',') && term_eat(s, '{') && term_eat_atom(s, "erts") &&
           term_eat(s, ',') && term_eat_text(s, T_STRING, &r->erts) &&
           term_eat(s, '}') && term_eat(s, ',') && read_apps(s, r) &&
           term_eat(s, '}');
}

int rel_file_parse(const char *text, struct rel_file *r, const char **why)
{
    struct scanner s = {.p = text};
    bool ok;

    *r = (struct rel_file){0};
    term_next(&s);
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
