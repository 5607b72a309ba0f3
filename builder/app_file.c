/* SPDX-License-Identifier: Apache-2.0 */
/* Copyright the unibeam authors */
#include "app_file.h"

#include <stdlib.h>
#include <string.h>

#include "term_scan.h"

/* [kernel, stdlib] */
static bool read_atoms(struct scanner *s, struct strvec *out)
{
    if (!term_eat(s, '['))
        return false;
    while (!term_eat(s, ']')) {
        char *name = NULL;

        if (!term_eat_text(s, T_ATOM, &name))
            return false;
        strvec_take(out, name);
        if (!term_eat(s, ',') && !(s->kind == T_PUNCT && s->punct == ']'))
            return false;
    }
    return true;
}

/* {KEY, VALUE}, of which we are behind the bracket. */
static bool read_property(struct scanner *s, struct app_file *a)
{
    if (term_eat_atom(s, "vsn"))
        return term_eat(s, ',') && term_eat_text(s, T_STRING, &a->version) &&
               term_eat(s, '}');
    if (term_eat_atom(s, "applications") ||
        term_eat_atom(s, "included_applications"))
        return term_eat(s, ',') && read_atoms(s, &a->needs) && term_eat(s, '}');
    if (term_eat_atom(s, "optional_applications"))
        return term_eat(s, ',') && read_atoms(s, &a->likes) && term_eat(s, '}');
    return term_skip_rest(s);
}

static bool read_properties(struct scanner *s, struct app_file *a)
{
    if (!term_eat(s, '['))
        return false;
    while (!term_eat(s, ']')) {
        if (!term_eat(s, '{') || !read_property(s, a))
            return false;
        if (!term_eat(s, ',') && !(s->kind == T_PUNCT && s->punct == ']'))
            return false;
    }
    return true;
}

static bool read_application(struct scanner *s, struct app_file *a)
{
    char *name = NULL;
    bool ok = term_eat(s, '{') && term_eat_atom(s, "application") &&
              term_eat(s, ',') && term_eat_text(s, T_ATOM, &name) &&
              term_eat(s, ',') && read_properties(s, a) && term_eat(s, '}') &&
              a->version;

    free(name);
    return ok;
}

int app_file_parse(const char *text, struct app_file *a, const char **why)
{
    struct scanner s = {.p = text};
    bool ok;

    *a = (struct app_file){0};
    term_next(&s);
    ok = read_application(&s, a);
    buf_release(&s.text);
    if (ok)
        return 0;
    *why = "it is not an application description";
    app_file_release(a);
    return -1;
}

void app_file_release(struct app_file *a)
{
    free(a->version);
    strvec_release(&a->needs);
    strvec_release(&a->likes);
    *a = (struct app_file){0};
}
